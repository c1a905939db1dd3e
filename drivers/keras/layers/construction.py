"""From a layer's parameters in the catalogue's words to a layer of Keras."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from drivers.keras.runtime import started
from drivers.modules import parameters as parameters_of
from spec import catalogue

Constructor = Callable[..., keras.layers.Layer]

KERAS: dict[str, Constructor] = {}
"""A layer of Keras by the catalogue's name, given the catalogue's parameters; filled by `drivers.keras.layers`."""

# What Keras wants as a number where there is one of it, and else as a tuple.
NUMBER_OR_TUPLE = ("axes", "size")


class Zeros(keras.initializers.Initializer):
    """Zeros as NumPy makes them: where Keras's own would be compiled, once for each shape, these are not."""

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        return started().tensor(np.zeros(shape, dtype))


def construct(layer: Mapping[str, Any], /, *, initializer: Any = None, **more: Any) -> keras.layers.Layer:
    """The layer of Keras for a resolved one.

    Args:
        layer: ``{"type", …parameters}``; other keys are not looked at.
        initializer: starts every variable, in place of what the parameters or Keras say.
        more: further arguments of Keras, such as ``name``; also the ``layer`` inside a wrapper, where it is there.
    """
    schema = catalogue.load()["layers"][layer["type"]]["parameters"]["properties"]
    constructor, arguments = KERAS[layer["type"]], {}
    if initializer is not None:
        names = inspect.signature(constructor).parameters
        arguments.update({name: initializer for name in names if name.endswith("_initializer")})
    for name, item in schema.items():
        value = layer[name]
        if item.get("format") == "module:initializers":
            arguments[name] = initializer or keras_initializer(value)
        elif item.get("format") == "layer":
            arguments[name] = more.pop(name, None) or construct(value, initializer=initializer)
        else:
            arguments[name] = _as_keras_has_it(name, value)
    return constructor(**arguments, **more)


def keras_initializer(initializer: Mapping[str, Any]) -> keras.initializers.Initializer:
    """Keras's own initializer for a resolved ``{"choice": …}``."""
    return keras.initializers.get(
        {"class_name": initializer["choice"], "config": {**parameters_of(initializer)}},
    )


def without(constructor: Constructor, *names: str) -> Constructor:
    """A constructor that does without parameters which Keras takes when the layer is called, or not at all."""

    def construct_without(**arguments: Any) -> keras.layers.Layer:
        return constructor(**{name: value for name, value in arguments.items() if name not in names})

    return construct_without


def _as_keras_has_it(name: str, value: Any) -> Any:
    """Tuples for lists."""
    if not isinstance(value, list | tuple):
        return value
    if name in NUMBER_OR_TUPLE and len(value) == 1:
        return value[0]
    return tuple(_as_keras_has_it("", item) for item in value)
