"""What a network does with the samples of a batch, as far as a training program must know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spec import nesting

# What makes a sample's result depend on the others of its batch, so that reals and fakes must not be mixed.
MIXES_SAMPLES = frozenset(
    {"BatchNormalization", "ConditionalBatchNormalization", "MinibatchDiscrimination", "MinibatchStdDev"}
)


def changes_in_use(layer: Mapping[str, Any]) -> bool:
    """Whether a layer compares the samples of a batch, or changes with every use while training."""
    kinds = {part["type"] for part in nesting.within(layer)}
    return not kinds.isdisjoint(MIXES_SAMPLES | {"SpectralNormalization"})


def takes_labels(module: Mapping[str, Any]) -> bool:
    """Whether a network has an Input for labels."""
    return any(layer.get("source") == "label" for layer in module["layers"])


def mixes_samples(module: Mapping[str, Any]) -> bool:
    """Whether a sample's result depends on the others of its batch."""
    return any(
        inner["type"] in MIXES_SAMPLES
        and not (layer.get("trainable") is False and inner["type"].endswith("BatchNormalization"))
        for layer in module["layers"]
        for inner in [nesting.innermost(layer)]
    )


def is_spectral(module: Mapping[str, Any]) -> bool:
    """Whether a use while training changes a kernel."""
    return any(part["type"] == "SpectralNormalization" for layer in module["layers"] for part in nesting.within(layer))
