"""Python source as it is put together: calls that break over lines as black breaks them, and parts taken whole."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

LINE_LENGTH = 88
INDENT = "    "


@dataclass(frozen=True)
class Call:
    """``function(arguments)``, and what stands behind it; arguments are texts, or calls themselves."""

    function: str
    arguments: tuple[str | Call, ...]
    behind: str = ""

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))}){self.behind}"


def call(function: str, *arguments: Any, **keywords: Any) -> Call:
    """A call with values as Python writes them; strings and calls are taken as source."""
    given = [argument if isinstance(argument, Call) else source(argument) for argument in arguments]
    for name, value in keywords.items():
        if isinstance(value, Call):
            given.append(Call(f"{name}={value.function}", value.arguments, value.behind))
        else:
            given.append(f"{name}={source(value)}")
    return Call(function, tuple(given))


def replaced(code: str | Call, old: Call | None, new: str) -> str | Call:
    """The call with a name in place of each argument that is the call ``old``."""
    if old is None or not isinstance(code, Call):
        return code
    arguments = tuple(_replaced(item, old, new) for item in code.arguments)
    return Call(code.function, arguments, code.behind)


def _replaced(argument: str | Call, old: Call, new: str) -> str | Call:
    """An argument, which may have its name in front."""
    name, equals, function = argument.function.rpartition("=") if isinstance(argument, Call) else ("", "", "")
    if isinstance(argument, Call) and Call(function, argument.arguments, argument.behind) == old:
        return f"{name}{equals}{new}"
    return replaced(argument, old, new)


def source(value: Any) -> str:
    """A value as Python source; a string is source already."""
    return value if isinstance(value, str) else number(value) if isinstance(value, float) else repr(value)


def number(value: float) -> str:
    """A number as a person writes it: ``1e-7``, not ``1e-07``."""
    mantissa, exponent, power = repr(float(value)).partition("e")
    return f"{mantissa}e{int(power)}" if exponent else mantissa


def statement(head: str, expression: str | Call, *, depth: int = 1, comment: str = "") -> Iterator[str]:
    """The lines of ``head expression``, broken as black would; the comment is added where it fits."""
    prefix = INDENT * depth
    line = f"{prefix}{head}{expression}"
    if isinstance(expression, str) and len(line) > LINE_LENGTH:
        expression = _as_call(expression)
    if len(line) <= LINE_LENGTH or isinstance(expression, str):
        remark = f"  # {comment}" if comment else ""
        yield line + (remark if len(line) + len(remark) <= LINE_LENGTH else "")
        return
    opening = f"{prefix}{head}{replace(expression, behind='')}("
    if expression.behind.endswith(")") and len(opening) <= LINE_LENGTH:
        yield opening
        yield f"{prefix}{INDENT}{expression.behind[1:-1]}"
        yield f"{prefix})"
        return
    yield f"{prefix}{head}{expression.function}("
    inner = ", ".join(map(str, expression.arguments))
    if len(prefix) + len(INDENT) + len(inner) <= LINE_LENGTH:
        yield f"{prefix}{INDENT}{inner}"
    else:
        for argument in expression.arguments:
            yield from _with_comma(list(statement("", argument, depth=depth + 1)))
    yield f"{prefix}){expression.behind}"


def _as_call(expression: str) -> str | Call:
    """Source that is a call of something with a name as one; other source, a statement too, as it is."""
    try:
        node = ast.parse(expression, mode="eval").body
    except SyntaxError:
        return expression
    if not isinstance(node, ast.Call) or any(isinstance(part, ast.Call) for part in ast.walk(node.func)):
        return expression
    given = [*node.args, *node.keywords]
    return Call(ast.unparse(node.func), tuple(str(ast.get_source_segment(expression, each)) for each in given))


def is_closed(expression: str) -> bool:
    """Whether a method can be called on the expression as it stands; on ``a + b`` it would be one of b alone."""
    return isinstance(ast.parse(expression, mode="eval").body, ast.Call | ast.Name | ast.Subscript)


def _with_comma(lines: list[str]) -> list[str]:
    return [*lines[:-1], f"{lines[-1]},"]


def names_in(text: str) -> set[str]:
    """Every name that the source reads."""
    nodes = ast.walk(ast.parse(text))
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


class Parts:
    """Functions and classes that programs take along as they are: real Python files, read and never imported here.

    Args:
        folders: hold the files; what is defined at their top level are the parts.
    """

    def __init__(self, *folders: Path) -> None:
        self._texts: dict[str, str] = {}
        self._rooms: dict[str, str] = {}
        for path in (path for folder in folders for path in sorted(folder.glob("*.py"))):
            text = path.read_text()
            lines = text.splitlines()
            for node in ast.parse(text).body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
                    self._rooms[node.name] = path.stem
                    self._texts[node.name] = "\n".join(lines[first - 1 : node.end_lineno])

    def text(self, name: str) -> str:
        """The source of one part."""
        return self._texts[name]

    @property
    def names(self) -> frozenset[str]:
        """Of every part."""
        return frozenset(self._texts)

    def room(self, name: str) -> str:
        """The file that a part comes from, without its suffix."""
        return self._rooms[name]

    def needed(self, names: Iterable[str]) -> list[str]:
        """The parts among ``names`` and those that they use themselves, each after what it uses."""
        ordered: dict[str, None] = {}

        def add(name: str) -> None:
            if name in ordered or name not in self._texts:
                return
            for used in sorted(names_in(self._texts[name]) - {name}):
                add(used)
            ordered[name] = None

        for name in names:
            add(name)
        return list(ordered)


@cache
def parts(*folders: Path) -> Parts:
    """The parts in some folders, read once."""
    return Parts(*folders)


def imports(names: Iterable[str], table: Mapping[str, tuple[str, str]], between: str = "") -> str:
    """The import lines of a program that reads ``names``, in the order of isort.

    Args:
        table: by name the section (``"standard"`` or ``"third"``) and the line.
        between: lines that come before those of the second section.
    """
    used = {table[name] for name in names if name in table}
    sections = []
    for section in ("standard", "third"):
        lines = sorted(
            {line for kind, line in used if kind == section}, key=lambda line: (line.startswith("from"), line.lower())
        )
        if lines:
            sections.append("\n".join(lines))
        if section == "standard" and between:
            sections.append(between)
    return "\n\n".join(sections)
