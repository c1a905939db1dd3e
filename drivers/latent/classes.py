"""Classes of a conditional generator, mixed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from drivers.errors import DriverError
from drivers.examination import Edit
from drivers.interface import Session


def mixed_labels(session: Session, shares: np.ndarray) -> dict[str, Edit]:
    """Edits that show a generator mixtures of classes instead of a label.

    A label enters by an Embedding, one row e_k a class; a mixture is Σ_k w_k e_k. The noise stays as it is, so that
    only the class changes.

    Args:
        shares: w, (N, classes), for each sample; rows that sum to 1 lie between classes.

    Returns:
        For `Session.sample`, whatever labels are given with them.

    Raises:
        DriverError: `labels_not_mixed`: the label is also used otherwise than by an Embedding.
    """
    embeddings = _embeddings(session.spec)
    classes = shares.shape[1]
    nowhere = np.zeros((classes, *session.draw(1).shape[1:]), np.float32)
    rows = session.activations("generator", embeddings, noise=nowhere, labels=np.arange(classes))
    mixtures = {layer: shares @ table for layer, table in rows.items()}
    return {layer: Edit(on=dict(enumerate(mixture.T))) for layer, mixture in mixtures.items()}


def _embeddings(spec: Mapping[str, Any]) -> list[str]:
    layers = spec["generator"]["layers"]
    labels = {layer["id"] for layer in layers if layer["type"] == "Input" and layer["source"] == "label"}
    readers = [layer for layer in layers if labels & set(layer["inputs"])]
    for layer in readers:
        if "Embedding" not in (layer["type"], (layer.get("layer") or {}).get("type")):
            message = (
                f"The layer '{layer['id']}' ({layer['type']}) looks at the number of the class itself, and no number "
                "lies between classes; they can be mixed where the label enters by an Embedding alone."
            )
            raise DriverError("labels_not_mixed", message, "/labels")
    return [layer["id"] for layer in readers]
