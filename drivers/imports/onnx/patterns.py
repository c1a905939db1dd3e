"""Arithmetic, and the layers that exporters write as arithmetic: activations, normalizations, biases, scales.

An operator of `ARITHMETIC` waits until something reads it. Then `draw` asks what it is the last step of, from the
largest pattern to the operator alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.layout import joined
from drivers.imports.onnx.operators import attention
from drivers.imports.onnx.operators.activation import rounded, sloped, softmax, softmax_operator, varying
from drivers.imports.onnx.operators.core import merged
from drivers.imports.onnx.operators.normalization import normalized, placed
from drivers.imports.onnx.operators.pooling import pooled
from drivers.imports.onnx.operators.products import Factors, factors_of, product
from drivers.imports.onnx.reading import Node, Reading, Waiting

NEAR = 1e-4
"""How near a constant of a formula has to be, relative to it: exporters round."""
FOLDS = (
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "Conv1DTranspose",
    "Conv2DTranspose",
    "Conv3DTranspose",
    "Dense",
    "DepthwiseConv2D",
)
NORMALIZATIONS = ("InstanceNormalization", "GroupNormalization", "LayerNormalization")
PLAIN_EPSILON = 1e-3

Pattern = Callable[[Node], Value | None]


def draw(node: Node) -> Value:
    """What waiting arithmetic is, as layers.

    Raises:
        UndrawableError: there is no layer that does it.
    """
    for pattern in PATTERNS.get(node.kind, ()):
        value = pattern(node)
        if value is not None:
            return value
    raise UndrawableError("no layer does this, and it is no part of one that does")


# Numbers, and what they are put to


def _scalar(reading: Reading, name: str) -> float | None:
    tensor = reading.tensors.get(name)
    return float(tensor.reshape(-1)[0]) if isinstance(tensor, np.ndarray) and tensor.size == 1 else None


def _origin(reading: Reading, name: str) -> str:
    """The name under which a tensor was made, where it was only passed on."""
    while (maker := reading.maker(name, "Identity", "Cast", "Dropout")) is not None:
        name = maker[0]
    return name


def _same(reading: Reading, first: str, second: str) -> bool:
    return _origin(reading, first) == _origin(reading, second)


def _sides(node: Node) -> Iterator[tuple[str, str]]:
    """Both orders of two inputs."""
    if len(node.names) == 2:
        yield node.names[0], node.names[1]
        yield node.names[1], node.names[0]


def _near(found: float | None, wanted: float) -> bool:
    return found is not None and math.isclose(found, wanted, rel_tol=NEAR, abs_tol=1e-9)


def _scaled(reading: Reading, name: str) -> tuple[str, float]:
    """A tensor without the numbers it is multiplied by, and those: ``(x, 0.5)`` of x / 2."""
    factor = 1.0
    while (node := reading.waiting(name, "Mul", "Div", "Neg")) is not None:
        if node.kind == "Neg":
            name, factor = node[0], -factor
            continue
        number = _scalar(reading, node[1])
        if number is not None:
            name, factor = node[0], factor * number if node.kind == "Mul" else factor / number if number else math.inf
        elif node.kind == "Mul" and (number := _scalar(reading, node[0])) is not None:
            name, factor = node[1], factor * number
        else:
            break
    return name, factor


def _shifted(reading: Reading, name: str) -> tuple[str, float] | None:
    """``(x, 1.0)`` of x + 1."""
    node = reading.waiting(name, "Add")
    if node is not None:
        for other, number in _sides(node):
            shift = _scalar(reading, number)
            if shift is not None and not reading.is_constant(other):
                return other, shift
    return None


def _squared(reading: Reading, name: str) -> str | None:
    """x of x² as a power or a product."""
    node = reading.waiting(name, "Pow", "Mul")
    if node is None:
        return None
    if node.kind == "Pow":
        return node[0] if _near(_scalar(reading, node[1]), 2.0) else None
    return node[0] if _same(reading, node[0], node[1]) else None


def _cubed(reading: Reading, name: str) -> str | None:
    node = reading.waiting(name, "Pow", "Mul")
    if node is None:
        return None
    if node.kind == "Pow":
        return node[0] if _near(_scalar(reading, node[1]), 3.0) else None
    for base, square in _sides(node):
        found = _squared(reading, square)
        if found is not None and _same(reading, found, base):
            return base
    return None


# Activations


def _gelu(node: Node) -> Value | None:
    """x/2 · (1 + erf(x/√2)), or with tanh(√(2/π) · (x + 0.044715 x³)) in its place. Hendrycks & Gimpel 2016."""
    reading = node.reading
    inner, factor = _scaled(reading, node.proto.output[0])
    product = reading.waiting(inner, "Mul")
    if product is None:
        return None
    for first, second in _sides(product):
        base, scale = _scaled(reading, first)
        gate, more = _scaled(reading, second)
        shifted = _shifted(reading, gate)
        if shifted is None or not _near(shifted[1], 1.0):
            continue
        half = factor * scale * more * 2
        curve = reading.waiting(shifted[0], "Erf", "Tanh")
        if curve is None:
            continue
        if curve.kind == "Erf":
            inside, slope = _scaled(reading, curve[0])
            if _same(reading, inside, base) and _near(slope * math.sqrt(2), half) and _near(half, 1.0):
                return node.through("GELU", reading.value(base), approximate=False)
        elif _near(half, 1.0) and _is_cubic(reading, curve[0], base):
            return node.through("GELU", reading.value(base), approximate=True)
    return None


def _is_cubic(reading: Reading, name: str, base: str) -> bool:
    """Whether it is √(2/π) · (x + 0.044715 x³), as a sum or as x · (1 + 0.044715 x²)."""
    inner, factor = _scaled(reading, name)
    node = reading.waiting(inner, "Add", "Mul")
    if node is None or not _near(factor, math.sqrt(2 / math.pi)):
        return False
    for first, second in _sides(node):
        if not _same(reading, first, base):
            continue
        shifted = _shifted(reading, second) if node.kind == "Mul" else (second, 1.0)
        power, scale = _scaled(reading, shifted[0]) if shifted and _near(shifted[1], 1.0) else ("", 0.0)
        found = _cubed(reading, power) if node.kind == "Add" else _squared(reading, power)
        if found is not None and _same(reading, found, base) and _near(scale, 0.044715):
            return True
    return False


def _silu(node: Node) -> Value | None:
    """x · sigmoid(x). Ramachandran et al. 2017."""
    for base, gate in _sides(node):
        sigmoid = node.reading.waiting(gate, "Sigmoid")
        if sigmoid is not None and _same(node.reading, sigmoid[0], base):
            return node.through("SiLU", node.reading.value(base))
    return None


def _leaky(node: Node) -> Value | None:
    """max(x, αx) for 0 < α < 1."""
    for base, other in _sides(node):
        found, slope = _scaled(node.reading, other)
        if _same(node.reading, found, base) and 0 < slope < 1:
            return node.through("LeakyReLU", node.reading.value(base), negative_slope=rounded(slope))
    return None


def _positive(node: Node) -> Value | None:
    """max(x, 0)."""
    for base, other in _sides(node):
        if _scalar(node.reading, other) == 0:
            return node.through("ReLU", node.reading.value(base))
    return None


def _clip(node: Node) -> Value | None:
    """min(max(x, 0), m)."""
    low = _scalar(node.reading, node[1]) if node.has(1) else node.get("min", None)
    high = _scalar(node.reading, node[2]) if node.has(2) else node.get("max", None)
    if low != 0:
        raise UndrawableError(f"it clips below at {low}; a ReLU does at 0")
    bound = {} if high is None or high > 1e6 else {"max_value": rounded(high)}
    return node.through("ReLU", node.value(), **bound)


def _prelu(node: Node) -> Value | None:
    """max(x, 0) − α · max(−x, 0), as Keras writes it."""
    reading = node.reading
    for first, second in _sides(node):
        positive = reading.maker(first, "Relu")
        product = reading.waiting(second, "Mul")
        if positive is None or product is None:
            continue
        base = positive[0]
        for slope, negative in _sides(product):
            if not reading.is_constant(slope):
                continue
            part = reading.maker(negative, "Relu")
            inside = None if part is None else _scaled(reading, part[0])
            if inside is not None and _same(reading, inside[0], base) and inside[1] == -1:
                sign = 1 if node.kind == "Sub" else -1
                return sloped(node, reading.value(base), sign * reading.constant(slope))
    return None


def _softmax(node: Node) -> Value | None:
    """exp(x − max x) / Σ exp(x − max x)."""
    top, bottom = node.reading.waiting(node[0], "Exp"), node.reading.waiting(node[1], "ReduceSum")
    if top is None or bottom is None or not _same(node.reading, bottom[0], node[0]):
        return None
    base = top[0]
    shift = node.reading.waiting(base, "Sub")
    if shift is not None and (most := node.reading.waiting(shift[1], "ReduceMax")) is not None:
        base = shift[0] if _same(node.reading, most[0], shift[0]) else base
    value = node.reading.value(base)
    axes = bottom.numbers(1, "axes") or []
    return softmax(node, value, value.place(axes[0])) if len(axes) == 1 else None


def _softplus(node: Node) -> Value | None:
    """log(1 + exp x)."""
    shifted = _shifted(node.reading, node[0])
    inner = node.reading.waiting(shifted[0], "Exp") if shifted and _near(shifted[1], 1.0) else None
    return None if inner is None else node.through("Softplus", inner.value())


def _stable_softplus(node: Node) -> Value | None:
    """x where x is large, else softplus(x), which is x there to rounding."""
    reading = node.reading
    condition, curve = reading.waiting(node[0], "Greater"), reading.waiting(node[2], "Softplus", "Log")
    if condition is None or curve is None:
        return None
    inside = curve[0]
    if curve.kind == "Log":
        shifted = _shifted(reading, curve[0])
        exponential = reading.waiting(shifted[0], "Exp") if shifted and _near(shifted[1], 1.0) else None
        if exponential is None:
            return None
        inside = exponential[0]
    bound = _scalar(reading, condition[1])
    if not (_same(reading, condition[0], node[1]) and _same(reading, inside, node[1]) and bound and bound >= 15):
        return None
    return node.through("Softplus", reading.value(node[1]))


# Normalizations


def _mean(reading: Reading, name: str) -> tuple[str, tuple[int, ...]] | None:
    node = reading.waiting(name, "ReduceMean")
    if node is None:
        return None
    return node[0], tuple(node.numbers(1, "axes") or ())


def _root(reading: Reading, name: str) -> tuple[str, float] | None:
    """v and ε of √(v + ε)."""
    node = reading.waiting(name, "Sqrt", "Pow")
    if node is None or (node.kind == "Pow" and not _near(_scalar(reading, node[1]), 0.5)):
        return None
    return _shifted(reading, node[0]) or (node[0], 0.0)


def _inverse_root(reading: Reading, name: str) -> tuple[str, float] | None:
    """v and ε of 1 / √(v + ε)."""
    node = reading.waiting(name, "Reciprocal", "Div", "Pow")
    if node is None:
        return None
    if node.kind == "Pow":
        if not _near(_scalar(reading, node[1]), -0.5):
            return None
        return _shifted(reading, node[0]) or (node[0], 0.0)
    if node.kind == "Div" and not _near(_scalar(reading, node[0]), 1.0):
        return None
    return _root(reading, node[0] if node.kind == "Reciprocal" else node[1])


def _centered(reading: Reading, name: str) -> tuple[str, tuple[int, ...]] | None:
    """x and the axes of x − mean(x)."""
    node = reading.waiting(name, "Sub")
    mean = None if node is None else _mean(reading, node[1])
    if node is None or mean is None or not _same(reading, mean[0], node[0]):
        return None
    return node[0], mean[1]


def _variance(reading: Reading, name: str, base: str, axes: tuple[int, ...]) -> bool:
    """Whether it is the mean of (x − mean x)², or that of x² less (mean x)²."""
    mean = _mean(reading, name)
    if mean is not None:
        square = _squared(reading, mean[0])
        centered = None if square is None else _centered(reading, square)
        return centered is not None and _same(reading, centered[0], base) and mean[1] == axes == centered[1]
    node = reading.waiting(name, "Sub", "Max")
    if node is not None and node.kind == "Max" and _scalar(reading, node[1]) == 0:
        node = reading.waiting(node[0], "Sub")
    if node is None or node.kind != "Sub":
        return False
    squares, mean_root = _mean(reading, node[0]), _squared(reading, node[1])
    inner = None if squares is None else _squared(reading, squares[0])
    of_mean = None if mean_root is None else _mean(reading, mean_root)
    return (
        inner is not None and of_mean is not None and squares is not None
        and _same(reading, inner, base) and _same(reading, of_mean[0], base) and squares[1] == of_mean[1] == axes
    )  # fmt: skip


def _quotient(node: Node) -> Iterator[tuple[str, tuple[str, float]]]:
    """d with v and ε of d / √(v + ε)."""
    if node.kind == "Div":
        root = _root(node.reading, node[1])
        if root is not None:
            yield node[0], root
        return
    for top, bottom in _sides(node):
        inverse = _inverse_root(node.reading, bottom)
        if inverse is not None:
            yield top, inverse


def _normalization(node: Node) -> Value | None:
    """(x − mean x) / √(var x + ε), or with x² in the place of the variance and no mean: PixelNormalization."""
    reading = node.reading
    for top, (inside, epsilon) in _quotient(node):
        centered = _centered(reading, top)
        if centered is not None and _variance(reading, inside, *centered):
            value = reading.value(centered[0])
            return normalized(node, value, [value.place(axis) for axis in centered[1]], epsilon)
        mean = _mean(reading, inside)
        square = None if mean is None else _squared(reading, mean[0])
        if mean is not None and square is not None and _same(reading, square, top):
            value = reading.value(top)
            axes = [value.place(axis) for axis in mean[1]]
            value, _ = node.drawing.by_channel(node.name, value, axes)
            return node.through("PixelNormalization", value, epsilon=rounded(epsilon) or 1e-12)
    return None


def _folded_normalization(node: Node) -> Value | None:
    """x · m + (β − mean(x) · m) with m = γ / √(var x + ε): a normalization as a product and a sum."""
    reading = node.reading
    for product_name, rest in _sides(node):
        product = reading.waiting(product_name, "Mul")
        if product is None:
            continue
        for base, factor in _sides(product):
            gamma = None
            inverse = _inverse_root(reading, factor)
            scaled = reading.waiting(factor, "Mul")
            if inverse is None and scaled is not None:
                for part, number in _sides(scaled):
                    if reading.is_constant(number) and (found := _inverse_root(reading, part)) is not None:
                        inverse, gamma = found, number
            if inverse is None:
                continue
            shift = _shift_of_mean(reading, rest, base, factor)
            if shift is None or not _variance(reading, inverse[0], base, shift[0]):
                continue
            value = reading.value(base)
            value = normalized(node, value, [value.place(axis) for axis in shift[0]], inverse[1])
            scale = np.ones(1, np.float32) if gamma is None else reading.constant(gamma)
            offset = np.zeros(1, np.float32) if shift[1] is None else reading.constant(shift[1])
            return affine(node, value, scale, offset, is_alone=True)
    return None


def _shift_of_mean(reading: Reading, name: str, base: str, factor: str) -> tuple[tuple[int, ...], str | None] | None:
    """The axes and β of β − mean(x) · m, β None where there is none."""

    def product(name: str) -> tuple[tuple[int, ...], float] | None:
        inner, sign = _scaled(reading, name)
        node = reading.waiting(inner, "Mul")
        for first, second in _sides(node) if node is not None else ():
            mean_name, more = _scaled(reading, first)
            mean = _mean(reading, mean_name)
            if mean is not None and _same(reading, mean[0], base) and _same(reading, second, factor):
                return mean[1], sign * more
        return None

    alone = product(name)
    if alone is not None and alone[1] == -1:
        return alone[0], None
    node = reading.waiting(name, "Add", "Sub")
    for first, second in (_sides(node) if node.kind == "Add" else [(node[1], node[0])]) if node is not None else ():
        found = product(first)
        sign = -1 if node.kind == "Sub" else 1  # type: ignore[union-attr]
        if found is not None and sign * found[1] == -1 and reading.is_constant(second):
            return found[0], second
    return None


# Attention


def _attention(node: Node) -> Value | None:
    """softmax(s · q·kᵀ + m)·v, m the mask that hides later places or none. Vaswani et al. 2017, eq. 1."""
    reading = node.reading
    blend = _factors(node)
    shares = None if blend is None else reading.waiting(blend.names[0], "Softmax")
    if blend is None or shares is None:
        return None
    name, scale = _scaled(reading, shares[0])
    masked = reading.waiting(name, "Add")
    is_causal = False
    for other, mask in _sides(masked) if masked is not None and scale == 1 else ():
        if reading.is_constant(mask) and attention.is_causal(reading.constant(mask)):
            is_causal = True
            name, scale = _scaled(reading, other)
    comparison = reading.waiting(name, "MatMul", "Einsum")
    scores = None if comparison is None else _factors(comparison)
    if scores is None:
        return None
    query, key = scores.left(reading.value(scores.names[0])), scores.right(reading.value(scores.names[1]))
    order = scores.order or range(query.rank)
    axis = order[shares.get("axis", -1 if reading.opset >= 13 else 1) % query.rank]
    blended = [order[axis] for axis in blend.orders[0] or range(query.rank)]
    if axis != query.rank - 1 or blended != list(range(query.rank)):
        return None
    value = blend.right(reading.value(blend.names[1]))
    result = attention.attend(node, query, key, value, scale=scale, is_causal=is_causal)
    return None if result is None else blend.result(result)


def _factors(node: Node) -> Factors | None:
    """The two tensors of a product, where it is one of two tensors that are matrices."""
    if any(node.reading.is_constant(name) for name in node.names):
        return None
    try:
        return factors_of(node)
    except UndrawableError:
        return None


# Numbers of the file that are added to a tensor, or that it is multiplied by


def _numbers(node: Node) -> Value | None:
    """x · a + b, with one number, or one for each channel."""
    reading, name = node.reading, node.proto.output[0]
    scale, offset = np.ones(1), np.zeros(1)
    while (step := reading.waiting(name, "Add", "Sub", "Mul", "Div", "Neg")) is not None:
        if step is not node and (reading.uses[name] > 1 or _is_more(step)):
            break
        found = _step(step)
        if found is None:
            break
        name, factor, shift = found
        offset, scale = offset + scale * shift, scale * factor
    if name == node.proto.output[0]:
        return None
    value = reading.value(name)
    return affine(node, value, scale.astype(np.float32), offset.astype(np.float32), is_alone=value.is_alone)


def _is_more(step: Node) -> bool:
    """Whether an operator ends a pattern that is more than numbers; then it is drawn as that."""
    waiting = step.reading.tensors[step.proto.output[0]]
    assert isinstance(waiting, Waiting)
    if waiting.value is None:
        found = (pattern(step) for pattern in COMPOSED.get(step.kind, ()))
        waiting.value = next((value for value in found if value is not None), None)
    return waiting.value is not None


def _step(node: Node) -> tuple[str, np.ndarray, np.ndarray] | None:
    """The tensor that an operator puts to numbers, what it is multiplied by, what is added."""
    one, zero = np.ones(1), np.zeros(1)
    if node.kind == "Neg":
        return node[0], -one, zero
    is_first, is_second = (node.reading.is_constant(name) for name in (node[0], node[1]))
    if is_first == is_second:
        return None
    number = node.constant(0 if is_first else 1).astype(np.float64)
    other = node[1] if is_first else node[0]
    if node.kind == "Add":
        return other, one, number
    if node.kind == "Mul":
        return other, number, zero
    if node.kind == "Sub":
        return (other, -one, number) if is_first else (other, one, -number)
    return None if is_first else (other, 1 / number, zero)


def affine(node: Node, value: Value, scale: np.ndarray, offset: np.ndarray, *, is_alone: bool) -> Value:
    """A tensor times numbers, and others added: the bias or scale of the layer before, or a layer of its own.

    Args:
        is_alone: nothing else reads the tensor.
    """
    both = np.broadcast_shapes(scale.shape, offset.shape)
    numbers = np.broadcast_to(scale, both), np.broadcast_to(offset, both)
    axes = varying(value, numbers[0])
    layer = node.drawing.layers[value.layer]
    if not axes:
        if _is_bias(node, value, 1) and numbers[0].reshape(-1)[0] == 1:
            _add_bias(node, value, numbers[1].reshape(-1)[:1])
            return value
        single = [float(number.reshape(-1)[0]) for number in numbers]
        if single == [1.0, 0.0]:
            return value
        return node.through("Rescaling", value, scale=rounded(single[0]), offset=rounded(single[1]))
    channels = _channels(node, value, axes)
    if channels is not None and is_alone:
        scale, offset = (placed(np.ascontiguousarray(number), channels) for number in numbers)
        if _is_bias(node, value, offset.size) and np.all(scale == 1):
            _add_bias(node, value, offset)
            return value
        if layer["type"] in NORMALIZATIONS and layer.get("scale") is False and layer.get("center") is False:
            layer["scale"] = layer["center"] = True
            node.drawing.weights[value.layer] = {"gamma": scale, "beta": offset}
            return value
    value, places = node.drawing.by_channel(node.name, value, axes)
    scale, offset = (placed(np.ascontiguousarray(number), places) for number in numbers)
    still = np.zeros(places.size, np.float32)
    weights = {
        "gamma": scale, "beta": offset, "moving_mean": still,
        "moving_variance": np.full(places.size, 1 - PLAIN_EPSILON, np.float32),
    }  # fmt: skip
    return node.through("BatchNormalization", value, weights, epsilon=PLAIN_EPSILON)


def _is_bias(node: Node, value: Value, units: int) -> bool:
    """Whether what is added to a tensor can be the bias of the layer behind it."""
    layer, shape = node.drawing.layers[value.layer], node.drawing.shape(value.layer)
    takes_one = layer["type"] in FOLDS and not layer["use_bias"]
    takes_one = takes_one or attention.takes_bias(node.drawing, value.layer)
    return value.is_alone and takes_one and shape[-1] == units


def _add_bias(node: Node, value: Value, numbers: np.ndarray) -> None:
    if node.drawing.layers[value.layer]["type"] == attention.LAYER:
        attention.add_bias(node.drawing, value.layer, numbers)
        return
    node.drawing.layers[value.layer]["use_bias"] = True
    node.drawing.weights[value.layer]["bias"] = numbers.astype(np.float32)


def _channels(node: Node, value: Value, axes: list[int]) -> np.ndarray | None:
    """Where the places of axes are in the last axis of the layer behind a tensor; None where they are not all of it."""
    shape = node.drawing.shape(value.layer)
    digits = sorted((digit for axis in axes for digit in value.layout[axis]), key=lambda digit: -digit[1])
    if not shape or joined(digits) != ((shape[-1], 1),):
        return None
    return node.drawing.by_channel(node.name, value, axes)[1]


# The operators alone


def _plain(type_: str) -> Pattern:
    def drawn(node: Node) -> Value | None:
        return node.through(type_, node.value())

    return drawn


def _merging(type_: str) -> Pattern:
    def drawn(node: Node) -> Value | None:
        if any(node.reading.is_constant(name) for name in node.names):
            return None
        values = [node.reading.value(name) for name in node.names]
        return merged(node, type_, values) if len(values) > 1 else values[0]

    return drawn


def _square(node: Node) -> Value | None:
    """x², as the product of a layer with itself."""
    if _squared(node.reading, node.proto.output[0]) is None:
        return None
    return merged(node, "Multiply", [node.value(), node.value()])


def _reduced(type_: str) -> Pattern:
    def drawn(node: Node) -> Value | None:
        value = node.value()
        given = node.numbers(1, "axes")
        if not given:
            raise UndrawableError("it reduces every axis, the batch among them")
        axes = [value.place(axis) for axis in given]
        result = pooled(node, type_, value, axes, keep=bool(node.get("keepdims", 1)))
        if node.kind != "ReduceSum":
            return result
        count = math.prod(value.size(axis) for axis in axes)
        return node.through("Rescaling", result, scale=float(count))

    return drawn


COMPOSED: dict[str, tuple[Pattern, ...]] = {
    "Add": (_folded_normalization, _prelu),
    "Div": (_softmax, _normalization),
    "Mul": (_gelu, _silu, _normalization),
    "Sub": (_prelu,),
}
PATTERNS: dict[str, tuple[Pattern, ...]] = {
    "Add": (*COMPOSED["Add"], _numbers, _merging("Add")),
    "Clip": (_clip,),
    "Div": (*COMPOSED["Div"], _gelu, _numbers),
    "Einsum": (_attention, product),
    "Erf": (),
    "Exp": (),
    "Greater": (),
    "Log": (_softplus,),
    "MatMul": (_attention, product),
    "Max": (_leaky, _positive, _merging("Maximum")),
    "Mean": (_merging("Average"),),
    "Min": (_merging("Minimum"),),
    "Mul": (*COMPOSED["Mul"], _numbers, _square, _merging("Multiply")),
    "Neg": (_numbers,),
    "Pow": (_square,),
    "Reciprocal": (),
    "ReduceMax": (_reduced("GlobalMaxPooling"),),
    "ReduceMean": (_reduced("GlobalAveragePooling"),),
    "ReduceSum": (_reduced("GlobalAveragePooling"),),
    "Sigmoid": (_plain("Sigmoid"),),
    "Softmax": (softmax_operator,),
    "Softplus": (_plain("Softplus"),),
    "Sqrt": (),
    "Sub": (*COMPOSED["Sub"], _numbers, _merging("Subtract")),
    "Sum": (_merging("Add"),),
    "Tanh": (_plain("Tanh"),),
    "Where": (_stable_softplus,),
}
"""What an operator may be, the largest first."""
ARITHMETIC = frozenset(PATTERNS)
