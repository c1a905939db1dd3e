"""Files that were made to do harm, or are broken: each is told exactly, and nothing of it is kept."""

import io
import json
import pickle
import struct
import zipfile

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save

import spec as specs

from .conftest import SPEC


def tensors():
    resolved = specs.resolve(SPEC)
    roles = ("generator", "discriminator")
    return {name: np.zeros(shape, np.float32) for role in roles for name, shape, _ in specs.weights(resolved, role)}


def safetensors(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content if isinstance(content, bytes | str) else json.dumps(content))
    return file.getvalue()


def sequential(*layers, name="config.json"):
    given = [{"class_name": "InputLayer", "config": {"name": "image", "batch_shape": [None, 16, 16, 1]}}, *layers]
    return zipped({name: {"class_name": "Sequential", "config": {"layers": given}}})


def layer(kind, **config):
    return {"class_name": kind, "config": {"name": kind.lower(), **config}}


def onnx_graph(nodes, weights=(), shape=("n", 4)):
    put = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    return helper.make_model(helper.make_graph(list(nodes), "g", [put], [out], list(weights))).SerializeToString()


def relu(*names):
    return helper.make_node("Relu", [names[0]], [names[1]], "bent")


class Evil:
    def __reduce__(self):
        return (open, ("/tmp/authorgan-was-here", "w"))


GOOD = save(tensors())
HUGE = {"generator/dense_1/kernel": {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 4]}}
MANY = {
    f"generator/layer_{place}/kernel": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for place in range(50_000)
}
WEIGHTS = {
    "empty": b"",
    "a pickle": pickle.dumps(Evil()),
    "truncated": GOOD[: len(GOOD) // 2],
    "a header of 2^63 bytes": safetensors(b"{}", length=2**63),
    "a header that ends early": safetensors(b'{"a": ', length=100),
    "a header that is no JSON": safetensors(b"\xff\xfe{}"),
    "a header of nested lists": safetensors(b"[" * 100_000),
    "10^18 numbers in four bytes": safetensors(HUGE, b"\0\0\0\0"),
    "offsets beyond the file": safetensors({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 10**12]}}),
    "offsets that overlap": safetensors(
        {name: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for name in ("a", "b")}, b"\0\0\0\0"
    ),
    "numbers of bfloat16": safetensors({"w": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}, b"\0\0"),
    "whole numbers": save({name: value.astype(np.int32) for name, value in tensors().items()}),
    "a kind of number that there is not": safetensors({"w": {"dtype": "F3", "shape": [1], "data_offsets": [0, 4]}}),
    "fifty thousand tensors": safetensors(MANY),
    "names that are paths": save({**tensors(), "../../../etc/passwd": np.zeros(1, np.float32)}),
    "names with a zero byte": save({**tensors(), "generator/\0/kernel": np.zeros(1, np.float32)}),
    "kernels in PyTorch's orientation": save({name: value.T.copy() for name, value in tensors().items()}),
    "an ONNX file": onnx_graph([relu("x", "y")]),
}


def post(client, path, content, filename, **fields):
    return client.post(path, data={"file": (io.BytesIO(content), filename), **fields})


def told(response, status=422):
    """The messages of a problem, each of which a person can read."""
    assert response.status_code == status, response.text
    messages = [problem["message"] for problem in response.json["problems"]]
    assert messages
    assert all(len(message) < 2000 and "Traceback" not in message for message in messages)
    return messages


@pytest.mark.parametrize("case", WEIGHTS)
def test_weights(client, services, case):
    told(post(client, "/v1/models/import", WEIGHTS[case], "model.safetensors", spec=json.dumps(SPEC)))
    assert client.get("/v1/jobs").json["jobs"] == []
    assert list((services.settings.home / "imports").iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        '{"generator": ' * 20_000,
        "NaN",
        '"text"',
        "[]",
        '{"generator": 1e999}',
    ],
)
def test_specs_beside_weights(client, text):
    told(post(client, "/v1/models/import", GOOD, "model.safetensors", spec=text))
    assert client.get("/v1/jobs").json["jobs"] == []


