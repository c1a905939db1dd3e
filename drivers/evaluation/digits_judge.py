"""Are these handwritten digits? A classifier trained on the real ones says."""

from __future__ import annotations

from functools import cache

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import SVC

from drivers.data import load

CLASSES = 10
# γ of the radial kernel, for pixels from 0 to 1, times the number of pixels.
KERNEL_WIDTH = 30.0
# What `passes` asks for.
CLASSES_WANTED = 8
CONFIDENCE_WANTED = 0.7
# A class is found when at least this share of all images is taken for it, each with more than even confidence.
FOUND_SHARE = 0.01
FOUND_CONFIDENCE = 0.5


def judge(images: np.ndarray) -> dict[str, float]:
    """Classifies images by a support vector machine trained on scikit-learn's digits at their size.

    Its radial kernel vanishes far from every real digit, so whatever is no digit at all is taken for one and the same
    class; noise therefore fails by the classes found, like a generator that draws one digit only.

    Args:
        images: uint8 (N, H, W, 1), square.

    Returns:
        ``{"classes_found": 0 … 10, "mean_confidence": the mean probability of each image's likeliest class}``.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 1 or images.shape[1] != images.shape[2]:
        raise ValueError(f"images must be uint8 (N, S, S, 1), got {images.dtype} {images.shape}")
    probabilities = _classifier(images.shape[1]).predict_proba(_features(images))
    taken_for, confidence = probabilities.argmax(1), probabilities.max(1)
    counts = np.bincount(taken_for[confidence > FOUND_CONFIDENCE], minlength=CLASSES)
    return {
        "classes_found": int((counts >= max(1.0, FOUND_SHARE * len(images))).sum()),
        "mean_confidence": float(confidence.mean()),
    }


def passes(verdict: dict[str, float]) -> bool:
    """Whether the images are digits of enough kinds, surely enough."""
    return verdict["classes_found"] >= CLASSES_WANTED and verdict["mean_confidence"] > CONFIDENCE_WANTED


def classify(images: np.ndarray) -> np.ndarray:
    """The likeliest digit of each image, (N,)."""
    return _classifier(images.shape[1]).predict(_features(images))


@cache
def _classifier(size: int) -> CalibratedClassifierCV:
    real = load({"choice": "digits", "image_size": size, "channels": 1, "include_classes": None, "count": None})
    machine = SVC(C=10.0, gamma=KERNEL_WIDTH / size**2)
    return CalibratedClassifierCV(machine, ensemble=False, cv=3).fit(_features(real.images), real.labels)


def _features(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float64) / 255.0
