"""Hidden layers of a model: what their units give, and what they stand for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from drivers import Session
from drivers.data import grid
from drivers.examination import Edit
from drivers.latent.maps import feature_maps
from service.trainer.held import Model
from service.trainer.pictures import joined, pixels, png

MAP_SIDE = 48
"""Pixels that a feature map is wide at least, enlarged by a whole number."""


def edits(units: Mapping[str, Mapping[str, Any]]) -> dict[str, Edit]:
    """`{layer: {"off": [units], "on": {unit as text: value}}}` as `Session.sample` takes it."""
    return {
        layer: Edit(off=edit["off"], on={int(unit): value for unit, value in edit["on"].items()})
        for layer, edit in units.items()
    }


def layers(model: Model, params: dict[str, Any]) -> dict[str, Any]:
    """See `service.queue.interactive.call`."""
    session, network, layer = model.session, params["network"], params["layer"]
    values = session.activations(network, [layer], **_looked_at(session, params))[layer]
    units = None if values.ndim == 2 else list(range(min(values.shape[-1], params["max_maps"])))
    kept = values if units is None else values[..., units]
    maps = [feature_maps(value, params["normalization"]) for value in kept]
    if params["format"] == "each":
        return {"maps": [[png(grid(_large(unit[None]), 1)) for unit in units_] for units_ in maps], "units": units}
    columns = params["columns"] or math.ceil(math.sqrt(len(maps[0])))
    sheets = [grid(_large(units_), min(columns, len(units_))) for units_ in maps]
    return {"png": png(joined(sheets, across=False)), "units": units}


def _looked_at(session: Session, params: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """What the network is given, as `Session.activations` takes it."""
    network, label = params["network"], np.array([params["label"] or 0])
    conditional = session.spec[network]["conditional"]
    given: dict[str, np.ndarray] = {"labels": label} if conditional else {}
    noise = session.draw(1, seed=params["seed"]) if params["noise"] is None else np.array([params["noise"]], np.float32)
    if network == "generator":
        return {"noise": noise, **given}
    if params["images"] is not None:
        return {"samples": pixels(session, params["images"]), **given}
    if params["sequences"] is not None:
        return {"samples": np.asarray(params["sequences"], np.float32), **given}
    drawn_by_class = session.spec["generator"]["conditional"]
    return {"samples": session.sample(noise=noise, labels=label if drawn_by_class else None), **given}


def _large(maps: np.ndarray) -> np.ndarray:
    """Maps that are images, in a size that can be seen."""
    if maps.dtype != np.uint8:
        return maps
    factor = max(1, MAP_SIDE // maps.shape[2])
    return maps.repeat(factor, axis=1).repeat(factor, axis=2)
