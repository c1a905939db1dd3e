"""A model that is held in memory for the next question about it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from drivers import Session

Version = tuple[datetime, int]
"""When weights were written, and their size."""

T = TypeVar("T")


@dataclass(frozen=True)
class Model:
    """One model with one version of its weights.

    Attributes:
        step: the training step that the weights are of.
    """

    version: Version
    session: Session
    step: int
    _found: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, what: Hashable, find: Callable[[], T]) -> T:
        """What `find` returns, kept for as long as these weights are."""
        if what not in self._found:
            self._found[what] = find()
        return self._found[what]
