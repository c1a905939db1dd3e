"""Derivatives by TensorFlow, and steps as graphs."""

import tensorflow as tf


def compiled(step):
    """A step as a graph, which TensorFlow runs without Python."""
    return tf.function(step, autograph=False)


def pullback(function, variables, *points):
    """The value, and a function from its gradient to those of variables and points."""
    sources = [*(variable.value for variable in variables), *points]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(sources)
        value = function(*points)

    def pull(by_value):
        zero = tf.UnconnectedGradients.ZERO
        found = tape.gradient(value, sources, by_value, unconnected_gradients=zero)
        return [tf.convert_to_tensor(gradient) for gradient in found]

    return value, pull


def slope(function, x):
    """The derivative of the function's sum by x, which can be differentiated again."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return tape.gradient(value, x)


def moments(x, axes, keepdims=False):
    """Mean and variance; TensorFlow's own variance has a wrong second derivative."""
    mean = tf.reduce_mean(x, axes, keepdims=True)
    variance = tf.reduce_mean(tf.square(x - mean), axes, keepdims=keepdims)
    return tf.reshape(mean, tf.shape(variance)), variance
