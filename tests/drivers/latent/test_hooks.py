"""A session's hidden layers: looked at, and changed, on PyTorch and on Keras over PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import drivers
import spec
from drivers.examination import Edit
from drivers.latent.classes import mixed_labels

FAMILIES = ("gan", "cgan", "dcgan", "wgan", "wgan_gp")
DRIVERS = ({"driver": "pytorch"}, {"driver": "keras", "backend": "torch"})


@pytest.fixture
def open_model(make_spec):
    def open_(family, driver=DRIVERS[0], **modules):
        resolved = spec.resolve({**make_spec(family, **driver), **modules})
        return drivers.open_session(resolved, None, threads=1)

    return open_


def labels_of(session):
    return np.arange(6) if session.spec["generator"]["conditional"] else None


def pixels(images):
    return np.clip(np.rint((images + 1) * 127.5), 0, 255)


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda driver: driver["driver"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_layer_of_both_networks_can_be_looked_at(open_model, family, driver):
    session = open_model(family, driver)
    noise, labels = session.draw(6, seed=3), labels_of(session)
    layers = {layer["id"]: tuple(layer["output_shape"]) for layer in session.spec["generator"]["layers"]}
    found = session.activations("generator", layers, noise=noise, labels=labels)
    assert {layer: values.shape for layer, values in found.items()} == {
        layer: (6, *shape) for layer, shape in layers.items()
    }
    output = session.spec["generator"]["outputs"][0]
    samples = session.sample(noise=noise, labels=labels)
    np.testing.assert_allclose(pixels(found[output]), samples, atol=1)
    np.testing.assert_array_equal(found["noise"], noise)

    judge = session.spec["discriminator"]
    scores = session.activations("discriminator", judge["outputs"], samples=samples, labels=labels)[judge["outputs"][0]]
    if family == "gan":
        np.testing.assert_allclose(scores[:, 0], session.discriminate(samples)["score"], rtol=1e-5)
    assert scores.shape == (6, 1)


def test_layers_that_are_computed_in_one_are_each_what_their_formula_says(open_model):
    """The generator's UpSampling2D and Conv2D run as one transposed convolution, but not when they are looked at."""
    session = open_model("dcgan")
    ids = [layer["id"] for layer in session.spec["generator"]["layers"]]
    above = ids[ids.index("upsampling2d_1") - 1]
    found = session.activations("generator", [above, "upsampling2d_1"], noise=session.draw(2))
    np.testing.assert_array_equal(found["upsampling2d_1"], found[above].repeat(2, axis=1).repeat(2, axis=2))


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda driver: driver["driver"])
def test_a_layer_whose_units_are_all_off_is_a_layer_of_zeros(open_model, driver):
    """Behind a zero layer nothing of the noise is left: every sample is the same."""
    session = open_model("dcgan", driver)
    off = {"dense_1": Edit(off=range(session.spec["generator"]["layers"][1]["units"]))}
    samples = session.sample(300, edits=off)
    assert (samples == samples[:1]).all()
    zero_noise = {"noise": Edit(on=dict.fromkeys(range(8), 0.0))}
    # the layer's bias starts at zero, so that noise of zeros gives the same
    np.testing.assert_array_equal(samples, session.sample(300, edits=zero_noise))


def test_edits_are_for_these_samples_alone(open_model):
    session = open_model("dcgan")
    before = session.sample(4, seed=1)
    during = session.sample(4, seed=1, edits={"conv2d_1": Edit(off=range(4), on={5: 40.0})})
    assert (during != before).any()
    np.testing.assert_array_equal(session.sample(4, seed=1), before)


def test_a_unit_that_is_on_gives_its_value_everywhere(open_model):
    session = open_model("gan")
    target = session.draw(1, seed=9)[0]
    as_noise = session.sample(3, seed=1, edits={"noise": Edit(on=dict(enumerate(target)))})
    np.testing.assert_array_equal(as_noise, session.sample(3, noise=np.stack([target] * 3)))


