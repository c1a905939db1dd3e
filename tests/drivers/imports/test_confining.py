"""Files that have their reader hang or swallow memory end that reader alone."""

from __future__ import annotations

import json
import os
import zipfile

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from drivers import confined
from drivers.imports import UnreadableError, read_confined

MiB = 1024 * 1024
PLENTY = confined.Limits(60, 2048 * MiB)
NUMBERS = np.array(1 << 24)


def graph(path, nodes, **weights):
    put = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    held = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    nodes = [*nodes, helper.make_node("Gemm", ["x", "kernel"], ["y"], "score")]
    held.append(numpy_helper.from_array(np.ones((4, 1), np.float32), "kernel"))
    path.write_bytes(helper.make_model(helper.make_graph(nodes, "g", [put], [out], held)).SerializeToString())
    return path


def test_a_file_is_read_as_without_a_process_of_its_own(tmp_path):
    path = graph(tmp_path / "m.onnx", [])
    network = read_confined(path, ".onnx", PLENTY, with_weights=True)
    assert [layer["type"] for layer in network.layers] == ["Input", "Dense"]
    np.testing.assert_array_equal(network.weights["score/kernel"], np.ones((4, 1), np.float32))
    assert read_confined(path, ".onnx", PLENTY).weights == {}
    assert os.listdir(tmp_path) == ["m.onnx"]


def test_problems_come_as_they_are(tmp_path):
    layers = [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, 4]}},
        {"class_name": "Lambda", "config": {"name": "swirl"}},
    ]
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": layers}}))
    with pytest.raises(UnreadableError) as error:
        read_confined(tmp_path / "m.keras", ".keras", PLENTY)
    assert [problem["pointer"] for problem in error.value.problems] == ["/config/layers/1"]


def test_a_file_that_unfolds_into_all_memory_is_ended(tmp_path):
    """Each operator gives 64 MiB of numbers, which the file need not hold."""
    nodes = [helper.make_node("ConstantOfShape", ["many"], [f"c{place}"]) for place in range(64)]
    path = graph(tmp_path / "m.onnx", nodes, many=NUMBERS.reshape(1))
    with pytest.raises(confined.OverLimitError, match="memory_bytes"):
        read_confined(path, ".onnx", confined.Limits(60, 512 * MiB))
    assert os.listdir(tmp_path) == ["m.onnx"]


def test_a_file_that_takes_all_the_time_is_ended(tmp_path):
    """The same numbers are added up as often as a graph may have operators."""
    nodes = [helper.make_node("ConstantOfShape", ["many"], ["c"])]
    nodes += [helper.make_node("ReduceSum", ["c"], [f"s{place}"], keepdims=0) for place in range(10_000)]
    path = graph(tmp_path / "m.onnx", nodes, many=NUMBERS.reshape(1))
    with pytest.raises(confined.OverLimitError, match="seconds"):
        read_confined(path, ".onnx", confined.Limits(1, 2048 * MiB))


def test_a_reader_that_waits_for_ever_is_ended(tmp_path, monkeypatch):
    """A pipe that nobody writes to: it takes none of the processor's time."""
    monkeypatch.setattr(confined, "START_SECONDS", 1.0)
    os.mkfifo(tmp_path / "m.onnx")
    with pytest.raises(confined.OverLimitError, match="seconds"):
        read_confined(tmp_path / "m.onnx", ".onnx", confined.Limits(1, 2048 * MiB))


def test_a_reader_that_crashes_is_told_of(tmp_path, monkeypatch):
    monkeypatch.setattr(confined.sys, "executable", "/bin/false")
    with pytest.raises(UnreadableError, match=r"its reader ended with status 1"):
        read_confined(graph(tmp_path / "m.onnx", []), ".onnx", PLENTY)
