"""Sequences (steps, channels) as data: what takes them, what refuses them, and what a generator of them ends in."""

import pytest

import spec
from spec.frame import Frame
from spec.roles import suits

DATA = {"choice": "sine", "length": 24, "channels": 2}
GENERATOR = [
    {"id": "noise", "type": "Input", "source": "noise", "shape": [8]},
    {"id": "steps", "type": "RepeatVector", "n": 24, "inputs": ["noise"]},
    {"id": "memory", "type": "LSTM", "units": 6, "return_sequences": True, "inputs": ["steps"]},
    {"id": "wave", "type": "Dense", "units": 2, "activation": "tanh", "inputs": ["memory"]},
]
DISCRIMINATOR = [
    {"id": "wave", "type": "Input", "source": "sequence"},
    {"id": "memory", "type": "GRU", "units": 6, "inputs": ["wave"]},
    {"id": "score", "type": "Dense", "units": 1, "inputs": ["memory"]},
]


def custom(layers):
    return {"choice": "custom", "layers": layers}


def problems(generator=GENERATOR, discriminator=DISCRIMINATOR, data=DATA):
    generator = custom(generator) if isinstance(generator, list) else generator
    discriminator = custom(discriminator) if isinstance(discriminator, list) else discriminator
    with pytest.raises(spec.SpecError) as error:
        spec.resolve({"data": data, "generator": generator, "discriminator": discriminator})
    return [(problem["pointer"], problem["code"], problem["message"]) for problem in error.value.problems]


def test_a_recurrent_gan_makes_sequences_of_the_datas_shape():
    resolved = spec.resolve({"data": DATA, "generator": custom(GENERATOR), "discriminator": custom(DISCRIMINATOR)})
    assert resolved["generator"]["output_shape"] == [24, 2]
    assert resolved["discriminator"]["layers"][0]["output_shape"] == [24, 2]
    assert resolved["notes"] == []
    assert spec.resolve(resolved) == resolved


@pytest.mark.parametrize("family", ["gan", "cgan", "wgan", "wgan_gp"])
def test_families_of_dense_layers_make_sequences(family):
    resolved = spec.resolve(
        {
            "data": {**DATA, "classes": 4},
            "generator": {"choice": family, "widths": [16]},
            "discriminator": {"choice": family, "widths": [16]},
        }
    )
    assert resolved["generator"]["output_shape"] == [24, 2]
    assert [layer["source"] for layer in resolved["discriminator"]["layers"] if layer["type"] == "Input"] == (
        ["sequence", "label"] if family == "cgan" else ["sequence"]
    )


@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_families_of_images_refuse_sequences(role):
    [(pointer, code, message)] = problems(**{role: {"choice": "dcgan"}})
    assert (pointer, code) == (f"/{role}/choice", "wrong_data")
    assert f"{role} 'dcgan' is not made for sequences; choose 'cgan' or 'gan'" in message


def test_a_process_that_names_images_refuses_sequences():
    roles = {"generator": {"sources": ["image"], "output": "image"}}
    assert suits(roles, Frame("image", (8, 8, 1)))
    assert not suits(roles, Frame("sequence", (8, 1)))
    assert suits({"generator": {"sources": ["noise"], "output": "data"}}, Frame("sequence", (8, 1)))


def test_an_image_is_no_sequence():
    drawn = [{**DISCRIMINATOR[0], "source": "image"}, *DISCRIMINATOR[1:]]
    found = problems(discriminator=drawn)
    assert [problem[:2] for problem in found] == [
        ("/discriminator/layers", "missing_source"),
        ("/discriminator/layers/0/source", "wrong_source"),
    ]
    assert "a discriminator of sequences takes the sources 'sequence' and 'label', not 'image'" in found[1][2]


def test_a_sequence_is_no_image():
    found = problems({"choice": "gan"}, DISCRIMINATOR, "digits")
    assert "a discriminator of images takes the sources 'image' and 'label', not 'sequence'" in found[1][2]


def test_a_sequence_has_the_datas_shape():
    drawn = [{**DISCRIMINATOR[0], "shape": [32, 2]}, *DISCRIMINATOR[1:]]
    [(pointer, code, message)] = problems(discriminator=drawn)
    assert (pointer, code) == ("/discriminator/layers/0/shape", "wrong_shape")
    assert "a sequence of the data has the shape [24, 2], not [32, 2]" in message


def test_a_wrong_length_is_the_only_problem():
    assert [problem[:2] for problem in problems(data={**DATA, "length": 2})] == [("/data/length", "out_of_range")]


FIXES = {
    "short": (
        [{"id": "end", "type": "RepeatVector", "n": 5, "inputs": ["noise"]}],
        "add an UpSampling1D of size 5 and a Cropping1D of [0, 1] and a Conv1D with 2 filters and padding 'same'",
        [
            {"type": "UpSampling1D", "size": 5},
            {"type": "Cropping1D", "cropping": [0, 1]},
            {"type": "Conv1D", "filters": 2, "kernel_size": 3, "padding": "same"},
        ],
    ),
    "long": (
        [{"id": "end", "type": "RepeatVector", "n": 27, "inputs": ["noise"]}],
        "add a Cropping1D of [1, 2] and a Conv1D with 2 filters and padding 'same'",
        [
            {"type": "Cropping1D", "cropping": [1, 2]},
            {"type": "Conv1D", "filters": 2, "kernel_size": 3, "padding": "same"},
        ],
    ),
    "row": (
        [{"id": "end", "type": "Dense", "units": 48, "inputs": ["noise"]}],
        "add a Reshape to [24, 2]",
        [{"type": "Reshape", "target_shape": [24, 2]}],
    ),
    "picture": (
        [
            {"id": "wide", "type": "Dense", "units": 12, "inputs": ["noise"]},
            {"id": "end", "type": "Reshape", "target_shape": [2, 2, 3], "inputs": ["wide"]},
        ],
        "add a Flatten, a Dense with 48 units and a Reshape to [24, 2]",
        [{"type": "Flatten"}, {"type": "Dense", "units": 48}, {"type": "Reshape", "target_shape": [24, 2]}],
    ),
}


@pytest.mark.parametrize("name", FIXES)
def test_the_layers_that_would_fix_a_generator_do(name):
    ending, remedy, layers = FIXES[name]
    drawn = [GENERATOR[0], *ending]
    [(pointer, code, message)] = problems(drawn)
    assert (pointer, code) == (f"/generator/layers/{len(drawn) - 1}", "wrong_output")
    assert "has to end in the sequences of the data, 24x2" in message
    assert message.endswith(remedy)
    for layer in layers:
        drawn.append({"id": layer["type"].lower(), **layer, "inputs": [drawn[-1]["id"]]})
    resolved = spec.resolve({"data": DATA, "generator": custom(drawn), "discriminator": custom(DISCRIMINATOR)})
    assert resolved["generator"]["output_shape"] == [24, 2]
