"""A healthy, a blurred, a collapsed and a copying generator and one of noise are told apart."""

from __future__ import annotations

import json

import numpy as np
import pytest

import spec
from drivers.data import Dataset, DataSettings, load
from drivers.errors import DriverError
from drivers.evaluation.evaluation import Drawn, Evaluation
from drivers.evaluation.extractors import Identity
from drivers.evaluation.metrics import METRICS
from drivers.pytorch.classifier import open_classifier
from spec import catalogue

COUNT = 400
OF_FEATURES = [
    "frechet_distance",
    "kid",
    "mmd",
    "precision",
    "recall",
    "density",
    "coverage",
    "one_nearest_neighbour",
]
EVERY = [*OF_FEATURES, "inception_score", "modes", "class_divergence", "gan_test", "gan_train", "conditional_accuracy"]
EVERY += ["ms_ssim", "copying"]


def resolve(metrics, family="cgan", **evaluation):
    return spec.resolve(
        {
            "data": {"choice": "digits", "image_size": 16},
            "generator": {"choice": family, "latent_dim": 8},
            "discriminator": {"choice": family},
            "evaluation": {"metrics": metrics, "sample_count": COUNT, **evaluation},
        }
    )


@pytest.fixture(scope="module")
def digits():
    """The data of an author, and as many digits again that neither he nor his generator ever saw."""
    whole = load({"choice": "digits", "image_size": 16, "channels": 1})
    order = np.random.default_rng(0).permutation(len(whole))
    known, unseen = order[:1200], order[1200:]
    return Dataset(whole.samples[known], whole.labels[known]), Dataset(whole.samples[unseen], whole.labels[unseen])


@pytest.fixture(scope="module")
def evaluation(digits, tmp_path_factory):
    data = digits[0]
    settings = DataSettings(home=tmp_path_factory.mktemp("home"))
    return Evaluation(resolve(EVERY), data, lambda progress: open_classifier(data, settings, progress), seed=3)


class Painter:
    """Generators of every kind, made from real digits: each draws what it is asked for, in its own way."""

    def __init__(self, digits):
        self.known, self.unseen = digits
        self.random = np.random.default_rng(7)

    def some(self, data, labels):
        """Different images, each of the class asked for."""
        chosen = np.empty(len(labels), np.int64)
        for label in np.unique(labels):
            of_class = np.flatnonzero(data.labels == label)
            chosen[labels == label] = self.random.choice(of_class, np.count_nonzero(labels == label), replace=False)
        return data.samples[chosen]

    def healthy(self, labels):
        """Digits that the author's data does not hold, as a perfect generator would draw them."""
        return self.some(self.unseen, labels)

    def blurred(self, labels):
        images = self.healthy(labels).astype(float)
        for axis in (1, 2) * 2:
            images = (np.roll(images, 1, axis) + images + np.roll(images, -1, axis)) / 3
        return images.astype(np.uint8)

    def noise(self, labels):
        return self.random.integers(0, 256, (len(labels), 16, 16, 1), np.uint8)

    def collapsed(self, labels):
        """One image of its own, whatever is asked for."""
        return np.repeat(self.unseen.samples[:1], len(labels), axis=0)

    def copying(self, labels):
        return self.some(self.known, labels)


@pytest.fixture(scope="module")
def scores(digits, evaluation):
    """The scores of every generator, by its name and theirs."""
    painter = Painter(digits)
    labels = np.resize(np.arange(10), COUNT)
    return {
        name: {score.name: score for score in evaluation.score(Drawn(getattr(painter, name)(labels), labels, None))}
        for name in ("healthy", "blurred", "noise", "collapsed", "copying")
    }


def badness(name, value):
    """How far a value is from the best, so that more is worse."""
    entry = catalogue.load()["metrics"][name]
    return {"lower": value, "higher": -value, "toward": abs(value - entry.get("best", 0))}[entry["direction"]]


# What breaks a generator, and the scores that see it; the others are blind to it, as their documentation says.
SEEN = {
    "blurred": [*OF_FEATURES, "inception_score", "ms_ssim"],
    "noise": [*OF_FEATURES, "inception_score", "class_divergence", "gan_test", "gan_train", "conditional_accuracy"],
    "collapsed": [
        *("frechet_distance", "kid", "mmd", "recall", "coverage", "one_nearest_neighbour", "inception_score"),
        *("modes", "class_divergence", "gan_test", "gan_train", "conditional_accuracy", "ms_ssim"),
    ],
    "copying": ["copying"],
}


