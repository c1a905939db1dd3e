"""Layers that Keras lacks, found again in the models of Keras's own layers that a network leaves as.

The driver exports such a layer as a functional model within the network's (`drivers.keras.layers.composed`). Written
down step by step, in the order in which its result is computed, that model is the same text each time but for the
numbers that follow from the layer's parameters and its inputs' shapes. `FORMS` has these texts; whatever model reads as
one of them computes what the layer computes, whoever saved it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from drivers.imports.keras_layers import WITHOUT_MEANING
from drivers.imports.keras_weights import ComposedLayer, Paths
from spec import catalogue

Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """The model of one layer as a text.

    Attributes:
        type: the layer.
        steps: a line each, ``name = Class(arguments, what it was made with)``. A name stands for a result; ``{name}``
            for a number, the same wherever it stands; ``{ones}`` for any number of axes of the size 1.
        inputs: names of what it takes.
        weights: for each variable, in the order in which a spec names them, the name of the layer that holds it, and
            which of that layer's variables it is.
        initializers: parameters that say how weights start, each with the name of the layer that has it, too.
        parameters: from the numbers to the layer's parameters; None where they are of no layer.
    """

    type: str
    inputs: tuple[str, ...]
    steps: str
    parameters: Callable[[Numbers], dict[str, Any] | None] = dict
    weights: tuple[tuple[str, int], ...] = ()
    initializers: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> list[str]:
        """Of the steps, in their order."""
        return [line.strip().partition(" = ")[0] for line in self.steps.strip().splitlines()]


def _channel_reduction(found: Numbers) -> dict[str, Any] | None:
    """As by default where that gives as many channels to compare; else one that does."""
    channels, hidden = found["channels"], found["hidden"]
    usual = catalogue.load()["layers"]["SelfAttention2D"]["parameters"]["properties"]["channel_reduction"]["default"]
    fitting = [each for each in (usual, channels // hidden) if max(channels // max(each, 1), 1) == hidden]
    return {"channel_reduction": fitting[0]} if fitting else None


def _views(found: Numbers) -> dict[str, Any] | None:
    if found["units"] != found["kernels"] * found["size"]:
        return None
    return {"num_kernels": found["kernels"], "kernel_dim": found["size"]}


def _group_size(found: Numbers) -> dict[str, Any]:
    return {"group_size": found.get("group_size")}


MOST_LAYERS = 40
"""The largest form has fewer; what is larger is another model, and not looked through."""
STDDEV = """
    numbers = Flatten(x)
    column = GetItem(numbers, [:, :1])
    one = OnesLike(column)
    running = Cumsum(one, axis=0)
    order = Subtract(running, one)
    {groups}
    middle = Add(order, 0.5)
    share = TrueDivide(middle, groups)
    whole = Floor(share)
    before = Multiply(groups, whole)
    group = Subtract(order, before)
    other = Transpose(group, axes=[1, 0])
    apart = Subtract(group, other)
    distance = Absolute(apart)
    near = Less(distance, 0.5)
    together = Cast(near, dtype="float32")
    totals = Matmul(together, numbers)
    sizes = Sum(together, axis=1, keepdims=true)
    mean = TrueDivide(totals, sizes)
    centered = Subtract(numbers, mean)
    squares = Square(centered)
    spreads = Matmul(together, squares)
    variance = TrueDivide(spreads, sizes)
    positive = Add(variance, 1e-08)
    deviation = Sqrt(positive)
    average = Mean(deviation, axis=-1, keepdims=true)
    shaped = Reshape(average, newshape=[-1, {ones}1])
    map = GetItem(x, [..., :1])
    ones = OnesLike(map)
    spread = Multiply(shaped, ones)
    y = Concatenate([x, spread], axis=-1)
