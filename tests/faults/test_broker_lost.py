"""The broker carries hints and copies. Without it, trainings go on; with an empty one, every job is found again."""

import os
import shutil
import signal
import subprocess

import pytest

from service import broker
from service.queue import enqueue_training
from service.supervisor.guard import guarded
from tests.fleet import small_spec, wait_for


class Server:
    """An embedded broker that can be killed and emptied."""

    def __init__(self, folder):
        self.embedded = broker.EmbeddedBroker.prepare(folder)
        self.start()

    def start(self):
        self.embedded.ensure_files()
        self.process = subprocess.Popen(guarded(self.embedded.command), stdout=subprocess.DEVNULL)
        broker.wait_until_ready(self.embedded.url)

    def kill_and_wipe(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.embedded.folder / "data")


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "broker")
    yield server
    server.process.kill()
    server.process.wait()


def test_a_broker_killed_and_wiped_in_the_middle_costs_no_job(fleets, server, monkeypatch):
    monkeypatch.setattr("service.store.lost.FORGOTTEN_SECONDS", 0)
    with fleets(redis_url=server.embedded.url) as fleet:
        fleet.start_worker()
        running = fleet.submit(small_spec(epochs=60))
        queued = fleet.submit(small_spec())
        fleet.wait_for_step(running, 20)

        os.kill(server.process.pid, signal.SIGSTOP)  # there, but silent
        fleet.wait_for_step(running, fleet.last_step(running) + 40)
        server.kill_and_wipe()
        fleet.wait_for_step(running, fleet.last_step(running) + 40)  # it does not wait for the broker
        fleet.store.request(running, "pause")  # and is steered through its row
        fleet.wait(running, "paused")
        forgotten = fleet.store.submit(small_spec()).id
        assert not enqueue_training(forgotten, settings=fleet.settings), "nobody is there to take the message"

        server.start()
        fleet.ask(running, "resume")
        wait_for("watchers to be served again", lambda: fleet.events(running))
        for job_id in fleet.store.requeue_lost():
            enqueue_training(job_id, settings=fleet.settings)
        for job_id, steps in ((running, 480), (queued, 16), (forgotten, 16)):
            job = fleet.wait(job_id, "succeeded", "failed")
            assert (job.state, job.attempt) == ("succeeded", 1)
            assert [step for step, _, _ in fleet.curve(job_id)] == list(range(1, steps + 1))


def test_the_reaper_announces_what_nobody_has_heard_of(fleets):
    with fleets() as fleet:
        never_announced = fleet.store.submit(small_spec()).id
        with fleet.store.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE jobs SET hinted_at = NULL")
        fleet.start("service.queue.reaper")
        fleet.start_worker()
        assert fleet.wait(never_announced, "succeeded").attempt == 1
