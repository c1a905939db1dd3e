"""Which units of a layer stand for a class or a region of the image, and what becomes of samples without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from drivers import Session
from drivers.data import grid
from drivers.evaluation.extractors import Classify
from drivers.examination import Edit
from drivers.latent.dissection import AT_ONCE, by_class, by_mask, flattened, upsampled
from service.trainer.answers import InteractiveError
from service.trainer.evaluations import Evaluations, Tell
from service.trainer.held import Model
from service.trainer.pictures import captioned, frame_of, opened, png

LEAST_MEMBERS = 5
"""Samples of a class, and of others, without which no unit can be said to differ between them."""
SHOWN = 16
"""Samples before and after."""
SHOWN_COLUMNS = 4
HIGHLIGHT = 0.8
"""Where no mask says it, a unit counts as lit in the places above this quantile of its values."""
WHITE = 127
"""Pixels of a mask above it are white."""
GREY = 96
DIMMED = 0.3
"""What is left of an image where the unit is not lit; the rest is `GREY`, so that lit black can be told from it."""


@dataclass(frozen=True)
class _Drawn:
    """Samples and what they are made from.

    Attributes:
        classes: what the classifier takes them for, or None without one.
    """

    noise: np.ndarray
    labels: np.ndarray | None
    samples: np.ndarray
    classes: np.ndarray | None

    def sources(self, chosen: np.ndarray) -> dict[str, Any]:
        """Noise and labels of some of them, as a session takes them."""
        return {"noise": self.noise[chosen], "labels": None if self.labels is None else self.labels[chosen]}


@dataclass(frozen=True)
class _Ranking:
    """Units by what they stand for.

    Attributes:
        scores: one a unit.
        levels: how bright a unit is where it is brightest, on average, in what it stands for.
        thresholds: above which a unit counts as lit; None: above its own `HIGHLIGHT`.
        subjects, others: the samples whose units are switched off, and those whose units are switched on.
        brightest: for each unit the samples in which it is brightest, best first, (C, N).
    """

    measure: str
    scores: np.ndarray
    levels: np.ndarray
    thresholds: np.ndarray | None
    subjects: np.ndarray
    others: np.ndarray
    brightest: np.ndarray


def dissect(model: Model, params: dict[str, Any], evaluations: Evaluations, tell: Tell) -> dict[str, Any]:
    """See `service.queue.interactive.call`."""
    session, layer = model.session, params["layer"]
    classify = evaluations.classifier(session.spec, tell)
    tell({"what": "drawing", "done": 0, "total": params["count"]})
    drawn = _draw(session, params, classify)
    if params["mask"] is not None:
        ranking = _by_mask(session, drawn, params, tell)
    else:
        ranking = _by_class(session, drawn, params, tell)
    units = np.argsort(-ranking.scores, kind="stable")[: params["top"]]
    pictures = [_lit(session, drawn, ranking, int(unit), params) for unit in units]
    scores = [float(ranking.scores[unit]) for unit in units]
    if params["format"] == "grid":
        captions = [f"unit {unit}   {score:.2f}" for unit, score in zip(units, scores, strict=True)]
        return {"png": png(captioned(pictures, captions))}
    is_on = params["switch"] == "on"
    subjects = ranking.others if is_on else ranking.subjects
    tell({"what": f"switching {params['switch']}", "done": 0, "total": len(subjects)})
    edit = Edit(on={int(unit): float(ranking.levels[unit]) for unit in units}) if is_on else Edit(off=units.tolist())
    before = session.sample(**drawn.sources(subjects), edits={layer: Edit()})
    after = session.sample(**drawn.sources(subjects), edits={layer: edit})
    return {
        "by": "class" if params["mask"] is None else "mask",
        "measure": ranking.measure,
        "units": [
            {
                "unit": int(unit),
                "score": score,
                "level": float(ranking.levels[unit]),
                "threshold": None if ranking.thresholds is None else float(ranking.thresholds[unit]),
                "picture": png(grid(picture, params["samples"])),
            }
            for unit, score, picture in zip(units, scores, pictures, strict=True)
        ],
        "before": png(grid(before[:SHOWN], SHOWN_COLUMNS)),
        "after": png(grid(after[:SHOWN], SHOWN_COLUMNS)),
        "changed": None if classify is None else _changed(classify, before, after, params["label"]),
    }


def _draw(session: Session, params: Mapping[str, Any], classify: Classify | None) -> _Drawn:
    """Samples; for the units of a class, and by label, every second one of that class."""
    count, labels = params["count"], None
    noise = session.draw(count, seed=params["seed"])
    if session.spec["generator"]["conditional"]:
        labels = np.arange(count) % session.spec["data"]["classes"]
        if params["label"] is not None:
            others = [label for label in range(session.spec["data"]["classes"]) if label != params["label"]]
            labels = np.resize(others or [params["label"]], count)
            labels[::2] = params["label"]
    samples = session.sample(noise=noise, labels=labels)
    return _Drawn(noise, labels, samples, None if classify is None else classify(samples).argmax(1))


def _by_class(session: Session, drawn: _Drawn, params: Mapping[str, Any], tell: Tell) -> _Ranking:
    of = drawn.classes if drawn.labels is None else drawn.labels
    if of is None:
        message = "This generator knows no classes, and its data have no labelled images that a classifier could learn."
        raise InteractiveError("no_classes", message, "/label")
    is_member = of == params["label"]
    for group, kind in ((is_member, f"of class {params['label']}"), (~is_member, "of other classes")):
        if group.sum() < LEAST_MEMBERS:
            message = (
                f"Of {len(of)} samples {group.sum()} are {kind}; {LEAST_MEMBERS} are needed. Ask for more samples."
            )
            raise InteractiveError("class_not_drawn", message, "/count")
    means, peaks = [], []
    for start in range(0, len(of), AT_ONCE):
        values = flattened(_activations(session, drawn, np.arange(start, min(start + AT_ONCE, len(of))), params))
        means.append(values.mean(1))
        peaks.append(values.max(1))
        tell({"what": "looking at units", "done": start + len(values), "total": len(of)})
    mean, peak = np.concatenate(means), np.concatenate(peaks)
    scores = by_class(mean[is_member], mean[~is_member])
    brightest = np.argsort(-mean.T, axis=1, kind="stable")
    groups = np.flatnonzero(is_member), np.flatnonzero(~is_member)
    return _Ranking("cohens_d", scores, peak[is_member].mean(0), None, *groups, brightest)


def _by_mask(session: Session, drawn: _Drawn, params: Mapping[str, Any], tell: Tell) -> _Ranking:
    mask = _mask(params["mask"], *drawn.samples.shape[1:3])
    every = np.arange(len(drawn.noise))
    values = _activations(session, drawn, every, params)
    total = values.shape[-1]
    scores, thresholds = by_mask(
        values, mask, lambda done: tell({"what": "looking at units", "done": done, "total": total})
    )
    brightest = np.argsort(-values.mean((1, 2)).T, axis=1, kind="stable")
    return _Ranking("iou", scores, values.max((1, 2)).mean(0), thresholds, every, every, brightest)


def _mask(file: bytes, height: int, width: int) -> np.ndarray:
    """A picture as bool (H, W): where it is bright, at the size of the samples."""
    picture = opened(file, "L", "/mask").resize((width, height), Image.Resampling.BOX)
    mask = np.asarray(picture) > WHITE
    if mask.all() or not mask.any():
        message = f"The mask is {'white' if mask.all() else 'black'} everywhere; white marks what is looked for."
        raise InteractiveError("empty_mask", message, "/mask")
    return mask


def _activations(session: Session, drawn: _Drawn, chosen: np.ndarray, params: Mapping[str, Any]) -> np.ndarray:
    return session.activations("generator", [params["layer"]], **drawn.sources(chosen))[params["layer"]]


def _lit(session: Session, drawn: _Drawn, ranking: _Ranking, unit: int, params: Mapping[str, Any]) -> np.ndarray:
    """The samples in which a unit is brightest; of images, all but the places where it is lit are dimmed."""
    chosen = ranking.brightest[unit, : params["samples"]]
    samples = drawn.samples[chosen]
    values = _activations(session, drawn, chosen, params)[..., unit]
    if frame_of(session).source != "image" or values.ndim != 3:
        return samples
    maps = upsampled(values, *samples.shape[1:3])
    threshold = np.quantile(maps, HIGHLIGHT) if ranking.thresholds is None else ranking.thresholds[unit]
    light = np.where(maps > threshold, 1.0, DIMMED)[..., None]
    return np.rint(samples * light + GREY * (1 - light)).astype(np.uint8)


def _changed(classify: Classify, before: np.ndarray, after: np.ndarray, label: int | None) -> dict[str, int | None]:
    were, are = classify(before).argmax(1), classify(after).argmax(1)
    to_label = None if label is None else int(((were != label) & (are == label)).sum())
    return {"count": int((were != are).sum()), "of": len(were), "to_label": to_label}
