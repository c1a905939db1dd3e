"""The settings that every layer is compared at on each backend: (parameters, input shapes), three or more a layer."""

from __future__ import annotations

from tests.drivers.pytorch.parity import cases as parity

CASES: dict[str, list[parity.Case]] = {
    **{kind: list(cases) for kind, cases in parity.CASES.items()},
    "Embedding": [
        ({"input_dim": 4, "output_dim": 3}, [()]),
        ({"input_dim": 4, "output_dim": 1}, [(2,)]),
        ({"input_dim": 9, "output_dim": 3}, [(2, 3)]),
    ],
    # layers that Keras does not have
    "PixelNormalization": [({}, [(5,)]), ({}, [(3, 4, 6)]), ({"epsilon": 0.5}, [(7, 2)])],
    "AdaIN": [({}, [(3, 4, 6), (5,)]), ({"epsilon": 0.1}, [(7, 2), (1,)]), ({}, [(3, 2, 3), (2,)])],
    "ConditionalBatchNormalization": [
        ({"num_classes": 4}, [(5,), ()]),
        ({"num_classes": 4, "momentum": 0.5}, [(3, 4, 2), ()]),
        ({"num_classes": 4, "epsilon": 0.1}, [(6, 3), ()]),
    ],
    "SelfAttention2D": [({}, [(4, 4, 16)]), ({"channel_reduction": 2}, [(3, 5, 6)]), ({}, [(2, 2, 3)])],
    "MinibatchStdDev": [({}, [(3,)]), ({"group_size": 2}, [(2, 4, 3)]), ({"group_size": None}, [(4,)])],
    "MinibatchDiscrimination": [
        ({"num_kernels": 4, "kernel_dim": 3}, [(6,)]),
        ({"num_kernels": 1, "kernel_dim": 1}, [(2,)]),
        ({}, [(3,)]),
    ],
}
CASES["Conv2DTranspose"] += [
    (
        {"filters": 3, "kernel_size": [4, 3], "dilation_rate": [2, 1], "output_padding": 0, "padding": "same"},
        [(5, 6, 2)],
    ),
    ({"filters": 3, "kernel_size": 2, "dilation_rate": 3, "use_bias": False, "activation": "tanh"}, [(5, 6, 2)]),
]
# On PyTorch, Keras takes some of what is padded here for a part of the mean.
CASES["AveragePooling1D"] += [({"pool_size": 3, "strides": 2, "padding": "same"}, [(8, 4)])]
CASES["AveragePooling2D"] += [({"pool_size": [1, 3], "padding": "same"}, [(8, 8, 1)])]
# Keras orders axes from both ends otherwise.
CASES["LayerNormalization"] += [({"axis": [-1, 1]}, [(3, 4, 2)])]
# Of a single number nothing is left but β, which Keras's order of operations rounds away from on TensorFlow and JAX.
CASES["LayerNormalization"] += [({"epsilon": 1e-6}, [(1,)])]
# On TensorFlow, Keras adds biases of size 1 along the steps where these are as many as the heads.
CASES["MultiHeadAttention"] += [({"num_heads": 3, "key_dim": 1, "value_dim": 2}, [(3, 2)])]
# TensorFlow knows only equal strides here.
CASES["DepthwiseConv2D"] += [
    ({"kernel_size": [2, 3], "strides": [1, 2], "padding": "same"}, [(6, 7, 4)]),
    ({"kernel_size": 3, "strides": [3, 2], "use_bias": False, "activation": "elu"}, [(6, 7, 4)]),
]
CASES["SeparableConv2D"] += [({"filters": 5, "kernel_size": [2, 3], "strides": [2, 1], "padding": "same"}, [(6, 7, 4)])]

# Layers that draw random numbers while training; the others are compared while training, and these in use.
DRAWING = {"Dropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D"}
# Layers that compute something else in use than while training: compared in both.
IN_BOTH_MODES = parity.IN_BOTH_MODES | {"ConditionalBatchNormalization"}
# Inputs that take the number of a class, by their position.
LABELS = {"Embedding": 0, "ConditionalBatchNormalization": 1}
CLASSES = 4
