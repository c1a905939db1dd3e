"""Windows on JAX's processors, where XLA is slow at some forms of a convolution and fast at others of the same.

Imported on JAX alone. Arrays are (N, *sizes, channels), kernels lie as Keras has them.

Strided and transposed convolutions, and the gradient of either with respect to its kernel, are three functions each of
which is the derivative of the others: written so, every derivative, the second of a gradient penalty too, is one of the
forms that XLA does well. Left to itself JAX differentiates a transposed convolution into one whose window is as large
as an image, which takes ten times as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

Tensor = Any
Sizes = tuple[int, ...]
Sides = tuple[tuple[int, int], ...]


def is_slow() -> bool:
    """Whether what is computed on has these slow forms; graphics cards do not."""
    return jax.default_backend() == "cpu"


@dataclass(frozen=True)
class Grid:
    """How windows lie on the large of two arrays; each window is one place of the small one.

    Attributes:
        large, small: the arrays' sizes, without samples and channels.
        kernel: the size of a window.
        strides: how far one window is from the next.
        dilation: how far the weights of a window are apart.
        sides: zeros around the large array; negative where it is cut.
    """

    large: Sizes
    small: Sizes
    kernel: Sizes
    strides: Sizes
    dilation: Sizes
    sides: Sides

    @property
    def letters(self) -> tuple[str, str, str]:
        axes = "DHW"[-len(self.kernel) :]
        return f"N{axes}C", f"{axes}IO", f"N{axes}C"


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def convolve(large: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """(N, *large, a), (*kernel, a, b) -> (N, *small, b)."""
    return lax.conv_general_dilated(
        large, kernel, grid.strides, grid.sides, rhs_dilation=grid.dilation, dimension_numbers=grid.letters
    )


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def paint(small: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """(N, *small, b), (*kernel, a, b) -> (N, *large, a): `convolve` transposed, as Keras's layers have it."""
    sides = []
    for size, count, length, stride, apart, (before, _) in zip(
        grid.large, grid.small, grid.kernel, grid.strides, grid.dilation, grid.sides, strict=True
    ):
        reach = (length - 1) * apart
        sides.append((reach - before, size + before - (count - 1) * stride - 1))
    turned = jnp.flip(kernel, range(len(grid.kernel))).swapaxes(-1, -2)
    return lax.conv_general_dilated(
        small,
        turned,
        (1,) * len(grid.kernel),
        sides,
        lhs_dilation=grid.strides,
        rhs_dilation=grid.dilation,
        dimension_numbers=grid.letters,
    )


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def meet(large: Tensor, small: Tensor, grid: Grid) -> Tensor:
    """(N, *large, a), (N, *small, b) -> (*kernel, a, b): `convolve`'s gradient of the kernel."""
    shape = (*grid.kernel, large.shape[-1], small.shape[-1])
    plain = convolve.__wrapped__
    turn = jax.linear_transpose(lambda kernel: plain(large, kernel, grid), jax.ShapeDtypeStruct(shape, large.dtype))
    return turn(small)[0]


convolve.defvjp(
    lambda large, kernel, grid: (convolve(large, kernel, grid), (large, kernel)),
    lambda grid, kept, slope: (paint(slope, kept[1], grid), meet(kept[0], slope, grid)),
)
paint.defvjp(
    lambda small, kernel, grid: (paint(small, kernel, grid), (small, kernel)),
    lambda grid, kept, slope: (convolve(slope, kept[1], grid), meet(slope, kept[0], grid)),
)
meet.defvjp(
    lambda large, small, grid: (meet(large, small, grid), (large, small)),
    lambda grid, kept, slope: (paint(kept[1], slope, grid), convolve(kept[0], slope, grid)),
)


