"""Inception V3 of the FID: against torch-fidelity's where that is installed, and by what is known of it where not."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from drivers.data import DataSettings
from drivers.errors import DriverError, WeightsError
from drivers.evaluation.inception import unmet_weights
from drivers.pytorch.inception import BLOCKS, Inception, InceptionV3, open_inception, resized

KERAS_WEIGHTS = 23_851_784
"""What Keras documents for its InceptionV3 of 1000 classes, whose normalizations have no factor."""
NORMALIZED = 17_216
"""Channels of all normalizations together."""


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = InceptionV3().eval()
    for name, value in network.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif name.endswith(("running_mean", "bn.bias")):
            value.normal_(0, 0.1)
    return network


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (2, 40, 32, 3)).astype(np.uint8)


def nobody(what, done, total):
    """Is told of a download that there is none of."""


def test_it_has_the_weights_of_kerass_and_of_eight_more_classes(network):
    state = network.state_dict()
    weights = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    assert sum(value.numel() for name, value in weights.items() if name.endswith("bn.weight")) == NORMALIZED
    assert sum(value.numel() for value in weights.values()) == KERAS_WEIGHTS + 8 * 2049 + NORMALIZED == 23_885_392
    assert state["Mixed_6c.branch7x7dbl_2.conv.weight"].shape == (160, 160, 7, 1)
    assert state["Mixed_7c.branch3x3dbl_3b.bn.running_mean"].shape == (384,)
    assert state["fc.bias"].shape == (1008,)


def test_the_blocks_are_as_wide_as_the_paper_says(network):
    """Szegedy et al. 2016, table 1: 35x35x288 after the first three, 17x17x768, 8x8x1280, 8x8x2048."""
    widths = {name: network.get_submodule(name).filters for name in BLOCKS}
    assert [widths[name] for name in ("Mixed_5d", "Mixed_6a", "Mixed_6e", "Mixed_7a", "Mixed_7c")] == [
        288, 768, 768, 1280, 2048,
    ]  # fmt: skip


def test_pixels_are_resized_from_corner_to_corner():
    """Pixel i of 4 lies at i / 2 of 2: on the first, between, on the second, and on the second for want of a third."""
    image = torch.tensor([[[[0.0, 8.0], [16.0, 24.0]]]])
    expected = [[0, 4, 8, 8], [8, 12, 16, 16], [16, 20, 24, 24], [16, 20, 24, 24]]
    assert resized(image, 4)[0, 0].tolist() == expected


def test_padding_does_not_count_in_an_average(network):
    """Of ones, the average is one at the border too; torch's own default would give 4/9 in a corner."""
    seen = {}
    block = network.get_submodule("Mixed_5b")
    hook = block.branch_pool.register_forward_pre_hook(lambda module, inputs: seen.update(x=inputs[0]))
    with torch.inference_mode():
        block(torch.ones(1, 192, 5, 5))
    hook.remove()
    assert torch.equal(seen["x"], torch.ones(1, 192, 5, 5))


def test_grey_images_are_seen_as_three_equal_channels(network, images):
    extractor = Inception(network, "random")
    grey = images[..., :1]
    features = extractor.features(grey)
    assert features.shape == (2, 2048)
    np.testing.assert_array_equal(features, extractor.features(np.repeat(grey, 3, 3)))
    probabilities = extractor.probabilities(grey)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)


@pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("torch_fidelity", "torchvision"))),
    reason="torch-fidelity or torchvision, which it imports, is not installed",
)
def test_features_and_logits_are_torch_fidelitys(network, images, tmp_path):
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    torch.save(network.state_dict(), tmp_path / "weights.pth")
    theirs = FeatureExtractorInceptionV3(
        "inception", ["2048", "logits_unbiased"], feature_extractor_weights_path=str(tmp_path / "weights.pth")
    )
    x = torch.from_numpy(images).permute(0, 3, 1, 2)
    with torch.inference_mode():
        features, logits = theirs(x)
    ours = Inception(network, "random")
    np.testing.assert_allclose(ours.features(images), features.numpy(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(ours.probabilities(images), logits.softmax(1).numpy(), rtol=1e-4)


def test_weights_are_read_by_name_and_name_the_features(network, images, tmp_path):
    path = tmp_path / "inception.safetensors"
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path)
    opened = open_inception(DataSettings(home=tmp_path, inception_weights=str(path)), nobody)
    assert opened.id.startswith("inception-")
    assert opened.id != "inception-2015-12-05"  # these are not the standard ones
    np.testing.assert_array_equal(opened.features(images), Inception(network, "x").features(images))


def test_weights_that_do_not_fit_are_refused_by_name(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"fc.weight": torch.zeros(1000, 2048)}, path)
    with pytest.raises(WeightsError) as caught:
        open_inception(DataSettings(home=tmp_path, inception_weights=str(path)), nobody)
    assert "'fc.weight' has shape 1000x2048 instead of 1008x2048" in caught.value.problems
    assert "'fc.bias' is missing" in caught.value.problems


def test_a_pickle_is_read_only_if_it_is_the_standard_one(tmp_path):
    path = tmp_path / "pt_inception-2015-12-05-6726825d.pth"
    torch.save({"fc.bias": torch.zeros(1008)}, path)
    with pytest.raises(WeightsError, match=r"not that of the standard file .*save other weights as \.safetensors"):
        open_inception(DataSettings(home=tmp_path, inception_weights=str(path)), nobody)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (
            "",
            "are not here. Set AUTHORGAN_INCEPTION_WEIGHTS to the file pt_inception-2015-12-05-6726825d.pth, or to",
        ),
        ("/nowhere/weights.pth", "AUTHORGAN_INCEPTION_WEIGHTS=/nowhere/weights.pth: there is no such file. Set "),
        ("https://example.org/weights.pth", "carries the first eight digits of its SHA-256 in its name"),
    ],
)
def test_weights_that_are_missing_are_told_with_how_to_get_them(tmp_path, where, words):
    settings = DataSettings(home=tmp_path, inception_weights=where)
    assert words in unmet_weights(settings)
    with pytest.raises(DriverError) as caught:
        open_inception(settings, nobody)
    assert (caught.value.code, caught.value.pointer) == ("no_inception_weights", "/evaluation/extractor")


def test_an_address_that_names_its_hash_will_do(tmp_path):
    url = "https://example.org/pt_inception-2015-12-05-6726825d.pth"
    assert unmet_weights(DataSettings(home=tmp_path, inception_weights=url)) is None
