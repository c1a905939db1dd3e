"""Rules of layers in which every place looks at every other."""

from collections.abc import Sequence
from math import prod

from spec.shapes.base import Built, Parameters, Shape, ShapeError, Weight, rule, spatial, text


@rule
def self_attention2d(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(h, w, c) -> (h, w, c)` by an attention map of h * w rows and columns."""
    height, width, channels = spatial(inputs[0], 2)
    hidden = max(channels // parameters["channel_reduction"], 1)
    weights: tuple[Weight, ...] = (
        ("query_kernel", (channels, hidden), True),
        ("key_kernel", (channels, hidden), True),
        ("value_kernel", (channels, hidden), True),
        ("output_kernel", (hidden, channels), True),
        ("gamma", (1,), True),
    )
    return Built((height, width, channels), weights, (height * width) ** 2, _map_name(height * width, height * width))


@rule
def multi_head_attention(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`query (…, q), value (…, v), key (…, k) -> (…, q)`; the value's and the key's places are the same."""
    query, value = inputs[0], inputs[min(1, len(inputs) - 1)]
    key = inputs[2] if len(inputs) == 3 else value
    for name, shape in (("query", query), ("value", value), ("key", key)):
        if len(shape) < 2:
            raise ShapeError(
                f"needs a sequence (steps, numbers) as its {name}, but has {text(shape)}; put a Reshape before it"
            )
        if len(shape) != len(query):
            raise ShapeError(f"its {name} {text(shape)} and its query {text(query)} must have as many axes")
    if value[:-1] != key[:-1]:
        raise ShapeError(f"its value {text(value)} and its key {text(key)} must have the same steps")
    if parameters["use_causal_mask"] and len(query) != 2:
        raise ShapeError(f"use_causal_mask needs a sequence (steps, numbers), but its query is {text(query)}")
    heads, key_dim = parameters["num_heads"], parameters["key_dim"]
    value_dim = parameters["value_dim"] or key_dim
    projections = [
        ("query", (query[-1], heads, key_dim), (heads, key_dim)),
        ("key", (key[-1], heads, key_dim), (heads, key_dim)),
        ("value", (value[-1], heads, value_dim), (heads, value_dim)),
        ("attention_output", (heads, value_dim, query[-1]), (query[-1],)),
    ]
    weights: list[Weight] = []
    for name, kernel, offsets in projections:
        weights.append((f"{name}/kernel", kernel, True))
        if parameters["use_bias"]:
            weights.append((f"{name}/bias", offsets, True))
    places = prod(query[:-1]), prod(value[:-1])
    return Built(query, tuple(weights), heads * places[0] * places[1], _map_name(*places, heads))


def _map_name(rows: int, columns: int, heads: int = 1) -> str:
    times = f"{heads} times " if heads > 1 else ""
    return f"its attention map, {times}{rows}x{columns}"
