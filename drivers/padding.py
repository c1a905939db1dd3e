"""How many zeros Keras's padding means, and what its transposed convolutions cut off: numbers, for every driver."""

from __future__ import annotations

from collections.abc import Sequence

Sizes = tuple[int, ...]


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Zeros before and after an axis, so that ceil(size / stride) windows fit; the odd one goes after."""
    reach = (kernel - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def window_padding(
    padding: str, sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> list[tuple[int, int]]:
    """Zeros before and after each axis that ``valid``, ``same`` or ``causal`` ask for."""
    axes = list(zip(sizes, kernel, strides, dilation, strict=True))
    if padding == "causal":
        return [((reach - 1) * apart, 0) for _, reach, _, apart in axes]
    return [same_padding(*axis) if padding == "same" else (0, 0) for axis in axes]


def without_uncovered(
    sides: Sequence[tuple[int, int]],
    sizes: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int],
) -> list[tuple[int, int]]:
    """The same windows, without what none of them reaches at the end of an axis; a negative number cuts that off."""
    axes = zip(sides, sizes, kernel, strides, dilation, strict=True)
    return [
        (before, after - (before + size + after - (reach - 1) * apart - 1) % stride)
        for (before, after), size, reach, stride, apart in axes
    ]


def innermost_first(sides: Sequence[tuple[int, int]]) -> Sizes:
    """(before, after) of every axis in the order that PyTorch's `pad` takes them: the last axis first."""
    return tuple(zeros for side in reversed(sides) for zeros in side)


def split_padding(sides: Sequence[tuple[int, int]]) -> tuple[Sizes, Sizes | None]:
    """What a PyTorch convolution pads on both sides of each axis, and what `pad` has to add where they differ."""
    if all(before == after for before, after in sides):
        return tuple(before for before, _ in sides), None
    return (0,) * len(sides), innermost_first(sides)


def transposed_padding(
    padding: str,
    sizes: Sequence[int],
    grown: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int],
    output_padding: Sequence[int | None] | None,
) -> tuple[Sizes, Sizes, Sizes]:
    """How a PyTorch transposed convolution gives what Keras's gives.

    Args:
        sizes, grown: the axes of the input, and of the output that Keras's shape rule says.

    Returns:
        ``padding`` and ``output_padding`` for PyTorch's function, and where the output starts in its result: the
        kernel cuts as much on both sides, so what is to be cut before alone is left to the caller.
    """
    extra = output_padding or [None] * len(kernel)
    cut, added, starts = [], [], []
    for axis, (size, wanted) in enumerate(zip(sizes, grown, strict=True)):
        reach = (kernel[axis] - 1) * dilation[axis] + 1
        before = 0 if padding == "valid" else _cut_before(reach, strides[axis], extra[axis])
        after = (size - 1) * strides[axis] + reach - before - wanted
        cut.append(min(before, max(after, 0)))
        added.append(max(-after, 0))
        starts.append(before - cut[-1])
    return tuple(cut), tuple(added), tuple(starts)


def _cut_before(reach: int, stride: int, extra: int | None) -> int:
    """Numbers that "same" cuts before an axis on which each input paints ``reach`` numbers, ``stride`` apart."""
    surplus = reach - stride if extra is None else reach - reach % 2 - extra
    return max(surplus // 2, 0)
