"""Where the weights of a saved training lie in a program's networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drivers.export.pytorch.layers import is_fused
from spec import nesting

NORMS = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
# What attributes of `nn.Module`s are called, by the catalogue's variable.
USUAL = {"kernel": "weight", "bias": "bias", **NORMS}
# Layers of which the program holds one tensor and no module, and those whose modules have the catalogue's names.
BARE = {"Embedding", "PReLU"}
FUSED = {"kernel": "weight_ih_l0", "recurrent_kernel": "weight_hh_l0", "bias": "bias_ih_l0"}
OWN = {"ConvLSTM2D", "GRU", "LSTM", "MinibatchDiscrimination", "SimpleRNN"}


def place_of(name: str, layer: Mapping[str, Any], variable: Sequence[str], is_penalized: bool = False) -> str:
    """The path of a tensor in the program's network.

    Args:
        name: what the program calls the layer.
        layer: the resolved layer.
        variable: the catalogue's name of the variable, in parts.
        is_penalized: the program differentiates its gradients.
    """
    kinds = [part["type"] for part in nesting.within(layer)]
    inner, last = kinds[-1], variable[-1]
    innermost = nesting.innermost(layer)
    if inner in OWN and is_fused({"dropout": 1, "recurrent_dropout": 1, **innermost}, is_penalized):
        last = FUSED[last]
    if "Bidirectional" in kinds:
        return f"{name}_{variable[0].removesuffix('_layer')}.{last}"
    if "SpectralNormalization" in kinds:
        return f"{name}.u" if last == "vector_u" else f"{name}.layer.weight" if last != "bias" else f"{name}.layer.bias"
    if inner in BARE:
        return name
    if inner in OWN:
        return f"{name}.{last}"
    if inner == "SeparableConv2D":
        return (
            f"{name}_depthwise.weight"
            if last == "depthwise_kernel"
            else f"{name}_pointwise.{USUAL.get(last, 'weight')}"
        )
    if inner == "MultiHeadAttention":
        return f"{name}.{variable[0].removeprefix('attention_')}.{USUAL[last]}"
    if inner == "SelfAttention2D":
        return f"{name}.gamma" if last == "gamma" else f"{name}.{last.removesuffix('_kernel')}.weight"
    if inner == "ConditionalBatchNormalization":
        return f"{name}.{last}" if last in ("gamma", "beta") else f"{name}.norm.{NORMS[last]}"
    if inner == "AdaIN":
        return f"{name}.style.{USUAL[last]}"
    return f"{name}.{USUAL.get(last, last)}"
