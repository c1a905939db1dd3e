"""What a reading says of a collapsed, a copying and a healthy generator, by the scores of what they draw."""

import numpy as np
import pytest

import spec
from drivers.data import Dataset, load
from drivers.evaluation.evaluation import Drawn, Evaluation
from drivers.evaluation.extractors import Identity
from service.reading import Training, read

COUNT = 300
METRICS = ["precision", "recall", "coverage", "copying"]


@pytest.fixture(scope="module")
def digits():
    """The data of an author, and digits that neither he nor his generator ever saw."""
    whole = load({"choice": "digits", "image_size": 16, "channels": 1})
    order = np.random.default_rng(0).permutation(len(whole))
    known, unseen = order[:1200], order[1200:]
    return Dataset(whole.samples[known], whole.labels[known]), whole.samples[unseen]


@pytest.fixture(scope="module")
def scored(digits):
    """The scores of samples, as a reading is given them."""
    resolved = spec.resolve(
        {
            "data": {"choice": "digits", "image_size": 16},
            "generator": {"choice": "dcgan"},
            "discriminator": {"choice": "dcgan"},
            "evaluation": {"metrics": METRICS, "sample_count": COUNT, "extractor": "identity"},
        }
    )
    evaluation = Evaluation(resolved, digits[0], lambda progress: Identity())

    def score(samples):
        curves = {}
        for found in evaluation.score(Drawn(samples, None, None)):
            for part in ("value", "low", "high", "floor"):
                name = found.name if part == "value" else f"{found.name}.{part}"
                curves[name] = [(1000, getattr(found, part))]
        return curves

    return score


def reading(metrics):
    """Of a training whose losses and samples give no sign."""
    steps = np.arange(1.0, 1001)
    generator, discriminator = 2 - steps / 1000, 1 + steps / 5000
    diversity = [(step, 0.3) for step in range(0, 1001, 100)]
    return read(Training(steps, generator, discriminator, "non_saturating", diversity, metrics))


def test_a_healthy_generator_is_called_so(digits, scored):
    metrics = scored(digits[1][:COUNT])
    found = reading(metrics)
    assert (found.verdict, found.findings) == ("healthy", [])
    assert {"low_precision", "missing_modes", "copying"} <= set(found.judged)


def test_a_collapsed_one_draws_little_of_the_data(digits, scored):
    metrics = scored(np.repeat(digits[1][:1], COUNT, axis=0))
    found = reading(metrics)
    assert found.verdict == "missing_modes"
    assert [rule.code for rule, _ in found.findings] == ["missing_modes"]  # an image of its own is no copy
    assert "coverage is 0" in found.message
    assert found.findings[0][1].since == 1000


def test_a_copying_one_is_told_by_nothing_but_the_score_for_it(digits, scored):
    random = np.random.default_rng(1)
    metrics = scored(digits[0].samples[random.choice(1200, COUNT, replace=False)])
    found = reading(metrics)
    assert found.verdict == "copying"
    assert [rule.code for rule, _ in found.findings] == ["copying"]
    assert found.findings[0][1].evidence["copying"] > 0.5
    assert reading({name: points for name, points in metrics.items() if "copying" not in name}).verdict == "healthy"


def test_one_that_draws_noise_misses_no_modes_but_reality(scored):
    metrics = scored(np.random.default_rng(2).integers(0, 256, (COUNT, 16, 16, 1), np.uint8))
    assert metrics["precision"][0][1] == 0
    found = reading(metrics)
    assert found.verdict == "low_precision"
    assert "precision is 0 (95 % interval 0 to " in found.message
    assert found.findings[0][1].evidence["precision_real"] == metrics["precision.floor"][0][1]


def test_without_the_scores_it_is_said_what_they_would_take():
    found = reading({})
    assert "precision and recall" in found.not_judged["missing_modes"]
    assert "precision" in found.not_judged["low_precision"]
    assert "copying" in found.not_judged["copying"]
