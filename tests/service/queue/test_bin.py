"""The bin: what was deleted long ago goes for good, files and events too."""

import pytest
from sqlalchemy import text

from service.queue.connection import event_stream_key, redis_client
from service.queue.events import EventWriter
from service.queue.reaper import empty_bin
from service.storage import Storage
from service.store import JobNotFoundError, Store


def test_the_reaper_empties_the_bin(settings):
    store, storage = Store.open(settings), Storage(settings.storage_url, settings.home)
    jobs = [store.submit({"name": name}, hash="h").id for name in ("old", "fresh", "kept")]
    for job in jobs:
        storage.write_atomic(job, "samples/1.png", b"png")
        EventWriter(settings).write(job, [{"type": "state", "state": "queued"}])
    old, fresh, kept = jobs
    store.delete(old)
    store.delete(fresh)
    with store.engine.begin() as connection:
        long_ago = text("UPDATE jobs SET deleted_at = deleted_at - :seconds WHERE id = :id")
        connection.execute(long_ago, {"seconds": settings.bin_seconds + 1, "id": old})

    empty_bin(store, storage, settings)

    assert [storage.exists(job, "samples/1.png") for job in jobs] == [False, True, True]
    assert [redis_client(settings).exists(event_stream_key(job)) for job in jobs] == [0, 1, 1]
    with pytest.raises(JobNotFoundError):
        store.restore(old)
    assert store.restore(fresh).name == "fresh"
    assert store.get(kept).name == "kept"
    store.close()
