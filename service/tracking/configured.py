"""The trackers that the settings ask for, and one attempt of a job told to all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from service.config import Settings
from service.db.models import Job
from service.tracking import wandb
from service.tracking.delivery import Delivery, Tell
from service.tracking.mlflow import MLflow
from service.tracking.tracker import Run, Tracker


def trackers(settings: Settings) -> list[Tracker]:
    """A tracker for each one that is set, for one attempt of a job."""
    found: list[Tracker] = []
    if settings.mlflow_tracking_uri:
        found.append(MLflow(settings.mlflow_tracking_uri, settings.mlflow_experiment, settings.mlflow_token))
    if settings.wandb_mode != "off":
        found.append(
            wandb.WandB(
                settings.home,
                mode=settings.wandb_mode,
                project=settings.wandb_project,
                entity=settings.wandb_entity,
                base_url=settings.wandb_base_url,
                api_key=settings.wandb_api_key,
            )
        )
    return found


def where(settings: Settings) -> list[str]:
    """A line for each tracker that is set: where it keeps runs, or why it cannot."""
    lines = []
    if settings.mlflow_tracking_uri:
        host = urlsplit(settings.mlflow_tracking_uri).netloc.rpartition("@")[2]
        lines.append(f"MLflow at {host}, experiment {settings.mlflow_experiment}")
    if settings.wandb_mode != "off":
        folder = f", kept in {settings.home / 'wandb'}" if settings.wandb_mode == "offline" else ""
        lines.append(
            f"Weights & Biases, project {settings.wandb_project}{folder}"
            if wandb.is_installed()
            else f"AUTHORGAN_WANDB_MODE={settings.wandb_mode} does nothing: the package wandb is not installed. "
            "pip install -r requirements-tracking.txt"
        )
    return lines


class Tracking:
    """What the trackers are told of one attempt; nothing, until it is started."""

    def __init__(self) -> None:
        self._deliveries: list[Delivery] = []

    def start(
        self,
        settings: Settings,
        job: Job,
        environment: Mapping[str, Any],
        picture: Callable[[int], bytes],
        tell: Tell,
    ) -> None:
        """Have each tracker begin a run, or take up the job's.

        Args:
            environment: see `drivers.interface.Session`.
            picture: see `Delivery`.
            tell: see `Delivery`.
        """
        run = run_of(job, environment)
        self._deliveries = [
            Delivery(
                tracker,
                run,
                length=settings.tracker_queue_length,
                patience=settings.tracker_seconds,
                picture=picture,
                tell=tell,
            )
            for tracker in trackers(settings)
        ]

    def put(self, event: Mapping[str, Any]) -> None:
        """Have an event told; never waits."""
        for delivery in self._deliveries:
            delivery.put(event)

    def close(self, state: str | None, wait: float) -> None:
        """See `Delivery.close`; `wait` is for all of them together."""
        for delivery in self._deliveries:
            delivery.end(state)
        until = time.monotonic() + wait
        for delivery in self._deliveries:
            delivery.join(max(0.0, until - time.monotonic()))


def run_of(job: Job, environment: Mapping[str, Any]) -> Run:
    """What trackers are told of a job."""
    facts = {name: str(value) for name, value in environment.items() if not isinstance(value, Mapping)}
    facts |= {f"versions.{name}": version for name, version in environment.get("versions", {}).items()}
    return Run(
        job_id=job.id,
        name=job.name,
        spec=job.spec,
        facts={**facts, "hash": job.hash, "attempt": str(job.attempt)},
        tags=[tag.tag for tag in job.tags],
        comment=job.comment,
        sweep=job.place.sweep_id if job.place else None,
    )
