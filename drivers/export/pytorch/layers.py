"""How each layer of the catalogue is written in PyTorch: what ``__init__`` makes, and what ``forward`` computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from math import prod
from typing import Any

from drivers.export.code import Call, call, is_closed, source
from drivers.export.initializers import initializer
from drivers.export.pytorch.scope import Scope, Value, activated, drawn, sizes
from drivers.export.samples import changes_in_use
from drivers.padding import (
    innermost_first,
    same_padding,
    split_padding,
    transposed_padding,
    window_padding,
    without_uncovered,
)
from drivers.rewrites import doubles, is_plain_3x3
from spec.shapes import measure

Writer = Callable[[Scope], Value]
WRITERS: dict[str, Writer] = {}
"""By the catalogue's name."""


def writes(*types: str) -> Callable[[Writer], Writer]:
    """Registers a writer for the layers it writes."""

    def register(writer: Writer) -> Writer:
        WRITERS.update(dict.fromkeys(types, writer))
        return writer

    return register


# -- one number at a time --------------------------------------------------------------------------------------------


@writes("ELU", "GELU", "LeakyReLU", "SELU", "SiLU", "Sigmoid", "Softplus", "Tanh")
def activation(scope: Scope) -> Value:
    x = scope.x.code
    written = {
        "ELU": lambda: f"F.elu({x}, {source(float(scope['alpha']))})",
        "GELU": lambda: f'F.gelu({x}, approximate="tanh")' if scope["approximate"] else f"F.gelu({x})",
        "LeakyReLU": lambda: f"F.leaky_relu({x}, {source(float(scope['negative_slope']))})",
        "SELU": lambda: f"F.selu({x})",
        "SiLU": lambda: f"F.silu({x})",
        "Sigmoid": lambda: f"torch.sigmoid({x})",
        "Softplus": lambda: f"F.softplus({x})",
        "Tanh": lambda: f"torch.tanh({x})",
    }
    return scope.alike(written[scope["type"]](), scope.x)


@writes("Rescaling")
def rescaling(scope: Scope) -> Value:
    scale, offset = source(float(scope["scale"])), source(float(scope["offset"]))
    return scope.alike(f"({scope.x.code} * {scale} + {offset})", scope.x)


@writes("ReLU")
def relu(scope: Scope) -> Value:
    x, slope, threshold = scope.x.code, source(float(scope["negative_slope"])), source(float(scope["threshold"]))
    if scope["threshold"]:
        code = f"torch.where({x} >= {threshold}, {x}, {slope} * ({x} - {threshold}))"
    else:
        code = f"F.leaky_relu({x}, {slope})" if scope["negative_slope"] else f"F.relu({x})"
    return scope.alike(code if scope["max_value"] is None else f"{code}.clamp(max={scope['max_value']})", scope.x)


@writes("PReLU")
def prelu(scope: Scope) -> Value:
    shared = scope["shared_axes"] or ()
    slopes = [1 if axis in shared else size for axis, size in enumerate(scope.x.shape, 1)]
    alpha = scope.module(call("parameter", initializer(scope["alpha_initializer"]), *slopes))
    x = scope.x.last()
    return scope.last(f"F.relu({x}) - {alpha} * F.relu(-{x})")


@writes("Softmax")
def softmax(scope: Scope) -> Value:
    return scope.alike(f"{scope.x.code}.softmax({scope.x.axis(scope['axis'])})", scope.x)


@writes("Dropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D")
def random(scope: Scope) -> Value:
    """Drawn only while training, in the order of the axes that the spec has."""
    kind = {"Dropout": "dropout", "GaussianNoise": "gaussian_noise"}.get(scope["type"], "channel_dropout")
    size = scope["stddev"] if scope["type"] == "GaussianNoise" else scope["rate"]
    if not size:
        return scope.x
    x = scope.x.first()
    return scope.first(f"{kind}({x}, {source(float(size))} * self.training)")


# -- kernels ---------------------------------------------------------------------------------------------------------


