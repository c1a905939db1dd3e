"""Blocks of an ``nn.Module`` that repeat each other, as loops over lists of modules."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from drivers.export.code import INDENT, Call
from drivers.export.repeats import LEAST_SAVED, LONGEST_GROUP, NUMBER, Statement, skeleton, with_names

MODULE = re.compile(r"\bself\.(\w+)")
# What a list of modules is called, and each of them, by the class.
LISTS = {"BatchNorm1d": ("norms", "norm"), "BatchNorm2d": ("norms", "norm"), "Linear": ("linears", "linear")}
LISTS |= {f"Conv{rank}d": ("convs", "conv") for rank in (1, 2, 3)}
SIZED = re.compile(r"(?:Conv\dd|Linear)\($")


@dataclass(frozen=True)
class Block:
    """Statements of ``forward`` that come several times, each time with modules of their own.

    Attributes:
        start: the first of the statements.
        size: how many make a round.
        rounds: the modules of each round, in the order of their use.
        made: the first of the statements of ``__init__`` that make them.
    """

    start: int
    size: int
    rounds: tuple[tuple[str, ...], ...]
    made: int


def write(
    made: Sequence[Statement], forward: Sequence[Statement], taken: Collection[str] | None
) -> tuple[list[str], list[str]]:
    """The lines of ``__init__`` and of ``forward``, with a loop where one saves some.

    Args:
        made: one for each module, ``self.name = …``, and what else ``__init__`` does.
        taken: names that a list must not have; None if each module must have a name of its own.
    """
    if taken is None:
        return _plain(made), _plain(forward)
    place = {each.head[len("self.") : -len(" = ")]: at for at, each in enumerate(made) if each.head}
    best: tuple[list[str], list[str]] = _plain(made), _plain(forward)
    length = least = len(best[0]) + len(best[1])
    for block in _blocks(forward, place):
        found = _written(block, made, forward, taken)
        if found is not None and len(found[0]) + len(found[1]) < least:
            best, least = found, len(found[0]) + len(found[1])
    return best if length - least >= LEAST_SAVED else (_plain(made), _plain(forward))


def _plain(statements: Sequence[Statement]) -> list[str]:
    return [line for each in statements for line in each.lines(2)]


def _blocks(forward: Sequence[Statement], place: Mapping[str, int]) -> Iterator[Block]:
    """Every stretch of ``forward`` that comes at least twice, and whose modules are made in the order of their use."""
    for start in range(len(forward)):
        for size in range(1, min(LONGEST_GROUP, (len(forward) - start) // 2) + 1):
            groups = [forward[at : at + size] for at in range(start, len(forward) - size + 1, size)]
            texts = ["\n".join(each.text for each in group) for group in groups]
            used = [tuple(name for name in MODULE.findall(text) if name in place) for text in texts]
            times, first = 0, place.get(used[0][0], 0) if used[0] else 0
            for text, modules in zip(texts, used, strict=True):
                in_order = [first + times * len(used[0]) + at for at in range(len(used[0]))]
                if _anonymous(text, place) != _anonymous(texts[0], place) or [place[m] for m in modules] != in_order:
                    break
                times += 1
            if times >= 2 and used[0]:
                yield Block(start, size, tuple(used[:times]), first)


def _anonymous(text: str, place: Mapping[str, int]) -> str:
    return MODULE.sub(lambda match: "self.?" if match.group(1) in place else match.group(), text)


def _written(
    block: Block, made: Sequence[Statement], forward: Sequence[Statement], taken: Collection[str]
) -> tuple[list[str], list[str]] | None:
    """The lines with the block as loops; None where its modules differ in more than their sizes."""
    slots, times = len(block.rounds[0]), len(block.rounds)
    modules = {name for each in block.rounds for name in each}
    end = block.start + block.size * times
    others = [*made[: block.made], *made[block.made + slots * times :], *forward[: block.start], *forward[end:]]
    if any(name in modules for each in others for name in MODULE.findall(each.text)):
        return None
    makers = made[block.made : block.made + slots * times]
    first = makers[:slots]
    texts = ["\n".join(str(each.code) for each in makers[at : at + slots]) for at in range(0, len(makers), slots)]
    if len({skeleton(text) for text in texts}) > 1:
        return None
    lists = [_list_of(str(each.code)) for each in first]
    if None in lists or len(set(lists)) < slots or any(name in taken for pair in lists if pair for name in pair):
        return None
    names = [pair for pair in lists if pair is not None]
    columns = list(zip(*(NUMBER.findall(text) for text in texts), strict=True))
    called = _sizes(texts[0], columns)
    if called is None:
        return None
    inside, seen = [], 0
    for each, (several, _) in zip(first, names, strict=True):
        count = len(NUMBER.findall(str(each.code)))
        code = with_names(
            each.code, {at: called[columns[seen + at]] for at in range(count) if columns[seen + at] in called}
        )
        seen += count
        inside += Statement(f"self.{several} += ", f"[{code}]").lines(3)
    head = ", ".join(f"self.{several}" for several, _ in names)
    lines = [
        *_plain(made[: block.made]),
        f"{INDENT * 2}{head} = {', '.join(['nn.ModuleList()'] * slots)}",
        f"{INDENT * 2}for {', '.join(called.values())} in {_values(list(called))}:",
        *inside,
        *_plain(made[block.made + slots * times :]),
    ]
    body = [
        replace(each, code=_with_modules(each.code, dict(zip(block.rounds[0], (one for _, one in names), strict=True))))
        for each in forward[block.start : block.start + block.size]
    ]
    through = f"zip({head}, strict=True)" if slots > 1 else head
    comment = f"  # to {forward[end - 1].shape}"
    loop = f"{INDENT * 2}for {', '.join(one for _, one in names)} in {through}:"
    return lines, [
        *_plain(forward[: block.start]),
        loop + (comment if len(loop + comment) <= 88 else ""),
        *(line for each in body for line in replace(each, comment="").lines(3)),
        *_plain(forward[end:]),
    ]


def _list_of(code: str) -> tuple[str, str] | None:
    found = re.search(r"(?:nn\.)?(Conv\dd|BatchNorm\dd|Linear)\(", code)
    return LISTS.get(found.group(1)) if found is not None else None


def _sizes(text: str, columns: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], str] | None:
    """What the numbers that differ from round to round are called, by their values; None where they are no sizes."""
    called: dict[tuple[str, ...], str] = {}
    numbers = list(NUMBER.finditer(text))
    for at, column in enumerate(columns):
        if SIZED.search(text[: numbers[at].start()]):
            for name, values in (("n_in", column), ("n_out", columns[at + 1])):
                if called.setdefault(values, name) != name:
                    return None
    different = {column for column in columns if len(set(column)) > 1}
    return called if different <= set(called) and len(called) == 2 else None


def _values(columns: Sequence[tuple[str, ...]]) -> str:
    inward, outward = columns
    if inward[1:] == outward[:-1]:
        return f"pairwise(({', '.join([*inward, outward[-1]])}))"
    return f"({', '.join(f'({first}, {second})' for first, second in zip(inward, outward, strict=True))})"


def _with_modules(code: str | Call, names: Mapping[str, str]) -> str:
    return MODULE.sub(lambda match: names.get(match.group(1), match.group()), str(code))
