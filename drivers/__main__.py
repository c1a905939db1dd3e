"""`python -m drivers`: what each driver does of the catalogue, as a table in Markdown, from their manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from drivers.registry import manifests
from spec import catalogue

Manifests = Mapping[str, Mapping[str, list[str]]]


def table(drivers: Manifests) -> Iterator[str]:
    """The lines of the table: a row for each kind, a column for each driver."""
    yield f"| | {' | '.join(drivers)} |"
    yield f"|---|{'---|' * len(drivers)}"
    for kind in dict.fromkeys(kind for known in drivers.values() for kind in known):
        yield f"| {kind} | {' | '.join(_cell(kind, known.get(kind, [])) for known in drivers.values())} |"


def _cell(kind: str, names: list[str]) -> str:
    """`all 71` where nothing of the catalogue is missing, else the names."""
    whole = catalogue.load().get(kind)
    if whole is not None and set(names) == set(whole):
        return f"all {len(whole)}"
    return ", ".join(names) or "–"


if __name__ == "__main__":
    print("\n".join(table(manifests())))
