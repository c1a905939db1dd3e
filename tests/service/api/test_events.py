"""Following a job: nothing is lost and nothing comes twice, whatever breaks on the way."""

import dataclasses
import itertools
import json
import time

import pytest

from service.api.watch import OverflowedError, Watch, Watcher, earlier, is_entry_id
from service.queue.connection import event_stream_key, redis_client

PATIENCE = 10.0
"""Seconds that a test waits for what must come."""


@pytest.fixture
def client(make_client):
    return make_client(event_ping_seconds=0.2)


class Stream:
    """The events of an answer, one after the other; silence shows as ``ping``."""

    def __init__(self, client, job_id, last_event_id=None, query=""):
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        self.response = client.get(f"/v1/jobs/{job_id}/events{query}", headers=headers)
        assert self.response.status_code == 200, self.response.data
        self._blocks = iter(self.response.response)
        assert next(self._blocks) == b"retry: 2000\n\n"

    def __iter__(self):
        return self

    def __next__(self):
        block = next(self._blocks).decode()
        if block == ": ping\n\n":
            return {"type": "ping"}
        assert block.endswith("\n\n")
        fields = dict(line.split(": ", 1) for line in block.strip().splitlines())
        return {"type": fields["event"], "id": fields.get("id"), "data": json.loads(fields["data"])}

    def next(self, kind):
        """The next event of a kind; others before it are skipped."""
        deadline = time.monotonic() + PATIENCE
        for event in self:
            if event["type"] == kind:
                return event
            assert time.monotonic() < deadline, f"no {kind} within {PATIENCE} s"
        raise AssertionError(f"the stream ended without {kind}")

    def rest(self):
        """Everything up to the end of the stream, pings left out."""
        deadline = time.monotonic() + PATIENCE
        events = []
        for event in self:
            assert time.monotonic() < deadline, "the stream does not end"
            if event["type"] != "ping":
                events.append(event)
        return events

    def close(self):
        self.response.close()


def kinds(events):
    return [event["type"] for event in events]


def losses(numbers):
    return [{"type": "loss", "step": number, "generator": 1.0, "discriminator": 1.0} for number in numbers]


END = {"type": "end", "state": "succeeded", "problem": None}


def test_events_arrive_as_they_happen(client, services, job):
    stream = Stream(client, job)
    assert next(stream)["data"] == {"state": "queued", "attempt": 0}
    services.events.write(job, losses([1]))
    event = stream.next("loss")
    assert event["data"] == {"step": 1, "generator": 1.0, "discriminator": 1.0}
    assert is_entry_id(event["id"])
    services.events.write(job, [{"type": "state", "state": "succeeded"}, END])
    assert kinds(stream.rest()) == ["state", "end"]


def test_the_answer_cannot_be_buffered(client, job):
    headers = Stream(client, job).response.headers
    assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["Cache-Control"] == "no-store"


def test_who_comes_late_is_told_everything(client, services, job):
    services.events.write(job, [*losses(range(1, 1201)), END])  # more than is read from the stream at once
    events = Stream(client, job).rest()
    assert kinds(events) == ["state", *["loss"] * 1200, "end"]
    assert [event["data"]["step"] for event in events[1:-1]] == list(range(1, 1201))


def test_what_happens_while_one_catches_up_comes_once(client, services, job):
    """The backlog is read in pieces, so that it may hold what the reader has handed over as well."""
    services.events.write(job, losses(range(1, 801)))
    stream = Stream(client, job)
    assert [next(stream)["type"] for _ in range(10)] == ["state", *["loss"] * 9]
    services.events.write(job, losses(range(801, 811)))
    time.sleep(0.2)
    assert [next(stream)["data"]["step"] for _ in range(801)] == list(range(10, 811))
    services.events.write(job, [END])
    assert kinds(stream.rest()) == ["end"]


def test_who_comes_back_goes_on_behind_the_last_event(client, services, job):
    services.events.write(job, [*losses([1, 2, 3]), END])
    second = Stream(client, job).rest()[2]
    events = Stream(client, job, second["id"]).rest()
    assert [event["data"].get("step") for event in events] == [3, None]


def test_who_asks_for_what_is_new_is_told_nothing_old(client, services, job):
    services.events.write(job, losses([1, 2]))
    stream = Stream(client, job, query="?new=true")
    services.events.write(job, [*losses([3]), END])
    events = stream.rest()
    assert [event["data"].get("step") for event in events] == [3, None]
    behind_first = Stream(client, job, events[0]["id"], query="?new=true").rest()
    assert kinds(behind_first) == ["end"]


