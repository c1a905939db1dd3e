"""Layers inside layers: a wrapper holds its inner layer as its parameter `layer`."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from spec import catalogue

Layer = TypeVar("Layer", bound=Mapping[str, Any])


def within(layer: Layer) -> Iterator[Layer]:
    """The layer, the layer inside it, and so on."""
    yield layer
    if "layer" in layer:
        yield from within(layer["layer"])


def innermost(layer: Layer) -> Layer:
    """The layer that wrappers are around; a layer that is no wrapper is its own."""
    return list(within(layer))[-1]


def label_inputs(layer: Mapping[str, Any]) -> list[int]:
    """Positions of the inputs that take the number of a class."""
    names = catalogue.load()["layers"][innermost(layer)["type"]]["inputs"].get("names", ())
    return [position for position, name in enumerate(names) if name == "label"]


def label_table(layer: Mapping[str, Any]) -> tuple[str, int] | None:
    """Where a layer that looks labels up says how many rows its table has, as a pointer from it; and how many.

    `("/input_dim", 10)` for an Embedding, `("/layer/input_dim", 10)` for one inside a wrapper.
    """
    inner = innermost(layer)
    parameter = catalogue.load()["layers"][inner["type"]].get("label_rows")
    if parameter is None:
        return None
    return "/layer" * (len(list(within(layer))) - 1) + f"/{parameter}", inner[parameter]
