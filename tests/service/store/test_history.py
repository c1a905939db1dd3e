"""What a training leaves behind, read again."""

from __future__ import annotations

from .conftest import claimed


def test_a_curve_is_read_in_part_and_with_its_times(store, history):
    job_id, claim = claimed(store)
    store.write(claim, metrics=[(1, 0.7, 1.4, 0.1), (2, 0.6, None, 0.25), (3, 0.5, 1.2, 0.3), (4, 0.4, 1.1)])
    assert history.curve(job_id, first=2, last=3)[:, (0, 1, 3)].tolist() == [[2, 0.6, 0.25], [3, 0.5, 0.3]]
    assert history.seconds(job_id, 2) == history.seconds(job_id, 2) == 0.25
    assert history.seconds(job_id, 0) == history.seconds(job_id, 4) == 0.0
    assert history.curve("no-such-job").shape == (0, 4)


def test_markers_keep_their_order_and_what_they_say(store, history):
    job_id, claim = claimed(store)
    changes = {"learning_rate": {"generator": 0.1}}
    store.write(claim, markers=[{"step": 9, "kind": "changed", "changes": changes}, {"step": 9, "kind": "paused"}])
    store.write(claim, markers=[{"step": 5, "kind": "continued"}])
    found = [(marker.step, marker.details) for marker in history.markers(job_id)]
    assert found == [(9, {"kind": "changed", "changes": changes}), (9, {"kind": "paused"}), (5, {"kind": "continued"})]
    assert history.markers(job_id)[0].at >= store.get(job_id).created_at
