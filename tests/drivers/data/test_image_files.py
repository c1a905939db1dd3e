"""Folders and zips of image files."""

import io
import stat
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from drivers.data import DataError, load
from drivers.data.sources.image_files import decode, layout_of


def spec(path, **changes):
    return {"choice": "images", "path": path, "image_size": 8, "channels": 3, "classes": None, **changes}


@pytest.fixture
def folder(settings):
    """Writes files under a folder ``faces`` of the user's data."""

    def write(**files):
        for name, content in files.items():
            path = settings.data / "faces" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    return write


@pytest.fixture
def archive(settings):
    def write(files, name="faces.zip", compression=zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(settings.data / name, "w", compression) as zipped:
            for entry, content in files.items():
                zipped.writestr(entry, content)

    return write


def failure(settings, path="faces.zip", **changes):
    with pytest.raises(DataError) as caught:
        load(spec(path, **changes), settings=settings)
    return caught.value


# -- layouts -------------------------------------------------------------------------------------------------------


def test_folders_are_classes_in_alphabetical_order(settings, folder, png):
    folder(**{"dog/1.png": png(colour="blue"), "cat/1.png": png(colour="red"), "cat/2.png": png(colour="lime")})
    data = load(spec("faces"), settings=settings)
    assert data.class_names == ["cat", "dog"]
    assert data.labels.tolist() == [0, 0, 1]
    assert data.images[:, 4, 4].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


def test_a_zip_is_read_like_a_folder(settings, folder, archive, png):
    files = {"dog/1.png": png(colour="blue"), "cat/1.png": png(colour="red")}
    folder(**files)
    archive({f"all of them/{name}": content for name, content in files.items()})
    from_folder, from_zip = load(spec("faces"), settings=settings), load(spec("faces.zip"), settings=settings)
    np.testing.assert_array_equal(from_folder.images, from_zip.images)
    assert from_folder.class_names == from_zip.class_names


@pytest.mark.parametrize(
    ("names", "labels", "classes"),
    [
        (["b.png", "a.png"], None, None),
        (["faces/b.png", "faces/a.png"], None, None),
        (["x/y/b.png", "x/y/a.png"], None, None),
        (["x/b/1.png", "x/a/1.png"], [0, 1], ["a", "b"]),
        (["b/deep/1.png", "a/deep/er/1.png"], [0, 1], ["a", "b"]),
        (["a/1.PNG", "b/2.JpEg", "b/notes.txt", ".hidden/3.png", "__MACOSX/a/._1.png"], [0, 1], ["a", "b"]),
    ],
)
def test_layouts(names, labels, classes):
    layout = layout_of(names, "x")
    assert (layout.labels if labels is None else layout.labels.tolist()) == labels
    assert layout.class_names == classes
    assert layout.names == sorted(layout.names)


def test_images_beside_folders_are_told(settings, folder, png):
    folder(**{"a/1.png": png(), "stray.png": png()})
    error = failure(settings, "faces")
    assert error.code == "wrong_labels"
    assert "stray.png" in error.message


def test_nothing_to_see(settings, folder):
    folder(**{"readme.txt": b"hello"})
    assert failure(settings, "faces").code == "empty"


# -- pictures ------------------------------------------------------------------------------------------------------


def decoded(content, settings, channels=3, size=4):
    return decode(content, "x", size, channels, settings)


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_kinds_of_files(settings, kind):
    found = decoded(encoded(Image.new("RGB", (30, 20), (200, 40, 40)), kind), settings)
    np.testing.assert_allclose(found, np.broadcast_to([200, 40, 40], (4, 4, 3)), atol=6)


def test_the_middle_square_is_kept(settings):
    image = Image.new("RGB", (30, 10), "red")
    image.paste("blue", (10, 0, 20, 10))
    assert (decoded(encoded(image, "PNG"), settings) == [0, 0, 255]).all()


def test_large_jpegs_are_decoded_small_but_right(settings):
    image = Image.fromarray(np.linspace(0, 255, 800 * 800).reshape(800, 800).astype(np.uint8))
    found = decoded(encoded(image, "JPEG", quality=95), settings, channels=1, size=8)
    expected = np.asarray(image.resize((8, 8), Image.Resampling.BICUBIC))
    np.testing.assert_allclose(found[..., 0].astype(int), expected, atol=4)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 100, 100),
        ("1", 1, 255),
        ("RGBA", (255, 0, 0, 0), 255),
        ("RGBA", (0, 0, 0, 255), 0),
        ("LA", (0, 0), 255),
        ("I;16", 25700, 100),
        ("CMYK", (0, 0, 0, 0), 255),
    ],
)
def test_modes(settings, mode, colour, expected):
    image = Image.new(mode, (4, 4), colour)
    content = encoded(image, "JPEG" if mode == "CMYK" else "PNG")
    np.testing.assert_allclose(decoded(content, settings, channels=1), expected, atol=1)


