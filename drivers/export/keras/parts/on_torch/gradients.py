"""Derivatives by PyTorch, and steps that run as they are written."""

import torch
from keras import ops


def compiled(step):
    """PyTorch runs a step as it is written; only `pullback` asks for derivatives."""

    @torch.no_grad()
    def run(*arguments):
        return step(*map(ops.convert_to_tensor, arguments))

    return run


def pullback(function, variables, *points):
    """The value, and a function from its gradient to those of variables and points."""
    points = [point.detach().requires_grad_() for point in points]
    sources = [*(variable.value for variable in variables), *points]
    with torch.enable_grad():
        value = function(*points)

    def pull(by_value):
        by_value = torch.as_tensor(by_value)
        return torch.autograd.grad(value, sources, by_value, materialize_grads=True)

    return value.detach(), pull


def slope(function, x):
    """The derivative of the function's sum by x, which can be differentiated again."""
    x = x.detach().requires_grad_()
    total = ops.sum(function(x))
    (found,) = torch.autograd.grad(total, x, create_graph=True)
    return found
