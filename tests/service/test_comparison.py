"""What differs between specs, and samples side by side."""

import io

import numpy as np
from PIL import Image

import spec as specs
from service.comparison import Sheet, differences, flatten, own_names, picture
from service.drawing import LIGHT

BASE = {
    "name": "one",
    "data": {"choice": "digits"},
    "generator": {"choice": "dcgan"},
    "discriminator": {"choice": "dcgan"},
}


def resolved(**changes):
    return specs.resolve({**BASE, **changes})


def test_a_family_is_flattened_without_the_layers_that_follow_from_it():
    flat = flatten(resolved())
    assert flat["/generator/choice"] == "dcgan"
    assert flat["/data/image_size"] == 16
    assert flat["/generator/parameter_count"] > 1000
    assert not [pointer for pointer in flat if "layers" in pointer or "output" in pointer or pointer == "/name"]


def test_drawn_layers_are_parameters():
    layers = [
        {"id": "in", "type": "Input", "source": "image", "shape": [16, 16, 1]},
        {"id": "flat", "type": "Flatten", "inputs": ["in"]},
        {"id": "score", "type": "Dense", "inputs": ["flat"], "units": 1},
    ]
    assert flatten(resolved(discriminator={"choice": "custom", "layers": layers}))["/discriminator/layers/2/units"] == 1


def test_only_what_differs_is_told_with_a_value_for_each():
    other = resolved(name="two", training={"epochs": 7, "seed": 1}, loss={"choice": "hinge"})
    rows = {row["pointer"]: row["values"] for row in differences([resolved(), other, resolved()])}
    epochs = resolved()["training"]["epochs"]
    assert rows["/training/epochs"] == [epochs, 7, epochs]
    assert rows["/training/seed"] == [0, 1, 0]
    assert rows["/loss/choice"] == ["non_saturating", "hinge", "non_saturating"]
    assert rows["/loss/label_smoothing"] == [0.0, None, 0.0]
    loss = {"/loss/choice", "/loss/label_noise", "/loss/label_smoothing"}
    assert set(rows) == {"/training/epochs", "/training/seed", *loss}
    assert differences([resolved(), resolved(name="another")]) == []


def test_samples_stand_side_by_side():
    red = Image.fromarray(np.full((40, 40, 3), (255, 0, 0), np.uint8))
    grey = Image.fromarray(np.full((30, 60), 128, np.uint8))
    drawn = picture([Sheet("a" * 100, 10, red), Sheet("b", 1200, grey), Sheet("c", None, None)], LIGHT)
    words = drawn.svg().decode()
    assert "step 1,200" in words
    assert "no samples" in words
    image = Image.open(io.BytesIO(drawn.png(1)))
    assert image.size == (round(drawn.width), round(drawn.height))
    colours = {colour: count for count, colour in image.getcolors(1 << 24)}
    assert colours[255, 0, 0] == 200 * 200  # five times, which fits
    assert colours[128, 128, 128] == 180 * 90


def test_jobs_of_one_sweep_are_called_by_what_they_have_of_their_own():
    sweep = ["pairs: MNIST: generator gan", "pairs: MNIST: generator dcgan"]
    assert own_names(sweep) == ["generator gan", "generator dcgan"]
    for names in (["pairs: one"], [*sweep, "another"], ["one", "two"], ["pairs: ", "pairs: one"], ["", ""]):
        assert own_names(names) == names
