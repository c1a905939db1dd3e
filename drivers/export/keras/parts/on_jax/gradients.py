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
        for variable, value in zip(STATE, values, strict=True):
            variable.assign(value)
        return result

    return run


def pullback(function, variables, *points):
    """The value, and a function from its gradient to those of variables and points."""

    def pure(values, *points):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return function(*points), [variable.value for variable in STATE]

    values = [variable.value for variable in variables]
    value, back, after = jax.vjp(pure, values, *points, has_aux=True)
    for variable, new in zip(STATE, after, strict=True):
        variable.assign(new)  # what the function assigned stays assigned
    return value, lambda by_value: jax.tree.leaves(back(by_value))


def slope(function, x):
    """The derivative of the function's sum by x, which can be differentiated again."""
    _, pull = pullback(lambda x: ops.sum(function(x)), [], x)
    return pull(1.0)[0]
