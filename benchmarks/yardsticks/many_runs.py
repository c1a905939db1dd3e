"""Fills the job table of a service that is not asked for work meanwhile: a long run, and many that have ended.

    python benchmarks/yardsticks/many_runs.py HOME STEPS RUNS

Prints the id of the long one.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

sys.path.insert(0, str(Path(__file__).parents[2]))

import spec as specs
from service.config import Settings
from service.db.models import Job
from service.store import Store

SPEC = {"data": {"choice": "digits"}, "generator": {"choice": "dcgan"}, "discriminator": {"choice": "dcgan"}}
MEASURED = ("accuracy/real", "accuracy/fake", "gradient_norm/generator", "gradient_norm/discriminator")
MEASURED_STEPS = 1_000
CHUNK = 1_000


def main() -> None:
    home, steps, runs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    store = Store.open(Settings(home=home))
    long = fill(store, steps)
    copy(store, long, runs)
    store.close()
    print(long)


def fill(store: Store, steps: int) -> str:
    """A run of so many steps that has ended, with noise and a few spikes in its curves."""
    resolved = specs.resolve({**SPEC, "name": "long"})
    job = store.submit(resolved).id
    claim = store.claim(job, "benchmark")
    draw = np.random.default_rng(0)
    losses = draw.normal(1.0, 0.2, (steps, 2))
    losses[draw.integers(0, steps, 20)] = 50.0
    points = [(step + 1, *map(float, losses[step]), step / 100) for step in range(steps)]
    every = max(1, steps // MEASURED_STEPS)
    measurements = [(step, name, float(draw.random())) for step in range(1, steps + 1, every) for name in MEASURED]
    progress = {"step": steps, "total": steps, "epoch": 100, "epochs": 100, "seconds": steps / 100}
    store.write(claim, metrics=points, measurements=measurements, progress=progress)
    store.finish(claim, "succeeded", None)
    return job


def copy(store: Store, job_id: str, runs: int) -> None:
    """So many rows like a job's, without its curves."""
    with Session(store.engine) as session:
        row = dict(session.execute(select(*Job.__table__.columns).where(Job.id == job_id)).mappings().one())
        for start in range(0, runs, CHUNK):
            session.execute(
                insert(Job),
                [
                    {**row, "id": secrets.token_hex(8), "name": f"run {at}", "created_at": row["created_at"] - at - 1}
                    for at in range(start, min(runs, start + CHUNK))
                ],
            )
        session.commit()


if __name__ == "__main__":
    main()
