"""How each layer of the catalogue is written in Keras: an expression of what it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from drivers.export.code import Call, call, source
from drivers.export.errors import ExportError
from drivers.export.initializers import initializer
from drivers.export.keras.scope import Scope, literal, named
from drivers.export.samples import changes_in_use
from drivers.padding import transposed_padding, window_padding
from spec import catalogue
from spec.shapes import measure

Writer = Callable[[Scope], "str | Call"]
WRITERS: dict[str, Writer] = {}
"""By the catalogue's name."""


def writes(*types: str) -> Callable[[Writer], Writer]:
    """Registers a writer for the layers it writes."""

    def register(writer: Writer) -> Writer:
        WRITERS.update(dict.fromkeys(types, writer))
        return writer

    return register


# -- layers of Keras -------------------------------------------------------------------------------------------------

# Layers that go over windows without a kernel.
WINDOWS = ("AveragePooling1D", "AveragePooling2D", "MaxPooling1D", "MaxPooling2D")
# The first parameters of a layer that need no name.
FIRST = {
    "Cropping1D": ("cropping",),
    "Cropping2D": ("cropping",),
    "Dense": ("units",),
    "DepthwiseConv2D": ("kernel_size",),
    "Dropout": ("rate",),
    "Embedding": ("input_dim", "output_dim"),
    "GaussianNoise": ("stddev",),
    "GroupNormalization": ("groups",),
    "LeakyReLU": ("negative_slope",),
    "MultiHeadAttention": ("num_heads", "key_dim"),
    "Permute": ("dims",),
    "RepeatVector": ("n",),
    "Reshape": ("target_shape",),
    "SpatialDropout1D": ("rate",),
    "SpatialDropout2D": ("rate",),
    "UpSampling1D": ("size",),
    "UpSampling2D": ("size",),
    "ZeroPadding1D": ("padding",),
    "ZeroPadding2D": ("padding",),
    **dict.fromkeys(("GRU", "LSTM", "SimpleRNN"), ("units",)),
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "ConvLSTM2D", "SeparableConv2D"), ("filters", "kernel_size")),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), ("filters", "kernel_size")),
    **dict.fromkeys(WINDOWS, ("pool_size",)),
    "UpConv2D": ("filters", "kernel_size"),
    "Rescaling": ("scale",),
}
# What Keras takes where a parameter is not given; where layers differ, by the layer.
USUAL: dict[str, Any] = {
    "activation": "linear", "use_bias": True, "strides": 1, "padding": "valid", "dilation_rate": 1, "groups": 1,
    "output_padding": None, "depth_multiplier": 1, "center": True, "scale": True, "momentum": 0.99, "epsilon": 0.001,
    "return_sequences": False, "go_backwards": False, "dropout": 0.0, "recurrent_dropout": 0.0, "keepdims": False,
    "unit_forget_bias": True, "reset_after": True, "recurrent_activation": "sigmoid", "interpolation": "nearest",
    "normalize": False, "value_dim": None, "max_value": None, "negative_slope": 0.0, "threshold": 0.0,
    "shared_axes": None, "offset": 0.0,
    "bias_initializer": {"choice": "zeros"}, "alpha_initializer": {"choice": "zeros"},
}  # fmt: skip
USUAL_OF: dict[str, dict[str, Any]] = {
    **{kind: {"activation": "tanh"} for kind in ("ConvLSTM2D", "GRU", "LSTM", "SimpleRNN")},
    **{kind: {"strides": None} for kind in WINDOWS},
    "Concatenate": {"axis": -1},
    "ELU": {"alpha": 1.0},
    "LayerNormalization": {"axis": -1},
    "Softmax": {"axis": -1},
}
# Parameters that stand for something else in this program.
APART = frozenset({"use_cudnn", "use_causal_mask"})
# Those that Keras wants as a tuple, however often a number comes in it.
TUPLES = frozenset({"axes", "axis", "cropping", "dims", "shared_axes", "target_shape"})


