"""Which device and which precision a session runs in."""

from __future__ import annotations

import platform
from typing import Any

import torch

from drivers import machine
from drivers.errors import DriverError

# Multiply-adds of one batch through all networks from which bfloat16 is faster than float32. Measured on a processor
# with AVX-512 BF16: 0.7 times float32's rate at 2 million, 1.0 at 20, 1.3 at 35, 1.5 and more for convolutions.
BFLOAT16_PAYS_FROM = 25_000_000


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
    """Whether the card or the processor multiplies bfloat16 itself; emulation is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def choose_precision(wish: str, device: torch.device, work: int) -> str:
    """``float32`` or ``bfloat16``.

    ``auto`` is bfloat16 where it is native and the networks are large enough to gain from it: on small ones the
    conversions cost more than the products save. An explicit bfloat16 is honoured on every device.

    Args:
        work: multiply-adds of one batch through all networks.
    """
    if wish != "auto":
        return wish
    return "bfloat16" if work >= BFLOAT16_PAYS_FROM and has_native_bfloat16(device) else "float32"


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
