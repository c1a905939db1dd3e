"""Waves: numbers worked out by hand, ranges, classes."""

import numpy as np
import pytest

import spec
from drivers.data import DataError, Dataset, DataSettings, load
from drivers.data.sources.sine import WAVEFORMS


def data(**parameters):
    networks = {"generator": {"choice": "gan"}, "discriminator": {"choice": "gan"}}
    return spec.resolve({"data": {"choice": "sine", **parameters}, **networks})["data"]


# Eight steps of one cycle, worked out by hand.
ONE_CYCLE = {
    "sine": [0, 0.5**0.5, 1, 0.5**0.5, 0, -(0.5**0.5), -1, -(0.5**0.5)],
    "square": [1, 1, 1, 1, -1, -1, -1, -1],
    "triangle": [0, 0.5, 1, 0.5, 0, -0.5, -1, -0.5],
    "sawtooth": [0, 0.25, 0.5, 0.75, -1, -0.75, -0.5, -0.25],
}


@pytest.mark.parametrize("form", WAVEFORMS)
def test_one_cycle_of_each_form(form):
    number = list(WAVEFORMS).index(form)
    made = load(
        data(
            length=8, classes=4, include_classes=[number], count=1, frequency=[1, 1], amplitude=[0.5, 0.5], phase=[0, 0]
        )
    )
    assert made.samples.dtype == np.float32
    assert made.labels.tolist() == [number]
    assert made.class_names == ["sine", "square", "triangle", "sawtooth"]
    np.testing.assert_allclose(made.samples[0, :, 0], 0.5 * np.array(ONE_CYCLE[form]), atol=1e-6)


def test_a_phase_is_in_degrees_and_a_frequency_in_cycles_a_sequence():
    made = load(data(length=8, count=1, frequency=[2, 2], amplitude=[1, 1], phase=[90, 90]))
    np.testing.assert_allclose(made.samples[0, :, 0], [1, 0, -1, 0, 1, 0, -1, 0], atol=1e-6)


def test_ranges_are_kept_and_used_to_their_ends():
    made = load(data(length=64, count=500, frequency=[2, 2], amplitude=[0.25, 0.75]))
    spectrum = np.abs(np.fft.rfft(made.samples[:, :, 0])) / 32  # the amplitude of each whole frequency
    amplitudes = spectrum[:, 2]
    np.testing.assert_allclose(spectrum.sum(1), amplitudes, atol=1e-5)
    assert 0.25 <= amplitudes.min() < 0.27
    assert 0.73 < amplitudes.max() <= 0.75
    phases = np.angle(np.fft.rfft(made.samples[:, :, 0])[:, 2], deg=True)
    assert np.histogram(phases, 4, (-180, 180))[0].min() > 80


def test_a_range_may_be_written_from_either_end():
    one, same = (load(data(count=5, frequency=ends)).samples for ends in ([2, 3], [3, 2]))
    np.testing.assert_array_equal(one, same)


def test_channels_are_waves_of_their_own():
    made = load(data(length=16, channels=3, count=4))
    assert made.samples.shape == (4, 16, 3)
    assert made.labels is None
    assert np.abs(made.samples[..., 0] - made.samples[..., 1]).max() > 0.1


def test_noise_has_the_deviation_asked_for_and_stays_in_range():
    made = load(data(length=64, count=400, amplitude=[0, 0], noise=0.1))
    assert made.samples.std() == pytest.approx(0.1, rel=0.02)
    loud = load(data(length=64, count=50, noise=1.0)).samples
    assert (loud.min(), loud.max()) == (-1.0, 1.0)


def test_the_seed_says_which():
    one, same, other = (load(data(count=5, seed=seed)).samples for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_classes_are_as_many_of_each_as_can_be():
    made = load(data(classes=4, include_classes=[1, 3], count=11))
    counts = np.bincount(made.labels, minlength=4)
    assert sorted(counts[[1, 3]]) == [5, 6]
    assert len(made) == counts.sum() == 11


def test_more_than_fits_is_refused_before_it_is_made():
    with pytest.raises(
        DataError, match="1000 sequences of 32 steps of 1 numbers are more than AUTHORGAN_MAX_DATA_BYTES"
    ):
        load(data(count=1000), settings=DataSettings(max_data_bytes=100_000))


def test_sequences_are_no_images():
    with pytest.raises(DataError, match="Images are needed here, but the data are sequences") as error:
        Dataset(np.zeros((2, 8, 1), np.float32)).images  # noqa: B018
    assert error.value.code == "wrong_data"
