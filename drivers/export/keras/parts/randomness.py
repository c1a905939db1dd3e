"""What Keras's layers start from and draw; the name at the top is the program's."""

from functools import partial

import keras
from keras import ops

layers_rng = keras.random.SeedGenerator(0)


class Drawn(keras.initializers.Initializer):
    """One of the functions here for a layer that copies its initializers."""

    def __init__(self, draw):
        self.draw = draw

    def __call__(self, shape, dtype=None):
        return self.draw(shape, dtype)

    def get_config(self):
        return {"draw": self.draw}


def remembering(draw):
    """A bias whose forget gates start at one, so that a memory lasts."""

    def bias(shape, dtype):
        values = draw(shape, dtype)
        values.reshape(4, -1)[1] = 1.0
        return values

    return bias


def drawing(layer):
    """A layer that draws its random numbers from the one stream of all layers."""
    layer.seed_generator.state = layers_rng.state
    return layer


def drawing_in_cell(layer):
    """The same for a recurrent layer, whose cell draws."""
    drawing(layer.cell)
    return layer


class DroppingAttention(keras.layers.MultiHeadAttention):
    """Attention that draws what it drops from the one stream of all layers."""

    def build(self, query_shape, value_shape, key_shape=None):
        super().build(query_shape, value_shape, key_shape)
        drawing(self._dropout_layer)


class ThinAttention(keras.layers.MultiHeadAttention):
    """Attention of heads one number wide, whose biases TensorFlow adds along the steps.

    It does so to what stands first in a sum, and here the biases do.
    """

    def build(self, query_shape, value_shape, key_shape=None):
        super().build(query_shape, value_shape, key_shape)
        for dense in (self._query_dense, self._key_dense, self._value_dense):
            dense.activation, dense.bias = partial(ops.add, dense.bias), None
        if self._dropout > 0.0:
            drawing(self._dropout_layer)
