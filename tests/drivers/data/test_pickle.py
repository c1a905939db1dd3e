"""The paper's pickles: plain arrays come out, and nothing in them is ever run."""

import collections
import gzip
import io
import os
import pickle
import pickletools
import struct

import numpy as np
import pytest

from drivers.data import DataError, load, locate
from drivers.data.unpickle import read_pickle

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 8, 8), np.uint8)
LABELS = np.arange(12) % 4


def spec(name="a.pkl", **changes):
    return {
        "choice": "pickle",
        "path": name,
        "fallback": None,
        "image_size": 8,
        "channels": 1,
        "classes": None,
        **changes,
    }


@pytest.fixture
def write(tmp_path):
    def write(value, protocol=4):
        path = tmp_path / "a.pkl"
        path.write_bytes(value if isinstance(value, bytes) else pickle.dumps(value, protocol))
        return path

    return write


# -- forms ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "array",
    [
        PIXELS,
        PIXELS.astype(np.float32) / 255,
        PIXELS.astype(">i8"),
        np.asfortranarray(PIXELS),
        PIXELS[:, ::2],
        PIXELS > 100,
        PIXELS.astype(np.float16),
    ],
)
def test_arrays_of_every_kind_and_protocol(write, protocol, array):
    images, labels = read_pickle(write(array, protocol))
    np.testing.assert_array_equal(images, array)
    assert labels is None


@pytest.mark.parametrize("protocol", [2, 5])
@pytest.mark.parametrize(
    ("value", "has_labels"),
    [
        ((PIXELS, LABELS), True),
        ([PIXELS, LABELS], True),
        ((PIXELS, LABELS.tolist()), True),
        ({"images": PIXELS, "labels": LABELS}, True),
        ({b"data": PIXELS, b"labels": LABELS.tolist()}, True),
        ({"data": PIXELS}, False),
        (list(PIXELS), False),
        (tuple(PIXELS), False),
        (PIXELS.tolist(), False),
        ([(image, int(label)) for image, label in zip(PIXELS, LABELS, strict=True)], True),
        ([(image, label) for image, label in zip(PIXELS, LABELS, strict=True)], True),  # labels are numpy scalars
        (((PIXELS, LABELS), (PIXELS[:5], LABELS[:5]), (PIXELS[:5], LABELS[:5])), True),  # splits: the first is taken
    ],
)
def test_forms(write, value, has_labels, protocol):
    images, labels = read_pickle(write(value, protocol))
    np.testing.assert_array_equal(images, PIXELS)
    if has_labels:
        np.testing.assert_array_equal(labels, LABELS)
    else:
        assert labels is None


def test_two_images_are_no_pair_of_images_and_labels(write):
    images, labels = read_pickle(write([PIXELS[0], PIXELS[1]]))
    np.testing.assert_array_equal(images, PIXELS[:2])
    assert labels is None


def test_packed_pickles(write):
    path = write(gzip.compress(pickle.dumps((PIXELS, LABELS))))
    np.testing.assert_array_equal(read_pickle(path)[0], PIXELS)


def test_a_pickle_of_numpy_1(write):
    """The names before numpy 2: numpy.core instead of numpy._core."""
    content = pickle.dumps(PIXELS, 2)
    assert b"numpy._core" in content
    old = content.replace(b"numpy._core", b"numpy.core")
    np.testing.assert_array_equal(read_pickle(write(old))[0], PIXELS)


def test_a_pickle_of_python_2(write):
    """Python 2 wrote the bytes of an array as text (SHORT_BINSTRING)."""
    array = np.arange(8, dtype=np.uint8).reshape(2, 2, 2) * 36
    python_2 = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85q\x03U\x01bq\x04\x87q\x05Rq\x06"
        b"(K\x01K\x02K\x02K\x02\x87q\x07cnumpy\ndtype\nq\x08U\x02u1q\tK\x00K\x01\x87q\nRq\x0b"
        b"(K\x03U\x01|q\x0cNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\rb\x89U\x08"
        + array.tobytes()
        + b"q\x0etq\x0fb."
    )
    pickletools.dis(python_2, out=io.StringIO())
    np.testing.assert_array_equal(read_pickle(write(python_2))[0], array)


