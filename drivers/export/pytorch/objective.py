"""Losses, regularizers, schedules and optimizers of a resolved spec as the plain code of a PyTorch program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.export.code import INDENT, Call, call, number
from drivers.export.errors import ExportError

Lines = list[str]


def write_loss(loss: Mapping[str, Any]) -> Lines:
    """``discriminator_loss(real, fake)`` and ``generator_loss(fake)``, of scores."""
    if loss["choice"] not in LOSSES:
        raise ExportError("not_exported", f"A script cannot hold the loss '{loss['choice']}' yet.", "/loss/choice")
    paper, discriminator, generator = LOSSES[loss["choice"]](loss)
    return [
        "def discriminator_loss(real, fake):",
        f'{INDENT}"""From the scores of reals and of fakes. {paper}."""',
        f"{INDENT}return {discriminator}",
        "",
        "",
        "def generator_loss(fake):",
        f'{INDENT}"""From the scores of fakes."""',
        f"{INDENT}return {generator}",
    ]


def _cross_entropy(loss: Mapping[str, Any]) -> str:
    smoothing = loss["label_smoothing"]
    smooth = f" + {number(smoothing)} * real.mean()" if smoothing else ""
    return f"F.softplus(-real).mean() + F.softplus(fake).mean(){smooth}"


def _least_squares(loss: Mapping[str, Any]) -> tuple[str, str, str]:
    def distance(scores: str, target: float) -> str:
        return f"0.5 * {f'({scores} - {number(target)})' if target else scores}.square().mean()"

    discriminator = f"{distance('real', loss['real_target'])} + {distance('fake', loss['fake_target'])}"
    return "Mao et al. 2017, eq. 2", discriminator, distance("fake", loss["generator_target"])


LOSSES = {
    "minimax": lambda loss: ("Goodfellow et al. 2014, eq. 1", _cross_entropy(loss), "-F.softplus(fake).mean()"),
    "non_saturating": lambda loss: (
        "Goodfellow et al. 2014, section 3",
        _cross_entropy(loss),
        "F.softplus(-fake).mean()",
    ),
    "least_squares": _least_squares,
    "hinge": lambda loss: ("Lim & Ye 2017", "F.relu(1.0 - real).mean() + F.relu(1.0 + fake).mean()", "-fake.mean()"),
    "wasserstein": lambda loss: ("Arjovsky et al. 2017, eq. 2", "fake.mean() - real.mean()", "-fake.mean()"),
}
"""By the catalogue's name: the paper, the discriminator's loss, the generator's."""


def write_penalty(regularizer: Mapping[str, Any]) -> Lines:
    """A function that adds to the discriminator's loss; nothing for a constraint of the weights."""
    weight = number(regularizer["weight"]) if "weight" in regularizer else ""
    if regularizer["choice"] == "gradient_penalty":
        return [
            "def gradient_penalty(critic, real, fake):",
            f'{INDENT}"""λ·E(‖∇D(x̂)‖ - 1)² between reals and fakes. Gulrajani et al. 2017, eq. 3."""',
            f"{INDENT}mix = penalty_rng.random((len(real), 1, 1, 1), dtype=np.float32)",
            f"{INDENT}mix = torch.from_numpy(mix).to(real)",
            f"{INDENT}point = (mix * real + (1.0 - mix) * fake).requires_grad_()",
            f"{INDENT}(gradient,) = torch.autograd.grad(critic(point).sum(), point, create_graph=True)",
            f"{INDENT}norm = (gradient.square().flatten(1).sum(1) + 1e-12).sqrt()",
            f"{INDENT}return {weight} * (norm - 1.0).square().mean()",
        ]
    if regularizer["choice"] == "r1":
        return [
            "def r1(critic, real, fake):",
            f'{INDENT}"""γ/2·E‖∇D(x)‖² at real images. Mescheder et al. 2018, eq. 9."""',
            f"{INDENT}point = real.clone().requires_grad_()",
            f"{INDENT}(gradient,) = torch.autograd.grad(critic(point).sum(), point, create_graph=True)",
            f"{INDENT}return 0.5 * {weight} * gradient.square().flatten(1).sum(1).mean()",
        ]
    if regularizer["choice"] == "weight_clipping":
        return []
    message = f"A script cannot hold the regularizer '{regularizer['choice']}' yet."
    raise ExportError("not_exported", message, "/loss/regularizers")


def write_schedule(schedule: Mapping[str, Any]) -> Lines:
    """``rate_factor(progress, epochs)``; nothing for a constant rate."""
    if schedule["choice"] == "constant":
        return []
    if schedule["choice"] not in SCHEDULES:
        message = f"A script cannot hold the schedule '{schedule['choice']}' yet."
        raise ExportError("not_exported", message, "/training/learning_rate_schedule")
    says, formula = SCHEDULES[schedule["choice"]](schedule)
    return [
        "def rate_factor(progress, epochs):",
        f'{INDENT}"""{says}; of the share of the training that is done, and the epochs."""',
        f"{INDENT}return {formula}",
    ]


def _linear(schedule: Mapping[str, Any]) -> tuple[str, str]:
    start, rest = schedule["start"], 1.0 - schedule["end_factor"]
    done = f"max(progress - {number(start)}, 0.0) / {number(1.0 - start)}" if start else "progress"
    return "A straight line", f"1.0 - {number(rest)} * {done}"


def _cosine(schedule: Mapping[str, Any]) -> tuple[str, str]:
    end = schedule["end_factor"]
    wave = "0.5 * (1.0 + math.cos(math.pi * progress))"
    return "Half a cosine", f"{number(end)} + {number(1.0 - end)} * {wave}" if end else wave


SCHEDULES = {
    "linear": _linear,
    "cosine": _cosine,
    "exponential": lambda s: ("A steady decay", f"{number(s['decay_rate'])} ** (epochs / {s['every_epochs']})"),
    "step": lambda s: ("A drop now and then", f"{number(s['decay_rate'])} ** (epochs // {s['every_epochs']})"),
}


def write_optimizer(optimizer: Mapping[str, Any], parameters: str, *, scheduled: bool) -> Call:
    """The optimizer made, with Keras's meaning of each parameter."""
    choice, rate = optimizer["choice"], float(optimizer["learning_rate"])

    def given(*names: str) -> dict[str, float]:
        return {name: optimizer[name] for name in names}

    betas = (optimizer.get("beta_1"), optimizer.get("beta_2"))
    if choice in ("adam", "adamw"):
        decay = {"weight_decay": optimizer["weight_decay"]} if choice == "adamw" else {}
        kind = "AdamW" if decay else "Adam"
        return call(kind, parameters, lr=rate, betas=betas, eps=float(optimizer["epsilon"]), **decay)
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
