"""An empty database for every test of the store, on SQLite and, where there is one, on PostgreSQL."""

from __future__ import annotations

import dataclasses
import math
import os

import pytest
from sqlalchemy import text

from service import db
from service.config import Settings
from service.db.history import History
from service.db.runs import Filter
from service.store import Store

SPEC = {"name": "a dcgan", "training": {"epochs": 1}}

POSTGRESQL = os.environ.get("AUTHORGAN_TEST_POSTGRESQL_URL", "")
"""An empty PostgreSQL database, where there is one: every test then runs on it as well."""


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRESQL else ["sqlite"])
def database(request, tmp_path):
    """Settings with an empty database."""
    if request.param == "sqlite":
        yield Settings(home=tmp_path)
        return
    settings = Settings(home=tmp_path, database_url=POSTGRESQL)
    yield settings
    engine = db.connect(POSTGRESQL)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


@pytest.fixture
def open_store(database):
    """Opens the database, with some settings changed."""
    opened = []

    def open_store(**changes):
        opened.append(Store.open(dataclasses.replace(database, **changes)))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store):
    return open_store(max_attempts=3)


@pytest.fixture
def history(store):
    return History(db.reading(store.engine))


def submit(store, **options):
    return store.submit(SPEC, hash="abc", **options)


def expire_lease(store, job_id):
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET lease_expires_at = 1 WHERE id = :id"), {"id": job_id})


def points(history, job_id):
    """The curve as tuples: step and losses."""
    rows = history.curve(job_id)[:, :3].tolist()
    return [(int(step), *(None if math.isnan(loss) else loss for loss in losses)) for step, *losses in rows]


def claimed(store):
    job = submit(store)
    return job.id, store.claim(job.id, "worker-1")


def names(store, *, sort="name", **wanted):
    """The names of the jobs that are wanted, in order."""
    return [job.name for job in store.runs.find(Filter(**wanted), sort=sort).jobs]
