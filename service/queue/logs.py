"""What the workers and the reaper log, for the supervisor to carry on."""

from __future__ import annotations

import logging

from service.config import Settings

WORDY = ("alembic", "celery.app.trace", "celery.worker.strategy")
"""Loggers with a line for every start, every task received and every task done."""


def configure_logging(settings: Settings) -> None:
    """One line an entry, without a time: the supervisor adds it."""
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(message)s")
    for name in WORDY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(settings.log_level)))
