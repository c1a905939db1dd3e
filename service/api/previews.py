"""Pictures of real samples, drawn once in a child process and kept for a while."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drivers.data import child, locate
from drivers.data.sources.upload import upload_path
from service.api.context import context
from service.pictures import columns_of

MAX_PREVIEWS = 500
"""Drawn previews that are kept; the oldest go first."""


def preview_png(data: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    """A PNG of some samples.

    Args:
        data: as much of a `data` module as reading it takes.
        options: of `drivers.data.preview`.

    Raises:
        DataError: the data cannot be read.
    """
    settings = context().data_settings
    path = upload_path(data["dataset"], settings) if data["choice"] == "upload" else None
    changed = path.stat().st_mtime_ns if path else 0
    key = hashlib.sha256(repr((sorted(data.items()), sorted(options.items()), changed)).encode()).hexdigest()[:32]
    cached = settings.cache / "previews" / f"{key}.png"
    if not cached.exists():
        drawn = child.run("preview", settings, request={"data": data, "options": options})
        cached.parent.mkdir(parents=True, exist_ok=True)
        temporary = cached.with_name(f".{secrets.token_hex(8)}")
        temporary.write_bytes(base64.b64decode(drawn))
        os.replace(temporary, cached)
        _forget_oldest(cached.parent)
    return cached.read_bytes()


def real_grid(spec: Mapping[str, Any]) -> bytes | None:
    """A PNG of as many real samples as the grids of a job have, laid out as they are; for a conditional GAN with the
    classes in the same places. None where the data are not on this machine.

    Raises:
        DataError: the data cannot be read.
    """
    data, count = spec["data"], spec["training"]["sample_count"]
    if not locate(data, settings=context().data_settings).here:
        return None
    options = {"count": count, "columns": columns_of(spec, count), "in_turn": spec["generator"]["conditional"]}
    return preview_png(data, options)


def _forget_oldest(folder: Path) -> None:
    previews = sorted(folder.glob("*.png"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in previews[MAX_PREVIEWS:]:
        path.unlink(missing_ok=True)
