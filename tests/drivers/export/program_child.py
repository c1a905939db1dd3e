"""Keras programs beside their driver, on one backend: `python -m tests.drivers.export.program_child FOLDER`.

Reads `specs.json` of the folder and leaves in `losses.json` for each those of the program and those of the training.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.drivers.export.programs import losses


def main(folder: Path) -> None:
    specs = json.loads((folder / "specs.json").read_text())
    compared = [losses(spec, library="keras", steps=3)[1:] for spec in specs]
    (folder / "losses.json").write_text(json.dumps(compared))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
