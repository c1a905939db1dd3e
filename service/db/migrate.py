"""Brings the tables to the newest revision when a process starts, however many start together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from service.db.engine import BUSY_TIMEOUT_MS

MIGRATION_LOCK = 0x41474D49  # "AGMI": the key of PostgreSQL's advisory lock
LOCK_TIMEOUT_MS = 60_000


def configuration() -> Config:
    """Alembic's configuration for the migrations beside this file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(engine: Engine) -> None:
    """Run every migration that is missing, all in one transaction that only one process at a time can hold.

    Raises:
        RuntimeError: the database was written by a newer version.
    """
    # On SQLite, whose transactions here begin with BEGIN IMMEDIATE, the transaction itself is the lock.
    with engine.connect() as connection, _patient(connection), connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        config = configuration()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise RuntimeError(
                f"The database {engine.url.render_as_string()} was written by a newer version of AuthorGAN "
                f"({error}). Update, or point AUTHORGAN_DATABASE_URL at another one."
            ) from error


@contextmanager
def _patient(connection: Connection) -> Iterator[None]:
    """Wait longer than usual for SQLite's write lock."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT_MS}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