@pytest.mark.parametrize(("broken", "metric"), [(broken, metric) for broken in SEEN for metric in SEEN[broken]])
def test_a_broken_generator_scores_worse_than_a_healthy_one(scores, broken, metric):
    healthy, worse = scores["healthy"][metric], scores[broken][metric]
    assert badness(metric, worse.value) > badness(metric, healthy.value)
    apart = worse.low > healthy.high or worse.high < healthy.low
    assert apart, f"{healthy.low} to {healthy.high} and {worse.low} to {worse.high} overlap"


def test_every_score_sees_something():
    assert {metric for metrics in SEEN.values() for metric in metrics} == set(EVERY)
    assert set(EVERY) | {"path_length"} == set(METRICS) == set(catalogue.load()["metrics"])


def kind(scores):
    """What a reader of three scores would say of a generator."""
    if scores["copying"].low > 2 * scores["copying"].details["expected"]:
        return "copying"
    if scores["ms_ssim"].value > 0.9:
        return "collapsed"
    return "healthy" if scores["coverage"].value > 0.8 * scores["coverage"].floor else "broken"


def test_generators_are_told_apart_without_a_look_at_them(scores):
    assert {name: kind(found) for name, found in scores.items()} == {
        "healthy": "healthy",
        "blurred": "broken",
        "noise": "broken",
        "collapsed": "collapsed",
        "copying": "copying",
    }


@pytest.mark.parametrize("metric", EVERY)
def test_a_healthy_generator_is_near_the_floor(scores, metric):
    """Digits of the same people, drawn with other shares of the classes: near, of the way from noise or collapse."""
    score = scores["healthy"][metric]
    worst = max(badness(metric, scores[name][metric].value) for name in scores)
    assert badness(metric, score.value) - badness(metric, score.floor) < 0.15 * (worst - badness(metric, score.floor))


@pytest.mark.parametrize("name", ["healthy", "collapsed", "noise"])
def test_every_score_is_in_its_range_and_says_how_it_was_found(scores, evaluation, name):
    for metric, score in scores[name].items():
        low, high = catalogue.load()["metrics"][metric]["range"]
        assert low is None or low <= score.value
        assert high is None or score.value <= high
        assert score.low <= score.value <= score.high
        assert score.extractor.startswith("classifier-")
        assert (score.count, score.seed) == (COUNT, 3)
        assert score.interval
        json.dumps(score.to_json(), allow_nan=False)


def test_the_same_seed_gives_the_same_scores(evaluation, digits, scores):
    again = Evaluation(resolve(["kid", "precision"]), digits[0], lambda progress: evaluation._extractor, seed=3)
    labels = np.resize(np.arange(10), COUNT)
    drawn = Drawn(Painter(digits).healthy(labels), labels, None)
    for score in again.score(drawn):
        assert (score.value, score.floor) == (scores["healthy"][score.name].value, scores["healthy"][score.name].floor)


class Session:
    """Stands for a model: draws grey squares by noise or seed, and remembers what it was asked for."""

    def __init__(self):
        self.asked = []

    def sample(self, count=None, *, seed=0, noise=None, labels=None):
        self.asked.append((count, seed, None if noise is None else noise.shape, labels))
        if noise is None:
            noise = np.random.default_rng(seed).normal(size=(count, 8))
        grey = np.clip(128 + 40 * noise[:, :1], 0, 255).astype(np.uint8)
        return np.repeat(grey, 256, axis=1).reshape(-1, 16, 16, 1)


def test_drawing_asks_for_the_classes_of_the_real_images_in_parts(digits):
    data = digits[0]
    session = Session()
    evaluation = Evaluation(
        resolve(["gan_test", {"choice": "path_length", "paths": 30}], sample_count=600), data, lambda _: Identity()
    )
    drawn = evaluation.draw(session)
    assert [count for count, *_ in session.asked] == [512, 88, None, None]
    assert len({seed for _, seed, *_ in session.asked[:2]}) == 2
    assert np.bincount(drawn.labels).tolist() == np.bincount(data.labels[evaluation._real_at]).tolist()
    assert [shape for *_, shape, _ in session.asked[2:]] == [(30, 8), (30, 8)]
    np.testing.assert_array_equal(session.asked[2][3], session.asked[3][3])
    assert drawn.samples.shape == (600, 16, 16, 1)
    np.testing.assert_array_equal(evaluation.draw(Session()).samples, drawn.samples)


