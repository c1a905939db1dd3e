"""Brings what a training reports into the job table, in batches, and keeps its lease."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from service.config import Settings
from service.db.history import TimedPoint
from service.store import Claim, Store

log = logging.getLogger(__name__)

BATCH_SECONDS = 0.5
"""How long reports wait for company. A batch is one transaction, so a fast training costs no more than a slow one."""

RETRY_SECONDS = 0.5


class Ledger:
    """The writing end of one claim. `add` never waits for the database; a thread writes and renews the lease.

    A database that is away is waited for, with everything kept, as long as the lease can still be ours. After that, or
    when the row says that somebody else has the job or that it is gone, `on_lost` is called, once, from the thread.
    """

    def __init__(self, store: Store, claim: Claim, settings: Settings, on_lost: Callable[[], None]):
        self._store = store
        self._claim = claim
        self._heartbeat_seconds = settings.heartbeat_seconds
        self._lease_seconds = settings.lease_seconds
        self._on_lost = on_lost
        self._lock = threading.RLock()  # guards what is pending
        self._writing = threading.Lock()  # one transaction at a time, in order
        self._pending: dict[str, Any] = {}
        self._renewed_at = time.monotonic()
        self._closing = threading.Event()
        self.lost = False
        self._thread = threading.Thread(target=self._keep, name=f"ledger {claim.job_id}", daemon=True)
        self._thread.start()

    def add(
        self,
        *,
        metrics: Sequence[TimedPoint] = (),
        measurements: Sequence[tuple[int, str, float]] = (),
        samples: Sequence[Mapping[str, Any]] = (),
        markers: Sequence[Mapping[str, Any]] = (),
        **latest: Any,
    ) -> None:
        """Remember reports for the next batch. Of `latest` (`state`, `progress`, `environment`) the last one counts."""
        with self._lock:
            lists = {"metrics": metrics, "measurements": measurements, "samples": samples, "markers": markers}
            for name, items in lists.items():
                if items:
                    self._pending.setdefault(name, []).extend(items)
            self._pending.update(latest)

    def flush(self) -> bool:
        """Write what is pending before returning, however long the database takes; False when the lease is lost."""
        while not self.lost:
            if self._write():
                return True
            time.sleep(RETRY_SECONDS)
        return False

    def renew(self) -> bool:
        """Renew the lease now, which also finds out whether it is still ours."""
        return self._held(lambda: self._store.renew(self._claim))

    def close(self) -> None:
        """Stop writing and renewing. What is pending then is dropped: `flush` first."""
        self._closing.set()
        self._thread.join()

    def _keep(self) -> None:
        try:
            while not self._closing.wait(BATCH_SECONDS) and not self.lost:
                if self._pending:
                    self._write()
                elif time.monotonic() - self._renewed_at >= self._heartbeat_seconds:
                    self.renew()
        except Exception:
            log.exception("job %s: its reports cannot be written", self._claim.job_id)
            self._lose()  # nobody would renew the lease from here on

    def _write(self) -> bool:
        with self._writing:
            with self._lock:
                batch, self._pending = self._pending, {}
            if not batch:
                return True
            if self._held(lambda: self._store.write(self._claim, **batch)):
                return True
            with self._lock:
                later, self._pending = self._pending, batch
                self.add(**later)
            return False

    def _held(self, change: Callable[[], bool]) -> bool:
        """Make a change that carries the fence; whether it was made. A refusal means that the lease is lost."""
        try:
            held = change()
        except SQLAlchemyError as error:
            silent = time.monotonic() - self._renewed_at
            log.warning("job %s: the database does not answer, for %.0f s now: %s", self._claim.job_id, silent, error)
            if silent < self._lease_seconds:
                return False
            held = False
        if held:
            self._renewed_at = time.monotonic()
        else:
            self._lose()
        return held

    def _lose(self) -> None:
        if not self.lost:
            self.lost = True
            self._on_lost()
