"""A program that trains the same model, in one file that needs nothing of this project."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any

from drivers.export.code import LINE_LENGTH
from drivers.export.errors import ExportError
from drivers.export.keras.program import KerasProgram
from drivers.export.program import Program
from drivers.export.pytorch.program import TorchProgram

PROGRAMS: dict[str, type[Program]] = {"pytorch": TorchProgram, "keras": KerasProgram}
"""By library."""
SAME_LOSSES = "On the processor, the same seed gives the losses of this training in {}, {}."


def write_script(spec: Mapping[str, Any], *, library: str = "pytorch") -> str:
    """The program for a resolved spec.

    Raises:
        ExportError: no such library, or a part of the spec has no counterpart there.
    """
    program = _program(library)(spec)
    sections = program.sections()
    needs = f"Needs {program.needs}. {SAME_LOSSES.format(program.precision, program.AGREES)}"
    about = sections[0].text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    doc = f'''{textwrap.fill(f'"""{about}', LINE_LENGTH)}

{textwrap.fill(needs, LINE_LENGTH)}
"""'''
    return "\n\n\n".join([f"{doc}\n\n{sections[0].code}", *(section.code for section in sections[1:])]) + "\n"


def write_notebook(spec: Mapping[str, Any], *, library: str = "pytorch") -> str:
    """The same as a Jupyter notebook (nbformat 4.5): a cell a section, each after what a reader should know.

    Raises:
        ExportError: no such library, or a part of the spec has no counterpart there.
    """
    program = _program(library)(spec, cells=True)
    sections = program.sections()
    needs = f"Needs {program.needs}. {SAME_LOSSES.format(program.precision, program.AGREES)}"
    cells = [_cell("markdown", "about", f"# {spec['name'] or 'A GAN'}\n\n{sections[0].text}\n\n{needs}")]
    for number, section in enumerate(sections):
        text = "" if number == 0 else section.text
        cells.append(_cell("markdown", f"text-{number}", f"## {section.title}\n\n{text}".strip()))
        cells.append(_cell("code", f"code-{number}", section.code))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "cells": cells,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, id_: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": id_, "metadata": {}, "source": text.splitlines(keepends=True)}
    return cell if kind == "markdown" else {**cell, "execution_count": None, "outputs": []}


def _program(library: str) -> type[Program]:
    if library not in PROGRAMS:
        known = ", ".join(PROGRAMS)
        raise ExportError(
            "unknown_library", f"There are no scripts for '{library}'; there are for {known}.", "/library"
        )
    return PROGRAMS[library]
