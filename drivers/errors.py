"""What can go wrong in a driver, in words for the person who caused it."""

from __future__ import annotations

from collections.abc import Sequence


class DriverError(Exception):
    """A driver cannot do what was asked.

    Attributes:
        code: a stable word for programs, e.g. ``"unknown_driver"``.
        message: what was wrong, where, and what would be right.
        pointer: JSON pointer into the spec, ``""`` when the spec is not to blame.
    """

    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.pointer = pointer


class DivergedError(DriverError):
    """A loss or a weight became NaN or infinite; the weights from this step on are worthless.

    Attributes:
        step: the first step of which this is known.
        before: the losses read before it, as `drivers.Session.read_losses` returns them.
    """

    def __init__(self, step: int, what: str, before: Sequence[dict[str, float | None]] = ()) -> None:
        super().__init__(
            "diverged",
            f"The training diverged at step {step}: {what}. A smaller learning rate usually helps; "
            "so do a gradient penalty, R1, or fewer discriminator steps.",
            "/optimizer",
        )
        self.step = step
        self.before = list(before)


class WeightsError(DriverError):
    """Stored tensors do not fit the networks; nothing was loaded.

    Attributes:
        problems: one sentence for each missing, superfluous, misshapen or non-finite tensor.
    """

    def __init__(self, path: object, problems: list[str]) -> None:
        shown = "; ".join(problems[:8]) + (f"; and {len(problems) - 8} more" if len(problems) > 8 else "")
        super().__init__("weights", f"'{path}' does not fit this model: {shown}.")
        self.problems = problems