@writes("Dense")
def dense(scope: Scope) -> Value:
    made = call("nn.Linear", scope.x.shape[-1], scope["units"], **_bias(scope))
    kernel = scope.module(drawn(made, scope["kernel_initializer"], scope["bias_initializer"]))
    return scope.last(activated(scope["activation"], f"{kernel}({scope.x.last()})"))


@writes("Embedding")
def embedding(scope: Scope) -> Value:
    shape = (scope["input_dim"], scope["output_dim"])
    table = scope.module(call("parameter", initializer(scope["embeddings_initializer"]), *shape))
    return scope.last(f"F.embedding({scope.x.last()}.long(), {table})")


@writes("Conv1D", "Conv2D", "Conv3D")
def convolution(scope: Scope) -> Value:
    rank = scope.x.rank - 1
    padding, strides, code = _padding(scope)
    made = call(
        f"{OURS.get(rank, 'nn.')}Conv{rank}d",
        scope.x.shape[-1],
        scope["filters"],
        sizes(scope["kernel_size"]),
        **_unusual(stride=strides),
        **_unusual(0, padding=padding),
        **_unusual(dilation=scope["dilation_rate"]),
        **({} if scope["groups"] == 1 else {"groups": scope["groups"]}),
        **_bias(scope),
    )
    kernel = scope.module(drawn(made, scope["kernel_initializer"], scope["bias_initializer"]))
    if scope.x.half is not None and is_plain_3x3(scope.layer):
        code = f"{scope.x.half}, double=True"
    return scope.first(activated(scope["activation"], f"{kernel}({code})", 1))


OURS = {2: ""}
"""What stands before the name of a class, by the axes of an image: modules of the program, else PyTorch's."""