def test_who_comes_back_after_the_end_is_told_it_again(client, services, store, job):
    store.finish(store.claim(job, "worker"), "succeeded")
    services.events.write(job, [END])
    last = Stream(client, job).rest()[-1]
    assert kinds(Stream(client, job, last["id"]).rest()) == ["snapshot", "end"]


def test_silence_is_filled_with_pings(client, job):
    stream = Stream(client, job)
    next(stream)
    started = time.monotonic()
    assert next(stream) == {"type": "ping"}
    assert 0.1 < time.monotonic() - started < 2


def trim(services, job_id, keep):
    redis_client(services.settings).xtrim(event_stream_key(job_id), maxlen=keep, approximate=False)


def test_where_events_are_no_longer_kept_the_whole_job_comes_first(client, services, store, job):
    claim = store.claim(job, "worker")
    store.write(claim, progress={"step": 30, "total": 60}, metrics=[(30, 0.5, 0.6)])
    services.events.write(job, losses(range(1, 31)))
    trim(services, job, 10)
    stream = Stream(client, job)
    snapshot = next(stream)
    assert snapshot["type"] == "snapshot"
    assert snapshot["data"]["id"] == job
    assert snapshot["data"]["progress"]["fraction"] == 0.5
    assert snapshot["data"]["losses"] == {"generator": 0.5, "discriminator": 0.6}
    # What happened in the last moments may not be in the row yet, so it is told again.
    assert [next(stream)["data"]["step"] for _ in range(10)] == list(range(21, 31))
    services.events.write(job, losses([31]))
    assert stream.next("loss")["data"]["step"] == 31


def test_a_snapshot_does_not_go_back_in_time(client, services, store, job):
    """Old events that are still there lie before the snapshot; only what follows it is sent."""
    store.claim(job, "worker")
    key, broker = event_stream_key(job), redis_client(services.settings)
    broker.delete(key)
    now = int(time.time() * 1000)
    for age_seconds in (60, 50, 40, 1, 0):
        event = json.dumps(losses([age_seconds])[0])
        broker.xadd(key, {"event": event}, id=f"{now - age_seconds * 1000}-0")
    stream = Stream(client, job)
    assert next(stream)["type"] == "snapshot"
    assert [next(stream)["data"]["step"] for _ in range(2)] == [1, 0]


def test_a_place_that_was_trimmed_is_noticed_and_one_that_was_not_is_kept(client, services, store, job):
    store.claim(job, "worker")
    services.events.write(job, losses(range(1, 31)))
    ids = [entry_id.decode() for entry_id, _ in redis_client(services.settings).xrange(event_stream_key(job))]
    trim(services, job, 10)
    assert next(Stream(client, job, ids[5]))["type"] == "snapshot"
    event = next(Stream(client, job, ids[25]))
    assert (event["type"], event["id"]) == ("loss", ids[26])


def test_when_all_is_forgotten_the_job_itself_answers(client, services, store, job):
    store.finish(store.claim(job, "worker"), "failed", {"code": "diverged", "message": "m"})
    services.events.forget(job)
    events = Stream(client, job).rest()
    assert kinds(events) == ["snapshot", "end"]
    assert events[1]["data"] == {"state": "failed", "problem": {"code": "diverged", "message": "m"}}


def test_an_end_that_nobody_told_is_found(client, store, job):
    stream = Stream(client, job)
    next(stream)
    store.finish(store.claim(job, "worker"), "succeeded")  # and the broker was away when it should have been told
    assert kinds(stream.rest()) == ["snapshot", "end"]


def test_a_wiped_broker_is_noticed(client, services, store, job):
    claim = store.claim(job, "worker")
    services.events.write(job, losses([1, 2]))
    stream = Stream(client, job)
    seen = stream.next("loss")
    stream.close()
    redis_client(services.settings).flushall()
    store.write(claim, metrics=[(3, 0.25, 0.5)])
    services.events.write(job, losses([4]))
    stream = Stream(client, job, seen["id"])
    assert next(stream)["data"]["losses"] == {"generator": 0.25, "discriminator": 0.5}
    assert next(stream)["data"]["step"] == 4


def test_a_stream_goes_on_through_a_wiped_broker(client, services, job):
    stream = Stream(client, job)
    next(stream)
    redis_client(services.settings).flushall()
    services.events.write(job, losses([5]))
    assert stream.next("loss")["data"]["step"] == 5


def test_without_a_broker_the_job_answers(make_client, tmp_path):
    client = make_client(redis_url=f"unix://{tmp_path}/no-broker", event_ping_seconds=0.2)
    job = client.post(
        "/v1/jobs",
        json={"data": {"choice": "digits"}, "generator": {"choice": "gan"}, "discriminator": {"choice": "gan"}},
    ).json["id"]
    stream = Stream(client, job)
    assert next(stream)["type"] == "snapshot"
    client.post(f"/v1/jobs/{job}/actions", json={"action": "stop"})
    assert kinds(stream.rest())[-1] == "end"