def depthwise(x: Tensor, kernel: Tensor, strides: Sizes, dilation: Sizes, sides: Sides) -> Tensor:
    """(N, h, w, c), (kh, kw, c, m) -> (N, h', w', c·m): a sum of shifted images, not as many groups as channels."""
    # Without the barrier every number that is read would first be looked for among the zeros.
    padded = lax.optimization_barrier(jnp.pad(x, ((0, 0), *sides, (0, 0))))
    y = _shift_and_add(padded, kernel, strides, dilation)
    return y.reshape(*y.shape[:3], -1)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _shift_and_add(x: Tensor, kernel: Tensor, strides: Sizes, dilation: Sizes) -> Tensor:
    """(N, h, w, c), (kh, kw, c, m) -> (N, h', w', c, m)."""
    places = product(*(range(length) for length in kernel.shape[:2]))
    return sum(_seen(x, place, kernel.shape, strides, dilation)[..., None] * kernel[place] for place in places)


def _slopes(strides: Sizes, dilation: Sizes, kept: tuple[Tensor, Tensor], slope: Tensor) -> tuple[Tensor, Tensor]:
    x, kernel = kept
    plain = _shift_and_add.__wrapped__
    (of_x,) = jax.linear_transpose(lambda x: plain(x, kernel, strides, dilation), x)(slope)
    rows, columns = kernel.shape[:2]

    def of_place(place: Tensor) -> Tensor:
        """One weight of each kernel, (c, m); all places at once would be read again and again from memory."""
        at = place // columns * dilation[0], place % columns * dilation[1]
        sizes = [(count - 1) * stride + 1 for count, stride in zip(slope.shape[1:3], strides, strict=True)]
        seen = lax.dynamic_slice(x, (0, *at, 0), (x.shape[0], *sizes, x.shape[3]))[:, :: strides[0], :: strides[1]]
        return jnp.sum(seen[..., None] * slope, (0, 1, 2))

    return of_x, lax.map(of_place, jnp.arange(rows * columns)).reshape(kernel.shape)


_shift_and_add.defvjp(
    lambda x, kernel, strides, dilation: (_shift_and_add(x, kernel, strides, dilation), (x, kernel)), _slopes
)


@jax.custom_vjp
def reshaped(x: Tensor) -> Tensor:
    """x, the result of a reshape, with slopes that XLA computes apart from those of what was reshaped.

    In one loop over both, XLA (jaxlib 0.10.2) may write the slope of an activation over the activation itself while
    windows over the reshaped activation, the same memory by another name, still read it: gradients are wrong then.
    """
    return x


def _by_itself(slope: Tensor) -> Tensor:
    """The slope, by a condition that is not known before it runs, which no loop reaches across."""
    first = slope.ravel()[0]
    return lax.cond(jnp.isnan(first), lambda slope: slope + first, lambda slope: slope, slope)


reshaped.defvjp(lambda x: (x, None), lambda _, slope: (_by_itself(slope),))


def pooled(x: Tensor, pool: Sizes, strides: Sizes, sides: Sides, filling: float) -> list[Tensor]:
    """What windows see at each of their places: of (N, *sizes, c) as many (N, *windows, c) as a window is large."""
    padded = jnp.pad(x, ((0, 0), *sides, (0, 0)), constant_values=filling)
    places = product(*(range(length) for length in pool))
    return [_seen(padded, place, pool, strides, (1,) * len(pool)) for place in places]


def largest(seen: list[Tensor]) -> Tensor:
    """The largest of each number, whose slope goes to the first of equal ones; NaN where one is."""
    best = seen[0]
    for other in seen[1:]:
        best = jnp.where((other > best) | jnp.isnan(other), other, best)
    return best


def _seen(x: Tensor, place: Sizes, kernel: Sizes, strides: Sizes, dilation: Sizes) -> Tensor:
    """What all windows see at one of their places."""
    window = []
    for at, size, length, stride, apart in zip(place, x.shape[1:-1], kernel, strides, dilation, strict=False):
        count = (size - (length - 1) * apart - 1) // stride + 1
        window.append(slice(at * apart, at * apart + (count - 1) * stride + 1, stride))
    return x[(slice(None), *window)]
