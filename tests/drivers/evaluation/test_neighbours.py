"""Scores by nearest neighbours: precision, recall, density, coverage, the two-sample test."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.evaluation import distances
from drivers.evaluation.manifold import squared_radii
from drivers.evaluation.metrics.density_coverage import coverage, density
from drivers.evaluation.metrics.one_nearest_neighbour import one_nearest_neighbour
from drivers.evaluation.metrics.precision_recall import precision, recall


def line(*numbers):
    return np.array(numbers, float)[:, None]


REAL = line(0, 1, 3, 7)  # with k = 1 the radii are 1, 1, 2, 4
FAKE = line(0.5, 1.5, 12, 40)  # with k = 1 the radii are 1, 1, 10.5, 28


def test_radii_by_hand():
    assert np.sqrt(squared_radii(REAL, 1)).tolist() == [1, 1, 2, 4]
    assert np.sqrt(squared_radii(REAL, 2)).tolist() == [3, 2, 3, 6]


def test_all_four_by_hand():
    """0.5 lies in the balls of 0 and 1; 1.5 in those of 1 and 3; 12 and 40 in none. 7 is reached by 12's ball only."""
    assert precision(REAL, FAKE, k=1).value == 0.5
    assert recall(REAL, FAKE, k=1).value == 1.0
    assert density(REAL, FAKE, k=1).value == (2 + 2) / 4
    assert coverage(REAL, FAKE, k=1).value == 0.75


def written_plainly(real, fake, k):
    """Precision, recall, density and coverage from whole matrices."""
    between = np.linalg.norm(real[:, None] - fake[None], axis=2)
    real_radii = np.sort(np.linalg.norm(real[:, None] - real[None], axis=2))[:, k]
    fake_radii = np.sort(np.linalg.norm(fake[:, None] - fake[None], axis=2))[:, k]
    inside = between <= real_radii[:, None]
    return (
        inside.any(0).mean(),
        (between <= fake_radii[None]).any(1).mean(),
        inside.sum(0).mean() / k,
        (between.min(1) <= real_radii).mean(),
    )


@pytest.mark.parametrize("k", [1, 3, 5])
def test_as_written_plainly_in_blocks_too(k, monkeypatch):
    monkeypatch.setattr(distances, "BLOCK_BYTES", 8 * 60 * 7)
    random = np.random.default_rng(k)
    real, fake = random.normal(size=(60, 4)), random.normal(0.4, 1.2, size=(50, 4))
    found = [metric(real, fake, k=k).value for metric in (precision, recall, density, coverage)]
    assert found == pytest.approx(written_plainly(real, fake, k))


@pytest.mark.parametrize(
    ("metric", "same", "apart"), [(precision, 1, 0), (recall, 1, 0), (coverage, 1, 0), (one_nearest_neighbour, 0, 1)]
)
def test_equal_sets_and_sets_without_anything_in_common(metric, same, apart):
    x = np.random.default_rng(0).normal(size=(40, 3))
    assert metric(x, x).value == same
    assert metric(x, x + 1000).value == apart


def test_equal_distributions_have_a_density_of_1_and_a_known_coverage():
    """E coverage = 1 - C(N - 1, k) / C(2N - 1, k), about 1 - 2^-k (Naeem et al. 2020, lemma 2)."""
    random = np.random.default_rng(1)
    found = [
        (density(*pair).value, coverage(*pair).value) for pair in (random.normal(size=(2, 300, 3)) for _ in range(10))
    ]
    assert np.mean(found, axis=0) == pytest.approx([1, 1 - 2**-5], abs=0.02)


def test_the_neighbour_test_by_hand():
    """0's neighbour is 0.4 (fake), 5's is 5.1 (fake), 9's is 8 (real), 8's is 9; 0.4 and 5.1 have real neighbours."""
    found = one_nearest_neighbour(line(0, 5, 8, 9), line(0.4, 5.1, 100, 101))
    assert found.value == 0.5
    assert (found.details["accuracy_real"], found.details["accuracy_generated"]) == (0.5, 0.5)


def test_the_neighbour_test_of_equal_distributions_is_half_right():
    random = np.random.default_rng(2)
    found = one_nearest_neighbour(*random.normal(size=(2, 800, 2)))
    assert found.value == pytest.approx(0.5, abs=0.04)


def test_copies_make_the_neighbour_test_worse_than_guessing_and_a_collapse_splits_it():
    random = np.random.default_rng(3)
    real = random.normal(size=(200, 2))
    assert one_nearest_neighbour(real, real + 1e-6).value < 0.05
    collapsed = one_nearest_neighbour(real, real[:1] + random.normal(0, 1e-3, size=(200, 2))).details
    assert collapsed["accuracy_generated"] > 0.95


def test_the_larger_set_is_cut():
    random = np.random.default_rng(4)
    assert one_nearest_neighbour(random.normal(size=(1000, 2)), random.normal(size=(50, 2))).interval == (
        "Wilson, 100 images"
    )


def test_as_many_neighbours_as_points_are_refused():
    with pytest.raises(ValueError, match="k = 4 neighbours need at least 5 points, got 4"):
        precision(REAL, FAKE, k=4)
