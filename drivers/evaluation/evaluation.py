"""A model's scores: draws samples from it and compares them with real data, metric by metric."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from drivers.errors import DriverError
from drivers.evaluation.comparison import Comparison, Path, SampleSet
from drivers.evaluation.extractors import Extractor, Progress
from drivers.evaluation.metrics import METRICS
from drivers.evaluation.metrics.path_length import path_steps
from drivers.interface import Session
from spec import catalogue
from spec.metrics import unmet_needs

if TYPE_CHECKING:
    from drivers.data import Dataset

LEAST_IMAGES = 20
"""Images of each kind without which no score means anything."""
DRAWN_AT_ONCE = 512
"""Images asked of a session at a time."""
PATH = "path_length"


@dataclass(frozen=True)
class Score:
    """A metric's value with all that is needed to read it, see `Estimate` for the first four.

    Attributes:
        name: the metric's, in the catalogue.
        floor: the same of real images against other real images: what a perfect generator would get. None where there
            is no such thing.
        extractor: the id of what saw the features.
        count: images of each kind.
        seed: of everything random in it.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    interval: str
    floor: float | None
    extractor: str
    count: int
    seed: int
    details: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class Drawn:
    """What was drawn from a model for its scores.

    Attributes:
        samples: (N, …). labels: what was asked for, (N,), or None.
        path: samples at both ends of the steps of latent paths, where a metric needs them.
    """

    samples: np.ndarray
    labels: np.ndarray | None
    path: tuple[np.ndarray, np.ndarray] | None


