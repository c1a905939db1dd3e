"""Names of layers as a program can have them."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any


def name_layers(layers: Sequence[Mapping[str, Any]], taken: Collection[str]) -> dict[str, str]:
    """An identifier of its own for each layer, by its id.

    Args:
        taken: names that mean something else where the layers are.
    """
    names: dict[str, str] = {}
    for layer in layers:
        plain = re.sub(r"\W", "_", layer["id"], flags=re.ASCII)
        if not plain.isidentifier() or keyword.iskeyword(plain) or plain in taken or plain.startswith("_"):
            plain = f"layer_{plain}"
        while plain in names.values():
            plain += "_"
        names[layer["id"]] = plain
    return names
