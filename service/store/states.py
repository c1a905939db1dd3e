"""The states of a job, and what is said where something does not fit them."""

from __future__ import annotations

ACTIVE = ("running", "paused")
ENDED = ("succeeded", "failed", "stopped")


class JobNotFoundError(LookupError):
    """No job has this id."""


class SweepNotFoundError(LookupError):
    """No sweep has this id."""


class RefusedError(Exception):
    """What was asked does not fit the job's state. ``code`` is for programs, the message for people."""

    def __init__(self, code: str, message: str):
        self.code = code
        super().__init__(message)
