"""What sees features in images, for scores that compare features."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from drivers.errors import DriverError

if TYPE_CHECKING:
    from drivers.data import Dataset, DataSettings

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""
Classify = Callable[[np.ndarray], np.ndarray]
"""Images (N, …) to probabilities (N, K)."""


class Extractor(ABC):
    """Turns images into features, and into probabilities of classes where it knows any.

    Attributes:
        id: names the features: equal ids, equal features. Scores of different ids cannot be compared.
    """

    id: str

    @abstractmethod
    def features(self, images: np.ndarray) -> np.ndarray:
        """Images uint8 (N, H, W, C), or other data (N, …), to features (N, D)."""

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Images to probabilities of the data's classes, (N, K).

        Raises:
            DriverError: it is no classifier of them.
        """
        raise DriverError("no_classifier", f"The extractor '{self.id}' does not tell classes.", "/evaluation/extractor")

    def learn(self, images: np.ndarray, labels: np.ndarray, seed: int) -> Classify:
        """A classifier like this one, trained on other images.

        Raises:
            DriverError: it is no classifier.
        """
        raise DriverError("no_classifier", f"The extractor '{self.id}' learns nothing.", "/evaluation/extractor")


class Identity(Extractor):
    """The data itself: pixels from 0 to 1, coordinates, sequences, each flattened to (N, D)."""

    id = "identity"

    def features(self, images: np.ndarray) -> np.ndarray:
        flat = images.reshape(len(images), -1)
        return flat / np.float32(255) if flat.dtype == np.uint8 else flat.astype(np.float64)


def open_extractor(choice: str, data: Dataset, settings: DataSettings, progress: Progress) -> Extractor:
    """The extractor of a spec's ``evaluation.extractor``.

    Args:
        choice: ``"identity"``, ``"classifier"``, ``"inception"``, or ``"auto"``: a classifier for images, else the
            identity.
        data: the whole data set; the classifier is trained on it once and then kept in the cache.
        progress: told of that training.
    """
    is_image = data.samples.dtype == np.uint8 and data.samples.ndim == 4
    if choice == "auto":
        choice = "classifier" if is_image else "identity"
    if choice == "identity":
        return Identity()
    if not is_image:
        message = (
            f"Extractor '{choice}' looks at images; the data are {data.samples.dtype} {data.samples.shape}. "
            "Use 'identity'."
        )
        raise DriverError("no_classifier", message, "/evaluation/extractor")
    if choice == "inception":
        return importlib.import_module("drivers.pytorch.inception").open_inception(settings, progress)
    # The one learning library that is always installed, whichever driver trains the GAN.
    classifier = importlib.import_module("drivers.pytorch.classifier")
    return classifier.open_classifier(data, settings, progress)
