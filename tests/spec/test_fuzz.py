"""Whatever comes in, `resolve` answers with a resolved spec or a SpecError, and its answers resolve to themselves."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spec
import spec.zoo
from spec import catalogue
from spec.legacy import OLD_KEYS
from spec.legacy.oldform import MODEL_KEYS, NETWORK_KEYS

slow = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

ENTRIES = catalogue.load()
# Words of the field, so that random documents reach past the first check.
WORDS = sorted(
    {name for kind in ENTRIES.values() for name in kind}
    | {name for kind in ENTRIES.values() for entry in kind.values() for name in entry["parameters"]["properties"]}
    | {"choice", "layers", "id", "type", "inputs", "source", "noise", "image", "label", "same", "valid", "outputs"}
    | {"data", "generator", "discriminator", "loss", "optimizer", "training", "evaluation", "notes", "authorgan"}
    | {
        "name",
        "driver",
        "device",
        "precision",
        "node_id",
        "regularizers",
        "metrics",
        "seq_gan",
        "BCE",
        "Mean",
        "custom",
    }
    | OLD_KEYS
    | set(MODEL_KEYS)
    | set(NETWORK_KEYS)
)

texts = st.sampled_from(WORDS) | st.text(max_size=8) | st.sampled_from(["1", "-1", "0.5", "true", "1e999", "9" * 400])
numbers = (
    st.integers(-3, 300)
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**63])
    | st.floats(allow_nan=True, allow_infinity=True)
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=6),
    max_leaves=25,
)


def answers(document: Any) -> spec.ResolvedSpec | None:
    """Resolve, and hold everything that is promised of any answer."""
    before = repr(document)
    problems, resolved = [], None
    try:
        resolved = spec.resolve(document)
    except spec.SpecError as error:
        problems = error.problems
    assert repr(document) == before, "the document was changed"
    if resolved is None:
        assert 0 < len(problems) <= spec.DEFAULT_LIMITS.max_problems
        for problem in problems:
            assert {"pointer", "code", "message"} <= problem.keys() <= {"pointer", "code", "message", "node_id"}
            assert problem["pointer"] == "" or problem["pointer"].startswith("/")
            assert problem["message"]
        json.dumps(problems, allow_nan=False)
        return None
    assert spec.resolve(resolved) == resolved
    assert spec.resolve(json.loads(json.dumps(resolved, allow_nan=False))) == resolved
    assert len(resolved.sha256()) == 64
    return resolved


@slow
@given(values)
def test_any_json(document):
    answers(document)


@slow
@given(st.dictionaries(st.sampled_from(WORDS), values, max_size=8))
def test_documents_of_known_words(document):
    answers(document)


@st.composite
def modules(draw, kind):
    """A module with a true choice and parameters of the right names but any values."""
    choice = draw(st.sampled_from(sorted(ENTRIES[kind])))
    properties = sorted(ENTRIES[kind][choice]["parameters"]["properties"])
    parameters = draw(st.dictionaries(st.sampled_from(properties), values, max_size=3)) if properties else {}
    return {"choice": choice, **parameters, **draw(st.sampled_from([{}, {"node_id": "n1"}, {"node_id": 7}]))}


@st.composite
def wild_layers(draw):
    """Layers of true types, wired at random, with parameters of the right names but any values."""
    ids = [f"l{index}" for index in range(draw(st.integers(1, 8)))]
    layers = []
    for identifier in ids:
        kind = draw(st.sampled_from(sorted(ENTRIES["layers"])))
        properties = ENTRIES["layers"][kind]["parameters"]["properties"]
        layer = {
            "id": draw(st.just(identifier) | st.sampled_from(ids)),
            "type": kind,
            "inputs": draw(st.lists(st.sampled_from(ids), max_size=3)),
        }
        for name in ENTRIES["layers"][kind]["parameters"]["required"]:
            layer[name] = properties[name]["default"]
        if properties:
            layer |= draw(st.dictionaries(st.sampled_from(sorted(properties)), values, max_size=2))
        layers.append(layer)
    return layers


@slow
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "data": modules("datasets") | values,
            "generator": modules("generators") | values,
            "discriminator": modules("discriminators") | values,
            "loss": modules("losses") | values,
            "optimizer": modules("optimizers") | st.fixed_dictionaries({"generator": modules("optimizers")}) | values,
            "training": modules("processes") | values,
            "evaluation": values,
            "GAN_model": st.dictionaries(st.sampled_from(MODEL_KEYS), values, max_size=5),
            "data_path": texts | values,
        },
    )
)
def test_modules_with_any_parameters(document):
    answers(document)


@slow
@given(wild_layers(), wild_layers())
def test_any_graph(generator, discriminator):
    answers(
        {
            "data": {"choice": "digits"},
            "generator": {"choice": "custom", "layers": generator},
            "discriminator": {"choice": "custom", "layers": discriminator},
        }
    )


@slow
@given(st.data())
def test_any_change_of_a_good_spec(data):
    """One value of a resolved spec replaced by anything else."""
    document = json.loads(
        json.dumps(spec.resolve(spec.zoo.load()[data.draw(st.sampled_from(["dcgan", "wgan_gp", "cgan"]))]))
    )
    if data.draw(st.booleans()):
        for role in ("generator", "discriminator"):
            document[role] = {"choice": "custom", "layers": document[role]["layers"]}
    node: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else list(range(len(node)))))
        if isinstance(node[key], dict | list) and node[key] and data.draw(st.integers(0, 4)):
            node = node[key]
        else:
            node[key] = data.draw(values)
            break
    answers(document)


class Odd:
    """Not a JSON value."""


@slow
@given(
    st.recursive(
        st.builds(Odd)
        | st.binary(max_size=3)
        | st.complex_numbers()
        | st.sampled_from([Ellipsis, Odd, {1, 2}])
        | texts,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.tuples(inner)
            | st.dictionaries(st.integers() | st.none() | texts, inner, max_size=3)
        ),
    )
)
def test_what_is_not_json(document):
    answers(document)


def test_a_list_that_holds_itself():
    document: dict[str, Any] = {"data": []}
    document["data"].append(document["data"])
    assert answers(document) is None


def test_nesting_deeper_than_python_recurses():
    document: Any = {}
    for _ in range(100_000):
        document = {"layers": document}
    with pytest.raises(spec.SpecError) as error:
        spec.resolve(document)
    assert [problem["code"] for problem in error.value.problems] == ["too_deep"]
    while document:
        document = document.popitem()[1]  # freed level by level: the interpreter would recurse
