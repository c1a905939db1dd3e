"""The database itself: how it is opened, and that its migrations make the tables the models describe."""

import multiprocessing
import threading

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from service import db
from service.db.engine import now
from service.db.migrate import configuration
from service.db.models import Base, IdempotencyKey, Job, Loss


@pytest.fixture
def engine(tmp_path):
    engine = db.connect(f"sqlite:///{tmp_path / 'new folder' / 'a.db'}")
    yield engine
    engine.dispose()


def test_migrations_and_models_agree(engine):
    db.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_changes_nothing(engine):
    db.upgrade(engine)
    db.upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def _upgrade_in_a_process(url, barrier):
    barrier.wait(60)
    db.upgrade(db.connect(url))


def test_many_processes_upgrade_a_new_database_together(tmp_path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(4)
    processes = [spawn.Process(target=_upgrade_in_a_process, args=(url, barrier)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    with db.connect(url).connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def test_many_open_a_new_database_at_once(tmp_path):
    """In files enough that one of them would fail if nobody waited."""
    failed = []

    def open_it(url, barrier):
        engine = db.connect(url)
        barrier.wait()
        try:
            engine.connect().close()
        except OperationalError as error:
            failed.append(error)
        engine.dispose()

    for number in range(60):
        barrier = threading.Barrier(4)
        url = f"sqlite:///{tmp_path / f'{number}.db'}"
        threads = [threading.Thread(target=open_it, args=(url, barrier)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []


def test_sqlite_is_opened_as_promised(engine):
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 1, "busy_timeout": 5000, "foreign_keys": 1}


def test_a_reader_does_not_wait_for_a_writer(engine):
    db.upgrade(engine)
    with engine.begin() as writer:
        writer.execute(text("INSERT INTO idempotency_keys VALUES ('k', 'b', 'j', 0)"))
        with db.reading(engine).begin() as reader:
            assert reader.scalar(text("SELECT count(*) FROM idempotency_keys")) == 0


def test_the_clock_is_the_time_of_day(engine):
    with engine.connect() as connection:
        difference = connection.scalar(select(now() - text("CAST(strftime('%s', 'now') AS REAL)")))
    assert 0 <= difference < 1.1


def test_a_database_of_a_newer_version_is_refused(engine):
    db.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RuntimeError, match="newer version"):
        db.upgrade(engine)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
def test_other_databases_are_refused(url):
    with pytest.raises(ValueError, match="database"):
        db.connect(url)


def test_jobs_from_before_the_runs_are_told_apart_too(engine):
    """The second revision looks at the specs that are there already; nothing of a job is lost."""
    config = configuration()
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO jobs "
                "(id, name, state, goal, spec, hash, notes, created_at, fence, attempt, lost_attempts) "
                "VALUES ('j', 'old', 'succeeded', 'succeeded', :spec, 'h', '[]', 1.0, 1, 1, 0)"
            ),
            {"spec": '{"data": {"choice": "mnist"}, "generator": {"choice": "gan"}, "driver": "pytorch"}'},
        )
        connection.execute(text("INSERT INTO losses VALUES ('j', 1, 0.5, 0.25)"))
        connection.execute(text("INSERT INTO idempotency_keys VALUES ('k', 'b', 'j', 0)"))
    db.upgrade(engine)
    with Session(engine) as session:
        (job,) = session.scalars(select(Job))
        assert job.choices == {"data": "mnist", "generator": "gan", "driver": "pytorch"}
        assert (job.comment, job.archived, job.deleted_at, job.tags, job.place) == ("", False, None, [], None)
        (loss,) = session.scalars(select(Loss))
        assert (loss.generator, loss.discriminator, loss.seconds) == (0.5, 0.25, None)
        assert session.scalar(select(IdempotencyKey.resource_id)) == "j"
