"""What trackers do never harms a training: they may fail, refuse, hang, and lag behind."""

import threading
import time

import pytest

from service.tracking import delivery
from service.tracking.delivery import Delivery
from service.tracking.tracker import Run, Tracker, TrackerRefused, TrackerUnavailable, numbers
from spec import resolve

SPEC = resolve({"data": {"choice": "digits"}, "generator": {"choice": "dcgan"}, "discriminator": {"choice": "dcgan"}})
SECONDS = 20.0


class Notebook(Tracker):
    """A tracker that writes down what it is told. `trouble` is asked before anything is."""

    title = "The notebook"

    def __init__(self, trouble=lambda: None, remarks=()):
        self.trouble = trouble
        self.remarks = list(remarks)
        self.told = []

    def start(self, run):
        self.trouble()
        self.told.append(("start", run.job_id))
        return self.remarks

    def log(self, points):
        self.trouble()
        self.told += [(point.name, point.step, point.value) for point in points]

    def picture(self, step, png):
        self.trouble()
        self.told.append(("picture", step, png))

    def finish(self, state):
        self.trouble()
        self.told.append(("finish", state))


@pytest.fixture
def said():
    return []


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(delivery, "GATHER_SECONDS", 0.01)
    monkeypatch.setattr(delivery, "RETRY_SECONDS", (0.01,))


@pytest.fixture
def deliver(said):
    def to(tracker, length=100, patience=SECONDS):
        def picture(step):
            if step == 404:
                raise FileNotFoundError(step)
            return b"png of %d" % step

        def tell(level, message):
            said.append((level, message))

        run = Run(job_id="job-1", name="a job", spec=SPEC)
        return Delivery(tracker, run, length=length, patience=patience, picture=picture, tell=tell)

    return to


def loss(step, generator=0.5):
    return {"type": "loss", "step": step, "generator": generator, "discriminator": None, "points": []}


def wait_for(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_the_numbers_of_events():
    assert numbers(loss(3)) == {"loss/generator": 0.5}
    assert numbers({"type": "metric", "name": "kid", "value": -1}) == {"score/kid": -1.0}
    assert numbers({"type": "progress", "images_per_second": None}) == {}
    assert numbers({"type": "measurement", "values": {"usage/cpu_percent": 99.5}}) == {"usage/cpu_percent": 99.5}
    assert numbers(loss(3, float("nan"))) == {}  # JSON has no such number
    assert numbers({"type": "log", "message": "hello"}) == {}


def test_parameters_are_flat_and_a_familys_layers_are_not_among_them():
    parameters = Run(job_id="1", name="x", spec=SPEC).parameters
    assert parameters["generator.latent_dim"] == 100
    assert parameters["training.epochs"] == SPEC["training"]["epochs"]
    assert not any("layers" in name for name in parameters)


def test_everything_arrives_in_order_and_then_the_end(deliver, said):
    tracker = Notebook(remarks=["gets no pictures"])
    to = deliver(tracker)
    for step in (1, 2):
        to.put(loss(step))
    to.put({"type": "sample", "step": 404})  # whose picture is not there
    to.put({"type": "sample", "step": 2})
    to.put({"type": "log", "level": "info", "message": "nothing to track"})
    wait_for(lambda: ("picture", 2, b"png of 2") in tracker.told)
    to.end("succeeded")
    to.put(loss(3))  # too late
    assert to.join(SECONDS)
    assert tracker.told == [
        ("start", "job-1"),
        ("loss/generator", 1, 0.5),
        ("loss/generator", 2, 0.5),
        ("picture", 2, b"png of 2"),
        ("finish", "succeeded"),
    ]
    assert said == [("info", "The notebook gets no pictures.")]


def test_where_somebody_else_goes_on_no_end_is_told(deliver):
    tracker = Notebook()
    to = deliver(tracker)
    to.put(loss(1))
    to.end(None)
    assert to.join(SECONDS)
    assert tracker.told == [("start", "job-1"), ("loss/generator", 1, 0.5)]


def test_a_tracker_that_is_away_is_told_everything_when_it_comes_back(deliver, said):
    away = threading.Event()
    away.set()

    def trouble():
        if away.is_set():
            raise TrackerUnavailable("no route to host")

    tracker = Notebook(trouble)
    to = deliver(tracker)
    to.put(loss(1))
    wait_for(lambda: said)
    away.clear()
    wait_for(lambda: len(said) == 2)
    to.end("stopped")
    assert to.join(SECONDS)
    assert tracker.told == [("start", "job-1"), ("loss/generator", 1, 0.5), ("finish", "stopped")]
    assert said == [
        ("warning", "The notebook does not answer; what is reported waits for it: no route to host."),
        ("info", "The notebook answers again."),
    ]


def test_one_that_does_not_come_back_is_given_up_when_its_patience_ends(deliver, said, caplog):
    def trouble():
        raise TrackerUnavailable("no route to host")

    to = deliver(Notebook(trouble), patience=0.05)
    wait_for(lambda: said)
    to.end("succeeded")
    assert to.join(SECONDS)
    assert "did not answer until the end: no route to host" in caplog.text
    assert len(said) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            TrackerRefused("403 no permission"),
            "refuses this run, which is not tracked there any more: 403 no permission",
        ),
        (KeyError("run_id"), "failed, this run is not tracked there any more: KeyError: 'run_id'"),
    ],
)
def test_one_that_refuses_or_breaks_is_given_up_and_told_once(deliver, said, error, words):
    def trouble():
        raise error

    to = deliver(Notebook(trouble))
    assert to.join(SECONDS)
    for step in range(1000):
        to.put(loss(step))
    to.end("succeeded")
    assert said == [("warning", f"The notebook {words}.")]


def test_one_that_hangs_costs_its_numbers_and_nothing_else(deliver, said):
    go = threading.Event()
    tracker = Notebook(go.wait)
    to = deliver(tracker, length=10)
    for step in range(1000):
        to.put(loss(step))
    to.end("succeeded")
    assert not to.join(0.01)  # the training does not wait for it
    assert said == [("warning", "The notebook takes nothing, and 10 numbers wait for it; those that follow are lost.")]
    go.set()
    assert to.join(SECONDS)
    assert [told[1] for told in tracker.told[1:-1]] == list(range(10))
