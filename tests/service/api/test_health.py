"""Is it alive, is it ready: each missing part is named."""

import time

from service.queue.app import QUEUES
from service.queue.connection import presence_key, redis_client

NO_WORKERS = {"training_workers": False, "interactive_workers": False, "lengthy_workers": False}


def parts(client):
    response = client.get("/readyz")
    return response.status_code, {name: part["ok"] for name, part in response.json["parts"].items()}


def test_alive_is_cheap_and_says_the_version(client):
    assert client.get("/healthz").json == {"status": "ok", "version": "0.1.0"}


def test_ready_when_everything_is_there(client, services):
    assert parts(client) == (
        503,
        {"database": True, "broker": True, **NO_WORKERS},
    )
    broker = redis_client(services.settings)
    for queue in QUEUES:
        broker.zadd(presence_key(queue), {f"worker of {queue}": time.time()})
    assert parts(client)[0] == 200


def test_a_worker_that_fell_silent_is_missed(client, services):
    broker = redis_client(services.settings)
    broker.zadd(presence_key("training"), {"worker-1": time.time() - 60})
    assert parts(client)[1]["training_workers"] is False


def test_a_broker_that_is_away_is_named(make_client, tmp_path):
    client = make_client(redis_url=f"unix://{tmp_path}/no-broker")
    assert client.get("/healthz").status_code == 200
    assert parts(client) == (
        503,
        {"database": True, "broker": False, **NO_WORKERS},
    )
