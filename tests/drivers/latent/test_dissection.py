"""What units stand for: constructed units, and PyTorch's own bilinear upsampling."""

from __future__ import annotations

import numpy as np
import torch

from drivers.latent.dissection import by_class, by_mask, upsampled

MASK = np.zeros((8, 8), bool)
MASK[:4] = True


def test_upsampling_is_pytorchs():
    maps = np.random.default_rng(0).normal(size=(3, 4, 5))
    wanted = torch.nn.functional.interpolate(torch.from_numpy(maps)[None], (16, 11), mode="bilinear")[0].numpy()
    np.testing.assert_allclose(upsampled(maps, 16, 11), wanted, rtol=1e-6, atol=1e-12)


def test_units_that_light_up_where_the_mask_is():
    random = np.random.default_rng(1)
    units = random.uniform(0, 0.1, size=(10, 8, 8, 5))
    units[:, :4, :, 0] += 1  # all of the mask
    units[:, :4, :4, 1] += 1  # half of it
    units[:, 1:5, :, 2] += 1  # three rows of it, and one outside
    units[..., 3] = 7  # nowhere in particular
    units[:, 4:, :, 4] += 1  # everywhere else
    scores, thresholds = by_mask(units, MASK)
    np.testing.assert_allclose(scores, [1, 1 / 2, 3 / 5, 0, 0])
    assert 0.1 <= thresholds[0] < 1


def test_the_intersection_over_union_of_a_unit_by_hand():
    """Lit: 2 of the mask's 4 pixels and 1 of the 12 others: 2 / 5."""
    mask = np.zeros((4, 4), bool)
    mask[0] = True
    unit = np.zeros((1, 4, 4, 1))
    unit[0, 0, :2, 0] = unit[0, 3, 3, 0] = 1
    scores, _ = by_mask(unit, mask)
    np.testing.assert_allclose(scores, [2 / 5])


def test_coarse_units_are_compared_at_the_size_of_the_image():
    unit = np.zeros((2, 2, 2, 1))
    unit[:, 0] = 1
    scores, _ = by_mask(unit, MASK)
    assert scores[0] > 0.75


def test_units_by_class_in_standard_deviations():
    members, others = np.array([[1.0, 4.0, 2.0], [3.0, 4.0, 2.0]]), np.array([[5.0, 4.0, 1.0], [7.0, 4.0, 3.0]])
    # means 2 and 6 with deviation 1 each; a unit that never changes; the same mean
    np.testing.assert_allclose(by_class(members, others), [-4, 0, 0])


def test_every_unit_is_told_of():
    told = []
    by_mask(np.zeros((1, 2, 2, 3)), MASK, told.append)
    assert told == [1, 2, 3]
