"""`.keras` files: a zip with the network's description as JSON."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from drivers.imports.drawing import Drawing, UndrawableError, Value
from drivers.imports.keras_composed import composed
from drivers.imports.keras_layers import ACTIVATIONS, WITHOUT_MEANING, operate, place
from drivers.imports.keras_weights import Paths, StoredWeights
from drivers.imports.reading import MAX_DESCRIPTION_BYTES, Network, UnreadableError, not_finite, source_of, unreadable
from drivers.zips import BROKEN_IN_MEMORY
from spec import catalogue
from spec.parameters import nearest

DESCRIPTION = "config.json"
# Values with which Keras says that nothing is asked for.
NOTHING: tuple[Any, ...] = (None, False, "channels_last", [], "auto")
NOT_AS_WRITTEN = (
    ArithmeticError, AttributeError, LookupError, RecursionError, StopIteration, TypeError, ValueError,
)  # fmt: skip
"""What a description that Keras did not write makes of its reader."""
MODELS = ("Functional", "Sequential")


def read_keras(file: Path | IO[bytes], *, with_weights: bool = False) -> Network:
    """The network of a Functional or Sequential model; see `drivers.imports.read_network`."""
    described = _description(file)
    return _Reading(StoredWeights(file) if with_weights else None).network(described)


def _description(source: Path | IO[bytes]) -> Mapping[str, Any]:
    try:
        with zipfile.ZipFile(source) as archive, archive.open(DESCRIPTION) as file:
            text = file.read(MAX_DESCRIPTION_BYTES + 1)
    except (KeyError, *BROKEN_IN_MEMORY) as error:  # KeyError: a zip without that entry
        raise unreadable("not_keras", f"This is no .keras file: {error}.") from error
    if len(text) > MAX_DESCRIPTION_BYTES:
        message = f"The file's {DESCRIPTION} is larger than {MAX_DESCRIPTION_BYTES:,} bytes once it is unpacked."
        raise unreadable("too_large", message)
    try:
        described = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise unreadable("not_keras", f"The file's {DESCRIPTION} is not JSON: {error}.") from error
    if not isinstance(described, dict) or described.get("class_name") not in MODELS:
        found = described.get("class_name") if isinstance(described, dict) else None
        message = f"The file holds a model of the class {found!r}; read are {' and '.join(MODELS)}."
        raise unreadable("not_drawable", message, "/class_name")
    return described


@dataclass(frozen=True)
class Scope:
    """Where a layer stands.

    Attributes:
        prefix: what goes before its name: the models around it.
        pointer: where it, or the list that it is in, is described.
        paths: counts the layers of a model by their kind, as the file of weights does.
        path: of the layer itself among the weights.
    """

    prefix: str
    pointer: str
    paths: Paths
    path: str = ""


class _Reading:
    """One file being read; what is wrong is collected."""

    def __init__(self, weights: StoredWeights | None) -> None:
        self.stored = weights
        self.drawing = Drawing(has_weights=weights is not None)
        self.problems: list[dict[str, str]] = []

    def network(self, described: Mapping[str, Any]) -> Network:
        """The whole model.

        Raises:
            UnreadableError: with everything that cannot be drawn.
        """
        try:
            outputs = self._model(described, None, Scope("", "/config/layers", Paths("")))
        except NOT_AS_WRITTEN as error:
            raise unreadable("not_keras", f"The file's {DESCRIPTION} is not what Keras 3 writes: {error!r}.") from error
        weights = {
            f"{layer}/{name}": value for layer, held in self.drawing.weights.items() for name, value in held.items()
        }
        problems = self.problems or not_finite(weights)
        if problems:
            raise UnreadableError(problems)
        layers = list(self.drawing.layers.values())
        ends = [self.drawing.arranged("output", value, value.features) for value in outputs if value is not None]
        layers = list(self.drawing.layers.values()) if ends else layers
        for layer in layers:
            if layer["type"] == "Input":
                reading = [_takes_label(other, place) for other in layers for place in _places(layer["id"], other)]
                is_label = bool(reading) and all(reading)
                layer["source"] = source_of(layer["shape"], is_label=is_label)
        return Network(layers, weights)

    def _model(
        self, described: Mapping[str, Any], given: list[Value | None] | None, scope: Scope
    ) -> list[Value | None]:
        """What a model puts out; what it takes, where it is inside another one.

        A value is None where its layer cannot be drawn, which has been told.
        """
        config = described["config"]
        in_a_row = described["class_name"] == "Sequential"
        made: dict[str, Value | None] = {}
        entered = iter(given or ())
        last = next(entered) if given and in_a_row else None
        for number, layer in enumerate(config["layers"]):
            name, pointer = layer["config"]["name"], f"{scope.pointer}/{number}"
            path = "" if _is_operation(layer) else scope.paths.of(layer["class_name"])
            call: Mapping[str, Any] = {}
            if layer["class_name"] == "InputLayer":
                if given is None:
                    last = self._input(layer["config"], pointer)
                elif not in_a_row:
                    last = next(entered)
            else:
                inputs = [last] if in_a_row else []
                if not in_a_row:
                    call = self._only_call(layer, pointer)
                    inputs = [made[source] for source in _tensors(call)]
                try:
                    last = self._drawn(layer, inputs, call, Scope(scope.prefix, pointer, scope.paths, path))
                except UndrawableError as error:
                    self._problem(pointer, "not_drawable", f"{layer['class_name']} '{scope.prefix}{name}': {error}.")
                    last = None
            made[name] = last
        if in_a_row:
            return [last]
        ends = config.get("output_layers") or [list(made)[-1]]
        return [made[end] for end in ([ends[0]] if isinstance(ends[0], str) else [end[0] for end in ends])]

    def _only_call(self, layer: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
        """How a layer is called, which is told where that is more than once."""
        calls = layer["inbound_nodes"]
        if len(calls) > 1:
            name = layer["config"]["name"]
            message = f"'{name}' is used {len(calls)} times; a drawing has a layer of its own for each use."
            self._problem(pointer, "shared_layer", message)
        return calls[0] if calls else {}

    def _input(self, config: Mapping[str, Any], pointer: str) -> Value | None:
        shape = (config.get("batch_shape") or config["batch_input_shape"])[1:]
        name = config["name"]
        if not all(isinstance(size, int) and size > 0 for size in shape):
            self._problem(pointer, "open_shape", f"Input '{name}' has the open shape {shape}; give every size.")
            return None
        return self.drawing.value(self.drawing.add(name, "Input", [], source="noise", shape=shape))

    def _drawn(
        self, layer: Mapping[str, Any], inputs: list[Value | None], call: Mapping[str, Any], scope: Scope
    ) -> Value | None:
        """What a layer, an operation or a model inside a model gives."""
        kind, config = layer["class_name"], layer["config"]
        name = f"{scope.prefix}{config['name']}"
        if kind in MODELS and composed(kind, config) is None:
            inner = Scope(f"{name}/", f"{scope.pointer}/config/layers", Paths(f"{scope.path}/"))
            return self._model(layer, inputs, inner)[0]
        if _is_operation(layer):
            values = [value for value in inputs if value is not None]
            return None if len(values) < len(inputs) else operate(self.drawing, name, kind, config, call, values)
        found = self._typed(kind, config, name, scope.pointer)
        values = [value for value in inputs if value is not None]
        if found is None or len(values) < len(inputs) or self.problems:
            return None
        result = place(self.drawing, name, found, config, values, self._reader(found, scope.path))
        if config.get("trainable") is False:
            self.drawing.layers[result.layer]["trainable"] = False
        return result

    def _reader(self, layer: Mapping[str, Any], path: str) -> Any:
        """What reads a layer's weights, once it is known which they are."""
        stored = self.stored
        return None if stored is None else lambda wanted: stored.read(layer, path, wanted)

    def _typed(self, kind: str, config: Mapping[str, Any], name: str, pointer: str) -> dict[str, Any] | None:
        """A layer's type and parameters."""
        if (layer := composed(kind, config)) is not None:
            layer.update({key: self._value(key, value, name, pointer) for key, value in layer.items() if key != "type"})
            return layer
        if kind == "Activation":
            activation = config["activation"]
            if activation not in ACTIVATIONS:
                self._problem(pointer, "not_drawable", f"Activation '{name}': there is no activation {activation!r}.")
                return None
            type_, parameters = ACTIVATIONS[activation]
            return {"type": type_, **parameters}
        known = catalogue.load()["layers"]
        if kind not in known or kind == "Input":
            hint = nearest(kind, known)
            message = f"There is no layer {kind} ('{name}') in a drawing{f'; {hint}' if hint else ''}."
            self._problem(pointer, "unknown_layer", message)
            return None
        schema = known[kind]["parameters"]["properties"]
        found: dict[str, Any] = {"type": kind}
        for key, value in config.items():
            if isinstance(value, float) and not math.isfinite(value):
                self._problem(f"{pointer}/config/{key}", "not_finite", f"{kind} '{name}': {key} is {value}.")
            elif key in schema:
                found[key] = self._value(key, value, name, pointer)
            elif not self._is_nothing(kind, key, value, config):
                message = f"{kind} '{name}' has {key}, which a drawing does not: {json.dumps(value)[:80]}."
                self._problem(f"{pointer}/config/{key}", "unknown_parameter", message)
        return found

    def _value(self, key: str, value: Any, name: str, pointer: str) -> Any:
        if key == "layer":
            return self._typed(value["class_name"], value["config"], f"{name}/{value['config']['name']}", pointer)
        if key.endswith("_initializer") and isinstance(value, Mapping):
            choice = _snake(value["class_name"].removesuffix("Initializer"))
            if choice not in catalogue.load()["initializers"]:
                self._problem(pointer, "unknown_initializer", f"'{name}': there is no initializer {choice}.")
            schema = catalogue.load()["initializers"].get(choice, {"parameters": {"properties": {}}})["parameters"]
            return {"choice": choice, **{k: v for k, v in value["config"].items() if k in schema["properties"]}}
        return value

    @staticmethod
    def _is_nothing(kind: str, key: str, value: Any, config: Mapping[str, Any]) -> bool:
        if key in WITHOUT_MEANING or value in NOTHING:
            return True
        if key == "axis" and kind in ("BatchNormalization", "GroupNormalization"):
            return True  # which `place` looks at, as at the format of the data
        if kind == "MultiHeadAttention" and key == "attention_axes":
            return True  # which `place` looks at, too
        if key == "data_format":
            return value in ("channels_first", "channels_last")
        if kind == "BatchNormalization" and key.startswith("moving_"):
            return value["class_name"] == {"moving_mean_initializer": "Zeros"}.get(key, "Ones")
        if key in ("beta_initializer", "gamma_initializer"):
            return value["class_name"] == ("Zeros" if key.startswith("beta") else "Ones")
        if kind == "Bidirectional" and key == "backward_layer":
            return value["class_name"] == config["layer"]["class_name"]
        # A depthwise convolution inherits these from others and has no use for them.
        return kind in ("DepthwiseConv2D", "SeparableConv2D") and key in ("filters", "groups", "kernel_initializer")

    def _problem(self, pointer: str, code: str, message: str) -> None:
        self.problems.append({"pointer": pointer, "code": code, "message": message})


def _is_operation(layer: Mapping[str, Any]) -> bool:
    """Whether it is a function of `keras.ops` in a functional model, and no layer."""
    return str(layer.get("module", "")).startswith("keras.src.ops")


def _places(identifier: str, layer: Mapping[str, Any]) -> list[int]:
    """Which of a layer's inputs another layer is."""
    return [place for place, source in enumerate(layer["inputs"]) if source == identifier]


def _takes_label(layer: Mapping[str, Any], place: int) -> bool:
    """Whether an input of a layer is the number of a class."""
    names = catalogue.load()["layers"][layer["type"]]["inputs"].get("names", [])
    return place < len(names) and names[place] == "label"


def _tensors(value: Any) -> Iterator[str]:
    """The layers whose results a call takes, in order."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            yield value["config"]["keras_history"][0]
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _tensors(item)


def _snake(name: str) -> str:
    """GlorotUniform -> glorot_uniform."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
