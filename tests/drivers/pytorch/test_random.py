"""Random streams follow from one seed and do not disturb each other."""

from __future__ import annotations

import numpy as np
import torch

from drivers.pytorch.random import STREAMS, Random, latent

CPU = torch.device("cpu")


def draw(random, stream):
    return torch.rand(4, generator=getattr(random, stream)).tolist()


def test_streams_are_independent_and_follow_the_seed():
    numbers = {stream: draw(Random(5, CPU), stream) for stream in STREAMS}
    assert len({tuple(values) for values in numbers.values()}) == len(STREAMS)
    assert numbers == {stream: draw(Random(5, CPU), stream) for stream in STREAMS}
    assert all(numbers[stream] != draw(Random(6, CPU), stream) for stream in STREAMS)


def test_reading_one_stream_moves_no_other():
    random = Random(5, CPU)
    draw(random, "noise")
    assert draw(random, "shuffle") == draw(Random(5, CPU), "shuffle")


def test_state_round_trip():
    random = Random(5, CPU)
    draw(random, "dropout")
    state = random.state()
    expected = {stream: draw(random, stream) for stream in STREAMS}
    other = Random(1, CPU)
    other.load_state(state)
    assert {stream: draw(other, stream) for stream in STREAMS} == expected


def test_the_largest_seed_of_a_spec_is_a_seed():
    draw(Random(2**53 - 1, CPU), "weights")


def test_the_global_generator_is_left_alone(open_small):
    torch.manual_seed(0)
    expected = torch.get_rng_state()
    session = open_small("dcgan")
    session.train_step()
    session.sample(4)
    np.testing.assert_array_equal(torch.get_rng_state(), expected)


def test_latent_vectors_are_standard_normal():
    vectors = latent(2000, 50, seed=0)
    assert abs(vectors.mean().item()) < 0.01
    assert abs(vectors.std().item() - 1) < 0.01
