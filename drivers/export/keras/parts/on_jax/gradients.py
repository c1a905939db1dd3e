"""Derivatives by JAX, without side effects; the name at the top is the program's."""

import jax
import keras
from keras import ops

STATE = []


def compiled(step):
    """A step compiled by XLA, which takes and returns the values of all variables."""

    @jax.jit
    def pure(values, arguments):
        with keras.StatelessScope(zip(STATE, values, strict=True)):
            return step(*arguments), [variable.value for variable in STATE]

    def run(*arguments):
        result, values = pure([variable.value for variable in STATE], arguments)
        jax.tree.map(keras.Variable.assign, STATE, values)
        return result

    return run


def pullback(function, variables, *points):
    """The value, and a function from its gradient to those of variables and points."""

    def pure(values, *points):
        jax.tree.map(keras.Variable.assign, variables, values)
        return function(*points), [variable.value for variable in STATE]

    values = [variable.value for variable in variables]
    value, back, after = jax.vjp(pure, values, *points, has_aux=True)
    jax.tree.map(keras.Variable.assign, STATE, after)  # what is assigned stays
    return value, lambda by_value: jax.tree.leaves(back(by_value))


def slope(function, x):
    """The derivative of the function's sum by x, which can be differentiated again."""
    return pullback(lambda x: ops.sum(function(x)), [], x)[1](1.0)[0]
