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
            result = step(*arguments)
            return result, [variable.value for variable in STATE]

    def run(*arguments):
        result, values = pure([variable.value for variable in STATE], arguments)
        for variable, value in zip(STATE, values, strict=True):
            variable.assign(value)
        return result

    return run


def pullback(function, variables, points=()):
    """The value, and the chain rule from there back to variables, then points."""
    before = [variable.value for variable in STATE]

    def pure(values, points):
        known = zip([*STATE, *variables], [*before, *values], strict=True)
        with keras.StatelessScope(known):
            value = function(*points)
            return value, [variable.value for variable in STATE]

    values = [variable.value for variable in variables]
    value, back, after = jax.vjp(pure, values, list(points), has_aux=True)
    for variable, new in zip(STATE, after, strict=True):
        variable.assign(new)  # what the function assigned stays assigned
    return value, lambda by_value: [found for part in back(by_value) for found in part]


def slope(function, x):
    """The derivative of the function's sum by x, which can be differentiated again."""
    _, pull = pullback(lambda x: ops.sum(function(x)), [], [x])
    return pull(1.0)[0]
