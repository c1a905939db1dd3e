"""Frozen layers, and networks that start from the weights of another training."""

import pytest

import spec
from spec import families

BASE = {"data": {"choice": "digits"}, "generator": {"choice": "dcgan"}, "discriminator": {"choice": "dcgan"}}


def document(role, **keys):
    return {**BASE, role: {**BASE[role], **keys}}


def problems(document, **more):
    with pytest.raises(spec.SpecError) as error:
        spec.resolve(document, **more)
    return {problem["pointer"]: problem["message"] for problem in error.value.problems}


def stored(**changes):
    """The weights of a job named `earlier`: those of BASE, with some changed; None takes one out."""
    resolved = spec.resolve(BASE)
    shapes = {name: shape for role in ("generator", "discriminator") for name, shape, _ in spec.weights(resolved, role)}
    shapes |= {name.replace("__", "/"): shape for name, shape in changes.items()}
    shapes = {name: shape for name, shape in shapes.items() if shape is not None}
    return lambda job: shapes if job == "earlier" else None


def test_patterns_freeze_the_layers_of_a_family():
    resolved = spec.resolve(document("discriminator", frozen=["conv2d_1", "batch*"]))
    frozen = [layer["id"] for layer in resolved["discriminator"]["layers"] if layer.get("trainable") is False]
    assert frozen == ["conv2d_1", "batchnormalization_1"]
    assert resolved["discriminator"]["frozen"] == ["conv2d_1", "batch*"]
    assert spec.resolve(resolved) == resolved


def test_a_drawn_layer_says_for_itself_that_it_is_frozen():
    layers = spec.resolve(BASE)["discriminator"]["layers"]
    frozen = [{**layer, "trainable": layer["id"] != "conv2d_1"} for layer in layers]
    resolved = spec.resolve({**BASE, "discriminator": {"choice": "custom", "layers": frozen}})
    found = {layer["id"]: layer.get("trainable") for layer in resolved["discriminator"]["layers"]}
    assert found == {layer["id"]: False if layer["id"] == "conv2d_1" else None for layer in layers}
    assert spec.resolve(resolved) == resolved


def test_layers_that_learn_leave_the_hash_as_it_was():
    layers = spec.resolve(BASE)["discriminator"]["layers"]
    plain = {**BASE, "discriminator": {"choice": "custom", "layers": layers}}
    spelt = {**BASE, "discriminator": {"choice": "custom", "layers": [{**x, "trainable": True} for x in layers]}}
    # An activation has nothing to freeze.
    idle = [{**x, "trainable": x["type"] != "LeakyReLU"} for x in layers]
    frozen_activations = {**BASE, "discriminator": {"choice": "custom", "layers": idle}}
    hashes = {spec.resolve(each).sha256() for each in (plain, spelt, frozen_activations)}
    assert len(hashes) == 1
    assert spec.resolve(document("discriminator", frozen=["conv2d_1"])).sha256() != spec.resolve(BASE).sha256()
    assert spec.resolve(document("discriminator", frozen=[])).sha256() == spec.resolve(BASE).sha256()


@pytest.mark.parametrize("type_", sorted(spec.catalogue.load()["layers"]))
def test_every_layer_may_be_told_not_to_train(type_):
    layer = {"id": "x", "type": type_, "inputs": [], "trainable": "never"}
    found = problems({**BASE, "generator": {"choice": "custom", "layers": [layer]}})
    assert found["/generator/layers/0/trainable"] == f"{type_} 'x': trainable must be true or false, not 'never'"


def test_a_pattern_that_fits_no_layer_is_told_with_the_nearest():
    found = problems(document("generator", frozen=["con2d_1"]))
    assert found == {"/generator/frozen/0": "no layer has an id like 'con2d_1'; did you mean 'conv2d_1'?"}


def test_a_network_must_have_something_left_to_learn():
    found = problems(document("discriminator", frozen=["*"]))
    assert found == {"/discriminator/layers": "the discriminator has no weights to train; all that has some is frozen"}


def test_weights_that_fit_are_taken():
    resolved = spec.resolve(document("generator", weights={"job": "earlier"}), stored=stored())
    assert resolved["generator"]["weights"] == {"job": "earlier", "replace": []}
    assert spec.resolve(resolved, stored=stored()) == resolved
    assert resolved.sha256() != spec.resolve(BASE).sha256()


def test_missing_extra_and_misshapen_tensors_are_told_at_once():
    change = {
        "generator__dense_1__bias": None,
        "generator__conv2d_1__bias": (3,),
        "generator__../../etc/passwd": (1,),
        "discriminator__dense_1__bias": None,  # of the other network, which starts anew
    }
    found = problems(document("generator", weights={"job": "earlier"}), stored=stored(**change))
    assert found == {
        "/generator/weights": "the weights of the job 'earlier' do not fit the generator: "
        "'generator/dense_1/bias' is missing; 'generator/conv2d_1/bias' is a list of 3 instead of a list of 64; "
        "'generator/../../etc/passwd' belongs to no layer. "
        "Name the layers that are to start anew in weights.replace"
    }


def test_replaced_layers_may_differ_here_and_there():
    weights = {"job": "earlier", "replace": ["dense_1", "old_head"]}
    change = {"generator__dense_1__kernel": (7, 7), "generator__dense_1__bias": None, "generator__old_head__bias": (3,)}
    resolved = spec.resolve(document("generator", weights=weights), stored=stored(**change))
    assert resolved["generator"]["weights"] == weights


@pytest.mark.parametrize(
    ("weights", "pointer", "message"),
    [
        ({"job": "gone"}, "/job", "generator: the job 'gone' is not there, or has saved no weights yet"),
        ({}, "", "generator: weights needs a job: the id of the training to start from"),
        ("earlier", "", "generator: weights must be an object with the job to start from, not 'earlier'"),
        ({"job": 3}, "/job", "generator: weights.job must be a text, not 3"),
        (
            {"job": "earlier", "freeze": 1},
            "/freeze",
            "generator: weights has a job and layers to replace, but no 'freeze'",
        ),
        (
            {"job": "earlier", "replace": ["dens_1"]},
            "/replace/0",
            "generator: no layer with weights is called 'dens_1', here or in the job; did you mean 'dense_1'?",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_weights(weights, pointer, message):
    found = problems(document("generator", weights=weights), stored=stored())
    assert found == {f"/generator/weights{pointer}": message}


@pytest.mark.parametrize("family", sorted(families.GENERATORS))
def test_without_a_place_to_look_it_stays_open_whether_they_are_there(family):
    given = {**BASE, "generator": {"choice": family, "weights": {"job": "somewhere"}}}
    assert spec.resolve(given)["generator"]["weights"]["job"] == "somewhere"
