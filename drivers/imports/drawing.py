"""The layers that are drawn of a graph, with their shapes and weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from drivers.imports.layout import BATCH, Axis, Layout, joined, order_of, positions, rearrangement, row_major, size
from drivers.imports.reading import Names
from spec import catalogue
from spec.parameters import fill
from spec.problems import Report
from spec.shapes import Shape, ShapeError, measure

Weights = Mapping[str, np.ndarray]
Read = Callable[[Mapping[str, Shape]], Weights]


class UndrawableError(ValueError):
    """An operator does what no layer does; the message goes on after its name."""


@dataclass(frozen=True)
class Value:
    """A tensor of a graph.

    Attributes:
        layer: whose output holds its numbers, each once.
        layout: where they lie there (see `drivers.imports.layout`).
        units: the layers behind it, up to a Dense, that treat each number by itself, where nothing else reads them:
            their units may come in another order. None where there is no such Dense.
        is_alone: nothing else reads the layer's output.
    """

    layer: str
    layout: Layout
    units: tuple[str, ...] | None = None
    is_alone: bool = True

    @property
    def rank(self) -> int:
        """Its axes, the batch among them."""
        return len(self.layout)

    @property
    def features(self) -> list[int]:
        """Its axes but the batch.

        Raises:
            UndrawableError: as `batch`.
        """
        return [place for place in range(self.rank) if place != self.batch]

    @property
    def is_merged(self) -> bool:
        """Whether the batch is one axis together with others, as ``N·heads`` or ``N·steps``."""
        return BATCH not in self.layout

    @property
    def batch(self) -> int:
        """Which axis is the batch.

        Raises:
            UndrawableError: it is one together with others.
        """
        if self.is_merged:
            raise UndrawableError("its input has the batch and other axes in one")
        return self.layout.index(BATCH)

    def sizes(self, batch: int) -> list[int]:
        """The sizes of all its axes, given the batch's."""
        return [prod(batch if digit in BATCH else digit[0] for digit in axis) for axis in self.layout]

    def size(self, axis: int) -> int:
        """The size of an axis that is not the batch."""
        return size(self.layout[axis])

    def axes(self, order: Sequence[int] | None = None) -> list[Axis]:
        """Its axes in an order, by default all but the batch."""
        return [self.layout[place] for place in (self.features if order is None else order)]

    def place(self, axis: int) -> int:
        """An axis that may be counted from the end.

        Raises:
            UndrawableError: it has no such axis, or it is the batch.
        """
        found = axis + self.rank if axis < 0 else axis
        if not 0 <= found < self.rank:
            raise UndrawableError(f"its input has no axis {axis}")
        if found == self.batch:
            raise UndrawableError(f"it works along axis {axis}, the batch")
        return found


