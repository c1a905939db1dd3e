"""What a training knows of its machine, whatever the library."""

from __future__ import annotations

import pytest
import torch

from drivers import machine
from drivers.machine import choose_precision, multiply_adds

CPUINFO = """processor\t: 0
model name\t: A Processor 9000
flags\t\t: fpu avx2 avx512f {flags}
bugs\t\t: flags: none
processor\t: 1
model name\t: Another
"""


@pytest.fixture
def write_cpuinfo(monkeypatch, tmp_path):
    """Has Linux tell of another processor."""

    def write(flags):
        path = tmp_path / "cpuinfo"
        path.write_text(CPUINFO.format(flags=flags))
        monkeypatch.setattr(machine, "CPUINFO", path)

    return write


def test_precision_is_as_wished():
    assert choose_precision("bfloat16", 1, native=False) == "bfloat16"
    assert choose_precision("float32", 10**12, native=True) == "float32"


@pytest.mark.parametrize(
    ("native", "work", "expected"),
    [(True, 24_999_999, "float32"), (True, 25_000_000, "bfloat16"), (False, 10**12, "float32")],
)
def test_automatic_precision_follows_the_device_and_the_work(native, work, expected):
    assert choose_precision("auto", work, native=native) == expected


@pytest.mark.parametrize(
    ("flags", "native"), [("avx512_bf16", True), ("amx_bf16 amx_tile", True), ("avx512_fp16", False), ("", False)]
)
def test_a_processor_multiplies_bfloat16_by_instructions_of_its_own(write_cpuinfo, flags, native):
    write_cpuinfo(flags)
    assert machine.processor_multiplies_bfloat16() is native


def test_it_is_what_pytorch_finds_out_by_itself():
    found = torch.cpu.get_capabilities()
    assert machine.processor_multiplies_bfloat16() == bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def test_the_name_of_a_processor_is_what_linux_says_or_else_what_python_knows(write_cpuinfo, monkeypatch, tmp_path):
    write_cpuinfo("")
    assert machine.processor_name() == "A Processor 9000"
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "nothing")
    assert machine.processor_name()
    assert not machine.processor_multiplies_bfloat16()


def test_work_is_counted_at_every_place_that_a_kernel_visits():
    dense = {"type": "Dense", "units": 500, "parameter_count": 500_000, "output_shape": [500]}
    convolution = {"type": "Conv2D", "kernel_size": [3, 3], "parameter_count": 4608, "output_shape": [10, 10, 8]}
    normalization = {"type": "BatchNormalization", "parameter_count": 32, "output_shape": [10, 10, 8]}
    assert [multiply_adds(layer) for layer in (dense, convolution, normalization)] == [500_000, 460_800, 0]
