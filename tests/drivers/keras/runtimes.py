"""Functions of layers or networks, with their derivatives, on whichever backend this process has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from tests.drivers.keras.uneven import bent, uneven

Function = Callable[..., Any]


@dataclass
class Problem:
    """What to compute.

    Attributes:
        function: of tensors; reads and assigns the variables.
        inputs: what it is called with.
        factor: what its outputs are multiplied by before they are summed.
        variables: every variable it uses.
        penalized: the function whose gradient is penalized; None: none is.
    """

    function: Function
    inputs: Sequence[np.ndarray]
    factor: np.ndarray
    variables: Sequence[keras.Variable]
    penalized: Function | None = None

    def bent(self, *inputs: Any) -> Any:
        """What is penalized; see `tests.drivers.keras.uneven.bent`."""
        assert self.penalized is not None
        return bent(self.penalized(*inputs))

    @property
    def trained(self) -> list[keras.Variable]:
        return [variable for variable in self.variables if variable.trainable]


@dataclass
class Derived:
    """A function's result and the derivatives of its weighted sum.

    Attributes:
        output: the result.
        inputs, variables: the sum's gradient with respect to each input and each trainable variable.
        penalty_inputs, penalty: the gradient with respect to each input and each trainable variable of
            Σ w·(gradient of the inputs of Σ factor·`bent`)², the weights w being `uneven`.
        after: the values of all variables after the first call.
    """

    output: np.ndarray
    inputs: list[np.ndarray]
    variables: list[np.ndarray]
    penalty_inputs: list[np.ndarray]
    penalty: list[np.ndarray]
    after: list[np.ndarray]


def derive(problems: Sequence[Problem], *, compiled: bool) -> list[Derived]:
    """Solves all problems, in one compiled step (`tf.function`, `jax.jit`) or eagerly; PyTorch compiles nothing."""
    solve = {"torch": _with_torch, "tensorflow": _with_tensorflow, "jax": _with_jax}[keras.config.backend()]
    derived = []
    for problem, (y, found, second, after) in zip(problems, solve(problems, compiled), strict=True):
        count, found, second = len(problem.inputs), _numpy(found), _numpy(second)
        halves = found[:count], found[count:], second[:count], second[count:]
        derived.append(Derived(_numpy([y])[0], *halves, _numpy(after)))
    return derived


def _numpy(values: Sequence[Any]) -> list[np.ndarray]:
    return [ops.convert_to_numpy(value) for value in values]


def _with_torch(problems, compiled):
    import torch

    def gradients(y, of, **options):
        if not (of and y.requires_grad):
            return [torch.zeros_like(value) for value in of]
        found = torch.autograd.grad(y, of, allow_unused=True, **options)
        return [torch.zeros_like(v) if slope is None else slope for v, slope in zip(of, found, strict=True)]

    def solve(problem):
        x = [torch.tensor(value, requires_grad=True) for value in problem.inputs]
        trained = [variable.value for variable in problem.trained]
        factor = torch.tensor(problem.factor)
        y = problem.function(*x)
        found = gradients((y * factor).sum(), x + trained)
        after = [variable.value.detach().clone() for variable in problem.variables]
        second = []
        if problem.penalized is not None:
            slopes = gradients((problem.bent(*x) * factor).sum(), x, create_graph=True)
            penalty = sum((torch.tensor(uneven(slope), dtype=slope.dtype) * slope**2).sum() for slope in slopes)
            second = gradients(penalty, x + trained)
        return y.detach(), found, second, after

    return [solve(problem) for problem in problems]


def _with_tensorflow(problems, compiled):
    import tensorflow as tf

    def gradients(tape, y, of):
        found = tape.gradient(y, of, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return [tf.convert_to_tensor(slope) for slope in found]

    def solve(problem, x):
        trained = [variable.value for variable in problem.trained]
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = problem.function(*x)
            total = tf.reduce_sum(y * problem.factor)
        found = gradients(tape, total, [*x, *trained])
        after = [tf.identity(variable.value) for variable in problem.variables]
        second = []
        if problem.penalized is not None:
            with tf.GradientTape() as outer:
                outer.watch(x)
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    total = tf.reduce_sum(problem.bent(*x) * problem.factor)
                slopes = gradients(inner, total, x)
                penalty = sum(tf.reduce_sum(tf.constant(uneven(slope), slope.dtype) * slope**2) for slope in slopes)
            second = gradients(outer, penalty, [*x, *trained])
        return y, found, second, after

    def step(inputs):
        return [solve(problem, x) for problem, x in zip(problems, inputs, strict=True)]

    inputs = [[tf.constant(value) for value in problem.inputs] for problem in problems]
    return (tf.function(step) if compiled else step)(inputs)


def _with_jax(problems, compiled):
    import jax

    def total(problem, function, trained, x, values):
        """The weighted sum; beside it the outputs, and the values of the variables afterwards."""
        new = iter(trained)
        values = [
            next(new) if variable.trainable else value
            for variable, value in zip(problem.variables, values, strict=True)
        ]
        with keras.StatelessScope(list(zip(problem.variables, values, strict=True))) as scope:
            y = function(*x)
            after = [scope.get_current_value(variable) for variable in problem.variables]
        return (y * problem.factor).sum(), (y, after)

    def trained_of(problem, values):
        return [value for variable, value in zip(problem.variables, values, strict=True) if variable.trainable]

    def solve(problem, x, values):
        def weighted(trained, x):
            return total(problem, problem.function, trained, x, values)

        slopes, (y, after) = jax.grad(weighted, (0, 1), has_aux=True)(trained_of(problem, values), x)
        second = []
        if problem.penalized is not None:

            def penalty(trained, x):
                slopes = jax.grad(lambda x: total(problem, problem.bent, trained, x, after)[0])(x)
                return sum((uneven(slope).astype(slope.dtype) * slope**2).sum() for slope in slopes)

            by_variable, by_input = jax.grad(penalty, (0, 1))(trained_of(problem, after), x)
            second = [*by_input, *by_variable]
        return y, [*slopes[1], *slopes[0]], second, after

    def step(inputs, values):
        return [solve(*arguments) for arguments in zip(problems, inputs, values, strict=True)]

    inputs = [[jax.numpy.asarray(value) for value in problem.inputs] for problem in problems]
    values = [[variable.value for variable in problem.variables] for problem in problems]
    return (jax.jit(step) if compiled else step)(inputs, values)
