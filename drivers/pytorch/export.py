"""Networks in use as files that other programs run."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from onnxscript import optimizer
from torch import Tensor, nn

from drivers.errors import DriverError
from drivers.files import write_whole
from drivers.onnx_layers import put_layers
from drivers.pytorch.layers.recurrent import RecurrentCell
from drivers.pytorch.network import Network

# The operators that a file may use. onnxruntime reads them from version 1.17 (2024) on, and so do most others.
OPSET = 20
# Loggers of the exporter, which tells of every pass over a graph; what goes wrong it raises.
TALKATIVE = ("onnx_ir", "onnxscript", "torch.onnx")
# Samples in the batch that the graph is traced with; a file takes any number.
TRACED = 2


class InUse(nn.Module):
    """A network with its inputs in an order, as graphs have them."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.sources = [source for _, source, _ in network.inputs]

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.network(**dict(zip(self.sources, inputs, strict=True)))


def write_onnx(network: Network, path: Path, output: str, layers: Sequence[Mapping[str, Any]]) -> None:
    """Writes a network as ONNX, in one file, its inputs named by what they take.

    Args:
        output: what the result is called, ``"image"`` or ``"score"``.
        layers: the resolved layers that it was built from, for `drivers.imports` to find them again.

    Raises:
        DriverError: a layer has no counterpart in ONNX.
    """
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)
    with _in_use(network) as module, _unfused(network):
        program = _trace(module, network)
        batch = torch.export.Dim("batch", min=1)
        try:
            model = torch.onnx.export(
                program,
                input_names=module.sources,
                output_names=[output],
                opset_version=OPSET,
                dynamic_shapes={"inputs": tuple({0: batch} for _ in module.sources)},
                dynamo=True,
                optimize=False,
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            raise DriverError(
                "not_exported", f"The network has no counterpart in ONNX: {_first_line(error)}"
            ) from error
    assert model is not None
    # The exporter's own simplification takes a number up to 1e-8 for 0: it would leave out epsilons, which keep a
    # division by 0 from being one.
    optimizer.inline(model.model)
    optimizer.fold_constants_ir(model.model)
    optimizer.remove_unused_nodes(model.model)
    proto = model.model_proto
    put_layers(proto, layers)

    def write(temporary: Path) -> None:
        temporary.write_bytes(proto.SerializeToString())

    write_whole(path, write)


def write_torch_export(network: Network, path: Path, output: str, layers: Sequence[Mapping[str, Any]]) -> None:
    """Writes a network as ``torch.export.save`` does; ``torch.export.load(path).module()(*inputs)`` runs it."""
    with _in_use(network) as module:
        program = _trace(module, network)
    write_whole(path, lambda temporary: torch.export.save(program, temporary))


FORMATS = {"onnx": write_onnx, "torch_export": write_torch_export}
"""What writes a network, by format."""


def _trace(module: InUse, network: Network) -> torch.export.ExportedProgram:
    arguments = tuple(
        torch.zeros(TRACED, *shape, dtype=torch.int64 if source == "label" else torch.float32)
        for _, source, shape in network.inputs
    )
    batch = torch.export.Dim("batch", min=1)
    try:
        return torch.export.export(module, arguments, dynamic_shapes={"inputs": tuple({0: batch} for _ in arguments)})
    except torch._dynamo.exc.TorchDynamoException as error:
        raise DriverError("not_exported", f"The network cannot be traced: {_first_line(error)}") from error


@contextmanager
def _in_use(network: Network) -> Iterator[InUse]:
    """The network without dropout and with moving statistics, on the processor, without a word from the exporter."""
    device = next(iter(network.weights().values())).device
    try:
        with network.in_use(), warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            yield InUse(network.cpu()).eval()
    finally:
        network.to(device)


@contextmanager
def _unfused(network: Network) -> Iterator[None]:
    """Recurrent layers step by step: ONNX has no counterpart of PyTorch's fused kernels with their weights apart."""
    layers = [layer for layer in network.modules() if isinstance(layer, RecurrentCell)]
    fused = [layer.has_fused for layer in layers]
    for layer in layers:
        layer.has_fused = False
    try:
        yield
    finally:
        for layer, had in zip(layers, fused, strict=True):
            layer.has_fused = had


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