def made(layer: Mapping[str, Any], **changes: Any) -> Call:
    """The layer of Keras, with the parameters that are not what Keras takes anyway.

    Args:
        changes: parameters in place of the layer's own.
    """
    type_ = layer["type"]
    given = {**layer, **changes}
    first, named = [], {}
    usual = {**USUAL, **USUAL_OF.get(type_, {})}
    for name, schema in catalogue.load()["layers"][type_]["parameters"]["properties"].items():
        value = given[name]
        if name in FIRST.get(type_, ()):
            first.append(_written(name, value, schema))
        elif name not in APART and not _is_usual(value, usual.get(name, ...)):
            named[name] = _written(name, value, schema)
    named.update({name: source(value) for name, value in changes.items() if name not in given or name not in layer})
    return call(f"layers.{KERAS_NAMES.get(type_, type_)}", *first, **named)


KERAS_NAMES = {"InstanceNormalization": "GroupNormalization"}


def _written(name: str, value: Any, schema: Mapping[str, Any]) -> str | Call:
    if schema.get("format") == "module:initializers":
        return initializer(value)
    if name in TUPLES and isinstance(value, list | tuple):
        return f"({', '.join(map(_nested, value))}{',' if len(value) == 1 else ''})"
    return literal(value)


def _nested(value: Any) -> str:
    return f"({', '.join(map(str, value))})" if isinstance(value, list | tuple) else str(value)


def _is_usual(value: Any, usual: Any) -> bool:
    if isinstance(value, list | tuple) and not isinstance(usual, list | tuple):
        return bool(value) and all(item == usual for item in value) and usual is not None
    return value == usual


@writes(
    "BatchNormalization", "Conv1D", "Conv2D", "Conv3D", "Cropping1D", "Cropping2D", "Dense", "ELU", "Embedding",
    "Flatten", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
    "GroupNormalization", "LayerNormalization", "LeakyReLU", "MaxPooling1D", "MaxPooling2D", "PReLU", "Permute",
    "ReLU", "RepeatVector", "Rescaling", "Reshape", "Softmax", "UpSampling1D", "ZeroPadding1D", "ZeroPadding2D",
)  # fmt: skip
def of_keras(scope: Scope) -> Call:
    layer = dict(scope.layer)
    if layer["type"] == "Reshape":
        layer["target_shape"] = scope.shape
    if layer["type"] == "UpSampling1D":
        layer["size"] = layer["size"][0]
    if layer["type"] == "LayerNormalization":
        layer["axis"] = sorted(axis % (len(scope.shape) + 1) for axis in layer["axis"])
        if layer["axis"] == [len(scope.shape)]:
            layer["axis"] = [-1]
    return scope.apply(made(layer))


@writes("UpSampling2D")
def upsampling(scope: Scope) -> Call:
    """TensorFlow's blend has no second derivative, which a penalty asks for; as products with matrices it has."""
    if scope["interpolation"] == "bilinear" and scope.is_penalized and scope.backend == "tensorflow":
        return call("blended", scope.x, *scope["size"])
    return scope.apply(made(scope.layer))


@writes("GELU", "SELU", "SiLU", "Sigmoid", "Softplus", "Tanh")
def activation(scope: Scope) -> Call:
    if scope["type"] == "GELU":
        return call("ops.gelu", scope.x, approximate=scope["approximate"])
    return scope.apply(call("layers.Activation", f'"{scope["type"].lower()}"'))


@writes("Dropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D")
def random(scope: Scope) -> str | Call:
    size = scope["stddev"] if scope["type"] == "GaussianNoise" else scope["rate"]
    if not size:
        return scope.x
    return scope.apply(drawing(made(scope.layer)))


def drawing(layer: Call, function: str = "drawing") -> Call:
    """A layer that draws, from the one stream."""
    return call(function, Call(layer.function, (*layer.arguments, "seed=SEED")))


