"""Losses, regularizers and optimizers of a resolved spec as the plain code of a PyTorch program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.export.code import INDENT, Call, call, number
from drivers.export.errors import ExportError

Lines = list[str]


class Torch:
    """Operations as methods of tensors and functions of ``F``."""

    def mean(self, x: str) -> str:
        return f"{x if '*' not in x else f'({x})'}.mean()"

    def square(self, x: str) -> str:
        return f"{x if x.isidentifier() else f'({x})'}.square()"

    def relu(self, x: str) -> str:
        return f"F.relu({x})"

    def softplus(self, x: str) -> str:
        return f"F.softplus({x})"


def write_penalty(regularizer: Mapping[str, Any], rank: int) -> Lines:
    """A function that adds to the discriminator's loss; nothing for a constraint of the weights.

    Args:
        rank: axes of a sample.
    """
    weight = number(regularizer["weight"]) if "weight" in regularizer else ""
    if regularizer["choice"] == "gradient_penalty":
        return [
            "def gradient_penalty(critic, real, fake):",
            f'{INDENT}"""λ·E(‖∇D(x̂)‖ - 1)² between reals and fakes. Gulrajani et al. 2017, eq. 3."""',
            f"{INDENT}mix = penalty_rng.random((len(real), {', '.join('1' * rank)}), dtype=np.float32)",
            f"{INDENT}mix = torch.from_numpy(mix).to(real)",
            f"{INDENT}point = (mix * real + (1.0 - mix) * fake).requires_grad_()",
            f"{INDENT}(gradient,) = torch.autograd.grad(critic(point).sum(), point, create_graph=True)",
            f"{INDENT}norm = (gradient.square().flatten(1).sum(1) + 1e-12).sqrt()",
            f"{INDENT}return {weight} * (norm - 1.0).square().mean()",
        ]
    if regularizer["choice"] == "r1":
        return [
            "def r1(critic, real, fake):",
            f'{INDENT}"""γ/2·E‖∇D(x)‖² at real samples. Mescheder et al. 2018, eq. 9."""',
            f"{INDENT}point = real.clone().requires_grad_()",
            f"{INDENT}(gradient,) = torch.autograd.grad(critic(point).sum(), point, create_graph=True)",
            f"{INDENT}return 0.5 * {weight} * gradient.square().flatten(1).sum(1).mean()",
        ]
    if regularizer["choice"] == "weight_clipping":
        return []
    message = f"A script cannot hold the regularizer '{regularizer['choice']}' yet."
    raise ExportError("not_exported", message, "/loss/regularizers")


USUAL = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
"""What the program's Adam takes where nothing is given."""


def write_optimizer(optimizer: Mapping[str, Any], parameters: str, *, scheduled: bool) -> Call:
    """The optimizer made, with Keras's meaning of each parameter."""
    choice, rate = optimizer["choice"], float(optimizer["learning_rate"])

    def given(*names: str) -> dict[str, float]:
        return {name: optimizer[name] for name in names}

    betas = (optimizer.get("beta_1"), optimizer.get("beta_2"))
    if choice in ("adam", "adamw"):
        decay = {"weight_decay": optimizer["weight_decay"]} if choice == "adamw" else {}
        stated = {name: float(optimizer[name]) for name, usual in USUAL.items() if optimizer[name] != usual}
        return call("AdamW" if decay else "Adam", parameters, lr=rate, **decay, **stated)
    if choice == "sgd":
        if not optimizer["momentum"]:
            return call("torch.optim.SGD", parameters, lr=rate)
        # PyTorch multiplies the remembered gradients by today's rate, Keras each by its own.
        nesterov = {"nesterov": True} if optimizer["nesterov"] else {}
        if not scheduled:
            return call("torch.optim.SGD", parameters, lr=rate, momentum=optimizer["momentum"], **nesterov)
        return call("SGD", parameters, lr=rate, **given("momentum", "nesterov"))
    if choice == "nadam":
        stated = {"eps": float(optimizer["epsilon"]), "momentum_decay": 1.0}
        return call("torch.optim.NAdam", parameters, lr=rate, betas=betas, **stated)
    if choice == "adadelta":
        stated = {"rho": optimizer["rho"], "eps": float(optimizer["epsilon"])}
        return call("torch.optim.Adadelta", parameters, lr=rate, **stated)
    own = {
        "rmsprop": ("RMSprop", ("rho", "momentum", "epsilon")),
        "adagrad": ("Adagrad", ("initial_accumulator_value", "epsilon")),
        "adamax": ("Adamax", ("beta_1", "beta_2", "epsilon")),
        "lion": ("Lion", ("beta_1", "beta_2", "weight_decay")),
    }
    if choice not in own:
        raise ExportError("not_exported", f"A script cannot hold the optimizer '{choice}' yet.", "/optimizer")
    name, settings = own[choice]
    return call(name, parameters, lr=rate, **{key: float(value) for key, value in given(*settings).items()})