def test_a_slow_client_misses_nothing(make_client):
    client = make_client(event_queue_length=10, event_ping_seconds=0.2)
    services = client.application.extensions["authorgan"]
    job = client.post(
        "/v1/jobs",
        json={"data": {"choice": "digits"}, "generator": {"choice": "gan"}, "discriminator": {"choice": "gan"}},
    ).json["id"]
    stream = Stream(client, job)
    next(stream)
    for first in range(1, 500, 50):  # while nobody reads
        services.events.write(job, losses(range(first, first + 50)))
    time.sleep(0.2)
    services.events.write(job, [END])
    steps = [event["data"]["step"] for event in stream.rest() if event["type"] == "loss"]
    assert steps == list(range(1, 501))


def waiting_readers(services):
    connections = redis_client(services.settings).client_list()
    return sum("b" in connection["flags"] and connection["cmd"] == "xread" for connection in connections)


def test_many_clients_share_one_reader(client, services, job):
    other = client.post(
        "/v1/jobs",
        json={"data": {"choice": "digits"}, "generator": {"choice": "gan"}, "discriminator": {"choice": "gan"}},
    ).json["id"]
    streams = [Stream(client, job_id) for _ in range(20) for job_id in (job, other)]
    for stream in streams:
        next(stream)
    services.events.write(job, losses([1]))
    services.events.write(other, losses([2]))
    assert [stream.next("loss")["data"]["step"] for stream in streams] == [1, 2] * 20
    # Readers of earlier tests may still have to wake up.
    deadline = time.monotonic() + PATIENCE
    while (waiting := waiting_readers(services)) != 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert waiting == 1
    for stream in streams:
        stream.close()


def test_there_is_a_limit_of_clients(make_client):
    client = make_client(event_clients=2)
    job = client.post(
        "/v1/jobs",
        json={"data": {"choice": "digits"}, "generator": {"choice": "gan"}, "discriminator": {"choice": "gan"}},
    ).json["id"]
    streams = [Stream(client, job) for _ in range(2)]
    for stream in streams:
        next(stream)
    response = client.get(f"/v1/jobs/{job}/events")
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    streams[0].close()
    assert next(Stream(client, job))["type"] == "state"


def test_a_client_that_left_is_forgotten(client, services, job):
    stream = Stream(client, job)
    next(stream)
    assert services.watch._watchers[job]
    stream.close()
    assert job not in services.watch._watchers


@pytest.mark.parametrize("value", ["abc", "1", "1-", "-1", "1-x", "²-0", "9" * 30 + "-0"])
def test_a_last_event_id_that_is_none(client, job, value):
    response = client.get(f"/v1/jobs/{job}/events", headers={"Last-Event-ID": value.encode().decode("latin1")})
    assert response.status_code == 400


def test_streams_end_when_the_process_stops(client, services, job):
    stream = Stream(client, job)
    next(stream)
    services.watch.close()
    assert stream.rest() == []
    assert Stream(client, job).rest()[0]["type"] == "state"  # what is known is still told, then it ends


def test_the_stream_of_a_deleted_job_ends(client, job):
    stream = Stream(client, job)
    next(stream)
    client.delete(f"/v1/jobs/{job}")
    assert stream.rest() == []


def test_a_watch_rests_when_nobody_watches(settings):
    watch = Watch(dataclasses.replace(settings, event_ping_seconds=0.2))
    with watch.watching("some-job"):
        assert watch._thread.is_alive()
        thread = watch._thread
    thread.join(PATIENCE)
    assert not thread.is_alive()
    with watch.watching("some-job") as watcher:
        redis_client(settings).xadd(event_stream_key("some-job"), {"event": "{}"})
        assert watcher.next(PATIENCE)[1] == b"{}"


def test_a_watcher_that_overflowed_works_again():
    watcher = Watcher(2)
    for number in range(3):
        watcher.offer((f"{number}-0", b""))
    with pytest.raises(OverflowedError):
        watcher.next(0)
    watcher.offer(("4-0", b""))
    assert watcher.next(0) == ("4-0", b"")
    assert watcher.next(0) is None


def test_places_in_the_stream():
    assert earlier("10000-7", 5) == "5000-0"
    assert earlier("10-0", 5) == "0-0"
    assert list(itertools.filterfalse(is_entry_id, ["0-0", "1795500882480-0", "1-2-3", "a-b", ""])) == [
        "1-2-3",
        "a-b",
        "",
    ]
