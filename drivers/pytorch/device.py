"""Which device and which precision a session runs in."""

from __future__ import annotations

import ctypes
import math
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from drivers.errors import DriverError
from spec import nesting

# Multiply-adds of one batch through all networks from which bfloat16 is faster than float32. Measured on a processor
# with AVX-512 BF16: 0.7 times float32's rate at 2 million, 1.0 at 20, 1.3 at 35, 1.5 and more for convolutions.
BFLOAT16_PAYS_FROM = 25_000_000
# Multiply-adds of one batch that occupy a processor thread.
WORK_OF_A_THREAD = 100_000_000
# Parameters of glibc's mallopt, from its malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3


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


def multiply_adds(layer: Mapping[str, Any]) -> int:
    """About how many multiply-adds a sample costs in a layer: each weight of a kernel once at each place it visits."""
    inner = nesting.innermost(layer)
    if "units" not in inner and "kernel_size" not in inner:
        return 0
    return layer["parameter_count"] * math.prod(layer["output_shape"][:-1])


def describe(device: torch.device, precision: str) -> dict[str, Any]:
    """The environment a training ran in, for its record."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor_name()
    return {
        "driver": "pytorch",
        "device": str(device),
        "device_name": name,
        "precision": precision,
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }


def _processor_name() -> str:
    """The processor's model as Linux knows it, else what Python knows."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def use_threads(threads: int | None, work: int) -> None:
    """Lets PyTorch use ``threads`` processor threads; by default those the work occupies, leaving one processor free.

    A step is some hundred short parallel regions, and each ends when its slowest thread does. Where another program
    (an editor, a browser, a service) takes a processor from one of them, all wait for it, every time: measured on two
    busy processors, two threads train ten to a hundred times slower than one. And where each has little to do between
    two meetings, a further one brings little even on an idle machine.
    """
    spare = max(1, len(os.sched_getaffinity(0)) - 1)
    torch.set_num_threads(threads or min(spare, 1 + work // WORK_OF_A_THREAD))


def keep_freed_memory() -> None:
    """Lets the C library reuse the memory of a step for the next instead of returning it to the system.

    A training allocates the same large tensors at every step. glibc would hand each back and fault its pages in
    again, which costs more than many of the operations on them. Other C libraries are left as they are.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_THRESHOLD, 2**30)
    libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
    libc.mallopt(M_TOP_PAD, 2**26)