def test_transparency_of_a_palette_becomes_white(settings):
    image = Image.new("P", (4, 4), 0)
    image.putpalette([10, 20, 30] + [0] * 765)
    assert (decoded(encoded(image, "PNG", transparency=0), settings) == 255).all()


def test_pictures_are_turned_upright(settings):
    image = Image.new("RGB", (4, 4), "red")
    image.paste("blue", (0, 0, 4, 2))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    assert decoded(encoded(image, "PNG", exif=exif), settings)[3, 0].tolist() == [0, 0, 255]


def test_an_animation_is_its_first_picture(settings):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (decoded(content, settings) == [255, 0, 0]).all()


# -- bad input -----------------------------------------------------------------------------------------------------


def bomb(width, height):
    """A PNG of a few bytes that says how large it is."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # Pillow warns, we refuse
@pytest.mark.parametrize("size", [(10_000, 10_000), (100_000, 100_000)])
def test_image_bombs(settings, folder, png, size):
    folder(**{"a.png": png(), "b.png": bomb(*size)})
    error = failure(settings, "faces")
    assert error.code == "image_bomb"
    assert "b.png" in error.message


def test_a_damaged_file_is_named(settings, folder, png):
    noise = png(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8))
    folder(**{"a.png": noise, "b.png": noise[:2000], "c.jpg": b"nonsense"})
    error = failure(settings, "faces")
    assert error.code == "corrupt"
    assert "'b.png'" in error.message


def test_a_file_in_another_format_than_it_says_is_not_run(settings, folder):
    folder(**{"a.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n"})
    assert failure(settings, "faces").code == "corrupt"


@pytest.mark.parametrize("name", ["../evil.png", "/evil.png", "a/../../evil.png", "..\\evil.png", "C:/evil.png"])
def test_names_that_lead_out_of_a_zip(settings, archive, png, name):
    archive({"good.png": png(), name: png()})
    assert failure(settings).code == "unsafe_archive"
    assert not (settings.data.parent / "evil.png").exists()


def test_links_in_a_zip(settings, png):
    with zipfile.ZipFile(settings.data / "faces.zip", "w") as zipped:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        zipped.writestr(link, "/etc/passwd")
    assert failure(settings).code == "unsafe_archive"


def test_links_in_a_folder_are_left_out(settings, folder, png, tmp_path):
    (tmp_path / "secret.png").write_bytes(png())
    folder(**{"a.png": png()})
    (settings.data / "faces" / "link.png").symlink_to(tmp_path / "secret.png")
    assert len(load(spec("faces"), settings=settings)) == 1


def test_a_zip_that_unpacks_to_too_much(change, archive, png):
    archive({"a.png": png(), "zeros.bin": bytes(2_000_000)})
    assert failure(change(max_data_bytes=1_000_000)).code == "unsafe_archive"
    assert failure(change(max_zip_ratio=100)).code == "unsafe_archive"


def test_a_zip_with_too_many_entries(change, archive, png):
    archive({f"{number}.png": png() for number in range(5)})
    assert failure(change(max_files=4)).code == "unsafe_archive"


def test_a_folder_with_too_many_files(change, folder, png):
    folder(**{f"{number}.png": png() for number in range(5)})
    assert failure(change(max_files=4), "faces").code == "unsafe_archive"


def test_more_pixels_than_fit_into_memory(change, archive, png):
    archive({f"{number}.png": png() for number in range(5)})
    error = failure(change(max_data_bytes=5000), image_size=64)
    assert error.code in ("too_large", "unsafe_archive")


def test_damaged_and_locked_zips(settings, archive, png):
    (settings.data / "faces.zip").write_bytes(b"nonsense")
    assert failure(settings).code == "corrupt"
    archive({"a.png": png()}, compression=zipfile.ZIP_STORED)
    path = settings.data / "faces.zip"
    content = bytearray(path.read_bytes())
    content[40] ^= 0xFF
    path.write_bytes(content)
    assert failure(settings).code == "corrupt"
    content[40] ^= 0xFF
    content[6] |= 1  # says that it is encrypted, in both places
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert failure(settings).code == "corrupt"