class Evaluation:
    """Scores models of one spec on one data set.

    The real images are two halves without a common image: the ones the generated are compared with, and others, for
    the floor. Both, the features of the real images, and the floors are the same for every step of a training, and are
    computed once.

    Args:
        spec: the resolved spec.
        data: all of its data.
        open_extractor: opens the extractor; called when the first score is wanted, because it may have to be trained.
        metrics: resolved metrics; default: those of the spec.
        count: images of each kind; default: the spec's. At most half of the data.
        seed: of everything random; default: the training's.

    Raises:
        DriverError: a metric cannot be had from this data and generator, or the images are too few.
    """

    def __init__(
        self,
        spec: Mapping[str, Any],
        data: Dataset,
        open_extractor: Callable[[Progress], Extractor],
        *,
        metrics: Sequence[Mapping[str, Any]] | None = None,
        count: int | None = None,
        seed: int | None = None,
    ) -> None:
        settings = spec["evaluation"]
        self.metrics = [dict(metric) for metric in (settings["metrics"] if metrics is None else metrics)]
        self.count = min(count or settings["sample_count"], len(data.samples) // 2)
        self.seed = spec["training"]["seed"] if seed is None else seed
        self._spec = spec
        self._data = data
        self._open_extractor = open_extractor
        self._extractor: Extractor | None = None
        self._floors: dict[int, float | None] = {}
        for index, metric in enumerate(self.metrics):
            reason = unmet_needs(
                metric["choice"], spec["data"], spec["generator"]["conditional"], settings["extractor"]
            )
            if reason:
                raise DriverError("metric_not_possible", f"'{metric['choice']}' {reason}.", f"/metrics/{index}")
        if self.count < LEAST_IMAGES:
            raise DriverError(
                "too_few_images",
                f"Scores compare at least {LEAST_IMAGES} images with two halves of the real ones; there are "
                f"{len(data.samples)} real images, and {count or settings['sample_count']} are to be drawn.",
                "/data",
            )
        order = np.random.default_rng(self.seed).permutation(len(data.samples))
        self._real_at, self._other_at = order[: self.count], order[self.count : 2 * self.count]

    def draw(self, session: Session, progress: Progress | None = None) -> Drawn:
        """Everything the metrics need of the model as it is now. The same seed draws the same noise.

        A conditional generator is asked for the classes of the real images it is compared with.
        """
        labels = self._labels(self._real_at)
        starts = range(0, self.count, DRAWN_AT_ONCE)
        seeds = np.random.SeedSequence(self.seed).generate_state(len(starts))
        samples = []
        for start, seed in zip(starts, seeds, strict=True):
            stop = min(start + DRAWN_AT_ONCE, self.count)
            part = None if labels is None else labels[start:stop]
            samples.append(session.sample(stop - start, seed=int(seed), labels=part))
            if progress:
                progress("drawing", stop, self.count)
        return Drawn(np.concatenate(samples), labels, self._draw_path(session, labels))

    def _draw_path(self, session: Session, labels: np.ndarray | None) -> tuple[np.ndarray, np.ndarray] | None:
        wanted = self._path_metric
        if wanted is None:
            return None
        # The class stays the same along a path.
        kept = None if labels is None else np.resize(labels, wanted["paths"])
        ends = path_steps(wanted["paths"], self._noise_shape(), wanted["step"], np.random.default_rng(self.seed))
        start, end = (
            np.concatenate(
                [
                    session.sample(
                        noise=noise[at : at + DRAWN_AT_ONCE],
                        labels=None if kept is None else kept[at : at + DRAWN_AT_ONCE],
                    )
                    for at in range(0, len(noise), DRAWN_AT_ONCE)
                ]
            )
            for noise in ends
        )
        return start, end

    @property
    def _path_metric(self) -> dict[str, Any] | None:
        return next((metric for metric in self.metrics if metric["choice"] == PATH), None)

    def _noise_shape(self) -> tuple[int, ...]:
        layers = self._spec["generator"]["layers"]
        return tuple(next(layer["shape"] for layer in layers if layer.get("source") == "noise"))

    def score(self, drawn: Drawn, progress: Progress | None = None) -> list[Score]:
        """The score of every metric, in their order. Needs no model, so that it may train on meanwhile.

        Raises:
            DriverError: a metric cannot be computed from these images.
        """
        # None of the many small matrix products is worth a second thread: threads of BLAS that wait for each other take
        # a multiple of the processor time, which is that of a training beside it.
        with threadpool_limits(1, "blas"):
            return self._score_all(drawn, progress or _nobody)

    def _score_all(self, drawn: Drawn, tell: Progress) -> list[Score]:
        if self._extractor is None:
            self._extractor = self._open_extractor(tell)
        extractor = self._extractor
        fake = SampleSet(drawn.samples, drawn.labels, extractor)
        path = None
        if drawn.path is not None and self._path_metric is not None:
            start, end = (extractor.features(samples) for samples in drawn.path)
            path = Path(start, end, self._path_metric["step"])
        sets = Comparison(self._real, fake, self._data.samples, extractor, path, self.seed)
        scores = []
        for index, metric in enumerate(self.metrics):
            tell(metric["choice"], index, len(self.metrics))
            scores.append(self._score(index, sets))
        tell("done", len(self.metrics), len(self.metrics))
        return scores

    def _score(self, index: int, sets: Comparison) -> Score:
        metric = self.metrics[index]
        name = metric["choice"]
        found = self._measure(metric, sets)
        if index not in self._floors:
            self._floors[index] = self._floor(metric, sets.extractor)
        return Score(
            name=name,
            value=found.value,
            low=_finite(found.low),
            high=_finite(found.high),
            interval=found.interval,
            floor=self._floors[index],
            extractor=sets.extractor.id,
            count=self.count,
            seed=self.seed,
            details=found.details,
        )

    def _floor(self, metric: Mapping[str, Any], extractor: Extractor) -> float | None:
        if not catalogue.load()["metrics"][metric["choice"]]["floor"]:
            return None
        sets = Comparison(self._real, self._other, self._data.samples, extractor, None, self.seed, bare=True)
        return self._measure(metric, sets).value

    def _measure(self, metric: Mapping[str, Any], sets: Comparison) -> Any:
        parameters = {name: value for name, value in metric.items() if name not in ("choice", "node_id")}
        try:
            return METRICS[metric["choice"]](sets, **parameters)
        except ValueError as error:
            raise DriverError("metric_failed", f"'{metric['choice']}' cannot be computed: {error}.") from error

    @cached_property
    def _real(self) -> SampleSet:
        return self._part(self._real_at)

    @cached_property
    def _other(self) -> SampleSet:
        return self._part(self._other_at)

    def _part(self, at: np.ndarray) -> SampleSet:
        assert self._extractor is not None
        return SampleSet(self._data.samples[at], self._labels(at), self._extractor, at)

    def _labels(self, at: np.ndarray) -> np.ndarray | None:
        """Classes of real samples, where the generator is asked for classes: else generated ones have none either."""
        known = self._data.labels
        return known[at] if known is not None and self._spec["generator"]["conditional"] else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _nobody(what: str, done: int, total: int) -> None:
    pass
