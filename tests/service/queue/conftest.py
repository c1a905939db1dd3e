"""A worker of every kind, for the tests of a module that brings no fleet of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.fleet import Fleet


@pytest.fixture(scope="module")
def fleet(fleets: Callable[..., Any]) -> Iterator[Fleet]:
    with fleets() as fleet:
        for queue in ("training", "lengthy", "interactive"):
            fleet.start_worker(queue)
        yield fleet
