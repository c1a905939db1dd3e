"""Starts a worker of one queue: `python -m service.queue.worker training` (or `interactive`, `lengthy`).

A pool child owns what outlives a task: the warm spare, or the process that holds models. The pool forks, so none of
that is made before the fork, and no learning library is ever imported on either side of it.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

from celery.platforms import SecurityWarning
from celery.signals import setup_logging, worker_process_init

from service.config import Settings
from service.queue import models, training
from service.queue.app import INTERACTIVE, LENGTHY, TRAINING, celery_app
from service.queue.logs import configure_logging
from service.queue.presence import Presence
from service.supervisor.guard import die_with_parent


def main() -> None:
    queue = sys.argv[1]
    settings = Settings.from_env()
    app = celery_app(settings)
    register, concurrency = {
        TRAINING: (training.register, settings.training_workers),
        INTERACTIVE: (models.register, settings.interactive_workers),
        LENGTHY: (models.register_lengthy, settings.lengthy_workers),
    }[queue]

    setup_logging.connect(lambda **_: configure_logging(settings), weak=False)
    # Celery warns root of pickled messages; ours accepts JSON only.
    warnings.filterwarnings("ignore", category=SecurityWarning)

    parent = os.getpid()

    @worker_process_init.connect(weak=False)
    def end_with_worker(**_: Any) -> None:
        die_with_parent(parent)

    register(app, settings)
    Presence.settings = settings
    app.steps["consumer"].add(Presence)
    app.worker_main(
        [
            "--quiet",
            "worker",
            f"--queues={queue}",
            f"--hostname={queue}@%h.{parent}",
            f"--concurrency={concurrency}",
            "--pool=prefork",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )


if __name__ == "__main__":
    main()
