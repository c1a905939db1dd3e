"""Random drawn networks for property-based tests: any layer of the catalogue, wired at random, and always valid.

A drawing grows from its Inputs. Each new layer is drawn from the catalogue's own schema, and kept if its shape rule
accepts it on the layers it is wired to, which are first brought to the number of axes it needs. In the end all loose
ends are joined and led to what the network has to put out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from math import prod
from typing import Any

from hypothesis import strategies as st

from spec import catalogue
from spec.frame import Frame
from spec.parameters import fill
from spec.problems import Report
from spec.shapes import ShapeError, measure

LAYERS = catalogue.load()["layers"]
INITIALIZERS = sorted(catalogue.load()["initializers"])
KINDS = sorted(set(LAYERS) - {"Input"})
CLASSES, NOISE = 10, 6
DATA: list[tuple[dict[str, Any], Frame]] = [
    ({"choice": "digits", "image_size": 8}, Frame("image", (8, 8, 1), CLASSES)),
    ({"choice": "sine", "length": 12, "channels": 2, "classes": 4}, Frame("sequence", (12, 2), 4)),
]
# Numbers in one layer's output, beyond which it is brought down first: random graphs should be many, not large.
MOST_NUMBERS = 256
# Tries to draw parameters that fit before a layer is left out.
TRIES = 4

# Axes that a layer's inputs must have; other layers take any.
AXES: dict[str, int] = {
    **dict.fromkeys(("MinibatchDiscrimination", "RepeatVector"), 1),
    **dict.fromkeys(("Bidirectional", "GRU", "LSTM", "MultiHeadAttention", "SimpleRNN"), 2),
    **dict.fromkeys(("SelfAttention2D", "DepthwiseConv2D", "SeparableConv2D"), 3),
    **dict.fromkeys(("Conv3D", "Conv3DTranspose", "ConvLSTM2D"), 4),
}


def axes_of(kind: str) -> int | None:
    """How many axes the input of a layer needs; None where any number will do."""
    if kind in AXES:
        return AXES[kind]
    for ending, axes in (("1D", 2), ("1DTranspose", 2), ("2D", 3), ("2DTranspose", 3)):
        if kind.endswith(ending):
            return axes
    return None


class Drawing:
    """A network while it is drawn."""

    def __init__(self, draw: Callable[[Any], Any], role: str, frame: Frame) -> None:
        self.draw, self.role, self.frame = draw, role, frame
        self.layers: list[dict[str, Any]] = []
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.labels: set[str] = set()

    def add(self, layer: dict[str, Any], *inputs: str) -> str | None:
        """Adds a layer if it fits; its id, or None."""
        report = Report()
        schema = LAYERS[layer["type"]]["parameters"]
        filled = fill(schema, layer, report=report, pointer="", subject="", other_keys=("type",))
        assert report.problems == [], (layer, report.problems)
        try:
            built = measure({"type": layer["type"], **filled}, [self.shapes[source] for source in inputs])
        except ShapeError:
            return None
        identifier = f"l{len(self.layers)}"
        self.layers.append({"id": identifier, "inputs": list(inputs), **layer})
        self.shapes[identifier] = built.output_shape
        if LAYERS[layer["type"]].get("rearranges") and inputs[0] in self.labels:
            self.labels.add(identifier)
        return identifier

    def source(self, source: str, shape: tuple[int, ...]) -> str:
        identifier = f"l{len(self.layers)}"
        self.layers.append({"id": identifier, "type": "Input", "source": source, "shape": list(shape), "inputs": []})
        self.shapes[identifier] = shape
        if source == "label":
            self.labels.add(identifier)
        return identifier

    def any_layer(self) -> str:
        """A layer to wire from, preferably a late one."""
        return self.draw(st.sampled_from(list(self.shapes)[-4:]))

    def with_axes(self, identifier: str, axes: int | None) -> str:
        """The layer, brought to at most `MOST_NUMBERS` numbers and the given number of axes."""
        shape = self.shapes[identifier]
        if prod(shape) > MOST_NUMBERS:
            identifier = self.must({"type": "Dense", "units": 24}, self.flat(identifier))
            shape = self.shapes[identifier]
        if axes is None or len(shape) == axes:
            return identifier
        if axes == 1:
            return self.flat(identifier)
        target, left = [], prod(shape)
        for _ in range(axes - 1):
            size = self.draw(st.sampled_from([n for n in range(1, 7) if left % n == 0]))
            target.append(size)
            left //= size
        return self.must({"type": "Reshape", "target_shape": [*target, left]}, identifier)

    def flat(self, identifier: str) -> str:
        """The layer as a list of numbers."""
        return identifier if len(self.shapes[identifier]) == 1 else self.must({"type": "Flatten"}, identifier)

    def must(self, layer: dict[str, Any], *inputs: str) -> str:
        added = self.add(layer, *inputs)
        assert added is not None, (layer, [self.shapes[source] for source in inputs])
        return added

    def grow(self, kind: str) -> str | None:
        """Adds a random layer of this kind, wired to layers that suit it; None when nothing was found that fits."""
        inputs = self.inputs_for(kind)
        if inputs is None:
            return None
        shape = self.shapes[inputs[0]]
        for _ in range(TRIES):
            added = self.add({"type": kind, **self.parameters(kind, shape)}, *inputs)
            if added:
                return added
        return None

    def inputs_for(self, kind: str) -> list[str] | None:
        entry = LAYERS[kind]["inputs"]
        if kind == "Embedding":
            return [self.draw(st.sampled_from(sorted(self.labels)))] if self.labels else None
        first = self.with_axes(self.any_layer(), axes_of(kind))
        if kind == "ConditionalBatchNormalization":
            label = next((name for name in sorted(self.labels) if self.shapes[name] == ()), None)
            return None if label is None else [self.with_axes(first, self.draw(st.integers(1, 3))), label]
        if kind == "AdaIN":
            return [self.with_axes(first, self.draw(st.integers(2, 3))), self.flat(self.with_axes(self.any_layer(), 1))]
        if kind == "InstanceNormalization":
            return [self.with_axes(first, self.draw(st.integers(2, 3)))]
        if entry["max"] == 1:
            return [first]
        low, high = max(entry["min"], 1), entry["max"] or 3
        # Most layers join only what has the same shape; the layer itself always has.
        alike = [name for name, shape in self.shapes.items() if shape == self.shapes[first]]
        count = self.draw(st.integers(low, high))
        return [first, *(self.draw(st.sampled_from(alike)) for _ in range(count - 1))]

    def parameters(self, kind: str, shape: tuple[int, ...]) -> dict[str, Any]:
        """Parameters within the catalogue's bounds, small ones; each that is not required is left out now and then."""
        schema = LAYERS[kind]["parameters"]
        drawn = {}
        for name, item in schema["properties"].items():
            if name in schema["required"] or self.draw(st.booleans()):
                drawn[name] = self.value(kind, name, item, shape)
        return drawn

    def value(self, kind: str, name: str, schema: Any, shape: tuple[int, ...]) -> Any:
        draw = self.draw
        form = schema.get("format", "").partition(":")[0]
        if form == "module":
            return draw(st.sampled_from(INITIALIZERS))
        if form == "layer":
            return self.inner(kind, schema, shape)
        if form.startswith("size"):
            low, rank = max(schema["minimum"], 0), int(form[-2])
            size = st.integers(low, 3)
            return draw(size | st.lists(size, min_size=rank, max_size=rank))
        if form.startswith("edges"):
            return draw(st.integers(0, 2))
        if form == "axes":
            axes = list(range(1, len(shape) + 1)) + ([-1] if schema["minimum"] < 0 else [])
            count = 2 if kind == "Dot" else 3
            return draw(st.lists(st.sampled_from(axes), min_size=1, max_size=count)) if axes else schema["default"]
        if name == "target_shape":
            return draw(st.sampled_from([[prod(shape)], [-1, 1], [1, -1], [prod(shape), 1, 1]]))
        if name == "dims":
            return draw(st.permutations(range(1, len(shape) + 1))) if shape else [1]
        if name == "axis":
            return draw(st.sampled_from([-1, *range(1, len(shape) + 1)]))
        if name in ("input_dim", "num_classes"):
            return draw(st.integers(CLASSES, CLASSES + 2))
        if name == "groups":
            return draw(st.sampled_from([1, 2]))
        if name == "recurrent_activation":  # unbounded gates multiply to infinity within a few steps
            return draw(st.sampled_from(["sigmoid", "softmax", "tanh"]))
        if "enum" in schema:
            return draw(st.sampled_from(schema["enum"]))
        kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if kinds[0] == "boolean":
            return draw(st.booleans())
        if kinds[0] == "integer":
            return draw(st.integers(max(schema["minimum"], 1), max(schema["minimum"], 4)))
        assert kinds[0] == "number", (kind, name)
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        return draw(st.sampled_from([schema["default"] or 0.0, low + 1e-3, 0.5]))

    def inner(self, kind: str, schema: Any, shape: tuple[int, ...]) -> dict[str, Any]:
        """The layer inside a wrapper, of a type that suits the axes of what it will see."""
        seen = shape[1:] if kind == "TimeDistributed" else shape
        types = schema.get("types") or [name for name in KINDS if LAYERS[name]["inputs"]["min"] == 1]
        fitting = [name for name in types if axes_of(name) in (None, len(seen)) and name != "Embedding"]
        inner = self.draw(st.sampled_from(fitting or list(types)))
        parameters = self.parameters(inner, seen)
        if kind == "Bidirectional":
            parameters["go_backwards"] = False
        return {"type": inner, **parameters}

    def finish(self) -> list[dict[str, Any]]:
        """Joins all loose ends and leads them to what the network has to put out."""
        fed = {source for layer in self.layers for source in layer["inputs"]}
        ends = [self.flat(self.with_axes(name, 1)) for name in list(self.shapes) if name not in fed]
        joined = ends[0] if len(ends) == 1 else self.must({"type": "Concatenate"}, *ends)
        if self.role == "discriminator":
            self.must({"type": "Dense", "units": 1}, joined)
        else:
            dense = self.must({"type": "Dense", "units": prod(self.frame.size), "activation": "tanh"}, joined)
            self.must({"type": "Reshape", "target_shape": self.frame.shape}, dense)
        return self.layers


