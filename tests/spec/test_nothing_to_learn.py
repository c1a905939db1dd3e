"""A network without weights that are trained cannot learn, however well its shapes fit."""

import pytest

import spec

DIGITS = {"data": {"choice": "digits", "image_size": 8}}
NOISE = {"id": "noise", "type": "Input", "source": "noise", "shape": [64]}
PICTURE = {"id": "picture", "type": "Reshape", "target_shape": [8, 8, 1], "inputs": ["noise"]}
IMAGE = {"id": "image", "type": "Input", "source": "image"}
MEAN = {"id": "mean", "type": "GlobalAveragePooling2D", "inputs": ["image"]}


def problems(generator, discriminator):
    document = {
        **DIGITS,
        "generator": {"choice": "custom", "layers": generator},
        "discriminator": {"choice": "custom", "layers": discriminator},
    }
    with pytest.raises(spec.SpecError) as error:
        spec.resolve(document)
    return {problem["pointer"]: problem["message"] for problem in error.value.problems}


def test_both_networks_are_told():
    assert problems([NOISE, PICTURE], [IMAGE, MEAN]) == {
        f"/{role}/layers": f"the {role} has no weights to train; add a layer that learns, such as Dense or Conv2D"
        for role in ("generator", "discriminator")
    }


def test_moving_averages_are_not_trained():
    plain = {"id": "plain", "type": "BatchNormalization", "center": False, "scale": False, "inputs": ["image"]}
    assert "/discriminator/layers" in problems([NOISE, PICTURE], [IMAGE, plain, {**MEAN, "inputs": ["plain"]}])


def test_nothing_is_said_of_a_network_that_ends_wrong():
    found = problems([NOISE], [IMAGE, MEAN])
    assert set(found) == {"/generator/layers/0", "/discriminator/layers"}
