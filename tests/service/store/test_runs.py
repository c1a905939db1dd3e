"""Jobs are found, put in order, and told apart by what people say of them."""

from __future__ import annotations

from service.db.runs import NUMBERS, TEXTS, Filter
from tests.fleet import states

from .conftest import names, submit


def test_listing_pages_without_gap_or_double(store):
    ids = [submit(store).id for _ in range(7)]
    seen, after = [], None
    while True:
        page = store.runs.find(limit=3, after=after)
        seen += [job.id for job in page.jobs]
        after = page.after
        if after is None:
            break
    assert sorted(seen) == sorted(ids)
    times = [store.get(job_id).created_at for job_id in seen]
    assert times == sorted(times, reverse=True)


def test_listing_filters_and_sorts(store):
    for name in ("Beta", "alpha 100%", "gamma"):
        store.submit({"name": name}, hash="h")
    store.claim(store.runs.find(Filter(name="GAM")).jobs[0].id, "worker")
    assert names(store) == ["Beta", "alpha 100%", "gamma"]
    assert names(store, sort="-name") == ["gamma", "alpha 100%", "Beta"]
    assert names(store, states=["running", "paused"]) == ["gamma"]
    assert names(store, name="%") == ["alpha 100%"]
    assert states(store) == {"queued": 2, "running": 1}


def test_jobs_are_found_by_what_people_say_of_them(store):
    for name in ("one", "two", "three"):
        job = store.submit({"name": name}, hash="h")
        tags = {"one": ["keep", "digits"], "two": ["keep"], "three": []}[name]
        assert store.runs.edit(job.id, tags=tags, comment=f"the {name}th try")
    assert names(store, tags=["keep"]) == ["one", "two"]
    assert names(store, tags=["keep", "digits"]) == ["one"]
    assert names(store, text="twoTH try") == ["two"]
    assert names(store, text="digit one") == ["one"]
    assert names(store, text="digit two") == []
    assert store.runs.tags() == {"digits": 1, "keep": 2}
    assert not store.runs.edit("no-such-job", comment="x")


def test_tags_replace_the_old_ones_and_nothing_else_changes(store):
    job = submit(store)
    store.runs.edit(job.id, tags=["b", "a", "b"], comment="c")
    store.runs.edit(job.id, tags=["d", "a"])
    job = store.get(job.id)
    assert ([tag.tag for tag in job.tags], job.comment, job.archived) == (["a", "d"], "c", False)
    store.runs.edit(job.id, archived=True)
    assert names(store, archived=False) == []
    assert names(store, archived=True) == names(store) == ["a dcgan"]


def test_pages_of_every_order_go_through_all_jobs(store):
    """Some of the numbers are unknown; those come last either way."""
    for index, loss in enumerate((2.0, None, 1.0)):
        job = store.submit({"name": f"{index}"}, hash="h")
        if loss is not None:
            claim = store.claim(job.id, "worker")
            store.write(claim, metrics=[(index + 1, loss, -loss)], progress={"step": loss, "total": 4, "epoch": loss})
            store.finish(claim, "failed", {"code": "c", "message": "m"})
    for sort in (sign + name for name in (*TEXTS, *NUMBERS) for sign in ("", "-")):
        seen, after = [], None
        while True:
            page = store.runs.find(sort=sort, limit=1, after=after)
            seen += [job.name for job in page.jobs]
            after = page.after
            if after is None:
                break
        assert sorted(seen) == ["0", "1", "2"], sort
        if sort.strip("-") in ("generator_loss", "step", "epoch", "fraction"):
            assert seen == (["0", "2", "1"] if sort.startswith("-") else ["2", "0", "1"]), sort
