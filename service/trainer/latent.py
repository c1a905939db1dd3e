"""Walks through a model's noise."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from drivers import Session
from drivers.data import grid
from drivers.latent import interpolation
from drivers.latent.classes import mixed_labels
from drivers.latent.directions import Directions, find, moved
from service.movie.frames import enlarged
from service.trainer.answers import InteractiveError
from service.trainer.held import Model
from service.trainer.pictures import shown


def interpolate(model: Model, params: dict[str, Any]) -> dict[str, Any]:
    """See `service.queue.interactive.call`."""
    session, method, steps, loop = model.session, params["method"], params["steps"], params["loop"]
    points = _points(session, params)
    if params["layout"] == "grid":
        columns = params["columns"]
        noise = interpolation.surface(points, steps, columns, method)
        shares = interpolation.surface_shares(steps, columns)
    else:
        noise = interpolation.path(points, steps, method, loop=loop)
        shares = interpolation.shares(len(points), steps, loop=loop)
    samples = session.sample(noise=noise, **_classes(session, params.get("labels"), shares))
    if params["format"] in ("gif", "mp4"):
        return _movie(samples, params)
    return shown(session, samples, params)


def directions(model: Model, params: dict[str, Any]) -> dict[str, Any]:
    """See `service.queue.interactive.call`."""
    found = _directions(model, params)
    kept = zip(found.vectors[: params["count"]].tolist(), found.shares.tolist(), strict=False)
    listed = [{"index": index, "share": share, "vector": vector} for index, (vector, share) in enumerate(kept)]
    return {"layer": found.layer, "directions": listed}


def explore(model: Model, params: dict[str, Any]) -> dict[str, Any]:
    """See `service.queue.interactive.call`."""
    session = model.session
    found = _directions(model, params)
    (start,) = _points(session, {"noise": params["noise"] and [params["noise"]], "seeds": [params["seed"]]})
    amounts = {int(index): amount for index, amount in params["amounts"].items()}
    strip = [amounts]
    if params["direction"] is not None:
        ends = params["range"]
        strip = [
            {**amounts, params["direction"]: amount} for amount in np.linspace(-ends, ends, params["steps"]).tolist()
        ]
    unknown = sorted({index for step in strip for index in step if index >= len(found.vectors)})
    if unknown:
        message = f"'{found.layer}' has the directions 0 to {len(found.vectors) - 1}; there is no {unknown[0]}."
        pointer = "/direction" if unknown[0] == params["direction"] else f"/amounts/{unknown[0]}"
        raise InteractiveError("no_direction", message, pointer)
    noise = np.concatenate([moved(start[None], found.vectors, step) for step in strip])
    label = None if params["label"] is None else [params["label"]]
    samples = session.sample(noise=noise, **_classes(session, label, np.ones((len(noise), 1))))
    return {**shown(session, samples, {"columns": len(samples), **params}), "layer": found.layer}


def _directions(model: Model, params: Mapping[str, Any]) -> Directions:
    method, layer = params["method"], params["layer"]
    return model.once(("directions", method, layer), lambda: find(model.session, method, layer))


def _points(session: Session, params: Mapping[str, Any]) -> np.ndarray:
    """The latent vectors (P, Z) that are given, or the first that `sample` draws for each seed."""
    if params.get("noise") is not None:
        return np.asarray(params["noise"], np.float32)
    return np.concatenate([session.draw(1, seed=seed) for seed in params["seeds"]])


def _classes(session: Session, labels: list[int] | None, shares: np.ndarray) -> dict[str, Any]:
    """The classes of the samples between points, as `Session.sample` takes them.

    Args:
        labels: one for all points, one each, or None: of no class, and where there must be one, the first.
        shares: how much of each point is in each sample, (N, P).
    """
    if not session.spec["generator"]["conditional"]:
        return {}
    labels = labels or [0]
    if len(set(labels)) == 1:
        return {"labels": np.array(labels[:1])}
    classes = np.eye(session.spec["data"]["classes"])[labels]
    return {"labels": np.array(labels[:1]), "edits": mixed_labels(session, shares @ classes)}


def _movie(samples: np.ndarray, params: Mapping[str, Any]) -> dict[str, Any]:
    """Samples one after another: `{"movie": bytes, "count"}`."""
    # Loads a video library, which other questions have no use for.
    from service.movie.encode import ENCODERS, GIF_PIXELS

    count, first = len(samples), enlarged(grid(samples[:1], 1))
    most = GIF_PIXELS // (first.width * first.height)
    if params["format"] == "gif" and count > most:
        message = f"{count} frames of this size are too many for a GIF, which may have {most}; ask for an MP4."
        raise InteractiveError("too_many", message, "/steps")
    frames = (enlarged(grid(sample[None], 1)) for sample in samples)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"movie.{params['format']}"
        ENCODERS[params["format"]](frames, [1] * count, path, params["fps"])
        return {"movie": path.read_bytes(), "count": count}