"""
COUNTED = "count = Sum(one, keepdims=false)"
FORMS = (
    Form("GELU", ("x",), "y = Gelu(x, approximate={approximate})"),
    Form(
        "PixelNormalization",
        ("x",),
        """
        square = Square(x)
        mean = Mean(square, axis=-1, keepdims=true)
        positive = Add(mean, {epsilon})
        inverse = Rsqrt(positive)
        y = Multiply(x, inverse)
        """,
    ),
    Form(
        "ConditionalBatchNormalization",
        ("x", "label"),
        """
        normalized = BatchNormalization(x, axis=-1, epsilon={epsilon}, momentum={momentum})
        gamma = Embedding(label, input_dim={num_classes}, output_dim={channels})
        scales = Reshape(gamma, newshape=[-1, {ones}{channels}])
        scaled = Multiply(normalized, scales)
        beta = Embedding(label, input_dim={num_classes}, output_dim={channels})
        shifts = Reshape(beta, newshape=[-1, {ones}{channels}])
        y = Add(scaled, shifts)
        """,
        lambda found: {name: found[name] for name in ("num_classes", "momentum", "epsilon")},
        (("gamma", 0), ("beta", 0), ("normalized", 0), ("normalized", 1)),
    ),
    Form(
        "AdaIN",
        ("x", "style"),
        """
        normalized = GroupNormalization(x, axis=-1, epsilon={epsilon}, groups={channels})
        affine = Dense(style, activation="linear", units={units}, use_bias=true)
        scale = GetItem(affine, [:, :{channels}])
        scales = Add(1.0, scale)
        shaped = Reshape(scales, newshape=[-1, {ones}{channels}])
        scaled = Multiply(normalized, shaped)
        shift = GetItem(affine, [:, {channels}:])
        shifts = Reshape(shift, newshape=[-1, {ones}{channels}])
        y = Add(scaled, shifts)
        """,
        lambda found: {"epsilon": found["epsilon"]} if found["units"] == 2 * found["channels"] else None,
        (("affine", 0), ("affine", 1)),
        (("kernel_initializer", "affine"), ("bias_initializer", "affine")),
    ),
    Form(
        "SelfAttention2D",
        ("x",),
        """
        pixels = Reshape(x, newshape=[-1, {pixels}, {channels}])
        query = Dense(pixels, activation="linear", units={hidden})
        key = Dense(pixels, activation="linear", units={hidden})
        turned = Transpose(key, axes=[0, 2, 1])
        scores = Matmul(query, turned)
        attention = Softmax(scores, axis=-1)
        value = Dense(pixels, activation="linear", units={hidden})
        blended = Matmul(attention, value)
        output = Dense(blended, activation="linear", units={channels})
        single = ExpandDims(output, axis=-1)
        gamma = Dense(single, activation="linear", units=1)
        shaped = Reshape(gamma, newshape=[-1, {height}, {width}, {channels}])
        y = Add(shaped, x)
        """,
        _channel_reduction,
        (("query", 0), ("key", 0), ("value", 0), ("output", 0), ("gamma", 0)),
        (("kernel_initializer", "query"),),
    ),
    Form(
        "MinibatchDiscrimination",
        ("x",),
        """
        flat = Dense(x, activation="linear", units={units})
        views = Reshape(flat, newshape=[-1, {kernels}, {size}])
        ours = ExpandDims(views, axis=0)
        theirs = ExpandDims(views, axis=1)
        apart = Subtract(ours, theirs)
        distances = Absolute(apart)
        distance = Sum(distances, axis=-1, keepdims=false)
        less = Negative(distance)
        nearness = Exp(less)
        features = Sum(nearness, axis=0, keepdims=false)
        y = Concatenate([x, features], axis=-1)
        """,
        _views,
        (("flat", 0),),
        (("kernel_initializer", "flat"),),
    ),
    Form(
        "MinibatchStdDev",
        ("x",),
        STDDEV.replace("{groups}", f"{COUNTED}\nall = TrueDivide(count, {{group_size}})\ngroups = Ceil(all)"),
        _group_size,
    ),
    Form("MinibatchStdDev", ("x",), STDDEV.replace("{groups}", f"{COUNTED}\ngroups = OnesLike(count)"), _group_size),
)  # fmt: skip


def composed(kind: str, config: Mapping[str, Any]) -> ComposedLayer | None:
    """The layer that a layer of a model is a model of, by its class and description; None where it is no such model.

    How its weights start is as Keras describes it.
    """
    steps = _steps(config) if kind == "Functional" else None
    if steps is None:
        return None
    text = "\n".join(line for _, line in steps)
    for form in FORMS:
        match = _pattern(form).fullmatch(text)
        found = None if match is None else form.parameters(_numbers(match))
        if found is not None:
            names = dict(zip(form.names, (name for name, _ in steps), strict=True))
            starts = _starts(config, form, names)
            return ComposedLayer({"type": form.type, **found, **starts}, _places(config, form, names))
    return None


def _steps(config: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """The layers behind a model's one result, each with its line, in the order in which it is computed.

    What the model takes is ``@a``, ``@b``, …, results are ``@0``, ``@1``, …. None where a layer is used twice.
    """
    if len(config["layers"]) > MOST_LAYERS:
        return None
    if not (isinstance(config["input_layers"], list) and isinstance(config["output_layers"], list)):
        return None  # they have names of their own, which no layer's have
    described = {layer["config"]["name"]: layer for layer in config["layers"]}
    inputs, outputs = _ends(config["input_layers"]), _ends(config["output_layers"])
    references = {name: f"@{chr(ord('a') + place)}" for place, name in enumerate(inputs)}
    found: list[tuple[str, str]] = []

    def visit(name: str) -> bool:
        if name in references:
            return True
        layer = described[name]
        if len(layer["inbound_nodes"]) != 1:
            return False
        (call,) = layer["inbound_nodes"]
        if not all(visit(source) for source in _sources([call["args"], *call["kwargs"].values()])):
            return False
        words = [_text(value, references) for value in call["args"]]
        words += [f"{key}={_text(value, references)}" for key, value in sorted(_settings(layer, call).items())]
        references[name] = f"@{len(found)}"
        found.append((name, f"{references[name]} = {layer['class_name']}({', '.join(words)})"))
        return True

    return found if len(outputs) == 1 and visit(outputs[0]) else None


def _ends(given: list[Any]) -> list[str]:
    """The layers that a list of ends names; of a single one the list is its own."""
    return [given[0]] if isinstance(given[0], str) else [end[0] for end in given]


def _settings(layer: Mapping[str, Any], call: Mapping[str, Any]) -> dict[str, Any]:
    """What an operation or a layer was made and called with, but for what does not change its result."""
    is_operation = str(layer.get("module", "")).startswith("keras.src.ops")
    made = {
        key: value
        for key, value in layer["config"].items()
        if (key != "name" if is_operation else not _is_nothing(key, value))
    }
    return {key: value for key, value in {**made, **call["kwargs"]}.items() if value is not None and key != "mask"}


def _is_nothing(key: str, value: Any) -> bool:
    return key in WITHOUT_MEANING or key.endswith("_initializer") or value is False or value == "channels_last"


def _sources(value: Any) -> list[str]:
    """The layers whose results an argument holds."""
    if isinstance(value, Mapping):
        return [value["config"]["keras_history"][0]] if value.get("class_name") == "__keras_tensor__" else []
    return [source for item in value for source in _sources(item)] if isinstance(value, list) else []


def _text(value: Any, references: Mapping[str, str]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_text(item, references) for item in value)}]"
    kind = value.get("class_name") if isinstance(value, Mapping) else None
    if kind == "__keras_tensor__":
        return references[value["config"]["keras_history"][0]]
    if kind == "__slice__":
        start, stop = ("" if value["config"][end] is None else value["config"][end] for end in ("start", "stop"))
        return f"{start}:{stop}"
    return "..." if kind == "__ellipsis__" else json.dumps(value)


@cache
def _pattern(form: Form) -> re.Pattern[str]:
    """A regular expression for the lines of a form."""
    references = {name: f"@{chr(ord('a') + place)}" for place, name in enumerate(form.inputs)}
    lines: list[str] = []
    for line in form.steps.strip().splitlines():
        name, _, call = line.strip().partition(" = ")
        kind, _, arguments = call.partition("(")
        named = re.sub(r"(?<![\w\"{])([a-z]\w*)(?![\w\"}=])", lambda word: references.get(word[0], word[0]), arguments)
        references[name] = f"@{len(lines)}"
        lines.append(f"{references[name]} = {kind}({named}")
    text = re.escape("\n".join(lines)).replace(r"\{ones\}", "(?:1, )*")
    seen: set[str] = set()

    def hole(found: re.Match[str]) -> str:
        name = found[1]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return rf"(?P<{name}>[-+.\w]+)"

    return re.compile(re.sub(r"\\\{(\w+)\\\}", hole, text))


def _numbers(match: re.Match[str]) -> dict[str, Any]:
    return {name: json.loads(text) for name, text in match.groupdict().items()}


def _starts(config: Mapping[str, Any], form: Form, names: Mapping[str, str]) -> dict[str, Any]:
    """The initializers of the layers that a form names for them."""
    described = {layer["config"]["name"]: layer["config"] for layer in config["layers"]}
    return {parameter: described[names[step]][parameter] for parameter, step in form.initializers}


def _places(config: Mapping[str, Any], form: Form, names: Mapping[str, str]) -> list[str]:
    """Where the variables lie: layers are counted by their kind in the order in which the model lists them."""
    paths, counted = {}, Paths("")
    for layer in config["layers"]:
        if not str(layer.get("module", "")).startswith("keras.src.ops"):
            paths[layer["config"]["name"]] = counted.of(layer["class_name"])
    return [f"{paths[names[step]]}/vars/{number}" for step, number in form.weights]
