"""Wrappers: a layer inside a layer, checked, measured and looked at like any other."""

import pytest

import spec
from spec import nesting
from spec.weights import weights

DIGITS = {"data": {"choice": "digits", "image_size": 8}, "generator": {"choice": "gan"}}


def critic(*layers, **modules):
    """A spec whose discriminator is a chain of the given layers after the image and before the score."""
    names = ["image", *(f"l{index}" for index in range(len(layers))), "row", "score"]
    drawn = [
        {"type": "Input", "source": "image"},
        *layers,
        {"type": "Flatten"},
        {"type": "Dense", "units": 1},
    ]
    chain = [
        {"id": name, "inputs": names[index - 1 : index] if index else [], **layer}
        for index, (name, layer) in enumerate(zip(names, drawn, strict=True))
    ]
    return {**DIGITS, **modules, "discriminator": {"choice": "custom", "layers": chain}}


def problems(document, **keywords):
    with pytest.raises(spec.SpecError) as error:
        spec.resolve(document, **keywords)
    return {problem["pointer"]: problem["message"] for problem in error.value.problems}


def layer(document, index=1):
    return spec.resolve(document)["discriminator"]["layers"][index]


def test_the_inner_layer_is_completed():
    wrapper = layer(
        critic({"type": "SpectralNormalization", "layer": {"type": "conv2d", "filters": 4, "kernel_size": "3"}})
    )
    assert wrapper["layer"]["type"] == "Conv2D"
    assert wrapper["layer"]["kernel_size"] == [3, 3]
    assert wrapper["layer"]["bias_initializer"] == {"choice": "zeros"}
    assert wrapper["output_shape"] == [6, 6, 4]
    assert wrapper["parameter_count"] == 3 * 3 * 1 * 4 + 4 + 4


def test_a_name_alone_is_a_layer_without_parameters():
    assert layer(critic({"type": "TimeDistributed", "layer": "Flatten"}))["layer"] == {"type": "Flatten"}


def test_wrappers_inside_wrappers():
    inner = {"type": "SpectralNormalization", "layer": {"type": "Dense", "units": 3}}
    document = critic({"type": "TimeDistributed", "layer": inner})
    resolved = spec.resolve(document)
    assert resolved["discriminator"]["layers"][1]["output_shape"] == [8, 8, 3]
    assert spec.resolve(resolved) == resolved
    assert weights(resolved, "discriminator")[:3] == [
        ("discriminator/l0/kernel", (1, 3), True),
        ("discriminator/l0/bias", (3,), True),
        ("discriminator/l0/vector_u", (1, 3), False),
    ]
    assert nesting.innermost(resolved["discriminator"]["layers"][1])["type"] == "Dense"


@pytest.mark.parametrize(
    ("wrapper", "inner", "pointer", "words"),
    [
        ("TimeDistributed", {"type": "Add"}, "/layer/type", "cannot be 'Add'"),
        ("TimeDistributed", {"type": "Input", "source": "image"}, "/layer/type", "cannot be 'Input'"),
        ("TimeDistributed", {"units": 3}, "/layer", "needs a type"),
        ("TimeDistributed", 3, "/layer", "not 3"),
        ("TimeDistributed", {"type": "Dense"}, "/layer", "its Dense needs units"),
        ("TimeDistributed", {"type": "Dense", "units": 0}, "/layer/units", "its Dense: units must be a whole number"),
        ("TimeDistributed", {"type": "Dense", "units": 1, "unit": 1}, "/layer/unit", "did you mean 'units'?"),
        ("SpectralNormalization", {"type": "LSTM", "units": 3}, "/layer/type", "cannot be 'LSTM'"),
        ("Bidirectional", {"type": "Dense", "units": 3}, "/layer/type", "cannot be 'Dense'"),
    ],
)
def test_a_wrong_inner_layer_is_pointed_at(wrapper, inner, pointer, words):
    found = problems(critic({"type": wrapper, "layer": inner}))
    assert words in found[f"/discriminator/layers/1{pointer}"]


@pytest.mark.parametrize(
    ("wrapper", "words"),
    [
        (
            {"type": "TimeDistributed", "layer": {"type": "Conv2D", "filters": 1, "kernel_size": 3}},
            "its Conv2D sees one step at a time and needs an image",
        ),
        (
            {"type": "Bidirectional", "layer": {"type": "LSTM", "units": 2}},
            "needs a sequence (steps, numbers), but its input is 8x8x1",
        ),
    ],
)
def test_an_inner_layer_that_does_not_fit_says_why(wrapper, words):
    assert words in problems(critic(wrapper))["/discriminator/layers/1"]


def test_a_direction_too_many():
    wrapper = {"type": "Bidirectional", "layer": {"type": "LSTM", "units": 2, "go_backwards": True}}
    found = problems(critic({"type": "Reshape", "target_shape": [8, 8]}, wrapper))
    assert "set the layer's go_backwards to false" in found["/discriminator/layers/2"]


def test_drivers_are_asked_for_inner_layers_and_their_initializers():
    wrapper = {
        "type": "SpectralNormalization",
        "layer": {"type": "Dense", "units": 3, "kernel_initializer": "orthogonal"},
    }
    known = [name for name in spec.catalogue.load()["layers"] if name != "Dense"]
    found = problems(
        critic(wrapper), drivers={"pytorch": {"layers": known, "initializers": ["glorot_uniform", "zeros"]}}
    )
    assert "cannot do" in found["/discriminator/layers/1/type"]


def test_a_sigmoid_inside_the_last_layer_is_taken_off():
    document = critic()
    last = {"type": "SpectralNormalization", "layer": {"type": "Dense", "units": 1, "activation": "sigmoid"}}
    document["discriminator"]["layers"][-1] = {"id": "score", "inputs": ["row"], **last}
    resolved = spec.resolve(document)
    assert resolved["discriminator"]["layers"][-1]["layer"]["activation"] == "linear"
    assert "logit_kept" in [note["code"] for note in resolved["notes"]]


def test_advice_looks_inside():
    normalized = {"type": "TimeDistributed", "layer": "BatchNormalization"}
    document = critic(normalized, loss={"choice": "wasserstein", "regularizers": ["gradient_penalty"]})
    assert "normalized_penalty" in [note["code"] for note in spec.resolve(document)["notes"]]


def test_a_critic_all_in_spectral_normalization_is_bounded():
    def codes(last):
        document = critic({"type": "SpectralNormalization", "layer": {"type": "Dense", "units": 4}})
        document["discriminator"]["layers"][-1] = {"id": "score", "inputs": ["row"], **last}
        document["loss"] = {"choice": "wasserstein", "regularizers": []}
        return [note["code"] for note in spec.resolve(document)["notes"]]

    dense = {"type": "Dense", "units": 1}
    assert "critic_unbounded" in codes(dense)
    assert "critic_unbounded" not in codes({"type": "SpectralNormalization", "layer": dense})