def test_each_sample_may_have_a_value_of_its_own(open_model):
    """More of them than pass through at once."""
    session = open_model("gan")
    noise = session.draw(300, seed=9)
    as_noise = session.sample(300, seed=1, edits={"noise": Edit(on=dict(enumerate(noise.T)))})
    np.testing.assert_allclose(as_noise.astype(int), session.sample(noise=noise), atol=1)


@pytest.mark.parametrize(
    ("edits", "code", "words"),
    [
        ({"dense_9": Edit(off=[0])}, "unknown_layer", "no layer 'dense_9'; it has noise, dense_1"),
        ({"dense_1": Edit(off=[16])}, "no_unit", "units 0 to 15; there is no unit 16"),
        ({"dense_1": Edit(off=[-1])}, "no_unit", "no unit -1"),
        ({"dense_1": Edit(off=[1], on={1: 2.0})}, "off_and_on", "Unit 1"),
        ({"dense_1": Edit(on={1: float("nan")})}, "bad_value", "not finite"),
    ],
)
def test_edits_that_make_no_sense(open_model, edits, code, words):
    with pytest.raises(drivers.DriverError, match=words) as caught:
        open_model("gan").sample(1, edits=edits)
    assert caught.value.code == code


def test_a_number_without_an_axis_has_no_units(open_model):
    with pytest.raises(drivers.DriverError, match="'label' gives one number"):
        open_model("cgan").sample(1, labels=np.array([1]), edits={"label": Edit(off=[0])})


def test_what_cannot_be_looked_at_is_told(open_model):
    session = open_model("cgan")
    noise = session.draw(1)
    with pytest.raises(drivers.DriverError, match="no network 'encoder'; there is generator, discriminator"):
        session.activations("encoder", ["noise"], noise=noise)
    with pytest.raises(drivers.DriverError, match="The generator takes label, noise; it was given noise"):
        session.activations("generator", ["noise"], noise=noise)
    with pytest.raises(drivers.DriverError, match="discriminator has no layer 'x'; it has image"):
        session.activations("discriminator", ["x"])


# -- classes mixed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda driver: driver["driver"])
def test_a_mixture_of_one_class_is_that_class(open_model, driver):
    session = open_model("cgan", driver)
    noise, labels = session.draw(3), np.array([2, 7, 4])
    edits = mixed_labels(session, np.eye(10)[labels])
    mixed = session.sample(noise=noise, labels=np.array([0]), edits=edits)
    np.testing.assert_allclose(mixed.astype(int), session.sample(noise=noise, labels=labels), atol=1)


def test_half_a_class_is_half_its_row(open_model):
    session = open_model("cgan")
    rows = session.activations("generator", ["embedding_1"], noise=session.draw(10), labels=np.arange(10))
    (edit,) = mixed_labels(session, np.array([[0.5, 0, 0, 0.5, 0, 0, 0, 0, 0, 0]])).values()
    found = [edit.on[unit][0] for unit in range(4)]
    np.testing.assert_allclose(found, (rows["embedding_1"][0] + rows["embedding_1"][3]) / 2, rtol=1e-5)


def test_classes_that_are_looked_at_as_numbers_are_not_mixed(open_model):
    layers = [
        {"id": "noise", "type": "Input", "source": "noise", "shape": [8]},
        {"id": "label", "type": "Input", "source": "label", "shape": []},
        {"id": "pixels", "type": "Dense", "units": 64, "inputs": ["noise"]},
        {"id": "by_class", "type": "ConditionalBatchNormalization", "num_classes": 10, "inputs": ["pixels", "label"]},
        {"id": "image", "type": "Reshape", "target_shape": [8, 8, 1], "inputs": ["by_class"]},
    ]
    session = open_model("cgan", generator={"choice": "custom", "layers": layers})
    with pytest.raises(
        drivers.DriverError, match=r"'by_class' \(ConditionalBatchNormalization\) looks at the number"
    ) as caught:
        mixed_labels(session, np.eye(10))
    assert caught.value.code == "labels_not_mixed"