# -- what is refused -----------------------------------------------------------------------------------------------


class Calls:
    """Pickles as a call of anything."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def op(module, name):
    return f"c{module}\n{name}\n".encode()


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize(
    "value",
    [
        Calls(os.system, "touch {marker}"),
        Calls(eval, "open('{marker}', 'w')"),
        Calls(exec, "open('{marker}', 'w')"),
        Calls(open, "{marker}", "w"),
        Calls(getattr, object, "__subclasses__"),
        Calls(np.load, "{marker}", None, True),
        Calls(np.fromfile, "{marker}"),
        Calls(np.ndarray, (10, 10)),
        Calls(np.ones, (10, 10)),
        collections.OrderedDict(images=PIXELS),
        np.array([{"a": 1}], dtype=object),
        np.array(["text"]),
        np.zeros(3, [("a", "f4"), ("b", "i4")]),
        np.ma.masked_array(PIXELS),
        np.matrix([[1, 2], [3, 4]]),
        np.zeros((2, 2), complex),
        np.array(["2020-01-01"], "M8[D]"),
    ],
    ids=repr,
)
def test_everything_else_is_refused_and_nothing_is_run(write, tmp_path, value, protocol):
    marker = tmp_path / "pwned"
    if isinstance(value, Calls):
        function, arguments = value.call
        value = Calls(
            function,
            *(part.format(marker=marker) if isinstance(part, str) else part for part in arguments),
        )
    with pytest.raises(DataError) as caught:
        read_pickle(write({"images": PIXELS, "more": value}, protocol))
    assert caught.value.code in ("unsafe_pickle", "wrong_dtype")
    assert not marker.exists()


@pytest.mark.parametrize(
    "program",
    [
        op("os", "system") + b"(S'touch {marker}'\ntR.",
        op("numpy._core.multiarray", "os") + b".",
        op("numpy", "os.system") + b".",
        op("numpy", "load") + b".",
        op("numpy.core.multiarray", "_reconstruct.__globals__") + b".",
        op("_codecs", "decode") + b".",
        op("_codecs", "encode") + b"(S'x'\nS'rot13'\ntR.",
        op("builtins", "object") + b".",
        op("__builtin__", "eval") + b".",
        op("copy_reg", "_reconstructor") + b".",
        b"Pid\n.",
        b"\x80\x04\x8c\x02id\x94Q.",
    ],
)
def test_hand_made_programs(write, tmp_path, program):
    with pytest.raises(DataError) as caught:
        read_pickle(write(program.replace(b"{marker}", str(tmp_path / "pwned").encode())))
    assert caught.value.code == "unsafe_pickle"
    assert not (tmp_path / "pwned").exists()


def test_a_state_that_lies_about_the_array(write):
    """Shape, type and content are believed only as far as they fit each other."""
    honest = pickle.dumps(np.arange(6, dtype=np.uint8).reshape(2, 3), 2)
    assert read_pickle(write(honest))[0].shape == (2, 3)
    for lie in (
        honest.replace(b"K\x02K\x03\x86", b"K\x02K\x7f\x86"),  # more than there is
        honest.replace(b"u1", b"O8"),  # objects
        honest.replace(b"K\x02K\x03\x86", b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86"),
    ):
        assert lie != honest
        with pytest.raises(DataError) as caught:
            read_pickle(write(lie))
        assert caught.value.code in ("corrupt", "unsafe_pickle", "wrong_shape")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"", "corrupt"),
        (b"nonsense", "corrupt"),
        (b"\x80\x05", "corrupt"),
        (pickle.dumps(PIXELS)[:-100], "corrupt"),
        ("text", "wrong_shape"),
        (None, "wrong_shape"),
        ({"pictures": PIXELS}, "missing"),
        ([PIXELS[0], PIXELS[1][:4]], "wrong_shape"),
        ([PIXELS[0], "x"], "wrong_shape"),
        ({"images": {"a": PIXELS}}, "wrong_shape"),
    ],
)
def test_pickles_that_hold_no_images(write, value, code):
    with pytest.raises(DataError) as caught:
        read_pickle(write(value))
    assert caught.value.code == code


# -- as data of a spec ---------------------------------------------------------------------------------------------


def put(settings, value, name="a.pkl"):
    path = settings.data / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(value if isinstance(value, bytes) else pickle.dumps(value))


def test_a_pickle_is_read_once(settings):
    put(settings, (PIXELS, LABELS))
    data = load(spec(), settings=settings)
    np.testing.assert_array_equal(data.images[..., 0], PIXELS)
    np.testing.assert_array_equal(data.labels, LABELS)
    (converted,) = (settings.cache / "pickles").glob("*.npz")
    made = converted.stat().st_mtime_ns
    load(spec(image_size=16), settings=settings)
    assert converted.stat().st_mtime_ns == made
    put(settings, PIXELS[:5])
    assert len(load(spec(), settings=settings)) == 5


def test_what_is_refused_leaves_nothing_behind(settings, tmp_path):
    put(settings, {"images": Calls(os.system, f"touch {tmp_path / 'pwned'}")})
    with pytest.raises(DataError) as caught:
        load(spec(), settings=settings)
    assert caught.value.code == "unsafe_pickle"
    assert "posix.system" in caught.value.message
    assert not (tmp_path / "pwned").exists()
    assert list((settings.cache / "pickles").iterdir()) == []


def test_the_reader_may_take_only_so_much_memory(change):
    settings = change(reader_bytes=60 * 1024**2)
    zeros = gzip.compress(pickle.dumps(np.zeros((100, 1024, 1024), np.uint8)), 1)
    put(settings, zeros)
    with pytest.raises(DataError) as caught:
        load(spec(), settings=settings)
    assert caught.value.code == "too_large"
    assert "AUTHORGAN_READER_BYTES" in caught.value.message


def test_the_reader_may_take_only_so_much_time(change):
    settings = change(reader_seconds=1.0)
    # 2^40 empty lists, made of forty pairs of references to the list before
    program = b"]q\x00" + b"".join(b"](h" + bytes([n]) + b"h" + bytes([n]) + b"eq" + bytes([n + 1]) for n in range(40))
    put(settings, program + b".")
    with pytest.raises(DataError) as caught:
        load(spec(), settings=settings)
    assert caught.value.code == "too_large"
    assert "AUTHORGAN_READER_" in caught.value.message


def test_a_file_that_is_not_there_may_have_a_known_name(settings):
    location = locate(spec("dataset/mnistData.pkl", fallback="digits"), settings=settings)
    assert location.choice == "digits"
    (note,) = location.notes
    assert (note["pointer"], note["code"]) == ("/data/path", "fallback_data")
    assert "mnistData.pkl" in note["message"]
    data = load(spec("dataset/mnistData.pkl", fallback="digits", image_size=28), settings=settings)
    assert data.images.shape == (1797, 28, 28, 1)


def test_a_file_that_is_there_is_used_whatever_its_name(settings):
    put(settings, PIXELS, "dataset/mnistData.pkl")
    location = locate(spec("dataset/mnistData.pkl", fallback="digits"), settings=settings)
    assert (location.choice, location.notes) == ("pickle", [])


def test_a_file_that_is_not_there_and_has_no_known_name(settings):
    with pytest.raises(DataError) as caught:
        locate(spec("faces.pkl"), settings=settings)
    assert caught.value.code == "missing"


def test_a_forbidden_path_has_no_fallback(settings):
    with pytest.raises(DataError) as caught:
        locate(spec("/etc/passwd", fallback="digits"), settings=settings)
    assert caught.value.code == "forbidden_path"


def test_pickles_of_the_future_do_not_crash(settings):
    put(settings, b"\x80\x63" + struct.pack("<Q", 1) + b".")
    with pytest.raises(DataError) as caught:
        load(spec(), settings=settings)
    assert caught.value.code == "corrupt"
