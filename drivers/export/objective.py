"""Losses and schedules of a resolved spec as plain code, in the words of a library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from drivers.export.code import INDENT, number
from drivers.export.errors import ExportError

Lines = list[str]


class Words(Protocol):
    """How a library writes the operations of a loss: expressions in, an expression out."""

    def mean(self, x: str) -> str:
        """Over every number."""

    def square(self, x: str) -> str:
        """Of each number."""

    def relu(self, x: str) -> str:
        """max(0, x)."""

    def softplus(self, x: str) -> str:
        """log(1 + eˣ)."""


def write_loss(loss: Mapping[str, Any], words: Words) -> Lines:
    """``discriminator_loss(real, fake)`` and ``generator_loss(fake)``, of scores; with label noise it is given, too."""
    if loss["choice"] not in LOSSES:
        raise ExportError("not_exported", f"A script cannot hold the loss '{loss['choice']}' yet.", "/loss/choice")
    paper, discriminator, generator = LOSSES[loss["choice"]](loss, words)
    return [
        f"def discriminator_loss(real, fake{', label_noise' if loss.get('label_noise') else ''}):",
        f'{INDENT}"""From the scores of reals and of fakes. {paper}."""',
        f"{INDENT}return {discriminator}",
        "",
        "",
        "def generator_loss(fake):",
        f'{INDENT}"""From the scores of fakes."""',
        f"{INDENT}return {generator}",
    ]


Formulas = tuple[str, str, str]


def _minimax(loss: Mapping[str, Any], words: Words) -> Formulas:
    generator = f"-{words.mean(words.softplus('fake'))}"
    return "Goodfellow et al. 2014, eq. 1", _cross_entropy(loss, words), generator


def _non_saturating(loss: Mapping[str, Any], words: Words) -> Formulas:
    generator = words.mean(words.softplus("-fake"))
    return "Goodfellow et al. 2014, section 3", _cross_entropy(loss, words), generator


def _cross_entropy(loss: Mapping[str, Any], words: Words) -> str:
    smoothing = loss["label_smoothing"]
    smooth = f" + {number(smoothing)} * {words.mean('real')}" if smoothing else ""
    if loss["label_noise"]:
        noise = f"{words.mean('label_noise[0] * real')} + {words.mean('label_noise[1] * fake')}"
        smooth += f" + {number(loss['label_noise'])} * ({noise})"
    return f"{words.mean(words.softplus('-real'))} + {words.mean(words.softplus('fake'))}{smooth}"


def _least_squares(loss: Mapping[str, Any], words: Words) -> Formulas:
    def distance(scores: str, target: float) -> str:
        apart = f"{scores} - {number(target)}" if target else scores
        return f"0.5 * {words.mean(words.square(apart))}"

    discriminator = f"{distance('real', loss['real_target'])} + {distance('fake', loss['fake_target'])}"
    return "Mao et al. 2017, eq. 2", discriminator, distance("fake", loss["generator_target"])


def _hinge(loss: Mapping[str, Any], words: Words) -> Formulas:
    discriminator = f"{words.mean(words.relu('1.0 - real'))} + {words.mean(words.relu('1.0 + fake'))}"
    return "Lim & Ye 2017", discriminator, f"-{words.mean('fake')}"


def _wasserstein(loss: Mapping[str, Any], words: Words) -> Formulas:
    return "Arjovsky et al. 2017, eq. 2", f"{words.mean('fake')} - {words.mean('real')}", f"-{words.mean('fake')}"


LOSSES = {
    "minimax": _minimax,
    "non_saturating": _non_saturating,
    "least_squares": _least_squares,
    "hinge": _hinge,
    "wasserstein": _wasserstein,
}
"""By the catalogue's name: the paper, the discriminator's loss, the generator's."""


def write_schedule(schedule: Mapping[str, Any]) -> Lines:
    """``rate_factor``, of what `counts` says; nothing for a constant rate."""
    if schedule["choice"] == "constant":
        return []
    if schedule["choice"] not in SCHEDULES:
        message = f"A script cannot hold the schedule '{schedule['choice']}' yet."
        raise ExportError("not_exported", message, "/training/learning_rate_schedule")
    says, formula = SCHEDULES[schedule["choice"]](schedule)
    counted = counts(schedule)
    meaning = {"progress": "progress goes from 0 to 1", "epochs": "epochs are passes over the data"}
    return [
        f"def rate_factor({counted}):",
        f'{INDENT}"""{says}; {meaning[counted]}."""',
        f"{INDENT}return {formula}",
    ]


def counts(schedule: Mapping[str, Any]) -> str:
    """What a schedule goes by: ``"progress"``, from 0 to 1, or ``"epochs"``."""
    return "epochs" if "every_epochs" in schedule else "progress"


def _linear(schedule: Mapping[str, Any]) -> tuple[str, str]:
    start, rest = schedule["start"], 1.0 - schedule["end_factor"]
    done = f"max(progress - {number(start)}, 0.0) / {number(1.0 - start)}" if start else "progress"
    return "The learning rate falls in a straight line", f"1.0 - {number(rest)} * {done}"


def _cosine(schedule: Mapping[str, Any]) -> tuple[str, str]:
    end = schedule["end_factor"]
    wave = "0.5 * (1.0 + math.cos(math.pi * progress))"
    return "The learning rate falls as half a cosine", f"{number(end)} + {number(1.0 - end)} * {wave}" if end else wave


SCHEDULES = {
    "linear": _linear,
    "cosine": _cosine,
    "exponential": lambda s: (
        "The learning rate decays steadily",
        f"{number(s['decay_rate'])} ** (epochs / {s['every_epochs']})",
    ),
    "step": lambda s: (
        "The learning rate drops now and then",
        f"{number(s['decay_rate'])} ** (epochs // {s['every_epochs']})",
    ),
}
