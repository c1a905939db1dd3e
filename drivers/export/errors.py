"""What an export refuses."""

from __future__ import annotations

from drivers.errors import DriverError


class ExportError(DriverError):
    """A model, or a part of it, that has no counterpart in the format asked for."""
