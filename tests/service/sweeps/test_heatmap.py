"""Cells, their means, and how they look."""

import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from service.drawing import DARK, LIGHT
from service.sweeps.heatmap import VIRIDIS, _Scale, heatmap, ink, show, title, viridis
from service.values import describe

AXES = [
    {"pointer": "/generator", "values": ["gan", {"choice": "dcgan", "filters": 8}]},
    {"pointer": "/discriminator", "values": ["gan", "wgan"]},
    {"pointer": "/training/seed", "values": [0, 1]},
]
G, D, SEED = (axis["pointer"] for axis in AXES)


@pytest.fixture
def table():
    """gan/gan twice, gan/wgan once with a number and once failed, dcgan/gan waiting; dcgan/wgan was deleted."""
    dcgan = {"filters": 8, "choice": "dcgan"}
    jobs = [
        ({G: "gan", D: "gan", SEED: 0}, 1.0, "succeeded"),
        ({G: "gan", D: "gan", SEED: 1}, 2.0, "succeeded"),
        ({G: "gan", D: "wgan", SEED: 0}, -3.25, "running"),
        ({G: "gan", D: "wgan", SEED: 1}, None, "failed"),
        ({G: dcgan, D: "gan", SEED: 0}, None, "queued"),
        ({G: dcgan, D: "gan", SEED: 1}, None, "queued"),
    ]
    return heatmap("pairs & more", AXES, jobs, describe("generator_loss"), x=D, y=G)


def test_a_cell_is_the_mean_over_the_other_axes(table):
    assert [[cell.mean for cell in row] for row in table.cells] == [[1.5, -3.25], [None, None]]
    assert [[cell.why_empty for cell in row] for row in table.cells][1] == ["waiting", "none"]
    assert table.averaged == [SEED]
    assert (table.columns.labels, table.rows.labels) == (["gan", "wgan"], ["gan", "dcgan (filters 8)"])


def test_as_csv(table):
    assert table.csv() == (
        "/generator,/discriminator,generator_loss,least,greatest,jobs,jobs_without\n"
        "gan,gan,1.5,1.0,2.0,2,0\n"
        "gan,wgan,-3.25,-3.25,-3.25,1,1\n"
        "dcgan (filters 8),gan,,,,0,2\n"
        "dcgan (filters 8),wgan,,,,0,0\n"
    )


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_as_a_picture(table, theme):
    root = ElementTree.fromstring(table.picture(theme).svg())
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Generator loss", "pairs & more", "generator", "discriminator", "dcgan (filters 8)"} <= set(words)
    assert {"1.5", "-3.25 (1 of 2)", "waiting", "none", "Each cell is the mean over seed."} <= set(words)
    width, height = float(root.get("width")), float(root.get("height"))
    for element in root.iter("{http://www.w3.org/2000/svg}rect"):
        if element.get("x"):
            assert float(element.get("x")) + float(element.get("width")) <= width
            assert float(element.get("y")) + float(element.get("height")) <= height
    image = Image.open(io.BytesIO(table.picture(theme).png()))
    assert image.size == (round(2 * width), round(2 * height))
    colours = {colour for _, colour in image.getcolors(1 << 24)}
    assert {tuple(bytes.fromhex(viridis(position)[1:])) for position in (0, 1)} <= colours


def test_a_sweep_with_one_axis_is_one_row():
    axes = [{"pointer": SEED, "values": [0, 1]}]
    table = heatmap("s", axes, [({SEED: 0}, 4.0, "succeeded")], describe("kid"), x=SEED, y=None)
    assert [[cell.mean for cell in row] for row in table.cells] == [[4.0, None]]
    assert table.csv().startswith("/training/seed,kid,")
    assert table.picture(LIGHT).png()


def test_a_sweep_that_has_nothing_yet_can_be_drawn():
    axes = [{"pointer": SEED, "values": [0]}]
    assert heatmap("s", axes, [], describe("kid"), x=SEED, y=None).picture(DARK).svg()


def test_colours_rise_in_brightness_and_words_on_them_can_be_read():
    brightness = []
    for position in np.linspace(0, 1, 50):
        red, green, blue = bytes.fromhex(viridis(position)[1:])
        linear = np.array([red, green, blue]) / 255
        linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
        luminance = linear @ (0.2126, 0.7152, 0.0722)
        brightness.append(luminance)
        contrast = (luminance + 0.05) / 0.05 if ink(viridis(position)) == "#000000" else 1.05 / (luminance + 0.05)
        assert contrast >= 4.5
    assert (np.diff(brightness) > 0).all()
    assert (viridis(0), viridis(1), viridis(7)) == (VIRIDIS[0], VIRIDIS[-1], VIRIDIS[-1])


def test_one_that_lies_far_outside_does_not_take_the_colours_from_the_others():
    scale = _Scale([1.0, 1.1, 1.2, 1.3, 1.4, 900.0])
    assert (scale.low, scale.clipped_low, scale.clipped_high) == (1.0, False, True)
    assert scale.high < 3
    assert scale.colour(900.0) == VIRIDIS[-1]
    assert scale.colour(1.0) != scale.colour(1.4)
    same = _Scale([2.0, 2.0])
    assert same.colour(2.0) == viridis(0.5)


def test_words():
    assert title("/optimizer/generator/learning_rate") == "learning rate of generator"
    assert title("/training/batch_size") == "batch size"
    assert [show(number) for number in (0.000123456, 1.23456, 12345.6, -2.0)] == ["0.000123", "1.23", "1.23e+04", "-2"]
