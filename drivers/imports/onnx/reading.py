"""Walks through a graph and draws its operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from drivers.imports.drawing import Drawing, UndrawableError, Value
from drivers.imports.layout import row_major
from drivers.imports.onnx.constants import FOLDED, fold
from drivers.imports.reading import Network, UnreadableError, needed, not_finite, source_of, unreadable
from drivers.onnx_layers import layers_in

MAX_GRAPH_BYTES = 256 * 1024 * 1024
"""The largest file that is read."""
MAX_OPERATORS = 20_000
"""The most operators that a graph may have."""
MAX_WAITING = 40
"""Arithmetic that waits for what it is part of, one operator behind the other."""
MAX_CHANNELS_OF_IMAGES = 4
CHANNELS_FIRST = frozenset(
    {"AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "InstanceNormalization", "MaxPool", "Resize"}
)
"""Operators whose tensors have their channels behind the batch."""
LOOPS = "Where it is a recurrent layer, export that as the operator LSTM, GRU or RNN."
UNKNOWN_BATCH = 997
"""Stands for the size of a batch that is open, where a graph computes with it; a prime, so that no product is it."""


def read_onnx(file: Path | IO[bytes], *, with_weights: bool = False) -> Network:
    """The network of an ONNX graph; see `drivers.imports.read_network`."""
    model = _parsed(file)
    _refuse_what_lies_elsewhere(model.graph)
    own = layers_in(model)
    if own is not None and not with_weights:
        return Network(own)
    return Reading(model).network(with_weights=with_weights)


def _parsed(file: Path | IO[bytes]) -> Any:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    if isinstance(file, Path):
        with file.open("rb") as opened:
            content = opened.read(MAX_GRAPH_BYTES + 1)
    else:
        content = file.read(MAX_GRAPH_BYTES + 1)
    if len(content) > MAX_GRAPH_BYTES:
        raise unreadable("too_large", f"The file is larger than {MAX_GRAPH_BYTES:,} bytes.")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except DecodeError as error:
        raise unreadable("not_onnx", f"This is no ONNX file: {error}.") from error
    if not model.graph.node:
        raise unreadable("not_onnx", "This is no ONNX file: there is no operator in it.")
    if len(model.graph.node) > MAX_OPERATORS:
        message = f"The graph has {len(model.graph.node):,} operators; {MAX_OPERATORS:,} are allowed."
        raise unreadable("too_large", message)
    return model


def _refuse_what_lies_elsewhere(graph: Any) -> None:
    constants = [item.t for node in graph.node for item in node.attribute if item.HasField("t")]
    outside = [weight.name for weight in (*graph.initializer, *constants) if weight.data_location]
    if outside:
        message = f"The weights '{outside[0]}' lie in another file; save the model with its weights inside."
        raise unreadable("external_data", message)


NOT_AS_DEFINED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an operator whose inputs or attributes are not as ONNX defines them makes of its reader."""


class BrokenError(Exception):
    """What an operator takes could not be drawn, which has been told."""


@dataclass
class Waiting:
    """An operator that is drawn when something reads it, as a layer of its own or as a part of one."""

    node: Node
    depth: int
    value: Value | None = None


@dataclass(frozen=True)
class Broken:
    """A tensor of an operator that cannot be drawn."""


Tensor = Value | np.ndarray | Waiting | Broken
Operator = Callable[["Node"], Value | Sequence[Value | None]]