DENSE = helper.make_node("MatMul", ["x", "m"], ["y"], "score")
DAMAGED = helper.make_tensor("m", TensorProto.FLOAT, [4, 1], [0.0] * 4)
DAMAGED.dims[0] = 10**9
OUTSIDE = TensorProto(name="m", data_type=TensorProto.FLOAT, dims=[4, 1], data_location=TensorProto.EXTERNAL)
OUTSIDE.external_data.add(key="location", value="../../../../etc/passwd")
TALL = numpy_helper.from_array(np.zeros((4, 1), np.float32), "m")
UNKNOWN_KIND = TensorProto(name="m", data_type=99, dims=[4, 1])
SHAPE = numpy_helper.from_array(np.array([10**5, 10**5]), "s")
ONE = numpy_helper.from_array(np.ones(1, np.float32), "one")
NETWORKS = {
    "an empty .keras": (b"", "a.keras"),
    "a pickle as .keras": (pickle.dumps(Evil()), "a.keras"),
    "a zip cut in half": (sequential(layer("Flatten"))[:60], "a.keras"),
    "a zip without a description": (zipped({"readme.txt": "hello"}), "a.keras"),
    "a description outside": (sequential(layer("Flatten"), name="../../config.json"), "a.keras"),
    "a zip bomb": (zipped({"config.json": b" " * 200_000_000}), "a.keras"),
    "nested lists": (zipped({"config.json": "[" * 1_000_000}), "a.keras"),
    "NaN as a size": (sequential(layer("Dense", units=float("nan"))), "a.keras"),
    "a Lambda": (
        sequential(layer("Lambda", function={"class_name": "__lambda__", "config": {"code": "4wAA"}})),
        "a.keras",
    ),
    "a class of somebody's own": (
        zipped({"config.json": {"class_name": "os", "module": "os", "config": {"layers": []}}}),
        "a.keras",
    ),
    "a layer of another module": (
        sequential({"module": "subprocess", "class_name": "Popen", "config": {"name": "p", "args": ["id"]}}),
        "a.keras",
    ),
    "layers that are numbers": (
        zipped({"config.json": {"class_name": "Sequential", "config": {"layers": [1, 2]}}}),
        "a.keras",
    ),
    "a name that is a list": (sequential({"class_name": "Dense", "config": {"name": ["a"], "units": 1}}), "a.keras"),
    "an empty .onnx": (b"", "a.onnx"),
    "a pickle as .onnx": (pickle.dumps(Evil()), "a.onnx"),
    "a graph cut in half": (onnx_graph([DENSE], [TALL])[:40], "a.onnx"),
    "weights outside": (onnx_graph([DENSE], [OUTSIDE]), "a.onnx"),
    "10^9 numbers in sixteen bytes": (onnx_graph([DENSE], [DAMAGED]), "a.onnx"),
    "numbers of an unknown kind": (onnx_graph([DENSE], [UNKNOWN_KIND]), "a.onnx"),
    "a circle": (onnx_graph([relu("b", "a"), relu("a", "b"), relu("a", "y")]), "a.onnx"),
    "an input of 10^12 numbers": (onnx_graph([relu("x", "y")], shape=("n", 10**6, 10**6)), "a.onnx"),
    "a constant of 10^10 numbers": (
        onnx_graph(
            [helper.make_node("Expand", ["one", "s"], ["e"]), helper.make_node("Add", ["x", "e"], ["y"])], [ONE, SHAPE]
        ),
        "a.onnx",
    ),
    "an operator of nobody": (onnx_graph([helper.make_node("Steal", ["x"], ["y"], domain="evil")]), "a.onnx"),
    "a loop": (onnx_graph([helper.make_node("Loop", ["", "x"], ["y"])]), "a.onnx"),
    "an operator without outputs": (onnx_graph([helper.make_node("Relu", ["x"], [])]), "a.onnx"),
    "an operator without inputs": (onnx_graph([helper.make_node("Conv", [], ["y"])]), "a.onnx"),
    "strides of nothing": (
        onnx_graph(
            [helper.make_node("Conv", ["x", "k"], ["y"], strides=[0, 0])],
            [numpy_helper.from_array(np.zeros((1, 1, 3, 3), np.float32), "k")],
            ("n", 1, 8, 8),
        ),
        "a.onnx",
    ),
    "no name": (b"PK", ""),
    "another suffix": (pickle.dumps(Evil()), "model.h5"),
    "a path as a name": (sequential(layer("Lambda")), "../../../etc/passwd.keras"),
}


@pytest.mark.parametrize("case", NETWORKS)
def test_networks(client, case):
    content, filename = NETWORKS[case]
    response = post(client, "/v1/specs/import", content, filename)
    assert response.status_code in (400, 422), response.text
    if response.status_code == 422:
        told(response)
