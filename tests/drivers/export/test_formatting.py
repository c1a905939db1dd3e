"""Programs come out as ruff formats them, and give its linter nothing to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import spec
from drivers.export import write_script
from tests.drivers.conftest import SMALL, small_spec
from tests.drivers.export.programs import RECURRENT_CRITIC, normalized_spec, waves_spec

RUNTIMES = {
    "pytorch": {},
    "pytorch in bfloat16": {"precision": "bfloat16"},
    **{backend: {"driver": "keras", "backend": backend} for backend in ("jax", "tensorflow", "torch")},
}
AVERAGED = {"ema_decay": 0.9, "learning_rate_schedule": "cosine"}
PENALTIES = {"choice": "non_saturating", "regularizers": ["r1", "gradient_penalty"]}


def programs(library, **runtime):
    """The text of many programs by a name: families, data sets, sizes, losses, optimizers, schedules."""
    specs = {family: small_spec(family, training=AVERAGED, **runtime) for family in SMALL}
    specs["normalized"] = normalized_spec(training=AVERAGED, **runtime)
    specs["recurrent"] = waves_spec(RECURRENT_CRITIC, **runtime)
    specs["penalized"] = small_spec("cgan", loss=PENALTIES, name="A name that is so long " * 5, **runtime)
    for data in ("digits", "mnist", "fashion_mnist", "cifar10"):
        for size in (28, 64):
            for family in ("dcgan", "cgan"):
                for part in ({}, {"count": 300, "include_classes": [1, 7]}, {"include_classes": [*range(9)]}):
                    networks = {"generator": family, "discriminator": family}
                    given = {"choice": data, "image_size": size, **part}
                    specs[f"{family}-{data}-{size}-{len(specs)}"] = spec.resolve({"data": given, **networks, **runtime})
    for path in ({"channels": 1}, {"channels": 3, "classes": 4}):
        given = {"choice": "npz", "path": "x.npz", "image_size": 16, **path}
        networks = {"generator": "cgan" if "classes" in path else "gan", "discriminator": "wgan"}
        specs[f"npz-{len(path)}"] = spec.resolve({"data": given, **networks, **runtime})
    for optimizer in spec.catalogue.load()["optimizers"]:
        specs[optimizer] = small_spec("gan", optimizer=optimizer, **runtime)
    for schedule in spec.catalogue.load()["schedules"]:
        specs[schedule] = small_spec("wgan_gp", training={"learning_rate_schedule": schedule}, **runtime)
    return {name: write_script(given, library=library) for name, given in specs.items()}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_ruff_leaves_programs_as_they_are(runtime, tmp_path):
    library = RUNTIMES[runtime].get("driver", "pytorch")
    for name, text in programs(library, **RUNTIMES[runtime]).items():
        Path(tmp_path / f"{name}.py").write_text(text)
    for command in (["check", "--select", "E,F,I,B,UP"], ["format", "--diff"]):
        options = ["--isolated", "--line-length", "88", str(tmp_path)]
        run = subprocess.run([sys.executable, "-m", "ruff", *command, *options], capture_output=True, text=True)
        assert run.returncode == 0, run.stdout
