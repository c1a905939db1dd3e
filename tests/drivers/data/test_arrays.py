"""NumPy files."""

import io
import zipfile

import numpy as np
import pytest

from drivers.data import DataError, load, locate

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 8, 8), np.uint8)
LABELS = np.arange(12) % 4


def spec(name, **changes):
    return {"choice": "npz", "path": name, "image_size": 8, "channels": 1, "classes": None, **changes}


@pytest.fixture
def save(settings):
    def save(name, array=None, **arrays):
        path = settings.data / name
        if isinstance(array, bytes):
            path.write_bytes(array)
        elif array is not None:
            np.save(path, array)
        else:
            np.savez_compressed(path, **arrays)
        return path

    return save


def code(settings, name="a.npz", **changes):
    with pytest.raises(DataError) as caught:
        load(spec(name, **changes), settings=settings)
    return caught.value.code


@pytest.mark.parametrize(
    ("images", "labels"),
    [("images", "labels"), ("x", "y"), ("x_train", "y_train"), ("arr_0", "arr_1"), ("anything", None)],
)
def test_names_of_arrays(settings, save, images, labels):
    save("a.npz", **{images: PIXELS, **({labels: LABELS} if labels else {})})
    data = load(spec("a.npz"), settings=settings)
    np.testing.assert_array_equal(data.images[..., 0], PIXELS)
    if labels:
        np.testing.assert_array_equal(data.labels, LABELS)
        assert data.class_names == ["0", "1", "2", "3"]
    else:
        assert data.labels is data.class_names is None


def test_one_array_alone(settings, save):
    path = save("a.npy", PIXELS)
    assert locate(spec("a.npy"), settings=settings).paths == (path,)
    np.testing.assert_array_equal(load(spec("a.npy"), settings=settings).images[..., 0], PIXELS)


def test_orders_and_kinds_of_numbers(settings, save):
    for array in (np.asfortranarray(PIXELS), PIXELS.astype(">i4"), PIXELS.astype(np.float64)):
        save("a.npy", array)
        np.testing.assert_array_equal(load(spec("a.npy"), settings=settings).images[..., 0], PIXELS)


def test_what_comes_out_can_be_written_to(settings, save):
    save("a.npz", images=PIXELS)
    data = load(spec("a.npz"), settings=settings)
    assert data.images.flags.writeable
    assert data.images.flags.c_contiguous


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (LABELS[:, None], LABELS),
        (LABELS.astype(np.float32), LABELS),
        (np.eye(4, dtype=np.uint8)[LABELS], LABELS),
        (LABELS == 1, LABELS == 1),
    ],
)
def test_forms_of_labels(settings, save, labels, expected):
    save("a.npz", images=PIXELS, labels=labels)
    np.testing.assert_array_equal(load(spec("a.npz"), settings=settings).labels, expected)


@pytest.mark.parametrize(
    "labels",
    [LABELS[:-1], LABELS - 1, LABELS + 0.5, np.full(12, np.nan), np.full(12, 5000), np.zeros((12, 3)), PIXELS[:, 0]],
)
def test_labels_that_are_none(settings, save, labels):
    save("a.npz", images=PIXELS, labels=labels)
    assert code(settings) == "wrong_labels"


def test_the_spec_and_the_labels_agree_on_the_classes(settings, save):
    save("a.npz", images=PIXELS, labels=LABELS)
    assert len(load(spec("a.npz", classes=4), settings=settings)) == 12
    assert len(load(spec("a.npz", classes=10), settings=settings)) == 12
    with pytest.raises(DataError, match="say 4") as caught:
        load(spec("a.npz", classes=3), settings=settings)
    assert caught.value.pointer == "/data/classes"
    save("b.npz", images=PIXELS)
    assert code(settings, "b.npz", classes=3) == "wrong_labels"


def test_nothing_pickled_is_read(settings, save, tmp_path):
    class Evil:
        def __reduce__(self):
            return open, (str(tmp_path / "pwned"), "w")

    save("a.npz", images=np.array([Evil()], dtype=object))
    assert code(settings) == "unsafe_pickle"
    save("a.npy", np.array([Evil()], dtype=object))
    assert code(settings, "a.npy") == "unsafe_pickle"
    assert not (tmp_path / "pwned").exists()


def test_an_array_is_not_larger_than_it_may_be(change, save):
    settings = change(max_data_bytes=1000)
    save("a.npz", images=np.zeros((1000, 8, 8), np.uint8))  # a few bytes, packed
    assert code(settings) == "too_large"


def test_a_header_that_promises_more_than_there_is(settings, save):
    buffer = io.BytesIO()
    np.save(buffer, PIXELS)
    lying = buffer.getvalue().replace(b"(12, 8, 8)", b"(99, 8, 8)")
    save("a.npy", lying)
    assert code(settings, "a.npy") == "corrupt"
    save("a.npy", buffer.getvalue().replace(b"(12, 8, 8)", b"(-1, 8, 8)"))
    assert code(settings, "a.npy") == "corrupt"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", b"\x93NUMPY\x01\x00\xff\xff", b"x" * 100])
def test_damaged_files(settings, save, content):
    save("a.npz", content)
    assert code(settings) == "corrupt"


def test_a_checksum_that_does_not_match(settings, save):
    path = save("a.npz", images=PIXELS)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert code(settings) == "corrupt"


def test_an_archive_without_images(settings, save):
    save("a.npz", pictures=PIXELS, faces=PIXELS)
    with pytest.raises(DataError, match="faces, pictures"):
        load(spec("a.npz"), settings=settings)
    with zipfile.ZipFile(settings.data / "empty.npz", "w"):
        pass
    assert code(settings, "empty.npz") in ("missing", "corrupt")


def test_a_folder_is_no_file(settings):
    (settings.data / "folder").mkdir()
    with pytest.raises(DataError) as caught:
        locate(spec("folder"), settings=settings)
    assert (caught.value.code, caught.value.pointer) == ("missing", "/data/path")
