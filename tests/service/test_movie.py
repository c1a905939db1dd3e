"""Movies of samples: what is shown, for how long, and that real decoders play it."""

import av
import numpy as np
import pytest
from PIL import Image

from service.movie.encode import gif, mp4
from service.movie.frames import STRIP, frame, schedule, size


def test_every_sample_is_shown_equally_long():
    assert schedule([0, 10, 20], 9) == [(0, 3), (10, 3), (20, 3)]
    assert schedule([5], 7) == [(5, 7)]


def test_too_many_samples_are_taken_at_even_distances_with_both_ends():
    shown = schedule(range(0, 1000, 10), 12)
    assert [step for step, _ in shown] == [0, 90, 180, 270, 360, 450, 540, 630, 720, 810, 900, 990]
    assert sum(count for _, count in shown) == 12
    assert schedule(range(0, 1000, 10), 12, most=3) == [(0, 4), (500, 4), (990, 4)]


def test_small_grids_grow_by_a_whole_number_and_sides_are_even():
    assert size(78, 78) == (390, 390)
    assert size(321, 101) == (322, 102)
    assert size(3200, 1001) == (1600, 500)


def test_a_frame_shows_the_samples_and_how_far_the_training_is():
    picture = frame(Image.new("L", (100, 80), 200), 50, 100, 3)
    assert picture.size == (400, 320 + STRIP)
    pixels = np.asarray(picture)
    assert (pixels[:320] == 200).all()
    assert (pixels[321, 10] == pixels[321, 199]).all()
    assert (pixels[321, 10] != pixels[321, 210]).any()
    assert len(np.unique(pixels[326:].reshape(-1, 3), axis=0)) > 5  # words


def images(count=4):
    return [Image.new("RGB", (64, 32), (60 * index, 0, 0)) for index in range(count)]


def test_an_mp4_can_be_played(tmp_path):
    mp4(iter(images()), [5] * 4, tmp_path / "a.mp4", fps=10)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        reds = [frame.to_ndarray(format="rgb24")[..., 0].mean() for frame in container.decode(stream)]
        assert float(container.duration / av.time_base) == pytest.approx(2.0, abs=0.11)
    assert np.round(np.array(reds) / 60).tolist() == [index for index in range(4) for _ in range(5)]


def test_a_gif_keeps_each_image_once_for_as_long(tmp_path):
    gif(iter(images()), [5, 5, 5, 10], tmp_path / "a.gif", fps=10)
    with Image.open(tmp_path / "a.gif") as movie:
        assert (movie.n_frames, movie.info["loop"]) == (4, 0)
        durations = []
        for index in range(4):
            movie.seek(index)
            durations.append(movie.info["duration"])
            assert movie.convert("RGB").getpixel((5, 5)) == (60 * index, 0, 0)
    assert durations == [500, 500, 500, 1000]


def test_streams_start_at_once(tmp_path):
    """The index of an MP4 stands before its pictures."""
    mp4(iter(images()), [1] * 4, tmp_path / "a.mp4", fps=10)
    content = (tmp_path / "a.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
