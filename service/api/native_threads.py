"""Native threads for the clients of object stores, in a process whose threads are greenlets.

Such a client (fsspec on S3, Google, Azure, …) is asynchronous: it waits in an event loop that runs in a thread of its
own, and looks up names in a pool of threads. Made after gevent has patched the process, both would be greenlets of the
thread that answers requests, and a loop that runs there already refuses to be waited for.
"""

from __future__ import annotations

import _thread
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

from fsspec.asyn import get_loop

THREADS = 4
"""For what a client cannot await, such as asking for the address of a name."""


def start() -> None:
    """Start fsspec's event loop and the threads of its pool. To be called before gevent patches the process."""
    get_loop().set_default_executor(_Pool())


class _Pool(ThreadPoolExecutor):
    """Its threads start with it, where the usual pool waits for work, and end with the process.

    It inherits for asyncio's sake, which takes no other executor.
    """

    def __init__(self) -> None:
        super().__init__(THREADS)
        self._waiting: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        for _ in range(THREADS):
            _thread.start_new_thread(self._work, ())

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._waiting.put((future, lambda: fn(*args, **kwargs)))
        return future

    def _work(self) -> None:
        while True:
            future, call = self._waiting.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # whatever it is, it is for whoever waits
                future.set_exception(error)
