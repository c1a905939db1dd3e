"""Processes of the backends, for every test that trains on them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.drivers.keras.workers import Ask, working


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Asks a process of each backend; see `tests.drivers.keras.workers`."""
    with working(tmp_path_factory.mktemp("compiled")) as ask_:
        yield ask_
