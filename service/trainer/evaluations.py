"""Scores of models in use: data and extractor are kept for the next question about the same data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from drivers import Session
from drivers.data import Dataset, DataSettings, load
from drivers.evaluation.evaluation import Evaluation
from drivers.evaluation.extractors import Classify, Extractor, Progress, open_extractor
from spec.frame import Frame

Tell = Callable[[dict[str, Any]], None]
Told = Callable[[str, int, int | None], None]

_Held = tuple[str, Dataset, dict[str, Extractor]]


class Evaluations:
    """Answers `evaluate`, and holds the data set of the last one, with its extractors."""

    def __init__(self) -> None:
        self._held: _Held | None = None

    def evaluate(self, session: Session, params: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
        """See `service.queue.interactive.call`.

        Args:
            tell: Is given `{"what", "done", "total"}` as it goes.
        """

        progress = _telling(tell)
        data, extractors = self._data(session.spec["data"], progress)
        settings = params["evaluation"]

        def extractor(progress: Progress) -> Extractor:
            return _extractor(settings["extractor"], data, extractors, progress)

        spec = {**session.spec, "evaluation": settings}
        evaluation = Evaluation(spec, data, extractor, seed=params["seed"])
        scores = evaluation.score(evaluation.draw(session, progress), progress)
        return {"scores": [score.to_json() for score in scores]}

    def classifier(self, spec: Mapping[str, Any], tell: Tell) -> Classify | None:
        """What tells the classes of samples, (N, …) to probabilities (N, K); None for data without labelled images."""
        if Frame.of(spec["data"]).source != "image" or not spec["data"]["classes"]:
            return None
        progress = _telling(tell)
        data, extractors = self._data(spec["data"], progress)
        if data.labels is None:
            return None
        return _extractor("classifier", data, extractors, progress).probabilities

    def _data(self, module: Mapping[str, Any], progress: Told) -> tuple[Dataset, dict[str, Extractor]]:
        key = json.dumps(module, sort_keys=True)
        if self._held is None or self._held[0] != key:
            self._held = None  # frees the memory before the next is read
            self._held = (key, load(module, progress=progress), {})
        return self._held[1:]


def _telling(tell: Tell) -> Told:
    def progress(what: str, done: int, total: int | None) -> None:
        tell({"what": what, "done": done, "total": total})

    return progress


def _extractor(choice: str, data: Dataset, extractors: dict[str, Extractor], progress: Progress) -> Extractor:
    """The extractor from those that are held, opened if it is not yet among them."""
    if choice not in extractors:
        extractors[choice] = open_extractor(choice, data, DataSettings.from_env(), progress)
    return extractors[choice]
