"""Which device and which precision a session runs in."""

from __future__ import annotations

import platform
from typing import Any

import torch

from drivers import machine
from drivers.errors import DriverError


def choose_device(wish: str) -> torch.device:
    """``auto`` is CUDA where there is a card, else the processor.

    Raises:
        DriverError: the wish is not a device of this machine.
    """
    if wish == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wish)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise DriverError("unknown_device", f"'{wish}' is not a device; use auto, cpu, cuda or cuda:1.", "/device")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        found = torch.cuda.device_count()
        raise DriverError(
            "device_missing", f"'{wish}' was asked for, but PyTorch sees {found} CUDA devices here.", "/device"
        )
    return device


def has_native_bfloat16(device: torch.device) -> bool:
    """Whether the card or the processor multiplies bfloat16 itself."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= machine.BFLOAT16_CAPABILITY
    return machine.processor_multiplies_bfloat16()


def describe(device: torch.device, precision: str) -> dict[str, Any]:
    """The environment a training ran in, for its record."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else machine.processor_name()
    return {
        "driver": "pytorch",
        "device": str(device),
        "device_name": name,
        "precision": precision,
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }


def use_threads(threads: int | None, work: int) -> None:
    """Lets PyTorch use ``threads`` processor threads; by default those the work of a step occupies."""
    torch.set_num_threads(threads or machine.threads_for(work))
