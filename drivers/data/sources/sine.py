"""Waves: sequences made on the spot, so that a recurrent GAN has something to learn that one sees at a glance.

Esteban, Hyland and Rätsch 2017, "Real-valued (Medical) Time Series Generation with Recurrent Conditional GANs",
section 4.1, whose sines have a random frequency, amplitude and phase.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from drivers.data.dataset import Dataset
from drivers.data.errors import DataError
from drivers.data.settings import DataSettings
from drivers.data.sources.source import Progress, Source

DEGREES = 360.0
CHUNK_NUMBERS = 1_000_000
"""Numbers made at a time, so that the float64 copies stay small."""

WAVEFORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sine": lambda turns: np.sin(2 * np.pi * turns),
    "square": lambda turns: np.where(turns % 1 < 0.5, 1.0, -1.0),
    "triangle": lambda turns: 1 - 4 * np.abs((turns + 0.25) % 1 - 0.5),
    "sawtooth": lambda turns: 2 * ((turns + 0.5) % 1) - 1,
}
"""Waves of amplitude 1 and period 1 by name, in the order of their class numbers; all rise from 0 at 0."""


class Sine(Source):
    """Sines, or the first ``data["classes"]`` waveforms as classes."""

    def read(self, data: Mapping[str, Any], settings: DataSettings, progress: Progress) -> Dataset:
        """Sequences (count, length, channels); of several classes, as many of each as can be.

        x[n, t, c] = a · wave(f · t / length + φ) + ε, with f, a and φ uniform in their ranges for each n and c, and ε
        normal; clipped to [-1, 1].
        """
        count, length, channels = data["count"], data["length"], data["channels"]
        if count * length * channels * np.dtype(np.float32).itemsize > settings.max_data_bytes:
            raise DataError(
                "too_large",
                f"{count} sequences of {length} steps of {channels} numbers are more than "
                f"AUTHORGAN_MAX_DATA_BYTES={settings.max_data_bytes}; make fewer or shorter ones.",
                "/data/count",
            )
        draw = np.random.default_rng(data["seed"])
        numbers = np.asarray(data["include_classes"] or range(data["classes"] or 1))
        labels = draw.permutation(np.resize(numbers, count)).astype(np.int64)
        frequency, amplitude, phase = (
            draw.uniform(min(data[name]), max(data[name]), (count, 1, channels))
            for name in ("frequency", "amplitude", "phase")
        )
        time = np.arange(length)[:, None] / length
        samples = np.empty((count, length, channels), np.float32)
        for number, wave in enumerate(WAVEFORMS.values()):
            members = np.flatnonzero(labels == number)
            for chosen in np.array_split(members, 1 + members.size * length * channels // CHUNK_NUMBERS):
                samples[chosen] = amplitude[chosen] * wave(frequency[chosen] * time + phase[chosen] / DEGREES)
        if data["noise"]:
            samples += np.float32(data["noise"]) * draw.standard_normal(samples.shape, np.float32)
        samples.clip(-1.0, 1.0, out=samples)
        if data["classes"] is None:
            return Dataset(samples)
        return Dataset(samples, labels, list(WAVEFORMS)[: data["classes"]])
