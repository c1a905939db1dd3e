"""Runs in Weights & Biases, by its own package `wandb` (https://docs.wandb.ai/ref/python), which is an extra.

Its service has no documented API for logging, so here the package is the only way. `mode` `offline` needs no account:
the run is a folder that `wandb sync` sends later.
"""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from PIL import Image

from service.tracking.tracker import Point, Run, Tracker, TrackerRefused

STEP = "step"


def is_installed() -> bool:
    """Whether the package is there, without importing it."""
    return importlib.util.find_spec("wandb") is not None


class WandB(Tracker):
    """One run of a project.

    Args:
        folder: where the package keeps its files, in `wandb/`.
        mode: `online` or `offline`.
        entity: the user or team; empty: the account's own.
        base_url: of a server of one's own; empty: the public one.
    """

    title = "Weights & Biases"

    def __init__(
        self, folder: Path, *, mode: str, project: str, entity: str = "", base_url: str = "", api_key: str = ""
    ):
        self._folder = folder
        self._mode = mode
        self._project = project
        self._entity = entity
        self._base_url = base_url
        self._api_key = api_key

    def start(self, run: Run) -> list[str]:
        if not is_installed():
            raise TrackerRefused("the package wandb is not installed; pip install -r requirements-tracking.txt")
        import wandb

        settings = {"base_url": self._base_url, "api_key": self._api_key}
        self._folder.mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(
            dir=self._folder,
            mode=self._mode,
            project=self._project,
            entity=self._entity or None,
            id=run.job_id,
            resume="allow",  # another attempt goes on with the same run
            reinit="create_new",  # a worker trains one job after another, and may still be sending the one before
            name=run.name,
            notes=run.comment or None,
            tags=list(run.tags),
            group=run.sweep,
            job_type="training",
            config=run.parameters,
            allow_val_change=True,
            settings=wandb.Settings(
                silent=True,
                console="off",  # this process is a worker of the service, not the training
                x_disable_stats=True,
                x_disable_meta=True,
                disable_git=True,
                save_code=False,
                **{name: value for name, value in settings.items() if value},
            ),
        )
        self._run.config.update({f"run.{name}": value for name, value in run.facts.items()}, allow_val_change=True)
        # Scores come later than the losses of their step, which W&B's own count of steps does not allow.
        self._run.define_metric(STEP, hidden=True)
        self._run.define_metric("*", step_metric=STEP)
        (Path(self._run.dir) / "spec.json").write_text(json.dumps(run.spec, indent=2))
        return []

    def log(self, points: Sequence[Point]) -> None:
        for step, together in groupby(sorted(points, key=lambda point: point.step), key=lambda point: point.step):
            self._run.log({STEP: step, **{point.name: point.value for point in together}})

    def picture(self, step: int, png: bytes) -> None:
        import wandb

        with Image.open(io.BytesIO(png)) as picture:
            self._run.log({STEP: step, "samples": wandb.Image(picture)})

    def finish(self, state: str) -> None:
        self._run.summary["state"] = state
        self._run.finish(exit_code=1 if state in ("failed", "lost") else 0)
