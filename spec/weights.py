"""The canonical names and shapes of a network's weights, under which every driver saves and loads them."""

from collections.abc import Mapping
from typing import Any

from spec.shapes import Shape, Weight, measure


def weights(spec: Mapping[str, Any], role: str) -> list[Weight]:
    """All weights of a resolved spec's network, in the order of its layers.

    Args:
        role: "generator" or "discriminator".

    Returns:
        Triples of name `role/layer/variable` (`generator/dense_1/kernel`), shape in Keras orientation, and whether it
        is trained (the moving averages of normalizations are not).
    """
    shapes: dict[str, Shape] = {}
    found: list[Weight] = []
    for layer in spec[role]["layers"]:
        built = measure(layer, [shapes[source] for source in layer["inputs"]])
        shapes[layer["id"]] = built.output_shape
        found += [(f"{role}/{layer['id']}/{name}", shape, trainable) for name, shape, trainable in built.weights]
    return found
