"""How the database is opened: SQLite in WAL mode by default, PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Double, Engine, create_engine, event, make_url
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

BUSY_TIMEOUT_MS = 5000
"""How long a SQLite writer waits for another one."""
BUSY_RETRY_SECONDS = 0.01
"""How often it is tried again what SQLite does not wait for by itself."""

POOL_SIZE = 10


class now(FunctionElement[float]):  # noqa: N801  (an SQL function, spelled as one)
    """The database's clock in seconds since 1970, so that the clocks of several workers do not matter."""

    type = Double()
    inherit_cache = True


@compiles(now, "sqlite")
def _now_sqlite(element: now, compiler: Any, **kwargs: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _now_postgresql(element: now, compiler: Any, **kwargs: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


def connect(url: str) -> Engine:
    """An engine for ``url``; the folder of a SQLite file is created.

    Raises:
        ValueError: a URL other than ``sqlite:///file`` or ``postgresql://…``, or a PostgreSQL driver that is missing.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ValueError("The database must be a file: several processes share it.")
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend == "postgresql":
        try:
            return create_engine(url, pool_pre_ping=True, pool_size=POOL_SIZE)
        except ModuleNotFoundError as error:
            raise ValueError(
                f"PostgreSQL needs the Python package {error.name!r}: pip install 'psycopg[binary]'."
            ) from error
    raise ValueError(f"No such database: {backend!r}. Use sqlite:///file or postgresql://….")


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late; _begin_sqlite sends it
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Of processes that open a new file at once each changes its journal, and SQLite fails all but one on the spot,
    whatever its timeout."""
    end = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(BUSY_RETRY_SECONDS)


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the write lock at once: a transaction that reads first and asks for it later cannot wait for it,
    # SQLite fails it on the spot.
    reading_only = connection.get_execution_options().get("authorgan_reading", False)
    connection.exec_driver_sql("BEGIN" if reading_only else "BEGIN IMMEDIATE")


def reading(engine: Engine) -> Engine:
    """The same engine for transactions that only read: on SQLite they wait for nobody."""
    return engine.execution_options(authorgan_reading=True)
