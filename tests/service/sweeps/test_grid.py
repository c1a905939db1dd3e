"""A grid becomes specs, and what is wrong with it is told all at once."""

import pytest

from service.sweeps.grid import Combination, GridError, axes_of, combinations, label


def points(grid=None, pairs=None, most=100):
    return list(combinations(axes_of(grid or {}, pairs or {}, most)))


def problems(call):
    with pytest.raises(GridError) as caught:
        call()
    return [(problem["pointer"], problem["code"]) for problem in caught.value.problems]


def test_every_combination_once_the_last_axis_fastest():
    found = points({"/training/seed": [0, 1], "/training/batch_size": [8, 16]})
    assert [list(point.values.values()) for point in found] == [[0, 8], [0, 16], [1, 8], [1, 16]]
    assert found[2].describe() == "seed 1, batch_size 8"
    base = {"data": {"choice": "digits"}, "training": {"epochs": 3}}
    assert found[2].spec(base) == {"data": {"choice": "digits"}, "training": {"epochs": 3, "seed": 1, "batch_size": 8}}
    assert base == {"data": {"choice": "digits"}, "training": {"epochs": 3}}


def test_pairs_replace_modules_and_the_grid_reaches_into_them():
    pairs = {"generator": ["gan", {"choice": "dcgan", "filters": 8}], "discriminator": ["wgan"]}
    found = points({"/generator/latent_dim": [16]}, pairs)
    base = {"generator": {"choice": "cgan", "classes": 10}}
    assert [point.spec(base)["generator"] for point in found] == [
        {"choice": "gan", "latent_dim": 16},
        {"choice": "dcgan", "filters": 8, "latent_dim": 16},
    ]
    assert found[0].spec(base)["discriminator"] == {"choice": "wgan"}
    assert found[1].describe() == "generator dcgan (filters 8), discriminator wgan, latent_dim 16"
    assert pairs["generator"][1] == {"choice": "dcgan", "filters": 8}


def test_places_in_lists_and_keys_with_slashes():
    (point,) = points({"/layers/1/filters": [4], "/a~1b": [5]})
    assert point.spec({"layers": [{}, {"filters": 2}]}) == {"layers": [{}, {"filters": 4}], "a/b": 5}


@pytest.mark.parametrize("pointer", ["/layers/2/filters", "/layers/x", "/layers/-", "/name/first"])
def test_a_pointer_that_leads_nowhere(pointer):
    (point,) = points({pointer: [1]})
    assert [code for _, code in problems(lambda: point.spec({"name": "a", "layers": [{}, {}]}))] == ["no_such_place"]


def test_where_in_the_body_a_problem_came_from():
    pairs = {"generator": ["gan", {"choice": "dcgan", "filters": -1}]}
    _, point = points({"/training/seed": [-1]}, pairs)
    assert point.source_of("/generator/filters") == "/pairs/generator/1/filters"
    assert point.source_of("/training/seed") == "/grid/~1training~1seed/0"
    assert point.source_of("/training/epochs") == "/spec/training/epochs"
    first, _ = points({"/training/seed": [-1]}, pairs)
    assert first.source_of("/generator/latent_dim") == "/pairs/generator/0"


def test_everything_wrong_with_a_grid_is_told_at_once():
    grid = {"training": [1], "/a": [], "/b": [1, 2, 1], "/generator": ["gan"]}
    pairs = {"generator": ["gan"], "discriminator": [3]}
    assert problems(lambda: axes_of(grid, pairs, 100)) == [
        ("/pairs/discriminator/0", "wrong_type"),
        ("/grid/training", "no_pointer"),
        ("/grid/~1a", "no_values"),
        ("/grid/~1b/2", "value_twice"),
        ("/grid/~1generator", "varies_twice"),
    ]
    assert problems(lambda: axes_of({}, {}, 100)) == [("/grid", "nothing_varies")]
    assert problems(lambda: axes_of({"/a": [1, 2, 3], "/b": [1, 2]}, {}, 5)) == [("", "too_many_jobs")]


def test_equal_numbers_of_two_kinds_are_two_values():
    assert len(points({"/a": [1, 1.0, True, "1"]})) == 4


def test_labels():
    assert [label(value) for value in (0.001, None, "adam", [1, 2], {"choice": "r1"}, {"a": 1})] == [
        "0.001",
        "null",
        "adam",
        "[1, 2]",
        "r1",
        '{"a": 1}',
    ]
    assert len(label("x" * 500)) == 60


def test_a_combination_names_its_values_by_pointer():
    (point,) = points({"/training/seed": [7]})
    assert isinstance(point, Combination)
    assert point.values == {"/training/seed": 7}
