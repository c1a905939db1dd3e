"""MS-SSIM: by its definition in plain loops, and how pairs are chosen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import correlate1d

from drivers.evaluation.metrics.ms_ssim import WEIGHTS, ms_ssim, ms_ssim_diversity, random_pairs


def images(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def written_plainly(x, y, scales):
    """One grey pair (H, W), windows by scipy."""
    window = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window /= window.sum()

    def blur(image):
        return correlate1d(correlate1d(image, window, 0), window, 1)[5:-5, 5:-5]

    c1, c2 = 2.55**2, 7.65**2
    value = 1.0
    for scale in range(scales):
        mx, my = blur(x), blur(y)
        vx, vy, cov = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
        similarity = (2 * cov + c2) / (vx + vy + c2)
        if scale == scales - 1:
            similarity *= (2 * mx * my + c1) / (mx**2 + my**2 + c1)
        value *= max(similarity.mean(), 0) ** (WEIGHTS[scale] / sum(WEIGHTS[:scales]))
        even = len(x) // 2 * 2
        x, y = (image[:even, :even].reshape(even // 2, 2, even // 2, 2).mean((1, 3)) for image in (x, y))
    return value


@pytest.mark.parametrize(("side", "scales"), [(12, 1), (28, 2), (64, 3), (176, 5), (256, 5)])
def test_as_written_plainly_at_every_number_of_scales(side, scales):
    x = images(1, side, side, 1)
    y = np.clip(x + np.random.default_rng(1).normal(0, 40, x.shape), 0, 255)
    plain = written_plainly(x[0, ..., 0].astype(float), y[0, ..., 0], scales)
    assert ms_ssim(x, y)[0] == pytest.approx(plain)
    assert 0 < plain < 1


def test_an_image_is_like_itself_and_unlike_its_negative():
    x = images(3, 16, 16, 3)
    assert ms_ssim(x, x) == pytest.approx([1, 1, 1])
    assert ms_ssim(x, 255 - x).tolist() == [0, 0, 0]


def test_an_image_smaller_than_the_window_is_refused():
    with pytest.raises(ValueError, match="windows of 11 pixels; an image of 10 has none"):
        ms_ssim(images(1, 10, 12, 1), images(1, 10, 12, 1))


def test_pairs_are_of_one_class_and_of_different_images():
    labels = np.random.default_rng(0).integers(0, 3, 50)
    labels[7] = 3  # alone in its class
    first, second = random_pairs(50, labels, 2000, np.random.default_rng(1))
    assert (labels[first] == labels[second]).all()
    assert (first != second).all()
    assert set(first) == set(range(50)) - {7}
    first, second = random_pairs(50, None, 2000, np.random.default_rng(1))
    assert (first != second).all()
    assert set(first) == set(second) == set(range(50))


def test_every_image_alone_in_its_class_leaves_no_pair():
    with pytest.raises(ValueError, match="no class has two images"):
        random_pairs(3, np.arange(3), 10, np.random.default_rng(0))


def test_one_image_over_and_over_is_1_and_noise_near_0():
    random = np.random.default_rng(0)
    assert ms_ssim_diversity(np.tile(images(1, 16, 16, 1), (20, 1, 1, 1)), None, pairs=50, random=random).value == (
        pytest.approx(1)
    )
    assert ms_ssim_diversity(images(200, 16, 16, 1), None, pairs=100, random=random).value < 0.1
