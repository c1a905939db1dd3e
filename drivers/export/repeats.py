"""Statements that repeat each other but for one number, written as a loop over that number, as a person would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from drivers.export.code import INDENT, Call, statement

NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
LONGEST_GROUP = 8
LEAST_SAVED = 2
"""Lines; a loop that saves fewer is no easier to read."""


@dataclass(frozen=True)
class Statement:
    """One statement of a network.

    Attributes:
        head: up to the expression, e.g. ``"x = "``.
        code: the expression.
        shape: what it computes, as comments write shapes.
        comment: beside it, where it fits.
    """

    head: str
    code: str | Call
    shape: str = ""
    comment: str = ""

    def lines(self, depth: int) -> list[str]:
        """As it is written."""
        return list(statement(self.head, self.code, depth=depth, comment=self.comment))

    @property
    def text(self) -> str:
        return f"{self.head}{self.code}"


@dataclass(frozen=True)
class Loop:
    """Statements over and over.

    Attributes:
        head: the ``for`` line.
        body: what is repeated, with the loop's variable in it.
        stands_for: how many statements.
        varies_at: the first one of the body that has the variable.
    """

    head: str
    body: tuple[Statement, ...]
    stands_for: int
    varies_at: int

    def lines(self, depth: int) -> list[str]:
        """As it is written."""
        return [f"{INDENT * depth}{self.head}", *(line for each in self.body for line in each.lines(depth + 1))]


Named = Callable[[str], "str | None"]


def write(statements: Sequence[Statement], name_of: Named, *, depth: int = 1) -> Iterator[str]:
    """The lines of statements, with loops where those save some.

    Args:
        name_of: what a number is called, of the text before it; None where it has no name to loop over. A name that
            a statement assigns to is none either.
    """
    assigned = {name for each in statements for name in each.head.split(" = ")}
    yield from _write(statements, lambda before: name if (name := name_of(before)) not in assigned else None, depth)


def _write(statements: Sequence[Statement], name_of: Named, depth: int) -> Iterator[str]:
    place = 0
    while place < len(statements):
        saved, loop = _best_loop(statements[place:], name_of, depth)
        if loop is None or _begins_later(statements[place:], saved, loop, name_of, depth):
            yield from statements[place].lines(depth)
            place += 1
        else:
            yield from loop.lines(depth)
            place += loop.stands_for


def _begins_later(statements: Sequence[Statement], saved: int, loop: Loop, name_of: Named, depth: int) -> bool:
    """Whether the same loop turns round better from a later statement: the sooner the variable comes the better."""
    for start in range(1, len(loop.body)):
        again, later = _best_loop(statements[start:], name_of, depth)
        if later is not None and again >= saved and later.varies_at < loop.varies_at:
            return True
    return False


def _best_loop(statements: Sequence[Statement], name_of: Named, depth: int) -> tuple[int, Loop | None]:
    """How many lines a loop from the first statement on saves at best, and the loop."""
    found: list[tuple[int, Loop]] = []
    for size in range(1, min(LONGEST_GROUP, len(statements) // 2) + 1):
        loop = _loop(statements, size, name_of)
        if loop is not None:
            without = sum(len(each.lines(depth)) for each in statements[: loop.stands_for])
            found.append((without - len(loop.lines(depth)), loop))
    saved, loop = max(found, key=lambda item: item[0], default=(0, None))
    return (saved, loop) if saved >= LEAST_SAVED else (0, None)


def _loop(statements: Sequence[Statement], size: int, name_of: Named) -> Loop | None:
    """The first ``size`` statements as often as they come one after the other."""
    texts = ["\n".join(each.text for each in statements[at : at + size]) for at in range(0, len(statements), size)]
    times = next((n for n, text in enumerate(texts) if skeleton(text) != skeleton(texts[0])), len(texts))
    columns = list(zip(*(NUMBER.findall(text) for text in texts[:times]), strict=True))
    different = [place for place, column in enumerate(columns) if len(set(column)) > 1]
    if times < 2 or len({columns[place] for place in different}) != 1:
        return None
    name = name_of(texts[0][: list(NUMBER.finditer(texts[0]))[different[0]].start()])
    if name is None:
        return None
    first, last = statements[0], statements[size * times - 1]
    comment = f"  # to {last.shape}" if last.shape != first.shape else ""
    body, seen = [], 0
    for each in statements[:size]:
        names = {place - seen: name for place in different}
        seen += len(NUMBER.findall(each.text))
        body.append(replace(each, code=with_names(each.code, names), comment=""))
    varies_at = next(at for at, each in enumerate(body) if each.code != statements[at].code)
    head = f"for {name} in ({', '.join(columns[different[0]])}):{comment}"
    return Loop(head, tuple(body), size * times, varies_at)


def skeleton(text: str) -> str:
    """The text with every number the same."""
    return NUMBER.sub("0", text)


def with_names(code: str | Call, names: Mapping[int, str]) -> str | Call:
    """The code with names in place of some of its numbers, which are counted from 0."""
    places = iter(range(len(NUMBER.findall(str(code)))))

    def one(text: str) -> str:
        return NUMBER.sub(lambda match: names.get(next(places), match.group()), text)

    def whole(code: str | Call) -> str | Call:
        if isinstance(code, str):
            return one(code)
        function, arguments = one(code.function), tuple(whole(argument) for argument in code.arguments)
        return Call(function, arguments, one(code.behind))

    return whole(code)
