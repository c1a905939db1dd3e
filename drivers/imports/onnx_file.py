"""ONNX files: a graph of operators, images with their channels first.

Only the architecture is read, so a drawing with its channels last has the same layers: what is in front of a Flatten or
behind a Reshape comes in another order, which a training does not notice. A file that was exported here says itself
which layers it holds; its graph, with the channels last, is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from drivers.imports.reading import Names, UnreadableError, source_of, unreadable
from drivers.onnx_layers import layers_in

MAX_GRAPH_BYTES = 256 * 1024 * 1024
"""The largest file that is read; its weights are most of it, and are passed over."""

Parameters = dict[str, Any]


def read_onnx(file: Path | IO[bytes]) -> list[dict[str, Any]]:
    """The layers of an ONNX graph; see `drivers.imports.read_network`."""
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
    return _Reading(model).layers()


class _Reading:
    """One graph being read; what is wrong is collected."""

    def __init__(self, model: Any) -> None:
        from onnx import helper, numpy_helper

        graph, self._model = model.graph, model
        self._graph, self._attribute = graph, helper.get_attribute_value
        self._array = numpy_helper.to_array
        self._weights = {weight.name: weight for weight in graph.initializer}
        self._names, self._found = Names(), {}  # type: ignore[var-annotated]
        self._values: dict[str, str] = {}  # the layer that makes each tensor
        self._problems: list[dict[str, str]] = []

    def layers(self) -> list[dict[str, Any]]:
        constants = [item.t for node in self._graph.node for item in node.attribute if item.HasField("t")]
        outside = [weight.name for weight in (*self._weights.values(), *constants) if weight.data_location]
        if outside:
            message = f"The weights '{outside[0]}' lie in another file; save the model with its weights inside."
            raise unreadable("external_data", message)
        own = layers_in(self._model)
        if own is not None:
            return own
        for put in self._graph.input:
            if put.name not in self._weights:
                self._input(put)
        for place, node in enumerate(self._graph.node):
            pointer = f"/graph/node/{place}"
            if node.op_type == "Constant":
                self._weights[node.output[0]] = self._attribute(node.attribute[0])
            elif node.op_type in OPERATORS and not node.domain:
                try:
                    OPERATORS[node.op_type](_Node(self, node, pointer))
                except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
                    self.problem(pointer, "not_drawable", f"{node.op_type} '{node.name}' cannot be drawn: {error}.")
            else:
                message = f"A drawing has no layer for the operator {node.op_type} ('{node.name}')."
                self.problem(pointer, "unknown_operator", message)
        if self._problems:
            raise UnreadableError(self._problems)
        return list(self._found.values())

    def problem(self, pointer: str, code: str, message: str) -> None:
        self._problems.append({"pointer": pointer, "code": code, "message": message})

    def _input(self, put: Any) -> None:
        shape = [dim.dim_value for dim in put.type.tensor_type.shape.dim][1:]
        if not all(size > 0 for size in shape):
            message = f"Input '{put.name}' has an open shape; give every size but the batch's."
            self.problem("/graph/input", "open_shape", message)
        source = source_of(shape, is_label=not shape)
        self.add(put.name, [put.name], [], "Input", source=source, shape=channels_last(shape))

    def add(self, name: str, outputs: Sequence[str], inputs: Sequence[str], type_: str, **parameters: Any) -> None:
        identifier = self._names[name]
        self._found[identifier] = {"id": identifier, "type": type_, **parameters, "inputs": list(inputs)}
        for output in outputs:
            self._values[output] = identifier

    def pass_on(self, output: str, layer: str) -> None:
        """A tensor that is another one."""
        self._values[output] = layer

    def layer_of(self, tensor: str) -> str:
        if tensor not in self._values:
            raise ValueError(f"its input '{tensor}' is made by nothing that was read")
        return self._values[tensor]

    def dims(self, tensor: str) -> list[int]:
        return list(self._weights[tensor].dims)

    def numbers(self, tensor: str) -> list[int]:
        return [int(value) for value in self._array(self._weights[tensor]).reshape(-1)]

    def is_weight(self, tensor: str) -> bool:
        return tensor in self._weights

    def found(self, layer: str) -> dict[str, Any]:
        return self._found[layer]


class _Node:
    """One operator."""

    def __init__(self, reading: _Reading, node: Any, pointer: str) -> None:
        self.reading, self.node, self.pointer = reading, node, pointer
        self._given = {item.name: reading._attribute(item) for item in node.attribute}

    def __getitem__(self, position: int) -> str:
        return self.node.input[position]

    def get(self, name: str, default: Any) -> Any:
        return self._given.get(name, default)

    def expect(self, name: str, usual: Any) -> None:
        """Only the usual value of an attribute can be drawn."""
        if self.get(name, usual) != usual:
            raise ValueError(f"{name} is {self.get(name, usual)} and not {usual}")

    def add(self, type_: str, *, suffix: str = "", inputs: Sequence[str] | None = None, **parameters: Any) -> str:
        """A layer; returns its id."""
        name = f"{self.node.name or self.node.output[0]}{suffix}"
        given = [self.reading.layer_of(self[0])] if inputs is None else inputs
        self.reading.add(name, self.node.output, given, type_, **parameters)
        return self.reading.layer_of(self.node.output[0])


def channels_last(shape: Sequence[int]) -> list[int]:
    """(C, H, W) -> (H, W, C)."""
    return [*shape[1:], shape[0]] if len(shape) > 1 else list(shape)


def _windows(node: _Node, kernel: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    rank = len(kernel)
    if rank != 2:
        raise ValueError(f"it moves along {rank} axes and not along 2")
    if node.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise ValueError("auto_pad is out of use; write the padding as numbers")
    return node.get("strides", [1] * rank), node.get("dilations", [1] * rank), node.get("pads", [0] * 2 * rank)


def _convolution(node: _Node) -> None:
    filters, _, *kernel = node.reading.dims(node[1])
    strides, dilations, pads = _windows(node, kernel)
    same = [(size - 1) * apart / 2 for size, apart in zip(kernel, dilations, strict=True)]
    is_same = set(strides) == {1} and pads == [*same, *same]
    inputs = None
    if any(pads) and not is_same:
        sides = [[pads[0], pads[2]], [pads[1], pads[3]]]
        inputs = [node.add("ZeroPadding2D", suffix="_padded", padding=sides)]
    node.add(
        "Conv2D", inputs=inputs, filters=filters, kernel_size=kernel, strides=strides, dilation_rate=dilations,
        groups=node.get("group", 1), padding="same" if is_same else "valid", use_bias=len(node.node.input) > 2,
    )  # fmt: skip


def _transposed_convolution(node: _Node) -> None:
    _, filters, *kernel = node.reading.dims(node[1])
    strides, dilations, pads = _windows(node, kernel)
    node.expect("group", 1)
    node.expect("output_padding", [0, 0])
    if any(stride > size for stride, size in zip(strides, kernel, strict=True)):
        raise ValueError("its strides are larger than its kernel")
    grown = node.add(
        "Conv2DTranspose", suffix="_grown" if any(pads) else "", filters=filters, kernel_size=kernel, strides=strides,
        dilation_rate=dilations, padding="valid", use_bias=len(node.node.input) > 2,
    )  # fmt: skip
    if any(pads):
        node.add("Cropping2D", inputs=[grown], cropping=[[pads[0], pads[2]], [pads[1], pads[3]]])


def _dense(node: _Node) -> None:
    node.expect("alpha", 1.0)
    node.expect("transA", 0)
    units = node.reading.dims(node[1])[0 if node.get("transB", 0) else 1]
    node.add("Dense", units=units, use_bias=len(node.node.input) > 2)


def _add(node: _Node) -> None:
    if node.reading.is_weight(node[1]):
        before = node.reading.layer_of(node[0])
        layer = node.reading.found(before)
        if layer["type"] != "Dense" or layer["use_bias"] or len(node.reading.dims(node[1])) != 1:
            raise ValueError("it adds weights that are no bias of a Dense")
        layer["use_bias"] = True
        node.reading.pass_on(node.node.output[0], before)
        return
    node.add("Add", inputs=[node.reading.layer_of(tensor) for tensor in node.node.input])


def _reshape(node: _Node) -> None:
    target = node.reading.numbers(node[1])[1:]
    if len(target) == 1:
        node.add("Flatten")
    else:
        node.add("Reshape", target_shape=channels_last(target))


def _concatenate(node: _Node) -> None:
    node.expect("axis", 1)
    node.add("Concatenate", axis=-1, inputs=[node.reading.layer_of(tensor) for tensor in node.node.input])


def _pooling(type_: str) -> Callable[[_Node], None]:
    def add(node: _Node) -> None:
        strides, _, pads = _windows(node, node.get("kernel_shape", []))
        if any(pads):
            raise ValueError("it pads")
        node.add(type_, pool_size=node.get("kernel_shape", []), strides=strides)

    return add


def _global_pooling(node: _Node) -> None:
    node.add("GlobalAveragePooling2D", keepdims=True)


def _plain(type_: str, **attributes: tuple[str, Any]) -> Callable[[_Node], None]:
    """A layer whose parameters are attributes: by parameter the attribute's name and what it is by default."""

    def add(node: _Node) -> None:
        given = {name: node.get(attribute, usual) for name, (attribute, usual) in attributes.items()}
        node.add(type_, **{name: round(value, 7) for name, value in given.items()})

    return add


def _pass_on(node: _Node) -> None:
    node.reading.pass_on(node.node.output[0], node.reading.layer_of(node[0]))


OPERATORS: dict[str, Callable[[_Node], None]] = {
    "Add": _add,
    "AveragePool": _pooling("AveragePooling2D"),
    "BatchNormalization": _plain("BatchNormalization", epsilon=("epsilon", 1e-5), momentum=("momentum", 0.9)),
    "Concat": _concatenate,
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
    "Dropout": _pass_on,
    "Elu": _plain("ELU", alpha=("alpha", 1.0)),
    "Flatten": _plain("Flatten"),
    "Gelu": _plain("GELU"),
    "Gemm": _dense,
    "GlobalAveragePool": _global_pooling,
    "Identity": _pass_on,
    "LeakyRelu": _plain("LeakyReLU", negative_slope=("alpha", 0.01)),
    "MatMul": _dense,
    "MaxPool": _pooling("MaxPooling2D"),
    "Relu": _plain("ReLU"),
    "Reshape": _reshape,
    "Selu": _plain("SELU"),
    "Sigmoid": _plain("Sigmoid"),
    "Softplus": _plain("Softplus"),
    "Tanh": _plain("Tanh"),
}
"""What draws an operator."""
