"""Every entry of the catalogue is complete: words for a beginner, bounds, defaults, and everything it refers to."""

import json

import jsonschema
import pytest

import spec
from spec import catalogue
from spec.families import DISCRIMINATORS, GENERATORS
from spec.frame import SOURCES, Frame
from spec.graph import LAYER_KEYS
from spec.modules import MODULE_KEYS
from spec.parameters import FORMATS, fill
from spec.problems import Report
from spec.shapes import RULES

CATALOGUE = catalogue.load()
ENTRIES = [(kind, name) for kind, entries in CATALOGUE.items() for name in entries]
CATEGORIES = {"convolutional", "core", "activation", "normalization", "recurrent"}

PARAMETER = {
    "type": "object",
    "required": ["title", "description"],
    "properties": {
        "title": {"type": "string", "minLength": 1, "maxLength": 40},
        "description": {"type": "string", "minLength": 10, "pattern": r"\.$"},
        "unit": {"type": "string", "minLength": 1},
    },
}
ENTRY = {
    "type": "object",
    "required": ["name", "title", "category", "summary", "help", "parameters"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "title": {"type": "string", "minLength": 2, "maxLength": 40},
        "category": {"type": "string"},
        "summary": {"type": "string", "minLength": 20, "maxLength": 140, "pattern": r"^\S[^\n]*\.$"},
        "help": {"type": "string", "minLength": 30},
        "reference": {
            "type": "object",
            "required": ["title", "url"],
            "additionalProperties": False,
            "properties": {"title": {"type": "string"}, "url": {"type": "string", "pattern": "^https?://"}},
        },
        "parameters": {
            "type": "object",
            "required": ["type", "additionalProperties", "required", "properties"],
            "properties": {
                "type": {"const": "object"},
                "additionalProperties": {"const": False},
                "properties": {"additionalProperties": PARAMETER},
            },
        },
        "inputs": {},
        "shape_rule": {},
        "rearranges": {"const": True},
        "label_rows": {"type": "string"},
        "defaults": {},
        "conditional": {"type": "boolean"},
        "roles": {},
        "source": {},
        "data": {"type": "array", "items": {"enum": list(SOURCES)}, "minItems": 1},
        "sample": {
            "type": "object",
            "required": ["source", "shape"],
            "additionalProperties": False,
            "properties": {
                "source": {"enum": list(SOURCES)},
                "shape": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            },
        },
        "lipschitz": {"type": "boolean"},
        "needs_lipschitz": {"type": "boolean"},
        "per_image": {"type": "boolean"},
        "direction": {"enum": ["lower", "higher", "toward"]},
        "best": {"type": "number"},
        "range": {"type": "array", "items": {"type": ["number", "null"]}, "minItems": 2, "maxItems": 2},
        "needs": {"type": "array", "items": {"enum": ["classes", "conditional", "images", "noise"]}},
        "floor": {"type": "boolean"},
        "minimum_image_size": {"type": "integer"},
    },
}


def plain(kind, name):
    return json.loads(json.dumps(CATALOGUE[kind][name]))


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_entries_are_complete(kind, name):
    entry = plain(kind, name)
    jsonschema.validate(entry, ENTRY)
    jsonschema.Draft202012Validator.check_schema(entry["parameters"])
    assert set(entry["parameters"]["required"]) <= set(entry["parameters"]["properties"])
    for parameter, schema in entry["parameters"]["properties"].items():
        assert "default" in schema or parameter in entry["parameters"]["required"], parameter
        assert parameter not in (*LAYER_KEYS, *MODULE_KEYS), f"{parameter} is a key of the spec"
        if "format" in schema:
            assert schema["format"].partition(":")[0] in FORMATS
            continue
        types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if types[0] in ("integer", "number") and "enum" not in schema:
            assert {"minimum", "exclusiveMinimum"} & set(schema), f"{parameter} has no lower bound"
            assert {"maximum", "exclusiveMaximum"} & set(schema), f"{parameter} has no upper bound"


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_defaults_are_accepted_as_they_are(kind, name):
    schema = CATALOGUE[kind][name]["parameters"]
    given = {key: item["default"] for key, item in schema["properties"].items() if "default" in item}
    given |= {key: "x" for key in schema["required"] if key not in given}
    report = Report()
    filled = fill(schema, given, report=report, pointer="", subject=name)
    assert (report.problems, report.corrections) == ([], [])
    assert list(filled) == list(schema["properties"])
    assert fill(schema, filled, report=report, pointer="", subject=name) == filled
    assert (report.problems, report.corrections) == ([], [])


@pytest.mark.parametrize("name", CATALOGUE["metrics"])
def test_metrics_say_what_is_better_in_which_range_and_what_they_need(name):
    entry = CATALOGUE["metrics"][name]
    assert {"direction", "range", "needs", "floor", "reference"} <= set(entry)
    low, high = entry["range"]
    assert (entry["direction"] == "toward") == ("best" in entry)
    assert low is None or high is None or low <= entry.get("best", low) < high


