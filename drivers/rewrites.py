"""Exact rewrites of a network's calls into fewer or cheaper ones, as any driver may use them.

A rewrite changes how results are computed, never which: the weights stay where the layers keep them, and gradients
reach them. Rounding may differ in the last bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

# Of an image enlarged twofold by repetition, a window of 3 meets 2 different numbers along an axis. Row by row: which
# of a kernel's 3 weights meet the same number, for each of the 4 weights of a transposed convolution with stride 2
# that comes to the same. It takes 16 instead of 36 products a pixel of the input, and never writes the large image.
COPIES = ((0.0, 0.0, 1.0), (0.0, 1.0, 1.0), (1.0, 1.0, 0.0), (1.0, 0.0, 0.0))


def doubles(layer: Mapping[str, Any]) -> bool:
    """Whether a resolved layer repeats every pixel twice along both axes."""
    return layer["type"] == "UpSampling2D" and layer["interpolation"] == "nearest" and list(layer["size"]) == [2, 2]


def is_plain_3x3(layer: Mapping[str, Any]) -> bool:
    """Whether a resolved layer is a convolution to which `COPIES` apply."""
    return (
        layer["type"] == "Conv2D"
        and list(layer["kernel_size"]) == [3, 3]
        and list(layer["strides"]) == list(layer["dilation_rate"]) == [1, 1]
        and layer["groups"] == 1
        and layer["padding"] == "same"
    )


class Call(NamedTuple):
    """One evaluation: ``values[id] = function(*values of inputs)``."""

    id: str
    function: Callable[..., Any]
    inputs: tuple[str, ...]


def fuse_pairs(
    calls: Sequence[Call],
    outputs: Sequence[str],
    *,
    is_first: Callable[[Any], bool],
    is_second: Callable[[Any], bool],
    fuse: Callable[[Any, Any], Callable[..., Any]],
) -> list[Call]:
    """The same network with one call, ``fuse(first, second)``, for each pair of which only the second reads the first.

    Args:
        outputs: ids of values that are wanted, so that no pair may leave them out.
    """
    readers = Counter(source for call in calls for source in call.inputs)
    firsts = {
        call.id: call for call in calls if is_first(call.function) and readers[call.id] == 1 and call.id not in outputs
    }
    fused: dict[str, Call] = {}
    replaced = set()
    for call in calls:
        first = firsts.get(call.inputs[0]) if call.inputs else None
        if first is not None and is_second(call.function):
            fused[call.id] = Call(call.id, fuse(first.function, call.function), first.inputs)
            replaced.add(first.id)
    return [fused.get(call.id, call) for call in calls if call.id not in replaced]
