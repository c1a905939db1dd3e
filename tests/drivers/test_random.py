"""Random streams follow from one seed and do not disturb each other."""

from __future__ import annotations

import json

import numpy as np
import torch

from drivers.random import STREAMS, Random, latent


def draw(random, stream):
    return getattr(random, stream).random(4).tolist()


def test_streams_are_independent_and_follow_the_seed():
    numbers = {stream: draw(Random(5), stream) for stream in STREAMS}
    assert len({tuple(values) for values in numbers.values()}) == len(STREAMS)
    assert numbers == {stream: draw(Random(5), stream) for stream in STREAMS}
    assert all(numbers[stream] != draw(Random(6), stream) for stream in STREAMS)


def test_reading_one_stream_moves_no_other():
    random = Random(5)
    draw(random, "noise")
    assert draw(random, "shuffle") == draw(Random(5), "shuffle")


def test_state_round_trip():
    random = Random(5)
    draw(random, "noise")
    state = json.loads(json.dumps(random.state()))
    expected = {stream: draw(random, stream) for stream in STREAMS}
    other = Random(1)
    other.load_state(state)
    assert {stream: draw(other, stream) for stream in STREAMS} == expected


def test_the_largest_seed_of_a_spec_is_a_seed():
    largest = 2**53 - 1
    assert draw(Random(largest), "weights") == draw(Random(largest), "weights") != draw(Random(largest - 1), "weights")


def test_layers_that_draw_have_a_seed_of_their_own():
    assert Random(5).layer_seed == Random(5).layer_seed != Random(6).layer_seed


def test_the_global_generators_are_left_alone(open_small):
    torch.manual_seed(0)
    np.random.seed(0)
    expected, state = torch.get_rng_state(), np.random.get_state()[1].tolist()
    session = open_small("dcgan")
    session.train_step()
    session.sample(4)
    np.testing.assert_array_equal(torch.get_rng_state(), expected)
    assert np.random.get_state()[1].tolist() == state


def test_latent_vectors_are_standard_normal():
    vectors = latent(2000, (50,), seed=0)
    assert (vectors.shape, vectors.dtype) == ((2000, 50), np.float32)
    assert abs(vectors.mean()) < 0.01
    assert abs(vectors.std() - 1) < 0.01