@writes("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")
def merging(scope: Scope) -> Call:
    layer = dict(scope.layer)
    if layer["type"] == "Dot" and len(layer["axes"]) == 1:
        return scope.apply(_dot(layer, layer["axes"][0]), [f"[{', '.join(scope.inputs)}]"])
    if layer["type"] == "Dot":
        return scope.apply(_dot(layer, tuple(layer["axes"])), [f"[{', '.join(scope.inputs)}]"])
    return scope.apply(made(layer), [f"[{', '.join(scope.inputs)}]"])


def _dot(layer: Mapping[str, Any], axes: Any) -> Call:
    return call("layers.Dot", axes, **({"normalize": True} if layer["normalize"] else {}))


@writes("InstanceNormalization")
def instance_normalization(scope: Scope) -> Call:
    layer = made(scope.layer)
    return scope.apply(Call(layer.function, ("groups=-1", *layer.arguments)))


# -- what a backend lacks, by way of what it has ---------------------------------------------------------------------


@writes("AveragePooling1D", "AveragePooling2D")
def average_pooling(scope: Scope) -> Call:
    """On PyTorch, Keras counts some of what is padded; a mean is of what is there."""
    if scope["padding"] == "valid" or scope.backend != "torch":
        return scope.apply(made(scope.layer))
    size, sizes = scope["pool_size"], scope.shapes[0][:-1]
    strides = scope["strides"] or size
    around = [(0, 0), *window_padding("same", sizes, size, strides, [1] * len(size)), (0, 0)]
    return call("average_pool", scope.x, tuple(size), tuple(strides), around)


@writes("DepthwiseConv2D", "SeparableConv2D")
def depthwise_convolution(scope: Scope) -> Call:
    """TensorFlow moves such windows as far along rows as along columns; where not, what is between is left out."""
    rows, columns = scope["strides"]
    if rows == columns or scope.backend != "tensorflow":
        return scope.apply(made(scope.layer))
    windows = scope["kernel_size"], (rows, columns), scope["dilation_rate"]
    sides = window_padding(scope["padding"], scope.shapes[0][:-1], *windows)
    padded = call("ops.pad", scope.x, [(0, 0), *sides, (0, 0)])
    everywhere = scope.apply(made(scope.layer, strides=1, padding="valid"), [str(padded)])
    return Call(everywhere.function, everywhere.arguments, f"{everywhere.behind}[:, ::{rows}, ::{columns}]")


