"""The rows of uploaded data sets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from service.db.engine import now, reading
from service.db.models import Dataset


class Datasets:
    """What was uploaded, and what it holds."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._reading = reading(engine)

    def add(self, dataset_id: str, **details: Any) -> Dataset:
        """Insert a row; ``details`` are the columns of :class:`service.db.models.Dataset`."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            row = Dataset(id=dataset_id, created_at=now(), **details)
            session.add(row)
            session.flush()
            session.refresh(row)
            return row

    def get(self, dataset_id: str) -> Dataset | None:
        with Session(self._reading) as session:
            return session.get(Dataset, dataset_id)

    def list(self) -> list[Dataset]:
        """All of them, the newest first."""
        with Session(self._reading) as session:
            return list(session.scalars(select(Dataset).order_by(Dataset.created_at.desc(), Dataset.id)))

    def delete(self, dataset_id: str) -> bool:
        """Remove a row; whether there was one."""
        with Session(self._engine) as session, session.begin():
            return session.scalar(delete(Dataset).where(Dataset.id == dataset_id).returning(Dataset.id)) is not None

    def count(self) -> int:
        with Session(self._reading) as session:
            return session.scalar(select(func.count()).select_from(Dataset)) or 0
