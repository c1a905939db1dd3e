"""What the resources share: the settings and the things that were opened with them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from drivers.data import DataSettings
from service.api.watch import Watch
from service.config import Settings
from service.queue.events import EventWriter
from service.storage import Storage
from service.store import Store

KEY = "authorgan"


@dataclass(frozen=True)
class Context:
    """Everything a request may need, opened once a process."""

    settings: Settings
    data_settings: DataSettings
    store: Store
    storage: Storage
    events: EventWriter
    watch: Watch


def context() -> Context:
    """The context of the application that handles this request."""
    found: Context = current_app.extensions[KEY]
    return found
