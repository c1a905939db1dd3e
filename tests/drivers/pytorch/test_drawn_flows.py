"""What the example flows draw layer by layer is trained for real, a few steps of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drivers
import spec
from drivers.data import load

PROJECT = Path(__file__).parents[3]
FLOWS = [path for path in sorted((PROJECT / "flows").rglob("*.json")) if "authorgan-layer-" in path.read_text()]
# The palette's own reading of a drawing; prints the spec of every GAN by its node.
READ = """
const { compile } = require("./node-red-contrib-authorgan/lib/compile")
const flow = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"))
const gans = flow.filter(({ type }) => type === "authorgan-gan").map(({ id }) => [id, compile(flow, id).spec])
console.log(JSON.stringify(Object.fromEntries(gans)))
"""


def drawn(path: Path) -> dict[str, dict[str, Any]]:
    command = ["node", "-e", READ, str(path)]
    return json.loads(subprocess.run(command, cwd=PROJECT, capture_output=True, check=True).stdout)


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_a_drawn_gan_trains(path):
    gans = drawn(path)
    assert gans
    for document in gans.values():
        document["data"]["count"] = 32
        document["training"] |= {"epochs": 1, "batch_size": 8}
        resolved = spec.resolve({**document, "device": "cpu"}, drivers=drivers.capabilities())
        session = drivers.open_session(resolved, load(resolved["data"]), threads=1)
        before = session.sample(4)
        for _ in range(3):
            session.train_step()
        losses = session.read_losses()
        assert [loss["step"] for loss in losses] == [1, 2, 3]
        after = session.sample(4)
        assert after.shape == (4, *resolved["generator"]["output_shape"])
        assert not np.array_equal(before, after)