@st.composite
def networks(draw: Callable[[Any], Any], role: str, frame: Frame, kind: str | None = None) -> list[dict[str, Any]]:
    """The layers of a drawn generator or discriminator; with `kind`, at least one layer of it."""
    drawing = Drawing(draw, role, frame)
    if role == "generator":
        drawing.source("noise", (NOISE,))
    else:
        drawing.source(frame.source, frame.size)
    takes_label = kind in ("Embedding", "ConditionalBatchNormalization") or draw(st.booleans())
    if takes_label:
        drawing.source("label", ())
    for _ in range(draw(st.integers(0, 3))):
        drawing.grow(draw(st.sampled_from(KINDS)))
    if kind is not None and not any(drawing.grow(kind) for _ in range(TRIES)):
        drawing.must({"type": kind, **suggested(kind)}, *smallest_inputs(drawing, kind))
    for _ in range(draw(st.integers(0, 3))):
        drawing.grow(draw(st.sampled_from(KINDS)))
    return drawing.finish()


def suggested(kind: str) -> dict[str, Any]:
    """The values that the catalogue suggests for required parameters, where any input will do."""
    parameters = {
        "GroupNormalization": {"groups": 1},
        "Permute": {"dims": [1, 2]},
        "Reshape": {"target_shape": [-1]},
        "SpectralNormalization": {"layer": {"type": "Dense", "units": 2}},
        "UpSampling1D": {"size": 1},
    }
    required = LAYERS[kind]["parameters"]["required"]
    defaults = {name: LAYERS[kind]["parameters"]["properties"][name]["default"] for name in required}
    sizes = {"kernel_size": 1} if "kernel_size" in defaults else {}
    pools = {"pool_size": 1} if "Pooling" in kind and "Global" not in kind else {}
    crops = {"cropping": 0} if "Cropping" in kind else {}
    return json.loads(json.dumps({**defaults, **sizes, **pools, **crops, **parameters.get(kind, {})}))


def smallest_inputs(drawing: Drawing, kind: str) -> list[str]:
    """Inputs that the suggested parameters of a layer accept."""
    inputs = drawing.inputs_for(kind)
    assert inputs is not None
    if kind in ("InstanceNormalization", "Permute", "TimeDistributed"):
        return [drawing.with_axes(inputs[0], 2)]
    if LAYERS[kind]["inputs"]["max"] == 1 and axes_of(kind) is None and kind != "Embedding":
        return [drawing.with_axes(inputs[0], 1)]
    if LAYERS[kind]["inputs"]["min"] == 2 and kind not in ("AdaIN", "ConditionalBatchNormalization"):
        flat = drawing.flat(inputs[0])
        return [flat, flat]
    return inputs


@st.composite
def documents(draw: Callable[[Any], Any], kind: str | None = None) -> dict[str, Any]:
    """A spec of two drawn networks, of images or of sequences; with `kind`, both hold at least one layer of it."""
    data, frame = draw(st.sampled_from(DATA))
    return {
        "data": dict(data),
        "generator": {"choice": "custom", "layers": draw(networks("generator", frame, kind))},
        "discriminator": {"choice": "custom", "layers": draw(networks("discriminator", frame, kind))},
    }
