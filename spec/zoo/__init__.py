"""Named GANs, each one spec file: a combination of modules on the embedded digits, with no code of its own."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from spec.catalogue import Frozen, freeze


@cache
def load() -> dict[str, dict[str, Any]]:
    """All named GANs, `{name: spec}`, read once and frozen, in alphabetical order. The title is the spec's `name`."""
    files = sorted(Path(__file__).parent.glob("*.json"))
    return Frozen((path.stem, freeze(json.loads(path.read_text(encoding="utf-8")))) for path in files)
