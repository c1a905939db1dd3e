"""Processes that stay, one a backend, each of which computes what it is asked: starting one takes seconds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from tests.drivers.keras.children import BACKENDS, SETTINGS

T = TypeVar("T")
# Asks every backend for ``function(backend, *arguments)``, which is a function of a module.
Ask = Callable[..., dict[str, "Future[T]"]]


@contextmanager
def working(folder: Path) -> Iterator[Ask]:
    """The processes, which keep what they compile in a folder. Each starts when it is first asked something."""
    settings = {**SETTINGS, "JAX_COMPILATION_CACHE_DIR": str(folder)}
    pools = {
        backend: ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=prepare, initargs=(settings,))
        for backend in BACKENDS
    }
    try:
        yield lambda function, *arguments: {
            backend: pool.submit(function, backend, *arguments) for backend, pool in pools.items()
        }
    finally:
        for pool in pools.values():
            pool.shutdown(cancel_futures=True)


def prepare(settings: Mapping[str, str]) -> None:
    """Before anything is imported that reads them."""
    os.environ.update(settings)


def answers(asked: Mapping[str, Future[T]]) -> dict[str, T]:
    """What every backend found; its error, if that is what it found."""
    return {backend: future.result() for backend, future in asked.items()}