def test_path_length_has_no_floor(digits):
    evaluation = Evaluation(resolve(["path_length"], "gan"), digits[0], lambda _: Identity())
    (score,) = evaluation.score(evaluation.draw(Session()))
    assert score.value > 0
    assert score.floor is None


def test_real_images_are_two_halves_with_nothing_in_common(digits):
    evaluation = Evaluation(resolve(["kid"], sample_count=100_000), digits[0], lambda _: Identity())
    assert evaluation.count == 600
    assert sorted([*evaluation._real_at, *evaluation._other_at]) == list(range(1200))


def test_the_floor_of_diversity_is_of_pairs_like_the_generated_ones(digits):
    """Pairs of one class for a conditional generator, else any: real digits of one class are more alike."""
    floors = []
    for family in ("gan", "cgan"):
        evaluation = Evaluation(resolve(["ms_ssim"], family), digits[0], lambda _: Identity())
        (score,) = evaluation.score(evaluation.draw(Session()))
        floors.append(score.floor)
    assert floors[0] < floors[1] - 0.1


def test_floors_are_computed_once(digits, monkeypatch):
    calls = []
    plain = METRICS["precision"]
    monkeypatch.setitem(METRICS, "precision", lambda sets, **parameters: calls.append(1) or plain(sets, **parameters))
    evaluation = Evaluation(resolve(["precision"], "gan"), digits[0], lambda _: Identity())
    for _ in range(3):
        evaluation.score(evaluation.draw(Session()))
    assert len(calls) == 4


def test_progress_is_told(digits):
    told = []
    evaluation = Evaluation(resolve(["precision", "kid"], "gan"), digits[0], lambda _: Identity())
    drawn = evaluation.draw(Session(), lambda *progress: told.append(progress))
    evaluation.score(drawn, lambda *progress: told.append(progress))
    assert told == [("drawing", 400, 400), ("precision", 0, 2), ("kid", 1, 2), ("done", 2, 2)]


def test_points_in_the_plane_are_compared_as_they_are():
    """Eight small clouds on a circle; a generator that finds four of them."""
    random = np.random.default_rng(0)

    def clouds(count, kinds):
        angle = 2 * np.pi * random.integers(kinds, size=count) / 8
        return np.stack([np.cos(angle), np.sin(angle)], 1) + random.normal(0, 0.02, (count, 2))

    data = Dataset(clouds(2000, 8).astype(np.float32))
    evaluation = Evaluation(resolve(["recall", "precision", "mmd"], "gan"), data, lambda _: Identity())
    whole, half = (
        {score.name: score for score in evaluation.score(Drawn(clouds(COUNT, kinds).astype(np.float32), None, None))}
        for kinds in (8, 4)
    )
    assert whole["recall"].extractor == "identity"
    assert (whole["recall"].value, half["recall"].value) == (
        pytest.approx(0.95, abs=0.05),
        pytest.approx(0.5, abs=0.06),
    )
    assert half["precision"].value > 0.9
    assert half["mmd"].low > whole["mmd"].high


class TestRefusals:
    def problem(self, *arguments, **keywords):
        with pytest.raises(DriverError) as caught:
            Evaluation(*arguments, open_extractor=lambda _: Identity(), **keywords)
        return caught.value.code, caught.value.pointer, caught.value.message

    def test_a_metric_that_the_generator_cannot_have(self, digits):
        code, pointer, message = self.problem(resolve([], "gan"), digits[0], metrics=[{"choice": "gan_train"}])
        assert (code, pointer) == ("metric_not_possible", "/metrics/0")
        assert "conditional" in message

    def test_too_few_images(self, digits):
        few = Dataset(digits[0].samples[:30], digits[0].labels[:30])
        code, _, message = self.problem(resolve(["kid"]), few)
        assert code == "too_few_images"
        assert "30 real images" in message

    def test_a_metric_that_these_numbers_do_not_allow(self, digits):
        evaluation = Evaluation(
            resolve([{"choice": "precision", "k": 100}], "gan"), digits[0], lambda _: Identity(), count=60
        )
        with pytest.raises(DriverError, match=r"'precision' cannot be computed: k = 100 neighbours need at least 101"):
            evaluation.score(evaluation.draw(Session()))
