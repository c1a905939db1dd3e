"""The forms in which a model can be taken home."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drivers.export.errors import ExportError
from drivers.export.script import write_notebook, write_script


@dataclass(frozen=True)
class Format:
    """One form.

    Attributes:
        name: what a request calls it.
        suffix: of its files.
        content_type: of its files over HTTP.
        is_source: it is a program, which follows from the spec alone; else it holds weights.
        of_one: a file holds one network; else the whole model.
        driver: the driver that writes it, whichever the model was trained by; None where no library is needed.
    """

    name: str
    suffix: str
    content_type: str = "application/octet-stream"
    is_source: bool = False
    of_one: bool = False
    driver: str | None = None

    def file_name(self, network: str) -> str:
        """What a file is called, e.g. ``generator.onnx``, ``gan.py``."""
        if self.is_source:
            return f"gan{self.suffix}"
        return f"{network if self.of_one else 'model'}{self.suffix}"


FORMATS = {
    each.name: each
    for each in (
        Format("onnx", ".onnx", of_one=True, driver="pytorch"),
        Format("torch_export", ".pt2", of_one=True, driver="pytorch"),
        Format("keras", ".keras", of_one=True, driver="keras"),
        Format("safetensors", ".safetensors"),
        Format("script", ".py", "text/x-python; charset=utf-8", is_source=True),
        Format("notebook", ".ipynb", "application/x-ipynb+json", is_source=True),
    )
}
"""By name."""


def write_source(spec: Mapping[str, Any], format_: str, *, library: str | None = None) -> str:
    """A program of one of the formats that are source.

    Args:
        library: by default the one that trains the spec.

    Raises:
        ExportError: the format holds weights, or the spec cannot be written in it.
    """
    if not FORMATS[format_].is_source:
        sources = ", ".join(name for name, each in FORMATS.items() if each.is_source)
        message = f"'{format_}' holds trained weights; of a spec alone there is {sources}."
        raise ExportError("weights_needed", message, "/format")
    return {"script": write_script, "notebook": write_notebook}[format_](spec, library=library or spec["driver"])