class Drawing:
    """Layers as they are found."""

    def __init__(self, *, has_weights: bool = True) -> None:
        self.has_weights = has_weights
        self.layers: dict[str, dict[str, Any]] = {}
        self.weights: dict[str, dict[str, np.ndarray]] = {}
        self._shapes: dict[str, Shape] = {}
        self._names = Names()
        self._arranged: dict[tuple[str, Layout], str] = {}
        self.unfinished: dict[str, str | None] = {}
        """Layers that what comes behind them may complete; each with what is wrong with it if nothing does."""

    def shape(self, layer: str) -> Shape:
        """A layer's output shape, without the batch."""
        return self._shapes[layer]

    def add(
        self, name: str, type_: str, inputs: Sequence[str], weights: Weights | Read | None = None, **parameters: Any
    ) -> str:
        """Draws a layer and returns its id.

        Args:
            weights: all its variables, in Keras orientation, or what reads them by their names and shapes.

        Raises:
            UndrawableError: it does not take these parameters or inputs.
        """
        kind = catalogue.load()["layers"][type_]
        report = Report()
        filled = fill(kind["parameters"], parameters, report=report, pointer="", subject=f"the layer {type_}")
        if report.problems:
            raise UndrawableError(report.problems[0]["message"])
        try:
            built = measure({"type": type_, **filled}, [self._shapes[layer] for layer in inputs])
        except ShapeError as error:
            raise UndrawableError(f"the layer {type_} {error}") from error
        wanted = {key: shape for key, shape, _ in built.weights}
        held = weights(wanted) if callable(weights) else weights or {}
        given = {key: np.asarray(value, np.float32) for key, value in held.items()} if self.has_weights else {}
        found = {key: value.shape for key, value in given.items()}
        if self.has_weights and found != wanted:
            raise UndrawableError(f"its weights have the shapes {found} and not {wanted}")
        identifier = self._names[self._free(name)]
        self.layers[identifier] = {"id": identifier, "type": type_, **parameters, "inputs": list(inputs)}
        self.weights[identifier] = given
        self._shapes[identifier] = built.output_shape
        return identifier

    def change(self, layer: str, **parameters: Any) -> None:
        """Has a layer that nothing reads yet take other parameters; its weights stay."""
        found = self.layers[layer]
        found.update(parameters)
        kind = catalogue.load()["layers"][found["type"]]
        given = {key: value for key, value in found.items() if key in kind["parameters"]["properties"]}
        filled = fill(kind["parameters"], given, report=Report(), pointer="", subject=layer)
        inputs = [self._shapes[source] for source in found["inputs"]]
        self._shapes[layer] = measure({"type": found["type"], **filled}, inputs).output_shape

    def pretend(self, layer: str, shape: Shape) -> None:
        """Has a layer that is unfinished put out another shape than it will once it is complete."""
        self._shapes[layer] = shape

    def place_of(self, value: Value, axis: int) -> int | None:
        """Which axis of its layer's output an axis of a tensor is; None where it is not just one."""
        own = row_major(self._shapes[value.layer])
        return own.index(value.layout[axis]) if value.layout[axis] and value.layout[axis] in own else None

    def grown(self, layer: str, value: Value, axis: int) -> Value:
        """A tensor over a layer whose output is longer or shorter along what is one axis of the tensor."""
        before, after = self._shapes[value.layer], self._shapes[layer]
        place = self.place_of(value, axis)
        assert place is not None
        old, new = row_major(before), row_major(after)
        layout = [
            found if found == BATCH else new[place] if position == axis else
            tuple((size_, self._stride(stride, old, new)) for size_, stride in found)
            for position, found in enumerate(value.layout)
        ]  # fmt: skip
        return Value(layer, tuple(layout))

    @staticmethod
    def _stride(stride: int, old: Layout, new: Layout) -> int:
        """The stride of a digit inside an axis that has moved with it."""
        for axis, moved in zip(old, new, strict=True):
            if axis and axis[0][1] <= stride < axis[0][0] * axis[0][1]:
                return stride // axis[0][1] * moved[0][1]
        raise AssertionError("a digit lies in an axis")

    def _free(self, name: str) -> str:
        """A name that is no layer's yet."""
        number, found = 1, name
        while self._names[found] in self.layers:
            number += 1
            found = f"{name}_{number}"
        return found

    def value(self, layer: str, order: Sequence[int] | None = None, *, like: Value | None = None) -> Value:
        """A tensor that holds a layer's output, whose axes are the tensor's in `order`.

        Args:
            like: a tensor with as many axes and the batch at the same place; by default the batch is first. An axis
                that is not in `order` has the size 1.
        """
        axes = row_major(self._shapes[layer])
        order = range(1, len(axes) + 1) if order is None else order
        layout: list[Axis] = [()] * (like.rank if like else 1 + max(len(axes), *order, 0))
        layout[like.batch if like else 0] = BATCH
        for place, axis in zip(order, axes, strict=True):
            layout[place] = axis
        return Value(layer, tuple(layout))

    def through(
        self, name: str, type_: str, value: Value, weights: Weights | Read | None = None, **parameters: Any
    ) -> Value:
        """A layer that leaves every number where it is."""
        layer = self.add(name, type_, [value.layer], weights, **parameters)
        units = None if value.units is None else (*value.units, layer)
        return replace(value, layer=layer, units=units, is_alone=True)

    def arranged(self, name: str, value: Value, order: Sequence[int]) -> str:
        """The layer whose output has the tensor's axes in an order; where need be it is drawn."""
        return self.arranged_axes(name, value, value.axes(order))

    def arranged_axes(self, name: str, value: Value, axes: Sequence[Axis]) -> str:
        """The layer whose output has these axes, which hold all of the tensor's."""
        key = (value.layer, tuple(axes))
        if key not in self._arranged:
            self._arranged[key] = self._arrange(name, value, axes)
        return self._arranged[key]

    def _arrange(self, name: str, value: Value, axes: Sequence[Axis]) -> str:
        layer, own = value.layer, self._shapes[value.layer]
        wanted = tuple(size(axis) for axis in axes)
        if len(joined([digit for axis in axes for digit in axis])) > 1:
            direct = order_of(axes, own)
            if value.units is not None and len(own) == 1:
                self._reorder(value.units, positions(axes))
            elif direct is not None:
                return self.add(f"{name}_permuted", "Permute", [layer], dims=[place + 1 for place in direct])
            else:
                sizes, order = rearrangement(axes)
                layer = self._reshaped(f"{name}_split", layer, tuple(sizes))
                layer = self.add(f"{name}_permuted", "Permute", [layer], dims=[place + 1 for place in order])
        return self._reshaped(f"{name}_reshaped", layer, wanted)

    def _reshaped(self, name: str, layer: str, shape: Shape) -> str:
        if self._shapes[layer] == shape:
            return layer
        if len(shape) == 1 and len(self._shapes[layer]) > 1:
            return self.add(name, "Flatten", [layer])
        return self.add(name, "Reshape", [layer], target_shape=list(shape))

    def _reorder(self, layers: Sequence[str], order: np.ndarray) -> None:
        """Has units come in another order: the one at each place is the one that was at `order` of that place."""
        for layer in layers:
            self.weights[layer] = {key: value[..., order] for key, value in self.weights[layer].items()}

    def flat(self, name: str, value: Value) -> tuple[str, np.ndarray]:
        """A layer with the tensor's numbers in one row, and where each of them is in it."""
        layer = self._reshaped(f"{name}_flat", value.layer, (prod(self._shapes[value.layer]),))
        return layer, positions(value.axes())

    def by_channel(self, name: str, value: Value, axes: Sequence[int]) -> tuple[Value, np.ndarray]:
        """The tensor, over a layer whose last axis these axes count, and where each of their places is in it."""
        own = self._shapes[value.layer]
        digits = [digit for axis in axes for digit in value.layout[axis]]
        if own and joined(sorted(digits, key=lambda digit: -digit[1])) == ((own[-1], 1),):
            return value, positions(value.axes(axes))
        others = [axis for axis in value.features if axis not in axes]
        layer = self.arranged_axes(name, value, [*value.axes(others), joined(digits)])
        *rest, last = row_major(self._shapes[layer])
        layout = list(value.layout)
        for axis, found in zip(others, rest, strict=True):
            layout[axis] = found
        inner = last[0][0] if last else 1
        for axis in axes:
            inner //= value.size(axis)
            layout[axis] = ((value.size(axis), inner),) if value.size(axis) != 1 else ()
        units = value.units if own == self._shapes[layer] else None
        return Value(layer, tuple(layout), units, is_alone=False), np.arange(self._shapes[layer][-1])
