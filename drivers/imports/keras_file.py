"""`.keras` files: a zip with the network's description as JSON."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from drivers.imports.reading import MAX_DESCRIPTION_BYTES, Names, Network, UnreadableError, source_of, unreadable
from drivers.zips import BROKEN_IN_MEMORY
from spec import catalogue
from spec.parameters import nearest

DESCRIPTION = "config.json"
# What a layer's description holds besides parameters, or says in a way that a spec has no other of.
# fmt: off
WITHOUT_MEANING = {
    "name", "dtype", "trainable", "seed", "recurrent_seed", "synchronized", "supports_masking", "mask_zero",
    "zero_output_for_mask", "implementation", "renorm_momentum",
}
# fmt: on
# Values with which Keras says that nothing is asked for.
NOTHING: tuple[Any, ...] = (None, False, "channels_last", [], "auto")
ACTIVATIONS = {
    "elu": ("ELU", {}),
    "gelu": ("GELU", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": 0.2}),
    "relu": ("ReLU", {}),
    "selu": ("SELU", {}),
    "sigmoid": ("Sigmoid", {}),
    "silu": ("SiLU", {}),
    "softmax": ("Softmax", {}),
    "softplus": ("Softplus", {}),
    "tanh": ("Tanh", {}),
}
MODELS = ("Functional", "Sequential")


def read_keras(file: Path | IO[bytes], *, with_weights: bool = False) -> Network:
    """The network of a Functional or Sequential model; see `drivers.imports.read_network`."""
    return Network(_Reading().layers(_description(file)))


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


class _Reading:
    """One file being read; what is wrong is collected."""

    def __init__(self) -> None:
        self.names = Names()
        self.problems: list[dict[str, str]] = []

    def layers(self, described: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            given = described["config"]["layers"]
            found = [self._layer(layer, place) for place, layer in enumerate(given)]
            wired = self._wired(given, described["class_name"] == "Sequential")
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise unreadable("not_keras", f"The file's {DESCRIPTION} is not what Keras 3 writes: {error!r}.") from error
        if self.problems:
            raise UnreadableError(self.problems)
        layers = [{**layer, "inputs": wired[layer["id"]]} for layer in found if layer is not None]
        for layer in layers:
            if layer["type"] == "Input":
                readers = [other for other in layers if layer["id"] in other["inputs"]]
                is_label = bool(readers) and all(other["type"] == "Embedding" for other in readers)
                layer["source"] = source_of(layer["shape"], is_label=is_label)
        return layers

    def _layer(self, layer: Mapping[str, Any], place: int) -> dict[str, Any] | None:
        kind, config = layer["class_name"], layer["config"]
        identifier, pointer = self.names[config["name"]], f"/config/layers/{place}"
        if kind == "InputLayer":
            shape = (config.get("batch_shape") or config.get("batch_input_shape"))[1:]
            if not all(isinstance(size, int) and size > 0 for size in shape):
                self._problem(
                    pointer, "open_shape", f"Input '{identifier}' has the open shape {shape}; give every size."
                )
                return None
            return {"id": identifier, "type": "Input", "source": "noise", "shape": shape}
        found = self._typed(kind, config, identifier, pointer)
        if found is not None and config.get("trainable") is False:
            found["trainable"] = False
        return None if found is None else {"id": identifier, **found}

    def _typed(self, kind: str, config: Mapping[str, Any], name: str, pointer: str) -> dict[str, Any] | None:
        """A layer's type and parameters."""
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
            if key in schema:
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
        if kind in ("BatchNormalization", "GroupNormalization") and key == "axis":
            return value in (-1, [-1])
        if kind == "BatchNormalization" and key.startswith("moving_"):
            return value["class_name"] == {"moving_mean_initializer": "Zeros"}.get(key, "Ones")
        if key in ("beta_initializer", "gamma_initializer"):
            return value["class_name"] == ("Zeros" if key.startswith("beta") else "Ones")
        if kind == "Bidirectional" and key == "backward_layer":
            return value["class_name"] == config["layer"]["class_name"]
        # A depthwise convolution inherits these from others and has no use for them.
        return kind in ("DepthwiseConv2D", "SeparableConv2D") and key in ("filters", "groups", "kernel_initializer")

    def _wired(self, given: list[Mapping[str, Any]], in_a_row: bool) -> dict[str, list[str]]:
        """The inputs of each layer."""
        identifiers = [self.names[layer["config"]["name"]] for layer in given]
        if in_a_row:
            return {
                own: [before] if before else [] for before, own in zip([None, *identifiers], identifiers, strict=False)
            }
        wired: dict[str, list[str]] = {}
        for place, (layer, identifier) in enumerate(zip(given, identifiers, strict=True)):
            calls = layer["inbound_nodes"]
            if len(calls) > 1:
                message = f"'{identifier}' is used {len(calls)} times; a drawing has a layer of its own for each use."
                self._problem(f"/config/layers/{place}", "shared_layer", message)
            wired[identifier] = [self.names[name] for call in calls[:1] for name in _tensors(call)]
        return wired

    def _problem(self, pointer: str, code: str, message: str) -> None:
        self.problems.append({"pointer": pointer, "code": code, "message": message})


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
