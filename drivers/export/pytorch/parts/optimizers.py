"""Optimizers that PyTorch lacks, or whose parameters it reads otherwise than Keras."""

import torch


class Adam(torch.optim.Adam):
    """Adam as Keras has it: ε comes before the bias correction."""

    def __init__(self, weights, lr, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(weights, lr, (beta_1, beta_2), fused=True)
        self.beta_2, self.epsilon, self.updates = beta_2, epsilon, 0

    def step(self):
        self.updates += 1
        correction = 1.0 - self.beta_2**self.updates
        self.param_groups[0]["eps"] = self.epsilon / correction**0.5
        super().step()


class AdamW(torch.optim.AdamW):
    """AdamW as Keras has it: ε comes before the bias correction."""

    def __init__(
        self, weights, lr, weight_decay, beta_1=0.9, beta_2=0.999, epsilon=1e-7
    ):
        betas = (beta_1, beta_2)
        super().__init__(weights, lr, betas, weight_decay=weight_decay, fused=True)
        self.beta_2, self.epsilon, self.updates = beta_2, epsilon, 0

    def step(self):
        self.updates += 1
        correction = 1.0 - self.beta_2**self.updates
        self.param_groups[0]["eps"] = self.epsilon / correction**0.5
        super().step()


class Optimizer(torch.optim.Optimizer):
    """An optimizer by one formula a weight; `update` says it."""

    def __init__(self, parameters, lr, **settings):
        super().__init__(parameters, {"lr": lr})
        self.updates = 0
        for name, value in settings.items():
            setattr(self, name, value)

    @torch.no_grad()
    def step(self):
        self.updates += 1
        for group in self.param_groups:
            for weight in group["params"]:
                zero = torch.zeros_like(weight)
                gradient = zero if weight.grad is None else weight.grad
                self.update(weight, gradient, self.state[weight], group["lr"])

    def memory(self, state, name, weight, start=0.0):
        """A tensor that is kept from one update to the next."""
        if name not in state:
            state[name] = torch.full_like(weight, start)
        return state[name]


class RMSprop(Optimizer):
    """v <- ρ·v + (1-ρ)·g², w <- w - α·g/√(v + ε). Hinton 2012, lecture 6e."""

    def update(self, weight, gradient, state, rate):
        velocity = self.memory(state, "velocity", weight)
        velocity.mul_(self.rho).addcmul_(gradient, gradient, value=1.0 - self.rho)
        step = rate * gradient / (velocity + self.epsilon).sqrt()
        if self.momentum:
            step = self.memory(state, "momentum", weight).mul_(self.momentum).add_(step)
        weight.sub_(step)


class Adagrad(Optimizer):
    """a <- a + g², w <- w - α·g/√(a + ε). Duchi et al. 2011, section 1.1."""

    def update(self, weight, gradient, state, rate):
        total = self.memory(state, "total", weight, self.initial_accumulator_value)
        total.addcmul_(gradient, gradient)
        weight.sub_(rate * gradient / (total + self.epsilon).sqrt())


class Adamax(Optimizer):
    """m <- β₁·m + (1-β₁)·g, u <- max(β₂·u, |g|), w <- w - α/(1-β₁ᵗ)·m/(u + ε)."""

    def update(self, weight, gradient, state, rate):
        momentum = self.memory(state, "momentum", weight)
        momentum.lerp_(gradient, 1.0 - self.beta_1)
        norm = self.memory(state, "norm", weight).mul_(self.beta_2)
        torch.maximum(norm, gradient.abs(), out=norm)
        rate = rate / (1.0 - self.beta_1**self.updates)
        weight.sub_(rate * momentum / (norm + self.epsilon))


class Lion(Optimizer):
    """w <- w·(1 - α·d) - α·sign(β₁·m + (1-β₁)·g), m <- β₂·m + (1-β₂)·g. Chen 2023."""

    def update(self, weight, gradient, state, rate):
        momentum = self.memory(state, "momentum", weight)
        direction = momentum.lerp(gradient, 1.0 - self.beta_1).sign()
        weight.mul_(1.0 - rate * self.weight_decay).sub_(rate * direction)
        momentum.lerp_(gradient, 1.0 - self.beta_2)


class SGD(Optimizer):
    """m <- μ·m - α·g, w <- w + m, or w <- w + μ·m - α·g with Nesterov's look ahead."""

    def update(self, weight, gradient, state, rate):
        momentum = self.memory(state, "momentum", weight)
        momentum.mul_(self.momentum).sub_(rate * gradient)
        step = self.momentum * momentum - rate * gradient if self.nesterov else momentum
        weight.add_(step)