@pytest.mark.parametrize("name", CATALOGUE["layers"])
def test_layers_have_a_shape_rule_and_a_category_of_the_palette(name):
    entry = CATALOGUE["layers"][name]
    assert entry["shape_rule"] in RULES
    assert entry["category"] in CATEGORIES
    low, high = entry["inputs"]["min"], entry["inputs"]["max"]
    assert low >= 0
    assert high is None or low <= high
    assert entry["reference"]["url"].startswith(("https://keras.io/api/", "https://arxiv.org/abs/"))
    assert entry.get("label_rows") in (None, *entry["parameters"]["properties"])


def test_inputs_whose_order_matters_have_names():
    named = {
        name: entry["inputs"]["names"] for name, entry in CATALOGUE["layers"].items() if "names" in entry["inputs"]
    }
    assert all(len(names) == CATALOGUE["layers"][layer]["inputs"]["max"] for layer, names in named.items())
    assert set(named) == {
        "AdaIN",
        "ConditionalBatchNormalization",
        "Dot",
        "Embedding",
        "MultiHeadAttention",
        "Subtract",
    }


def test_every_category_of_the_paper_has_layers_and_help_with_an_example():
    assert {entry["category"] for entry in CATALOGUE["layers"].values()} == CATEGORIES
    assert len(CATALOGUE["layers"]) >= 60
    without = [name for name, entry in CATALOGUE["layers"].items() if "xample" not in entry["help"]]
    assert without == []


@pytest.mark.parametrize("wrapper", ["Bidirectional", "SpectralNormalization"])
def test_wrappers_list_layers_that_are_there(wrapper):
    types = CATALOGUE["layers"][wrapper]["parameters"]["properties"]["layer"]["types"]
    assert set(types) <= set(CATALOGUE["layers"])


@pytest.mark.parametrize("role", ["generator", "discriminator"])
@pytest.mark.parametrize("name", GENERATORS)
def test_families_say_whether_they_take_a_label(role, name):
    modules = {"generator": {"choice": "cgan"}, "discriminator": {"choice": "cgan"}, role: {"choice": name}}
    resolved = spec.resolve({"data": {"choice": "digits"}, **modules})
    assert resolved[role]["conditional"] == CATALOGUE[f"{role}s"][name]["conditional"]


@pytest.mark.parametrize("name", CATALOGUE["datasets"])
def test_data_say_what_a_sample_is(name):
    properties = CATALOGUE["datasets"][name]["parameters"]["properties"]
    frame = Frame.of({"choice": name, **{key: schema.get("default") for key, schema in properties.items()}})
    assert len(frame.shape) == {"image": 3, "sequence": 2}[frame.source]
    assert all(side > 0 for side in frame.shape)


def test_every_shape_rule_is_used():
    assert {entry["shape_rule"] for entry in CATALOGUE["layers"].values()} == set(RULES)


def test_families_are_entries_and_functions():
    assert set(CATALOGUE["generators"]) == {*GENERATORS, "custom"}
    assert set(CATALOGUE["discriminators"]) == {*DISCRIMINATORS, "custom"}


@pytest.mark.parametrize("kind", ["discriminators", "losses", "regularizers"])
def test_defaults_of_an_objective_name_entries(kind):
    for entry in CATALOGUE[kind].values():
        defaults = entry.get("defaults", {})
        if kind != "regularizers":
            assert defaults
        if "loss" in defaults:
            assert defaults["loss"]["choice"] in CATALOGUE["losses"]
        if "optimizer" in defaults:
            choice = defaults["optimizer"]["choice"]
            assert set(defaults["optimizer"]) - {"choice"} <= set(
                CATALOGUE["optimizers"][choice]["parameters"]["properties"]
            )
        for regularizer in defaults.get("regularizers", ()):
            assert regularizer["choice"] in CATALOGUE["regularizers"]


@pytest.mark.parametrize("kind", ["losses", "regularizers"])
def test_formulas_name_their_paper(kind):
    for entry in CATALOGUE[kind].values():
        assert "arxiv.org" in entry["reference"]["url"]
        assert "E[" in entry["help"] or "w = " in entry["help"], entry["name"]


def test_the_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        CATALOGUE["layers"]["Dense"]["title"] = "Dance"
    with pytest.raises(TypeError):
        CATALOGUE["layers"]["Dense"].update(title="Dance")
    with pytest.raises(TypeError):
        del CATALOGUE["layers"]
    assert catalogue.load() is CATALOGUE


def test_an_entry_is_named_like_its_file(tmp_path):
    path = tmp_path / "Dense.json"
    path.write_text('{"name": "Dance"}')
    with pytest.raises(ValueError, match="must be the file's name"):
        catalogue._read(path)
