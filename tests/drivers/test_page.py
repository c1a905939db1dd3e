"""The page about drivers says what their manifests say."""

from __future__ import annotations

from pathlib import Path

from drivers.__main__ import table
from drivers.registry import manifests

PAGE = Path(__file__).parents[2] / "docs/drivers.md"


def test_the_table_of_the_page_is_the_one_that_python_m_drivers_prints():
    assert "\n".join(["", *table(manifests()), ""]) in PAGE.read_text()


def test_what_a_driver_lacks_is_seen():
    lines = list(table({"whole": manifests()["keras"], "part": {"losses": ["hinge"], "layers": []}}))
    assert lines[:2] == ["| | whole | part |", "|---|---|---|"]
    assert "| losses | all 5 | hinge |" in lines
    assert any(line.startswith("| layers | all ") and line.endswith("| – |") for line in lines)
