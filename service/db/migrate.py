"""Brings the tables to the newest revision when a process starts, however many start together."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine

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
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # Outside a transaction, as a PRAGMA must be; the BEGIN IMMEDIATE below is then the lock.
            dbapi = connection.connection.driver_connection
            assert dbapi is not None
            (ordinary,) = dbapi.execute("PRAGMA busy_timeout").fetchone()
            dbapi.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT_MS}")
        with connection.begin():
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
        if engine.dialect.name == "sqlite":
            dbapi.execute(f"PRAGMA busy_timeout = {ordinary}")
