"""How far a whole sweep is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import mean
from typing import Any

from service.db.models import JOB_STATES, Job

ENDED = ("succeeded", "failed", "stopped")


def states(jobs: Sequence[Job]) -> dict[str, int]:
    """How many jobs are in each state; states without a job are left out."""
    counts = Counter(job.state for job in jobs)
    return {state: counts[state] for state in JOB_STATES if counts[state]}


def state(jobs: Sequence[Job]) -> str:
    """One word for all: what the liveliest of them does; `succeeded` only if every one has."""
    there = states(jobs)
    for lively in ("running", "queued", "paused"):
        if lively in there:
            return lively
    return next((sad for sad in ("failed", "stopped") if sad in there), "succeeded")


def fraction(job: Job) -> float:
    """How much of its work a job has behind it; all, once it has ended."""
    if job.state in ENDED:
        return 1.0
    progress = job.progress or {}
    return min(1.0, (progress.get("step") or 0) / progress["total"]) if progress.get("total") else 0.0


def progress(jobs: Sequence[Job], places: int) -> dict[str, Any]:
    """Jobs, how many have ended, the mean fraction, and how long the rest will take ``places`` workers."""
    return {
        "jobs": len(jobs),
        "ended": sum(job.state in ENDED for job in jobs),
        "fraction": mean(map(fraction, jobs)) if jobs else 1.0,
        "eta_seconds": eta_seconds(jobs, places),
    }


def eta_seconds(jobs: Sequence[Job], places: int) -> float | None:
    """How long what is queued and running will take ``places`` workers; None where nothing tells yet.

    A job that waits is taken to need as long as those that have trained, which a sweep over sizes does not hold to:
    the estimate gets better as jobs end.
    """
    running = [job for job in jobs if job.state == "running"]
    waiting = [job for job in jobs if job.state == "queued"]
    if not running and not waiting:
        return None
    left = [seconds for job in running if (seconds := (job.progress or {}).get("eta_seconds")) is not None]
    whole = [seconds for job in jobs if (seconds := _whole_seconds(job)) is not None]
    if not whole or len(left) < len(running):
        return None
    work = sum(left) + len(waiting) * mean(whole)
    return max(work / places, max(left, default=0.0))


def _whole_seconds(job: Job) -> float | None:
    """How long all of a job takes, as far as it tells."""
    known = job.progress or {}
    if job.state == "succeeded" and known.get("seconds"):
        return float(known["seconds"])
    if job.state in ("running", "paused") and known.get("steps_per_second") and known.get("total"):
        return float(known["total"] / known["steps_per_second"])
    return None