@writes("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def transposed_convolution(scope: Scope) -> Value:
    windows = scope["kernel_size"], scope["strides"], scope["dilation_rate"]
    padding, added, starts = transposed_padding(
        scope["padding"], scope.x.shape[:-1], scope.shape[:-1], *windows, scope["output_padding"]
    )
    made = call(
        f"{OURS.get(scope.x.rank - 1, 'nn.')}ConvTranspose{scope.x.rank - 1}d",
        scope.x.shape[-1],
        scope["filters"],
        sizes(scope["kernel_size"]),
        **_unusual(stride=scope["strides"]),
        **_unusual(0, padding=padding),
        **_unusual(0, output_padding=added),
        **_unusual(dilation=scope["dilation_rate"]),
        **_bias(scope),
    )
    kernel = scope.module(drawn(made, scope["kernel_initializer"], scope["bias_initializer"]))
    code = f"{kernel}({scope.x.first()})"
    reach = [(size - 1) * apart + 1 for size, apart in zip(scope["kernel_size"], scope["dilation_rate"], strict=True)]
    whole = [
        (size - 1) * stride - 2 * cut + far + more
        for size, stride, cut, far, more in zip(scope.x.shape, scope["strides"], padding, reach, added, strict=False)
    ]
    if list(whole) != list(scope.shape[:-1]):
        window = ", ".join(
            f"{start}:{start + size}" if start else f":{size}" for start, size in zip(starts, scope.shape, strict=False)
        )
        code = f"{code}[:, :, {window}]"
    return scope.first(activated(scope["activation"], code, 1))


@writes("DepthwiseConv2D")
def depthwise_convolution(scope: Scope) -> Value:
    code = _depthwise(scope, "", scope["bias_initializer"])
    return scope.first(activated(scope["activation"], code, 1))


@writes("SeparableConv2D")
def separable_convolution(scope: Scope) -> Value:
    code = _depthwise(scope, "_depthwise", None)
    made = call("nn.Conv2d", scope.x.shape[-1] * scope["depth_multiplier"], scope["filters"], 1, **_bias(scope))
    pointwise = scope.module(drawn(made, scope["pointwise_initializer"], scope["bias_initializer"]), "_pointwise")
    return scope.first(activated(scope["activation"], f"{pointwise}({code})", 1))


def _depthwise(scope: Scope, suffix: str, bias: Any) -> str:
    """Every channel through filters of its own."""
    channels, multiplier = scope.x.shape[-1], scope["depth_multiplier"]
    padding, strides, code = _padding(scope)
    made = call(
        "nn.Conv2d",
        channels,
        channels * multiplier,
        sizes(scope["kernel_size"]),
        **_unusual(stride=strides),
        **_unusual(0, padding=padding),
        **_unusual(dilation=scope["dilation_rate"]),
        groups=channels,
        **(_bias(scope) if bias is not None else {"bias": False}),
    )
    shape = (*scope["kernel_size"], channels, multiplier)
    return f"{scope.module(drawn(made, scope['depthwise_initializer'], bias, shape), suffix)}({code})"


def _padding(scope: Scope) -> tuple[Sequence[int], Sequence[int], str]:
    """What the kernel pads, its strides, and the input, padded by hand where its two sides differ."""
    sizes, strides = scope.x.shape[:-1], scope["strides"]
    windows = scope["kernel_size"], strides, scope["dilation_rate"]
    sides = window_padding(scope["padding"], sizes, *windows)
    if scope.x.shape[-1] == 1:
        # Of one channel and a single window along an axis, PyTorch 2.13 leaves a part of the input's gradient unwritten
        # where the stride is more than one; the driver spares it both.
        sides = without_uncovered(sides, sizes, *windows)
        strides = [1 if count == 1 else stride for count, stride in zip(scope.shape, strides, strict=False)]
    padding, extra = split_padding(sides)
    code = scope.x.first()
    return padding, strides, code if extra is None else f"F.pad({code}, {extra})"


def _unusual(usual: int = 1, **named: Sequence[int]) -> dict[str, str]:
    """The argument, unless all its numbers are what PyTorch takes by default."""
    ((name, values),) = named.items()
    return {} if set(values) == {usual} else {name: sizes(values)}


def _bias(scope: Scope | Mapping[str, Any]) -> dict[str, bool]:
    return {} if scope["use_bias"] else {"bias": False}


# -- windows and resizing --------------------------------------------------------------------------------------------


@writes("AveragePooling1D", "AveragePooling2D", "MaxPooling1D", "MaxPooling2D")
def pooling(scope: Scope) -> Value:
    rank = scope.x.rank - 1
    size, stride = scope["pool_size"], scope["strides"] or scope["pool_size"]
    kind = "max" if scope["type"].startswith("Max") else "avg"
    x = scope.x.first()
    padding = None
    if scope["padding"] == "same":
        padding = innermost_first([same_padding(*axis) for axis in zip(scope.x.shape[:-1], size, stride, strict=True)])
    if padding is None or not any(padding):
        return scope.first(f"F.{kind}_pool{rank}d({x}, {sizes(size)}, {sizes(stride)})")
    if kind == "avg":
        return scope.first(f"average_pool(F.avg_pool{rank}d, {x}, {padding}, {sizes(size)}, {sizes(stride)})")
    return scope.first(f"F.max_pool{rank}d(F.pad({x}, {padding}, value=-torch.inf), {sizes(size)}, {sizes(stride)})")


@writes("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D")
def global_pooling(scope: Scope) -> Value:
    axes = tuple(sorted(scope.x.axis(axis) for axis in range(1, scope.x.rank)))
    how = "mean" if "Average" in scope["type"] else "amax"
    keep = ", keepdim=True" if scope["keepdims"] else ""
    return scope.alike(f"{scope.x.code}.{how}({axes[0] if len(axes) == 1 else axes}{keep})", scope.x)


@writes("UpSampling1D")
def upsampling1d(scope: Scope) -> Value:
    return scope.alike(f"{scope.x.code}.repeat_interleave({scope['size'][0]}, {scope.x.axis(1)})", scope.x)


@writes("UpSampling2D")
def upsampling2d(scope: Scope) -> Value:
    mode = "" if scope["interpolation"] == "nearest" else ', mode="bilinear"'
    enlarged = scope.first(f"F.interpolate({scope.x.first()}, scale_factor={sizes(scope['size'])}{mode})")
    return replace(enlarged, half=scope.x.first()) if doubles(scope.layer) else enlarged


@writes("Cropping1D", "Cropping2D")
def cropping(scope: Scope) -> Value:
    sides = [scope["cropping"]] if scope["type"].endswith("1D") else scope["cropping"]
    window = ", ".join(
        f"{before or ''}:{before + size}" for (before, _), size in zip(sides, scope.shape[:-1], strict=True)
    )
    return scope.first(f"{scope.x.first()}[:, :, {window}]")


@writes("ZeroPadding1D", "ZeroPadding2D")
def zero_padding(scope: Scope) -> Value:
    sides = [scope["padding"]] if scope["type"].endswith("1D") else scope["padding"]
    return scope.first(f"F.pad({scope.x.first()}, {innermost_first([tuple(side) for side in sides])})")


# -- other shapes ----------------------------------------------------------------------------------------------------


@writes("Flatten")
def flatten(scope: Scope) -> Value:
    return scope.last(f"{scope.x.last()}.flatten(1)" if scope.x.rank > 1 else scope.x.code)


@writes("Reshape")
def reshape(scope: Scope) -> Value:
    return scope.last(f"{scope.x.last()}.reshape(-1, {', '.join(map(str, scope.shape))})")


@writes("Permute")
def permute(scope: Scope) -> Value:
    return scope.last(f"{scope.x.last()}.permute(0, {', '.join(map(str, scope['dims']))})")


@writes("RepeatVector")
def repeat_vector(scope: Scope) -> Value:
    return scope.last(f"{scope.x.code}.unsqueeze(1).repeat(1, {scope['n']}, 1)")


# -- joining ---------------------------------------------------------------------------------------------------------


@writes("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
def merging(scope: Scope) -> Value:
    like, codes = _alike(scope)
    kind = scope["type"]
    if kind in ("Maximum", "Minimum"):
        code = reduce(lambda left, right: f"torch.{kind.lower()}({left}, {right})", codes)
    else:
        code = {"Multiply": " * ", "Subtract": " - "}.get(kind, " + ").join(codes)
    return scope.alike(f"({code}) / {len(codes)}" if kind == "Average" else code, like)


@writes("Concatenate")
def concatenate(scope: Scope) -> Value:
    like, codes = _alike(scope)
    return scope.alike(f"torch.cat([{', '.join(codes)}], {like.axis(scope['axis'])})", like)


@writes("Dot")
def dot(scope: Scope) -> Value:
    first, second = scope.inputs
    axes = (scope["axes"][0], scope["axes"][-1])
    return scope.last(f"dot({first.last()}, {second.last()}, {axes}, normalize={scope['normalize']})")


def _alike(scope: Scope) -> tuple[Value, list[str]]:
    """The inputs, all lying the same way."""
    like = next((value for value in scope.inputs if value.channels_first), scope.x)
    return like, [value.first() if like.channels_first else value.last() for value in scope.inputs]


# -- normalizations --------------------------------------------------------------------------------------------------


@writes("BatchNormalization")
def batch_normalization(scope: Scope) -> Value:
    rank = scope.x.rank
    made = call(
        f"nn.BatchNorm{max(rank - 1, 1)}d",
        scope.x.shape[-1],
        eps=float(scope["epsilon"]),
        momentum=round(1.0 - scope["momentum"], 12),
        **_affine(scope),
    )
    norm = scope.module(made)
    if scope.layer.get("trainable") is False:
        scope.extra.append(f"{norm}.train = lambda mode: {norm}  # stays as in use")
        scope.extra.append(f"{norm}.training = False")
    return scope.first(f"{norm}({scope.x.first()})")


@writes("GroupNormalization", "InstanceNormalization")
def group_normalization(scope: Scope) -> Value:
    channels = scope.x.shape[-1]
    groups = scope.layer.get("groups", -1)
    made = call(
        "nn.GroupNorm", channels if groups == -1 else groups, channels, eps=float(scope["epsilon"]), **_affine(scope)
    )
    return scope.first(f"{scope.module(made)}({scope.x.first()})")


@writes("LayerNormalization")
def layer_normalization(scope: Scope) -> Value:
    rank = scope.x.rank + 1
    axes = tuple(sorted(axis % rank for axis in scope["axis"]))
    shape = tuple(scope.x.shape[axis - 1] for axis in axes)
    last = tuple(range(rank - len(axes), rank))
    norm = scope.module(
        call("nn.LayerNorm", shape, eps=float(scope["epsilon"]), **_affine(scope, "elementwise_affine"))
    )
    x = scope.x.last()
    if axes == last:
        return scope.last(f"{norm}({x})")
    return scope.last(f"{norm}({x}.movedim({axes}, {last})).movedim({last}, {axes})")


def _affine(scope: Scope, name: str = "affine") -> dict[str, bool]:
    """A scale without a shift, or the other way round, is a module with both of which one does not learn."""
    if scope["scale"] != scope["center"]:
        still = "bias" if scope["scale"] else "weight"
        scope.extra.append(f"self.{scope.id}.{still}.requires_grad_(False)")
    return {} if scope["scale"] or scope["center"] else {name: False}


@writes("PixelNormalization")
def pixel_normalization(scope: Scope) -> Value:
    x, axis = scope.x.code, scope.x.axis(-1)
    mean = f"{x}.square().mean({axis}, keepdim=True)"
    return scope.alike(f"{x} * ({mean} + {source(float(scope['epsilon']))}).rsqrt()", scope.x)


@writes("ConditionalBatchNormalization")
def conditional_batch_normalization(scope: Scope) -> Value:
    features, label = scope.inputs
    made = call(
        "ConditionalBatchNorm",
        features.shape[-1],
        scope["num_classes"],
        eps=float(scope["epsilon"]),
        momentum=round(1.0 - scope["momentum"], 12),
    )
    return scope.first(f"{scope.module(made)}({features.first()}, {label.code})")


@writes("AdaIN")
def adaptive_instance_normalization(scope: Scope) -> Value:
    features, style = scope.inputs
    linear = call("nn.Linear", style.shape[0], 2 * features.shape[-1])
    made = call(
        "AdaIN",
        drawn(linear, scope["kernel_initializer"], scope["bias_initializer"]),
        eps=float(scope["epsilon"]),
    )
    return scope.first(f"{scope.module(made)}({features.first()}, {style.code})")


# -- sequences -------------------------------------------------------------------------------------------------------

# What a recurrent layer of the program takes where nothing is said.
USUAL = {"activation": "tanh", "recurrent_activation": "sigmoid"}
FUNCTIONS = {
    "linear": "torch.positive",
    "relu": "F.relu",
    "leaky_relu": "partial(F.leaky_relu, negative_slope=0.2)",
    "sigmoid": "torch.sigmoid",
    "tanh": "torch.tanh",
    "elu": "F.elu",
    "selu": "F.selu",
    "gelu": "F.gelu",
    "silu": "F.silu",
    "softplus": "F.softplus",
    "softmax": "partial(torch.softmax, dim=1)",
}


@writes("ConvLSTM2D", "GRU", "LSTM", "SimpleRNN")
def recurrent(scope: Scope) -> Value:
    return scope.last(_run(scope, scope.layer, ""))


def _run(scope: Scope, layer: Mapping[str, Any], suffix: str) -> str:
    """A recurrent layer, made and applied."""
    x = scope.x.last()
    if not is_fused(layer, scope.is_penalized):
        return f"{scope.module(_recurrent(scope, layer), suffix)}({x})"
    kind = "RNN" if layer["type"] == "SimpleRNN" else layer["type"]
    made = call(f"nn.{kind}", scope.x.shape[-1], layer["units"], **_bias(layer), batch_first=True)
    starts = [initializer(layer[f"{name}_initializer"]) for name in ("kernel", "recurrent")]
    module = scope.module(
        call("drawn_cell", made, *starts, *([_memory_bias(layer)] if layer["use_bias"] else [])), suffix
    )
    steps = f"{module}({x}{'.flip(1)' if layer['go_backwards'] else ''})[0]"
    return steps if layer["return_sequences"] else f"{steps}[:, -1]"


def is_fused(layer: Mapping[str, Any], is_penalized: bool) -> bool:
    """Whether PyTorch's own module computes a recurrent layer; on graphics cards it has no second derivative."""
    functions = (layer.get("activation"), layer.get("recurrent_activation", "sigmoid"))
    return (
        layer["type"] in ("LSTM", "SimpleRNN")
        and functions == ("tanh", "sigmoid")
        and not (layer["dropout"] or layer["recurrent_dropout"] or is_penalized)
    )


def _memory_bias(layer: Mapping[str, Any]) -> str | Call:
    """What draws the bias of a recurrent layer."""
    start = initializer(layer["bias_initializer"])
    if not layer.get("unit_forget_bias"):
        return start
    return "lasting" if start == "zeros" and layer["type"] == "LSTM" else call("remembering", start)


def _recurrent(scope: Scope, layer: Mapping[str, Any]) -> Call:
    type_, channels = layer["type"], scope.x.shape[-1]
    units = layer.get("units") or layer["filters"]
    gates = {"GRU": 3, "SimpleRNN": 1}.get(type_, 4) * units
    windows = tuple(layer["kernel_size"]) if type_ == "ConvLSTM2D" else ()
    memory = (units,)
    named: dict[str, Any] = {}
    if type_ == "ConvLSTM2D":
        memory = (units, *measure({**layer, "return_sequences": False}, [scope.x.shape]).output_shape[:2])
        sizes_ = scope.x.shape[1:3]
        sides = window_padding(layer["padding"], sizes_, windows, layer["strides"], layer["dilation_rate"])
        within = window_padding("same", memory[1:], windows, (1, 1), (1, 1))
        named = {"around": innermost_first(sides), "memory_around": innermost_first(within)}
        named |= _unusual(strides=layer["strides"]) | _unusual(dilation=layer["dilation_rate"])
    made = [
        call("parameter", initializer(layer["kernel_initializer"]), *windows, channels, gates),
        call("parameter", initializer(layer["recurrent_initializer"]), *windows, units, gates),
    ]
    if layer["use_bias"]:
        made.append(call("parameter", _memory_bias(layer), *((2, gates) if layer.get("reset_after") else (gates,))))
    functions = {"activation": "activation", "gate": "recurrent_activation"}
    named |= {
        name: FUNCTIONS[layer[parameter]]
        for name, parameter in functions.items()
        if layer.get(parameter, USUAL[parameter]) != USUAL[parameter]
    }
    named |= {name: layer[name] for name in ("dropout", "recurrent_dropout") if layer[name]}
    named |= {"sequences": True} if layer["return_sequences"] else {}
    named |= {"backwards": True} if layer["go_backwards"] else {}
    named |= {"reset_after": False} if layer.get("reset_after") is False else {}
    return call("ConvLSTM" if type_ == "ConvLSTM2D" else type_, memory, *made, **named)


@writes("Bidirectional")
def bidirectional(scope: Scope) -> Value:
    inner = scope["layer"]
    forwards = _run(scope, inner, "_forward")
    backwards = _run(scope, {**inner, "go_backwards": True}, "_backward")
    if inner["return_sequences"]:
        backwards = f"{backwards}.flip(1)"
    if scope["merge_mode"] == "concat":
        return scope.last(f"torch.cat([{forwards}, {backwards}], -1)")
    joined = f"{forwards} {'*' if scope['merge_mode'] == 'mul' else '+'} {backwards}"
    return scope.last(f"({joined}) / 2" if scope["merge_mode"] == "ave" else joined)


@writes("TimeDistributed")
def time_distributed(scope: Scope) -> Value:
    """Every step as a sample of one large batch; one after the other where that would not be the same."""
    (steps, *step), inner = scope.x.shape, scope["layer"]
    x = scope.x.last()
    if changes_in_use(inner):
        value = _inner(scope, Value("step", tuple(step)))
        return scope.last(f"torch.stack([{value.last()} for step in {x}.unbind(1)], 1)")
    value = _inner(scope, Value(f"{x}.flatten(0, 1)", tuple(step)))
    flat = value.last() if is_closed(value.last()) else f"({value.last()})"
    return scope.last(f"{flat}.unflatten(0, (-1, {steps}))")


def _inner(scope: Scope, x: Value) -> Value:
    """What the layer inside a wrapper puts out; it is held as the wrapper."""
    inner = scope["layer"]
    shape = measure(inner, [x.shape]).output_shape
    kept = {"trainable": False} if scope.layer.get("trainable") is False else {}
    layer = {**inner, **kept, "output_shape": shape, "id": scope.layer["id"]}
    return WRITERS[inner["type"]](replace(scope, layer=layer, inputs=[x]))


@writes("MultiHeadAttention")
def attention(scope: Scope) -> Value:
    given = scope.inputs
    query, value, key = given[0], given[min(1, len(given) - 1)], given[-1]
    heads, size = scope["num_heads"], scope["key_dim"]
    value_size = scope["value_dim"] or size
    start, bias = initializer(scope["kernel_initializer"]), scope["bias_initializer"]

    def linear(shape: tuple[int, ...], inward: int, outward: tuple[int, ...]) -> Call:
        made = call("nn.Linear", inward, prod(outward), **_bias(scope))
        begin = "zeros" if bias["choice"] == "zeros" else call("shaped", initializer(bias), outward)
        return call("drawn_as", made, start, begin, shape=shape)

    parts = [
        linear((each.shape[-1], heads, wide), each.shape[-1], (heads, wide))
        for each, wide in ((query, size), (key, size), (value, value_size))
    ]
    out = query.shape[-1]
    parts.append(linear((heads, value_size, out), heads * value_size, (out,)))
    more: dict[str, Any] = {"rate": scope["dropout"]} if scope["dropout"] else {}
    more |= {"causal": True} if scope["use_causal_mask"] else {}
    made = scope.module(call("MultiHeadAttention", heads, *parts, **more))
    return scope.last(f"{made}({query.last()}, {value.last()}, {key.last()})")


# -- looking at everything at once -----------------------------------------------------------------------------------


@writes("SelfAttention2D")
def self_attention(scope: Scope) -> Value:
    channels = scope.x.shape[-1]
    hidden = max(channels // scope["channel_reduction"], 1)
    inward, outward = ((channels, hidden),) * 3, ((hidden, channels),)
    linears = [
        drawn(call("nn.Linear", *shape, bias=False), scope["kernel_initializer"], None) for shape in inward + outward
    ]
    return scope.first(f"{scope.module(call('SelfAttention', *linears))}({scope.x.first()})")


@writes("MinibatchStdDev")
def minibatch_stddev(scope: Scope) -> Value:
    return scope.first(f"minibatch_stddev({scope.x.first()}, {scope['group_size']})")


@writes("MinibatchDiscrimination")
def minibatch_discrimination(scope: Scope) -> Value:
    shape = (*scope.x.shape, scope["num_kernels"], scope["kernel_dim"])
    kernel = call("parameter", initializer(scope["kernel_initializer"]), *shape)
    return scope.last(f"{scope.module(call('MinibatchDiscrimination', kernel))}({scope.x.code})")


@writes("SpectralNormalization")
def spectral_normalization(scope: Scope) -> Value:
    """The inner layer as it is written by itself, with its module wrapped."""
    inner, name = scope["layer"], scope.id
    value = _inner(scope, scope.x)
    columns, more = inner.get("units") or inner.get("filters"), {}
    if "Transpose" in inner["type"]:
        columns = scope.x.shape[-1]
    if inner["type"] == "DepthwiseConv2D":
        columns = inner["depth_multiplier"]
        more = {"depth": columns}
    if inner["type"] == "Embedding":
        columns = inner["output_dim"]
        more = {"depth": columns}
        scope.modules[name] = call("Lookup", scope.modules[name])
        value = scope.last(f"self.{name}({scope.x.last()})")
    start = call("torch.from_numpy", call("truncated_normal", (1, columns), stddev=0.02))
    scope.modules[name] = call("SpectralNorm", scope.modules[name], start, scope["power_iterations"], **more)
    if scope.layer.get("trainable") is False:
        scope.extra.append(f"self.{name}.update = False  # a frozen kernel stays as it is")
    return value
