"""A Keras program beside its driver, on one backend: `python -m tests.drivers.export.program_child FOLDER`.

Reads `spec.json` of the folder and leaves in `losses.json` those of the program and those of the training.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.drivers.export.programs import losses


def main(folder: Path) -> None:
    spec = json.loads((folder / "spec.json").read_text())
    _, found, wanted = losses(spec, library="keras", steps=3)
    (folder / "losses.json").write_text(json.dumps([found, wanted]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
