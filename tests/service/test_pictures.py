"""What pictures carry, and what is made of pictures that carry something else."""

import io
import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

import spec as specs
from service.pictures import KEYWORD, PictureError, read, short, stamp

SPEC = specs.resolve(
    {
        "name": "ein Prüfling",
        "data": {"choice": "digits"},
        "generator": {"choice": "dcgan"},
        "discriminator": {"choice": "dcgan"},
    }
)


def png(**text):
    info = PngImagePlugin.PngInfo()
    for keyword, value in text.items():
        info.add_text(keyword, value)
    buffer = io.BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def with_chunk(kind, body, at=33):
    plain = png()
    chunk = kind + body
    return plain[:at] + struct.pack(">I", len(body)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + plain[at:]


def test_the_pixels_stay_and_the_spec_comes_back():
    drawn = {"seed": 7, "step": 120, "job": "0123456789abcdef", "count": 10, "columns": 4, "labels": [3, 1]}
    stamped = stamp(png(), spec=SPEC, hash=SPEC.sha256(), **drawn)
    with Image.open(io.BytesIO(stamped)) as picture:
        picture.verify()
    with Image.open(io.BytesIO(stamped)) as picture:
        assert (np.asarray(picture) == np.arange(64).reshape(8, 8)).all()
    found = read(stamped)
    assert {name: found[name] for name in drawn} == drawn
    again = specs.resolve(found["spec"])
    assert again.sha256() == SPEC.sha256() == found["hash"]
    assert again["name"] == "ein Prüfling"
    assert len(stamped) - len(png()) < 3000


def test_drawn_layers_are_kept_and_those_of_a_family_are_not():
    layers = [
        {"id": "in", "type": "Input", "source": "image", "shape": [16, 16, 1]},
        {"id": "flat", "type": "Flatten", "inputs": ["in"]},
        {"id": "score", "type": "Dense", "inputs": ["flat"], "units": 1},
    ]
    drawn = specs.resolve({**SPEC, "discriminator": {"choice": "custom", "layers": layers}})
    kept = short(drawn)
    assert len(kept["discriminator"]["layers"]) == 3
    assert "layers" not in kept["generator"]
    assert specs.resolve(kept).sha256() == drawn.sha256()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_png"),
        (b"GIF89a" + b"\0" * 50, "not_a_png"),
        (png()[:20], "not_a_png"),
        (png(), "no_spec"),
        (png(Comment="hello"), "no_spec"),
        (png(AuthorGAN="{"), "bad_spec"),
        (png(AuthorGAN="[" * 100_000), "bad_spec"),
        (png(AuthorGAN='{"spec": 3}'), "bad_spec"),
        (png(AuthorGAN="null"), "bad_spec"),
    ],
)
def test_pictures_without_a_spec(content, code):
    with pytest.raises(PictureError) as caught:
        read(content)
    assert caught.value.code == code


def test_a_text_that_unpacks_to_no_end_is_not_unpacked():
    bomb = zlib.compress(b" " * 200_000_000, 9)
    with pytest.raises(PictureError) as caught:
        read(with_chunk(b"iTXt", KEYWORD.encode() + b"\0\1\0\0\0" + bomb))
    assert caught.value.code in ("bad_spec", "no_spec", "not_a_png")


def test_a_picture_of_a_billion_pixels_is_not_decoded():
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    huge = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png()[33:]
    with pytest.raises(PictureError):
        read(huge)


def test_numbers_that_are_none_are_left_out():
    said = {"hash": 5, "seed": -1, "step": True, "job": "x" * 100, "count": "9", "columns": 1.5, "labels": [1, "2"]}
    assert read(png(AuthorGAN=json.dumps({"spec": {}, **said}))) == {"spec": {}, **dict.fromkeys(said)}