class Reading:
    """One graph being read; what is wrong is collected."""

    def __init__(self, model: Any) -> None:
        self.graph, self.drawing = model.graph, Drawing()
        self.opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=1)
        self.batch = UNKNOWN_BATCH
        self.tensors: dict[str, Tensor] = {}
        self.problems: list[dict[str, str]] = []
        self.readers: dict[str, list[Any]] = {}
        for node in self.graph.node:
            for name in node.input:
                if node.op_type not in ("Shape", "Size"):  # which do not read its numbers
                    self.readers.setdefault(name, []).append(node)
        self.uses = Counter({name: len(readers) for name, readers in self.readers.items()})
        self.uses.update(put.name for put in self.graph.output)
        self.makers: dict[str, Node] = {}
        self.shared: set[str] = set()
        """Weights of which it has been told that several operators have them."""

    def network(self, *, with_weights: bool) -> Network:
        """The whole of it.

        Raises:
            UnreadableError: with everything that cannot be drawn.
        """
        self._weights()
        for place, put in enumerate(self.graph.input):
            if put.name not in self.tensors:
                self._input(put, f"/graph/input/{place}")
        for place, proto in enumerate(self.graph.node):
            self._operator(Node(self, proto, f"/graph/node/{place}"))
        outputs = [self._output(put, f"/graph/output/{place}") for place, put in enumerate(self.graph.output)]
        if not outputs:
            self.problem("/graph/output", "not_drawable", "The graph puts nothing out.")
        layers = needed(list(self.drawing.layers.values()), [layer for layer in outputs if layer is not None])
        for layer in layers:
            if (reason := self.drawing.unfinished.get(layer["id"])) is not None:
                self.problem("/graph", "not_drawable", f"{layer['type']} '{layer['id']}' cannot be drawn: {reason}.")
        weights = {
            f"{layer['id']}/{variable}": value
            for layer in layers
            for variable, value in self.drawing.weights[layer["id"]].items()
        }
        problems = self.problems or (not_finite(weights) if with_weights else [])
        if problems:
            raise UnreadableError(problems)
        return Network(layers, weights if with_weights else {})

    def problem(self, pointer: str, code: str, message: str) -> None:
        self.problems.append({"pointer": pointer, "code": code, "message": message})

    def _weights(self) -> None:
        for place, weight in enumerate(self.graph.initializer):
            self.tensors[weight.name] = self.array(weight, f"/graph/initializer/{place}")
        for place, sparse in enumerate(self.graph.sparse_initializer):
            name = sparse.values.name
            self.tensors[name] = Broken()
            message = f"The weights '{name}' are sparse; save the model with plain ones."
            self.problem(f"/graph/sparse_initializer/{place}", "not_drawable", message)

    def array(self, tensor: Any, pointer: str) -> Tensor:
        """The numbers of a tensor in the file; what is wrong with them is told."""
        from onnx import numpy_helper

        try:
            return np.asarray(numpy_helper.to_array(tensor))
        except MemoryError:
            raise
        except Exception as error:  # whatever a stranger's tensor makes of it
            sizes = "x".join(map(str, tensor.dims)) or "a single number"
            message = f"The weights '{tensor.name}' ({sizes}) are damaged: {error}."
            self.problem(pointer, "damaged_weights", message)
            return Broken()

    def _input(self, put: Any, pointer: str) -> None:
        from onnx import TensorProto

        kind = put.type.tensor_type
        sizes = [dim.dim_value for dim in kind.shape.dim]
        self.tensors[put.name] = Broken()
        if not put.type.HasField("tensor_type") or not sizes:
            self.problem(pointer, "not_drawable", f"Input '{put.name}' is no tensor with a batch as its first axis.")
            return
        batch, *shape = sizes
        if not all(size > 0 for size in shape):
            message = f"Input '{put.name}' has an open shape; give every size but the batch's."
            self.problem(pointer, "open_shape", message)
            return
        self.batch = batch if batch > 0 else self.batch
        is_label = kind.elem_type in (TensorProto.INT32, TensorProto.INT64) and shape in ([], [1])
        order = [] if is_label else self._order(put.name, shape)
        own = [shape[axis - 1] for axis in order]
        source = source_of(own, is_label=is_label or not shape)
        try:
            layer = self.drawing.add(put.name, "Input", [], source=source, shape=own)
        except UndrawableError as error:
            self.problem(pointer, "not_drawable", f"Input '{put.name}' cannot be drawn: {error}.")
            return
        value = self.drawing.value(layer, order)
        self.tensors[put.name] = Value(layer, value.layout + ((),) * (len(sizes) - value.rank))

    def _order(self, name: str, shape: Sequence[int]) -> list[int]:
        """The axes of an input with its channels last, as a drawing has them."""
        long = [axis + 1 for axis, size in enumerate(shape) if size > 1]
        if len(long) == 1 and shape[long[0] - 1] > MAX_CHANNELS_OF_IMAGES:
            return long  # noise as an image of one pixel
        if len(shape) == 2 and not self.has_channels_first(name):
            return [1, 2]
        turned = any(node.op_type == "Transpose" for node in self.readers.get(name, []))
        return self._channels_last(shape, is_last=turned)

    def has_channels_first(self, name: str) -> bool:
        """Whether an operator that has the channels first reads a tensor."""
        return any(node.op_type in CHANNELS_FIRST for node in self.readers.get(name, []))

    @staticmethod
    def _channels_last(shape: Sequence[int], *, is_last: bool) -> list[int]:
        """The axes of a tensor's features with its channels last; `is_last` where sizes do not tell where they are."""
        axes = list(range(1, len(shape) + 1))
        if len(shape) < 2:
            return axes
        few = [size <= MAX_CHANNELS_OF_IMAGES for size in shape]
        if len(shape) == 3 and (shape[0] == shape[1]) != (shape[1] == shape[2]):
            is_last = shape[0] == shape[1]  # images are square
        elif few[0] != few[-1] and len(shape) > 2:
            is_last = few[-1]
        return axes if is_last else [*axes[1:], axes[0]]

    def _output(self, put: Any, pointer: str) -> str | None:
        try:
            value = self.value(put.name)
            if value.batch != 0:
                raise UndrawableError("the batch is not its first axis")
            shape = [value.size(axis) for axis in value.features]
            if prod(shape) == 1:
                return self.drawing.arranged_axes(put.name, value, [()])
            order = self._channels_last(shape, is_last=len(shape) == 2 or self.maker(put.name, "Transpose") is not None)
            if len(shape) == 2 and value.axes(order) != list(row_major(self.drawing.shape(value.layer))):
                order = [2, 1] if value.axes([2, 1]) == list(row_major(self.drawing.shape(value.layer))) else order
            return self.drawing.arranged(put.name, value, order)
        except BrokenError:
            return None
        except NOT_AS_DEFINED as error:
            self.problem(pointer, "not_drawable", f"Output '{put.name}' cannot be drawn: {error}.")
            return None

    def _operator(self, node: Node) -> None:
        from drivers.imports.onnx.operators import MOVES, OPERATORS
        from drivers.imports.onnx.patterns import ARITHMETIC

        kind = node.kind
        twice = [name for name in node.proto.output if name and name in self.tensors]
        if twice:
            self.cannot(node, UndrawableError(f"its output '{twice[0]}' is made by another operator, too"))
            return
        for name in node.proto.output:
            self.tensors.setdefault(name, Broken())
            self.makers[name] = node
        try:
            if kind == "Constant":
                found: Sequence[Tensor | None] = [node.literal()]
            elif kind in FOLDED and node.names and all(self.is_constant(name) for name in node.names if name):
                inputs = [self.constant(name) if name else None for name in node.proto.input]
                found = fold(node.proto, inputs, self.opset)
            elif kind == "Shape":
                found = [self._shape(node)]
            elif kind in ARITHMETIC:
                found = [self._waiting(node)]
            elif kind in MOVES or kind in OPERATORS:
                drawn = (MOVES.get(kind) or OPERATORS[kind])(node)
                found = [drawn] if isinstance(drawn, Value) else list(drawn)
            else:  # which is told whatever becomes of its inputs
                hint = f" {LOOPS}" if kind in ("Loop", "Scan") else ""
                message = f"A drawing has no layer for the operator {node.operator} ('{node.name}').{hint}"
                self.problem(node.pointer, "unknown_operator", message)
                return
        except BrokenError:
            return
        except NOT_AS_DEFINED as error:
            self.cannot(node, error)
            return
        for name, tensor in zip(node.proto.output, found, strict=False):
            if tensor is not None:
                self.tensors[name] = tensor

    def cannot(self, node: Node, error: Exception) -> None:
        why = error if isinstance(error, UndrawableError) else f"it is not as ONNX defines it ({error!r:.200})"
        message = f"{node.operator} '{node.name}' cannot be drawn: {why}."
        self.problem(node.pointer, "not_drawable", message)

    def _shape(self, node: Node) -> np.ndarray:
        value = node.value(0)
        sizes = value.sizes(self.batch)
        return np.array(sizes[node.get("start", 0) : node.get("end", len(sizes))], np.int64)

    def _waiting(self, node: Node) -> Waiting:
        inputs = [self.tensor(name) for name in node.names if name]
        depth = 1 + max((tensor.depth for tensor in inputs if isinstance(tensor, Waiting)), default=0)
        waiting = Waiting(node, depth)
        if depth > MAX_WAITING:
            self._drawn(waiting)
            waiting.depth = 0
        return waiting

    def tensor(self, name: str) -> Tensor:
        """A tensor that an operator takes.

        Raises:
            BrokenError: it could not be drawn.
            UndrawableError: nothing has made it yet.
        """
        if name not in self.tensors:
            message = f"its input '{name}' is made by no operator before it; the graph is out of order or has a circle"
            raise UndrawableError(message)
        tensor = self.tensors[name]
        if isinstance(tensor, Broken):
            raise BrokenError
        return tensor

    def is_constant(self, name: str) -> bool:
        return isinstance(self.tensors.get(name), np.ndarray)

    def constant(self, name: str) -> np.ndarray:
        tensor = self.tensor(name)
        if not isinstance(tensor, np.ndarray):
            raise UndrawableError(f"its input '{name}' must be numbers of the file")
        return tensor

    def value(self, name: str) -> Value:
        """A tensor as the output of layers, which are drawn now where they have been waiting."""
        tensor = self.tensor(name)
        if isinstance(tensor, np.ndarray):
            message = f"its input '{name}' is numbers of the file, which no layer of a drawing puts out"
            raise UndrawableError(message)
        value = self._drawn(tensor) if isinstance(tensor, Waiting) else tensor
        assert isinstance(value, Value)
        return replace(value, units=None, is_alone=False) if self.uses[name] > 1 else value

    def _drawn(self, waiting: Waiting) -> Value:
        from drivers.imports.onnx.patterns import draw

        if waiting.value is None:
            try:
                waiting.value = draw(waiting.node)
            except NOT_AS_DEFINED as error:
                self.cannot(waiting.node, error)
                for name in waiting.node.proto.output:
                    self.tensors[name] = Broken()
                raise BrokenError from error
        return waiting.value

    def maker(self, name: str, *operators: str) -> Node | None:
        """What makes a tensor, if it is one of these operators."""
        node = self.makers.get(name)
        return node if node is not None and node.kind in operators else None

    def waiting(self, name: str, *operators: str) -> Node | None:
        """The arithmetic that makes a tensor, if it is one of these operators."""
        tensor = self.tensors.get(name)
        return tensor.node if isinstance(tensor, Waiting) and tensor.node.kind in operators else None


