"""What a rule is, and what it finds."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from service.reading.training import Training

Severity = Literal["good", "info", "warning", "bad"]


class NotJudgedError(Exception):
    """The rule does not apply to this training, or lacks what it looks at; the message says which."""


@dataclass(frozen=True)
class Finding:
    """What a rule found.

    Attributes:
        message: in words, with the numbers.
        evidence: the numbers.
        advice: what to try, the likeliest first.
        since: the step from which it holds, where that can be said.
    """

    message: str
    evidence: dict[str, float]
    advice: Sequence[str] = ()
    since: int | None = None


@dataclass(frozen=True)
class Rule:
    """One way in which a training may go.

    Attributes:
        code: for programs.
        title: for people.
    """

    code: str
    title: str
    severity: Severity
    judge: Callable[[Training], Finding | None]

    @property
    def text(self) -> str:
        """The rule in words."""
        return " ".join(inspect.cleandoc(self.judge.__doc__ or "").split())


def short(number: float) -> str:
    """A number in the words of a finding, with three digits."""
    return f"{number:.3g}"
