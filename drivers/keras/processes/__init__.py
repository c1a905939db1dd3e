"""Training processes, found by the catalogue's name: ``processes/<name>.py``."""

from __future__ import annotations

from drivers.interface import TrainingProcess
from drivers.keras.processes.alternating import Alternating

PROCESSES: dict[str, type[TrainingProcess]] = {process.name: process for process in (Alternating,)}
