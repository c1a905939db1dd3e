"""Does a conditional generator draw what it is asked for?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from drivers.evaluation.estimate import Estimate, Z, proportion


def gan_test(probabilities: np.ndarray, labels: np.ndarray) -> Estimate:
    """Accuracy on generated images of a classifier trained on real ones (Shmelkov et al. 2018, GAN-test).

    From 0 to 1, higher is better, like precision: it does not see that all images of a class are one and the same.
    A value above the floor (the same on real images) means images more typical than real ones are.

    Args:
        probabilities: (N, K) of the classifier. labels: the classes asked for, (N,), as often as the data has them.
    """
    return proportion(probabilities.argmax(1) == labels)


def gan_train(
    learn: Callable[[np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]],
    fake_images: np.ndarray,
    fake_labels: np.ndarray,
    real_images: np.ndarray,
    real_labels: np.ndarray,
) -> Estimate:
    """Accuracy on real images of a classifier trained on generated ones (Shmelkov et al. 2018, GAN-train).

    From 0 to 1, higher is better, like recall: it falls with what is missing, wrong or too much alike. The floor is a
    classifier trained on as many real images. What the training of the classifier adds by chance is not in the
    interval.

    Args:
        learn: images and labels -> a classifier: images -> probabilities (N, K).
    """
    classify = learn(fake_images, fake_labels)
    return proportion(classify(real_images).argmax(1) == real_labels)


def conditional_accuracy(probabilities: np.ndarray, labels: np.ndarray) -> Estimate:
    """The mean over the classes of the share of images in which a classifier finds the class asked for.

    Balanced, other than GAN-test: a class that is rare in the data counts like any other. From 0 to 1, higher is
    better. The details hold every class, and the worst.

    Args:
        probabilities: (N, K) of a classifier trained on real images. labels: the classes asked for, (N,).
    """
    right = probabilities.argmax(1) == labels
    classes = np.unique(labels)
    shares = np.array([right[labels == number].mean() for number in classes])
    variances = shares * (1 - shares) / [np.count_nonzero(labels == number) for number in classes]
    value, error = float(shares.mean()), float(np.sqrt(variances.sum())) / len(classes)
    return Estimate(
        value,
        max(0.0, value - Z * error),
        min(1.0, value + Z * error),
        f"standard error over {len(labels)} images of {len(classes)} classes",
        {
            "per_class": {str(number): float(share) for number, share in zip(classes, shares, strict=True)},
            "worst_class": int(classes[shares.argmin()]),
        },
    )
