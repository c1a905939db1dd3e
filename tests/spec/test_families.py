"""Every family at every image size: outputs of the right shape, and the layers its paper asks for."""

import pytest

import spec
from spec.families import DISCRIMINATORS, GENERATORS
from spec.families.stack import halvings

SIZES = range(8, 129)


def resolve(generator, discriminator, size=16, channels=1, data="digits"):
    """A pair of families, each a name or a module with parameters."""
    return spec.resolve(
        {
            "data": {"choice": data, "image_size": size, "channels": channels},
            "generator": generator if isinstance(generator, dict) else {"choice": generator},
            "discriminator": discriminator if isinstance(discriminator, dict) else {"choice": discriminator},
        }
    )


def types(network):
    return [layer["type"] for layer in network["layers"]]


@pytest.mark.parametrize("size", SIZES)
def test_every_size_fits(size):
    for generator, discriminator in zip(GENERATORS, DISCRIMINATORS, strict=True):
        resolved = resolve(generator, discriminator, size, channels=1 + 2 * (size % 2))
        assert resolved["generator"]["output_shape"] == [size, size, 1 + 2 * (size % 2)]
        assert resolved["discriminator"]["output_shape"] == [1]
        assert resolved["notes"] == []


@pytest.mark.parametrize(
    ("size", "start", "doublings"), [(8, 4, 1), (16, 4, 2), (28, 7, 2), (32, 4, 3), (33, 5, 3), (128, 4, 5)]
)
def test_dcgan_doubles_a_small_image(size, start, doublings):
    generator = resolve("dcgan", "dcgan", size)["generator"]
    reshape = next(layer for layer in generator["layers"] if layer["type"] == "Reshape")
    assert reshape["output_shape"][:2] == [start, start]
    assert types(generator).count("UpSampling2D") == doublings == halvings(size)
    assert ("Cropping2D" in types(generator)) == (start * 2**doublings != size)


def test_dcgan_upsampling_is_followed_by_a_convolution_that_keeps_the_size():
    layers = resolve("dcgan", "dcgan", 64)["generator"]["layers"]
    feeds = {layer["inputs"][0]: layer for layer in layers if layer["inputs"]}
    for layer in layers:
        if layer["type"] == "UpSampling2D":
            after = feeds[layer["id"]]
            assert layer["interpolation"] == "nearest"
            assert (after["type"], after["kernel_size"], after["strides"], after["padding"]) == (
                "Conv2D",
                [3, 3],
                [1, 1],
                "same",
            )


def test_dcgan_weights_start_from_the_papers_distribution():
    resolved = resolve("dcgan", "dcgan")
    kernels = [
        layer["kernel_initializer"]
        for role in ("generator", "discriminator")
        for layer in resolved[role]["layers"]
        if "kernel_initializer" in layer
    ]
    assert kernels == [{"choice": "random_normal", "mean": 0.0, "stddev": 0.02}] * 7


def test_dcgan_first_discriminator_block_and_critics_have_no_batch_normalization():
    layers = types(resolve("dcgan", "dcgan", 32)["discriminator"])
    assert layers == [
        "Input",
        *("Conv2D", "LeakyReLU", "Dropout"),
        *("Conv2D", "BatchNormalization", "LeakyReLU", "Dropout"),
        *("Conv2D", "BatchNormalization", "LeakyReLU", "Dropout"),
        *("Flatten", "Dense"),
    ]
    assert "BatchNormalization" not in types(resolve("gan", "wgan_gp")["discriminator"])


def test_widths_are_parameters():
    resolved = resolve({"choice": "gan", "widths": [10]}, {"choice": "gan", "widths": [20, 5]})
    # 100 -> 10 -> 256, and 256 -> 20 -> 5 -> 1, weights and biases.
    assert resolved["generator"]["parameter_count"] == (100 * 10 + 10) + (10 * 256 + 256)
    assert resolved["discriminator"]["parameter_count"] == (256 * 20 + 20) + (20 * 5 + 5) + (5 + 1)


def test_gan_has_the_papers_widths():
    generator = resolve("gan", "gan", 28, data="mnist")["generator"]
    units = [layer["units"] for layer in generator["layers"] if layer["type"] == "Dense"]
    assert units == [128, 256, 512, 1024, 784]
    # Dense layers, and batch normalization (4 numbers a unit) of all hidden layers but the first.
    assert generator["parameter_count"] == (
        (100 * 128 + 128)
        + (128 * 256 + 256)
        + (256 * 512 + 512)
        + (512 * 1024 + 1024)
        + (1024 * 784 + 784)
        + 4 * (256 + 512 + 1024)
    )


def test_dcgan_filters_double_up_to_a_limit():
    family = {"choice": "dcgan", "filters": 8, "max_filters": 32}
    resolved = resolve(family, family, 64)
    filters = {
        role: [layer["filters"] for layer in resolved[role]["layers"] if layer["type"] == "Conv2D"]
        for role in ("generator", "discriminator")
    }
    assert filters == {"generator": [32, 32, 16, 8, 1], "discriminator": [8, 16, 32, 32]}


class TestConditional:
    def test_cgan_joins_the_label_on_both_sides(self):
        resolved = resolve("cgan", "cgan")
        for role, other in (("generator", "noise"), ("discriminator", "flatten_1")):
            network = resolved[role]
            assert network["conditional"] is True
            layers = {layer["id"]: layer for layer in network["layers"]}
            assert layers["label"]["output_shape"] == []
            assert layers["embedding_1"]["output_shape"] == [16]
            assert layers["embedding_1"]["parameter_count"] == 10 * 16
            assert layers["concatenate_1"]["inputs"] == [other, "embedding_1"]
        assert resolved["notes"] == []

    def test_needs_data_with_classes(self):
        with pytest.raises(spec.SpecError) as error:
            spec.resolve(
                {
                    "data": {"choice": "images", "path": "faces"},
                    "generator": {"choice": "cgan"},
                    "discriminator": {"choice": "cgan"},
                }
            )
        assert [(problem["pointer"], problem["code"]) for problem in error.value.problems] == [
            ("/generator", "labels_missing"),
            ("/discriminator", "labels_missing"),
        ]

    def test_takes_the_classes_of_the_data(self):
        resolved = spec.resolve(
            {
                "data": {"choice": "images", "path": "faces", "classes": 3},
                "generator": {"choice": "cgan"},
                "discriminator": {"choice": "cgan"},
            }
        )
        embedding = next(layer for layer in resolved["generator"]["layers"] if layer["type"] == "Embedding")
        assert embedding["input_dim"] == 3

    @pytest.mark.parametrize(
        ("generator", "discriminator", "code"),
        [("cgan", "dcgan", "labels_unseen"), ("dcgan", "cgan", "labels_unheard")],
    )
    def test_on_one_side_only_is_trained_and_told(self, generator, discriminator, code):
        assert [note["code"] for note in resolve(generator, discriminator)["notes"]] == [code]
