"""Every metric of the catalogue: what it looks at, as a function of a comparison and its parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drivers.evaluation.comparison import Comparison
from drivers.evaluation.estimate import Estimate
from drivers.evaluation.metrics.class_conditional import conditional_accuracy, gan_test, gan_train
from drivers.evaluation.metrics.class_histogram import class_divergence, modes
from drivers.evaluation.metrics.copying import copying
from drivers.evaluation.metrics.density_coverage import coverage, density
from drivers.evaluation.metrics.frechet import frechet_distance
from drivers.evaluation.metrics.inception_score import inception_score
from drivers.evaluation.metrics.kid import kid
from drivers.evaluation.metrics.mmd import mmd
from drivers.evaluation.metrics.ms_ssim import ms_ssim_diversity
from drivers.evaluation.metrics.one_nearest_neighbour import one_nearest_neighbour
from drivers.evaluation.metrics.path_length import perceptual_path_length
from drivers.evaluation.metrics.precision_recall import precision, recall

Metric = Callable[..., Estimate]


def _of_features(metric: Metric) -> Metric:
    return lambda sets, **parameters: metric(sets.real.features, sets.fake.features, **parameters)


def _of_real_balls(metric: Metric) -> Metric:
    return lambda sets, *, k: metric(sets.real.features, sets.fake.features, k=k, radii=sets.real.squared_radii(k))


def _recall(sets: Comparison, *, k: int) -> Estimate:
    return recall(sets.real.features, sets.fake.features, k=k, radii=sets.fake.squared_radii(k))


def _of_features_at_random(metric: Metric) -> Metric:
    return lambda sets, **parameters: metric(sets.real.features, sets.fake.features, random=sets.random(), **parameters)


def _of_classes_at_random(metric: Metric) -> Metric:
    return lambda sets, **parameters: metric(
        sets.real.probabilities, sets.fake.probabilities, random=sets.random(), **parameters
    )


def _frechet_distance(sets: Comparison, *, resamples: int) -> Estimate:
    resamples = 0 if sets.bare else resamples
    return frechet_distance(sets.real.features, sets.fake.features, resamples=resamples, random=sets.random())


def _inception_score(sets: Comparison, **parameters: Any) -> Estimate:
    return inception_score(sets.fake.probabilities, **parameters)


def _gan_train(sets: Comparison) -> Estimate:
    assert sets.fake.labels is not None
    assert sets.real.labels is not None
    return gan_train(
        lambda images, labels: sets.extractor.learn(images, labels, sets.seed),
        sets.fake.samples,
        sets.fake.labels,
        sets.real.samples,
        sets.real.labels,
    )


def _of_labels(metric: Metric) -> Metric:
    return lambda sets: metric(sets.fake.probabilities, sets.fake.labels)


def _ms_ssim(sets: Comparison, **parameters: Any) -> Estimate:
    return ms_ssim_diversity(sets.fake.samples, sets.fake.labels, random=sets.random(), **parameters)


def _copying(sets: Comparison, **parameters: Any) -> Estimate:
    assert sets.real.at is not None
    return copying(sets.fake.samples, sets.fake.at, sets.real.at, sets.training, **parameters)


def _path_length(sets: Comparison, **_: Any) -> Estimate:
    assert sets.path is not None
    return perceptual_path_length(sets.path.start, sets.path.end, step=sets.path.step)


METRICS: dict[str, Metric] = {
    "class_divergence": _of_classes_at_random(class_divergence),
    "conditional_accuracy": _of_labels(conditional_accuracy),
    "copying": _copying,
    "coverage": _of_real_balls(coverage),
    "density": _of_real_balls(density),
    "frechet_distance": _frechet_distance,
    "gan_test": _of_labels(gan_test),
    "gan_train": _gan_train,
    "inception_score": _inception_score,
    "kid": _of_features_at_random(kid),
    "mmd": _of_features_at_random(mmd),
    "modes": _of_classes_at_random(modes),
    "ms_ssim": _ms_ssim,
    "one_nearest_neighbour": _of_features(one_nearest_neighbour),
    "path_length": _path_length,
    "precision": _of_real_balls(precision),
    "recall": _recall,
}

__all__ = ["METRICS"]