class Node:
    """One operator."""

    def __init__(self, reading: Reading, proto: Any, pointer: str) -> None:
        from onnx import helper

        self.reading, self.drawing, self.proto, self.pointer = reading, reading.drawing, proto, pointer
        self.names = list(proto.input)
        self.name = (proto.name or (proto.output[0] if proto.output else ""))[:100]
        self._given = {}
        for item in proto.attribute:
            try:
                self._given[item.name] = helper.get_attribute_value(item)
            except ValueError:  # of a kind that this version of ONNX does not have
                self._given[item.name] = None

    @property
    def operator(self) -> str:
        """What it is called in messages."""
        return f"{self.proto.domain}.{self.proto.op_type}"[:100].removeprefix(".")

    @property
    def is_foreign(self) -> bool:
        return self.proto.domain not in ("", "ai.onnx")

    @property
    def kind(self) -> str:
        """The operator, of ONNX itself; of others none."""
        return "" if self.is_foreign else str(self.proto.op_type)

    def __getitem__(self, position: int) -> str:
        if not self.has(position):
            raise UndrawableError(f"its input {position + 1} is missing")
        return self.names[position]

    def has(self, position: int) -> bool:
        return position < len(self.names) and bool(self.names[position])

    def value(self, position: int = 0) -> Value:
        return self.reading.value(self[position])

    def constant(self, position: int) -> np.ndarray:
        return self.reading.constant(self[position])

    def numbers(self, position: int, attribute: str = "") -> list[int] | None:
        """Whole numbers that are an input, or an attribute in older files; None where there are neither."""
        if self.has(position):
            return [int(value) for value in self.constant(position).reshape(-1)]
        given = self.get(attribute, None)
        return None if given is None else [int(value) for value in given]

    def is_used(self, output: int) -> bool:
        name = self.proto.output[output] if output < len(self.proto.output) else ""
        return bool(name) and self.reading.uses[name] > 0  # a result without a name is none, as is an input

    def get(self, name: str, default: Any) -> Any:
        """An attribute, text as text."""
        value = self._given.get(name, default)
        return value.decode(errors="replace") if isinstance(value, bytes) else value

    def expect(self, name: str, usual: Any) -> None:
        """Only the usual value of an attribute can be drawn."""
        if self.get(name, usual) != usual:
            raise UndrawableError(f"{name} is {self.get(name, usual)} and not {usual}")

    def literal(self) -> Tensor:
        """The numbers of a Constant."""
        for item in self.proto.attribute:
            if item.name == "value":
                return self.reading.array(item.t, self.pointer)
            if item.name in ("value_float", "value_floats"):
                return np.array(self.get(item.name, None), np.float32)
            if item.name in ("value_int", "value_ints"):
                return np.array(self.get(item.name, None), np.int64)
        raise UndrawableError("it holds neither a tensor nor numbers")

    def add(self, type_: str, inputs: Sequence[str], weights: Any = None, suffix: str = "", **parameters: Any) -> str:
        """A layer named after the operator; returns its id."""
        return self.drawing.add(f"{self.name}{suffix}", type_, inputs, weights, **parameters)

    def through(self, type_: str, value: Value, weights: Any = None, **parameters: Any) -> Value:
        """A layer that leaves every number where it is."""
        return self.drawing.through(self.name, type_, value, weights, **parameters)

    def arranged(self, value: Value, order: Sequence[int]) -> str:
        """The layer whose output has the axes of a tensor in an order."""
        return self.drawing.arranged(self.name, value, order)
