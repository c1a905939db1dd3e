"""Parameters against their schema: every way to write one, and what is said when it is wrong."""

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spec import catalogue
from spec.parameters import INVALID, Place, check, describe, nearest
from spec.problems import Report

SIZE = {"format": "size_2d", "minimum": 1, "maximum": 64, "default": 3}
EDGES = {"format": "edges_2d", "minimum": 0, "maximum": 64, "default": 0}
AXES = {"format": "axes", "minimum": -4, "maximum": 4, "default": -1}
INITIALIZER = {"format": "module:initializers", "default": "zeros"}


def read(value, schema):
    """The value, the codes of its problems and the codes of its notes."""
    report = Report()
    read = check(value, schema, Place(report, "/x", "thing", "x"))
    return read, [problem["code"] for problem in report.problems], [note["code"] for note in report.corrections]


@pytest.mark.parametrize(
    ("value", "schema", "wanted"),
    [
        (3, SIZE, [3, 3]),
        ([3, 5], SIZE, [3, 5]),
        (3.0, SIZE, [3, 3]),
        (1, EDGES, [[1, 1], [1, 1]]),
        ([1, 2], EDGES, [[1, 1], [2, 2]]),
        ([[1, 2], [3, 4]], EDGES, [[1, 2], [3, 4]]),
        (-1, AXES, [-1]),
        ([1, 2], AXES, [1, 2]),
        ("zeros", INITIALIZER, {"choice": "zeros"}),
        (
            {"choice": "random_normal", "stddev": 0.02},
            INITIALIZER,
            {"choice": "random_normal", "mean": 0.0, "stddev": 0.02},
        ),
        (2, {"type": "number"}, 2.0),
        (2.0, {"type": "integer"}, 2),
        (None, {"type": ["integer", "null"]}, None),
        (None, {**SIZE, "default": None}, None),
    ],
)
def test_every_value_has_one_form(value, schema, wanted):
    assert read(value, schema) == (wanted, [], [])
    assert type(read(value, schema)[0]) is type(wanted)


@pytest.mark.parametrize(
    ("value", "schema", "wanted", "note"),
    [
        ("50", {"type": "integer"}, 50, "number_from_text"),
        (" 2e-4 ", {"type": "number"}, 0.0002, "number_from_text"),
        ("true", {"type": "boolean"}, True, "boolean_from_text"),
        ("Same", {"type": "string", "enum": ["same", "valid"]}, "same", "name_respelled"),
        ("3", SIZE, [3, 3], "number_from_text"),
        ("Random-Normal", INITIALIZER, {"choice": "random_normal", "mean": 0.0, "stddev": 0.05}, "name_respelled"),
    ],
)
def test_what_is_plainly_meant_is_read_with_a_note(value, schema, wanted, note):
    assert read(value, schema) == (wanted, [], [note])


@pytest.mark.parametrize(
    ("value", "schema", "code"),
    [
        (True, {"type": "integer"}, "wrong_type"),
        (True, {"type": "number"}, "wrong_type"),
        (1, {"type": "boolean"}, "wrong_type"),
        (2.5, {"type": "integer"}, "wrong_type"),
        ("fifty", {"type": "integer"}, "wrong_type"),
        ("1e999", {"type": "number"}, "wrong_type"),
        (None, {"type": "integer"}, "wrong_type"),
        (10**400, {"type": "number", "maximum": 1}, "out_of_range"),
        (0, {"type": "number", "exclusiveMinimum": 0}, "out_of_range"),
        (1, {"type": "number", "exclusiveMaximum": 1}, "out_of_range"),
        ([1], {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 3}, "out_of_range"),
        ([1, 1], {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}, "out_of_range"),
        ("", {"type": "string", "minLength": 1, "maxLength": 5}, "out_of_range"),
        ("smae", {"type": "string", "enum": ["same", "valid"]}, "not_allowed"),
        ([3], SIZE, "wrong_type"),
        ([3, 3, 3], SIZE, "wrong_type"),
        ({}, SIZE, "wrong_type"),
        (True, SIZE, "wrong_type"),
        (65, SIZE, "out_of_range"),
        ([[1, 2]], EDGES, "wrong_type"),
        (0, AXES, "out_of_range"),
        ([], AXES, "wrong_type"),
        ("glorot", INITIALIZER, "unknown_choice"),
        ({}, INITIALIZER, "missing"),
        ({"choice": "zeros", "mean": 1}, INITIALIZER, "unknown_key"),
    ],
)
def test_what_is_wrong_is_refused(value, schema, code):
    assert read(value, schema) == (INVALID, [code], [])


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 4096}, "a whole number from 1 to 4096"),
        ({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, "a number from 0 to below 1"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 10}, "a number above 0 to 10"),
        ({"type": ["integer", "null"], "minimum": 1}, "a whole number from 1 or null"),
        ({"type": "string", "enum": ["same", "valid"]}, "'same' or 'valid'"),
        (SIZE, "a whole number from 1 to 64 or [height, width]"),
        (
            {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": 4},
            "a list of 1 to 4 items, each a whole number from 1",
        ),
    ],
)
def test_bounds_are_quoted(schema, words):
    assert describe(schema) == words


def test_nearest_names():
    assert nearest("fitlers", ["filters", "strides"]) == "did you mean 'filters'?"
    assert nearest("FILTERS", ["filters"]) == "did you mean 'filters'?"
    assert nearest("xyz", ["filters"]) == ""


PLAIN = [
    (kind, name, parameter, schema)
    for kind, entries in catalogue.load().items()
    for name, entry in entries.items()
    for parameter, schema in entry["parameters"]["properties"].items()
    if "format" not in schema
]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(PLAIN),
    st.none()
    | st.booleans()
    | st.integers(-10, 20000)
    | st.floats(-2, 2000, allow_nan=False)
    | st.sampled_from(["same", "valid", "noise", "tanh", "x", ""])
    | st.lists(st.integers(-2, 12), max_size=6),
)
def test_agrees_with_json_schema(place, value):
    """For values that need no correction, `check` accepts exactly what the catalogue's JSON Schema accepts."""
    *_, schema = place
    plain = {key: list(item) if isinstance(item, tuple) else item for key, item in schema.items()}
    accepted = jsonschema.Draft202012Validator(plain).is_valid(value)
    read_value, problems, notes = read(value, schema)
    if not notes:
        assert (read_value is not INVALID) == accepted == (not problems)