@writes("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def transposed_convolution(scope: Scope) -> Call:
    """With holes in the kernel, or an output size of its own, in a way that every backend has."""
    dilated = max(scope["dilation_rate"]) > 1
    if not dilated and (scope["padding"] == "valid" or scope["output_padding"] is None):
        return scope.apply(made(scope.layer))
    kernel, dilation = scope["kernel_size"], scope["dilation_rate"]
    both, _, starts = transposed_padding(
        scope["padding"],
        scope.shapes[0][:-1],
        scope.shape[:-1],
        kernel,
        scope["strides"],
        dilation,
        scope["output_padding"],
    )
    cuts = [cut + start for cut, start in zip(both, starts, strict=True)]
    if dilated:
        reach = [(size - 1) * apart + 1 for size, apart in zip(kernel, dilation, strict=True)]
        before = [far - 1 - cut for far, cut in zip(reach, cuts, strict=True)]
        sides = [
            (first, wanted + far - 1 - size - first)
            for first, wanted, far, size in zip(before, scope.shape, reach, scope.shapes[0], strict=False)
        ]
        own = [scope["filters"], tuple(kernel), tuple(dilation), [(0, 0), *sides, (0, 0)]]
        named = {"kernel_initializer": initializer(scope["kernel_initializer"])}
        if scope["use_bias"]:
            named["bias_initializer"] = initializer(scope["bias_initializer"])
        written = call("DilatedConvTranspose", *own, **{**named, **_activation(scope)})
        return scope.apply(written)
    window = ", ".join(f"{cut}:{cut + size}" for cut, size in zip(cuts, scope.shape, strict=False))
    whole = scope.apply(made(scope.layer, padding="valid", output_padding=None))
    return Call(whole.function, whole.arguments, f"{whole.behind}[:, {window}]")


def _activation(scope: Scope) -> dict[str, str]:
    return {} if scope["activation"] == "linear" else {"activation": literal(scope["activation"])}


# -- sequences -------------------------------------------------------------------------------------------------------


@writes("ConvLSTM2D", "GRU", "LSTM", "SimpleRNN")
def recurrent(scope: Scope) -> Call:
    return scope.apply(_recurrent(scope.layer, scope.is_penalized))


def _recurrent(layer: Mapping[str, Any], is_penalized: bool) -> Call:
    changes: dict[str, Any] = {}
    bias = layer["bias_initializer"]
    remembers = layer.get("unit_forget_bias") and layer["use_bias"] and bias["choice"] not in ("zeros", "ones")
    if remembers:
        changes["unit_forget_bias"] = False
    written = made(layer, **changes)
    if remembers:
        kept = tuple(item for item in written.arguments if not str(item).startswith("bias_initializer="))
        start = call("remembering", initializer(bias))
        written = Call(written.function, (*kept, Call(f"bias_initializer={start.function}", start.arguments)))
    if is_penalized and layer["type"] in ("GRU", "LSTM"):
        # The fused kernels have no second derivative.
        written = Call(written.function, (*written.arguments, "use_cudnn=False"))
    return drawing(written, "drawing_in_cell") if layer["dropout"] or layer["recurrent_dropout"] else written


@writes("Bidirectional")
def bidirectional(scope: Scope) -> Call:
    """One layer, because Keras runs the layers of a model in an order of its own, and these may draw."""
    inner = scope["layer"]
    both = [_recurrent(layer, scope.is_penalized) for layer in (inner, {**inner, "go_backwards": True})]
    if scope.is_named:
        both = [named(layer, name) for layer, name in zip(both, ("forward_layer", "backward_layer"), strict=True)]
    join = {} if scope["merge_mode"] == "concat" else {"join": literal(scope["merge_mode"])}
    return scope.apply(call("BothWays", *both, **join))


@writes("TimeDistributed")
def time_distributed(scope: Scope) -> Call:
    """Every step as a sample of one large batch; one after the other where that would not be the same."""
    (steps, *step), inner, name = scope.shapes[0], scope["layer"], f"{scope.name}_step"
    shape = measure(inner, [tuple(step)]).output_shape
    layer = {**inner, **_trainable(scope), "output_shape": shape, "id": scope.layer["id"]}
    if changes_in_use(inner):
        within = replace(scope, layer=layer, inputs=["step"], shapes=[tuple(step)], lines=[])
        written = WRITERS[inner["type"]](within)
        assert isinstance(written, Call)
        scope.assign(name, replace(written, behind=""))
        rests = ", training=False" if scope.rests else ""
        return call("ops.stack", f"[{name}({scope.x}[:, t]{rests}) for t in range({steps})]", axis=1)
    flat = scope.assign(name, call("ops.reshape", scope.x, (-1, *step)))
    within = replace(scope, name=name, layer=layer, inputs=[flat], shapes=[tuple(step)])
    scope.assign(name, WRITERS[inner["type"]](within))
    return call("ops.reshape", name, (-1, steps, *shape))


def _trainable(scope: Scope) -> dict[str, bool]:
    return {"trainable": False} if scope.layer.get("trainable") is False else {}


@writes("MultiHeadAttention")
def attention(scope: Scope) -> Call:
    layer = made(scope.layer)
    copied = {name: call("Drawn", initializer(scope[name])) for name in ("kernel_initializer", "bias_initializer")}
    if scope["bias_initializer"]["choice"] == "zeros":
        del copied["bias_initializer"]
    kept = tuple(item for item in layer.arguments if "_initializer=" not in str(item))
    layer = Call(layer.function, (*kept, *call("", **copied).arguments))
    given = scope.inputs
    query, value, key = given[0], given[min(1, len(given) - 1)], given[-1]
    if _adds_biases_along_steps(scope):
        layer = Call("ThinAttention", layer.arguments)
    if scope["dropout"]:
        name = "ThinAttention" if layer.function == "ThinAttention" else "DroppingAttention"
        layer = Call(name, (*layer.arguments, "seed=SEED"))
    options: dict[str, Any] = {"key": key} if key != value else {}
    if scope["use_causal_mask"]:
        options["use_causal_mask"] = True
    if not (scope.is_penalized or scope["value_dim"] not in (None, scope["key_dim"])):
        return scope.apply(layer, [query, value], **options)
    # Asked for its map, Keras computes step by step, and not in a fused kernel, which has no second derivative.
    found = scope.apply(layer, [query, value], **options, return_attention_scores=True)
    return Call(found.function, found.arguments, f"{found.behind}[0]")


def _adds_biases_along_steps(scope: Scope) -> bool:
    """Whether Keras on TensorFlow takes biases of heads one number wide for those of as many steps."""
    heads, width, shapes = scope["num_heads"], scope["key_dim"], scope.shapes
    query, value, key = shapes[0], shapes[min(1, len(shapes) - 1)], shapes[-1]
    wide = [(query, width), (key, width), (value, scope["value_dim"] or width)]
    is_taken = any(width == 1 and shape[0] == heads > 1 for shape, width in wide)
    return is_taken and scope["use_bias"] and scope.backend == "tensorflow"


# -- layers that Keras lacks -----------------------------------------------------------------------------------------


@writes("PixelNormalization")
def pixel_normalization(scope: Scope) -> str:
    mean = f"ops.mean(ops.square({scope.x}), axis=-1, keepdims=True)"
    return f"{scope.x} * ops.rsqrt({mean} + {source(float(scope['epsilon']))})"


@writes("ConditionalBatchNormalization")
def conditional_batch_normalization(scope: Scope) -> Call:
    settings_ = {"momentum": float(scope["momentum"]), "epsilon": float(scope["epsilon"])}
    return scope.apply(call("ConditionalBatchNorm", scope["num_classes"], **settings_))


@writes("AdaIN")
def adaptive_instance_normalization(scope: Scope) -> Call:
    bias = scope["bias_initializer"]
    named: dict[str, Any] = {"bias_initializer": initializer(bias)} if bias["choice"] != "zeros" else {}
    start = initializer(scope["kernel_initializer"])
    return scope.apply(call("AdaIN", float(scope["epsilon"]), kernel_initializer=start, **named))


@writes("SelfAttention2D")
def self_attention(scope: Scope) -> Call:
    hidden = max(scope.shapes[0][-1] // scope["channel_reduction"], 1)
    return scope.apply(call("SelfAttention", hidden, initializer(scope["kernel_initializer"])))


@writes("MinibatchStdDev")
def minibatch_stddev(scope: Scope) -> Call:
    return scope.apply(call("MinibatchStdDev", scope["group_size"]))


@writes("MinibatchDiscrimination")
def minibatch_discrimination(scope: Scope) -> Call:
    start = initializer(scope["kernel_initializer"])
    return scope.apply(call("MinibatchDiscrimination", scope["num_kernels"], scope["kernel_dim"], start))


@writes("SpectralNormalization")
def spectral_normalization(scope: Scope) -> Call:
    inner = {**scope["layer"], "output_shape": scope["output_shape"]}
    within = Scope(scope.name, inner, scope.inputs, scope.shapes, scope.backend, scope.is_penalized)
    written = WRITERS[inner["type"]](within)
    if not isinstance(written, Call) or within.lines or written.behind != f"({', '.join(scope.inputs)})":
        message = f"A script normalizes the kernel of one layer; '{scope.layer['id']}' holds {inner['type']}."
        raise ExportError("not_exported", message)
    layer = Call(written.function, written.arguments)
    return scope.apply(call("SpectralNorm", layer, scope["power_iterations"]))
