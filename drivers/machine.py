"""What a training should know of the machine it runs on, whatever the library."""

from __future__ import annotations

import ctypes
import math
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from drivers.interface import Role
from spec import nesting

# Multiply-adds of one batch that occupy a processor thread.
WORK_OF_A_THREAD = 100_000_000
# Multiply-adds of one batch through all networks from which bfloat16 is faster than float32. Measured on a processor
# with AVX-512 BF16: 0.7 times float32's rate at 2 million, 1.0 at 20, 1.3 at 35, 1.5 and more for convolutions.
BFLOAT16_PAYS_FROM = 25_000_000
# What Linux calls a processor's instructions that multiply bfloat16: AVX-512 BF16 and AMX.
BFLOAT16_INSTRUCTIONS = {"avx512_bf16", "amx_bf16"}
# The first compute capability, of NVIDIA's cards, that multiplies bfloat16: Ampere's.
BFLOAT16_CAPABILITY = 8
CPUINFO = Path("/proc/cpuinfo")
# Parameters of glibc's mallopt, from its malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3


def work_of_a_step(spec: Mapping[str, Any], roles: Iterable[Role]) -> int:
    """About how many multiply-adds one batch costs on its way through all networks of a resolved spec."""
    return spec["training"]["batch_size"] * sum(map(multiply_adds, _layers(spec, roles)))


def weights(spec: Mapping[str, Any], roles: Iterable[Role]) -> int:
    """How many weights all networks of a resolved spec have."""
    return sum(layer["parameter_count"] for layer in _layers(spec, roles))


def multiply_adds(layer: Mapping[str, Any]) -> int:
    """About how many multiply-adds a sample costs in a layer: each weight of a kernel once at each place it visits."""
    inner = nesting.innermost(layer)
    if "units" not in inner and "kernel_size" not in inner:
        return 0
    return layer["parameter_count"] * math.prod(layer["output_shape"][:-1])


def _layers(spec: Mapping[str, Any], roles: Iterable[Role]) -> list[Mapping[str, Any]]:
    return [layer for role in roles for layer in spec[role.module]["layers"]]


def threads_for(work: int) -> int:
    """How many processor threads so many multiply-adds occupy, leaving one processor free.

    A step is some hundred short parallel regions, and each ends when its slowest thread does. Where another program
    (an editor, a browser, a service) takes a processor from one of them, all wait for it, every time: measured on two
    busy processors, two threads train ten to a hundred times slower than one. And where each has little to do between
    two meetings, a further one brings little even on an idle machine.
    """
    return min(spare_processors(), 1 + work // WORK_OF_A_THREAD)


def choose_precision(wish: str, work: int, *, native: bool) -> str:
    """``float32`` or ``bfloat16``.

    ``auto`` is bfloat16 where it is native and the networks are large enough to gain from it: on small ones the
    conversions cost more than the products save. An explicit bfloat16 is honoured on every device.

    Args:
        work: multiply-adds of one batch through all networks.
        native: the library has the device itself multiply bfloat16; emulation is slower than float32.
    """
    if wish != "auto":
        return wish
    return "bfloat16" if native and work >= BFLOAT16_PAYS_FROM else "float32"


def processor_multiplies_bfloat16() -> bool:
    """Whether the processor has instructions for products in bfloat16, as far as Linux tells."""
    return bool(BFLOAT16_INSTRUCTIONS & {*_cpuinfo("flags").split()})


def spare_processors() -> int:
    """The processors that this process may use but for one, which is left to other programs; at least one."""
    return max(1, len(os.sched_getaffinity(0)) - 1)


def processor_name() -> str:
    """The processor's model as Linux knows it, else what Python knows."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _cpuinfo(key: str) -> str:
    """What Linux knows of the first processor; nothing on other systems."""
    lines = CPUINFO.read_text().splitlines() if CPUINFO.exists() else ()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


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
