"""Looking into a network, and changing what its layers give, whatever the library."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from drivers.errors import DriverError
from drivers.rewrites import Call

Tensor = Any


@dataclass(frozen=True)
class Edit:
    """What units of a layer give, whatever they compute. Units are counted along the last axis, the channels.

    Attributes:
        off: units that give zero everywhere (ablation, Bau et al. 2019).
        on: units that give this value everywhere (insertion); an array (N,) gives each sample its own.
    """

    off: Collection[int] = ()
    on: Mapping[int, float | np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """An `Edit` as arithmetic: the layer gives x * keep + put.

    Attributes:
        keep: 1 or 0 for each unit, float32 (1, …, C) with as many axes as the layer's values.
        put: what the others give, float32 (N, …, C), one a sample.
    """

    keep: Tensor
    put: Tensor

    def of(self, samples: slice) -> Change:
        """The same for some of the samples."""
        return Change(self.keep, self.put[samples])

    def mapped(self, tensor: Callable[[np.ndarray], Tensor]) -> Change:
        """The same in tensors of a library."""
        return Change(tensor(self.keep), tensor(self.put))


def change(edit: Edit, layer: str, shape: tuple[int, ...], count: int) -> Change:
    """An edit of a layer whose values are (N, *shape), for ``count`` samples.

    Raises:
        DriverError: the layer has no such unit, or one is both off and on, or a value is not finite.
    """
    if not shape:
        raise DriverError("no_units", f"The layer '{layer}' gives one number and has no units.", f"/edits/{layer}")
    units = shape[-1]
    unknown = sorted({unit for unit in (*edit.off, *edit.on) if not 0 <= unit < units})
    if unknown:
        message = f"The layer '{layer}' has the units 0 to {units - 1}; there is no unit {unknown[0]}."
        raise DriverError("no_unit", message, f"/edits/{layer}")
    both = sorted(set(edit.off) & set(edit.on))
    if both:
        raise DriverError("off_and_on", f"Unit {both[0]} of '{layer}' cannot be off and on.", f"/edits/{layer}")
    keep, put = np.ones(units, np.float32), np.zeros((count, units), np.float32)
    keep[[*edit.off, *edit.on]] = 0.0
    for unit, value in edit.on.items():
        put[:, unit] = value
    if not np.isfinite(put).all():
        raise DriverError("bad_value", f"A value for a unit of '{layer}' is not finite.", f"/edits/{layer}")
    between = (1,) * (len(shape) - 1)
    return Change(keep.reshape(1, *between, units), put.reshape(count, *between, units))


def examine(
    inputs: Mapping[str, Tensor], calls: Iterable[Call], capture: Collection[str], changes: Mapping[str, Change]
) -> dict[str, Tensor]:
    """Runs a network as far as it takes to know what some of its layers give.

    Args:
        inputs: what the Inputs give, by layer.
        calls: the other layers, each after those that it reads, none fused with another.
        capture: layers whose values are wanted, after changes of their own.
        changes: what layers give instead, as tensors of the library.

    Returns:
        The values (N, *shape) by layer.
    """

    def changed(layer: str, value: Tensor) -> Tensor:
        made = changes.get(layer)
        return value if made is None else value * made.keep + made.put

    values = {layer: changed(layer, value) for layer, value in inputs.items()}
    for layer, function, sources in calls:
        if values.keys() >= set(capture):
            break
        values[layer] = changed(layer, function(*[values[source] for source in sources]))
    return {layer: values[layer] for layer in capture}
