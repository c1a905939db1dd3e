"""From a resolved spec to a trained model. Importing this package imports no machine-learning library."""

from __future__ import annotations

from drivers.errors import DivergedError, DriverError, WeightsError
from drivers.interface import Role, Session, TrainingProcess
from drivers.registry import capabilities, open_session

__all__ = [
    "DivergedError",
    "DriverError",
    "Role",
    "Session",
    "TrainingProcess",
    "WeightsError",
    "capabilities",
    "open_session",
]
