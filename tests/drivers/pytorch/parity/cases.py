"""The settings that every layer is compared with Keras at: (parameters, input shapes), three or more a layer."""

from __future__ import annotations

from typing import Any

Case = tuple[dict[str, Any], list[tuple[int, ...]]]

CONV1D = [(9, 4)]
CONV2D = [(6, 7, 4)]
CONV3D = [(4, 5, 6, 2)]
LSTM_INNER = {"type": "LSTM", "units": 3}

CASES: dict[str, list[Case]] = {
    # convolutional
    "Conv1D": [
        ({"filters": 6, "kernel_size": 3}, CONV1D),
        ({"filters": 6, "kernel_size": 3, "strides": 2, "padding": "same"}, [(10, 4)]),  # odd zero at the end
        ({"filters": 6, "kernel_size": 4, "strides": 3, "padding": "same", "activation": "leaky_relu"}, CONV1D),
        ({"filters": 6, "kernel_size": 3, "dilation_rate": 2, "padding": "causal"}, CONV1D),
        ({"filters": 6, "kernel_size": 2, "strides": 2, "padding": "causal", "use_bias": False}, CONV1D),
        ({"filters": 6, "kernel_size": 3, "groups": 2, "dilation_rate": 3}, CONV1D),
        ({"filters": 6, "kernel_size": 1, "strides": 4, "padding": "same"}, CONV1D),
    ],
    "Conv2D": [
        ({"filters": 6, "kernel_size": 3, "activation": "gelu"}, CONV2D),
        ({"filters": 6, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "silu"}, CONV2D),
        ({"filters": 6, "kernel_size": 4, "strides": 2, "padding": "same", "activation": "elu"}, [(8, 8, 4)]),
        ({"filters": 6, "kernel_size": [2, 5], "strides": [1, 3], "padding": "same", "use_bias": False}, CONV2D),
        ({"filters": 6, "kernel_size": 3, "dilation_rate": 2, "padding": "same", "groups": 2}, CONV2D),
        ({"filters": 6, "kernel_size": 2, "dilation_rate": [1, 3], "activation": "selu"}, CONV2D),
        ({"filters": 6, "kernel_size": 1, "strides": 2, "padding": "same", "activation": "softplus"}, [(5, 5, 4)]),
    ],
    "Conv3D": [
        ({"filters": 4, "kernel_size": 2}, CONV3D),
        ({"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, CONV3D),
        ({"filters": 4, "kernel_size": [1, 2, 3], "strides": [2, 1, 2], "padding": "same", "groups": 2}, CONV3D),
        ({"filters": 4, "kernel_size": [2, 1, 2], "dilation_rate": [2, 1, 3], "use_bias": False}, CONV3D),
    ],
    "Conv1DTranspose": [
        ({"filters": 3, "kernel_size": 4, "strides": 2, "padding": "same"}, [(5, 4)]),
        ({"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, [(5, 4)]),
        ({"filters": 3, "kernel_size": 5, "strides": 3, "padding": "same", "output_padding": 0}, [(5, 4)]),
        ({"filters": 3, "kernel_size": 2, "strides": 3, "padding": "same", "output_padding": 2}, [(5, 4)]),
        ({"filters": 3, "kernel_size": 2, "strides": 3, "output_padding": 1}, [(5, 4)]),
        ({"filters": 3, "kernel_size": 3, "dilation_rate": 2}, [(5, 4)]),
        ({"filters": 3, "kernel_size": 4, "dilation_rate": 3, "padding": "same"}, [(9, 4)]),
        ({"filters": 3, "kernel_size": 1, "strides": 4, "padding": "same", "use_bias": False}, [(5, 4)]),
    ],
    "Conv2DTranspose": [
        ({"filters": 3, "kernel_size": 4, "strides": 2, "padding": "same"}, [(3, 4, 2)]),
        ({"filters": 3, "kernel_size": 5, "strides": 2, "padding": "same", "activation": "tanh"}, [(3, 4, 2)]),
        ({"filters": 3, "kernel_size": [2, 3], "strides": [3, 1]}, [(3, 4, 2)]),
        ({"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1}, [(3, 4, 2)]),
        ({"filters": 3, "kernel_size": [4, 3], "strides": 2, "padding": "same", "output_padding": 0}, [(3, 4, 2)]),
        ({"filters": 3, "kernel_size": 2, "strides": 3, "output_padding": [0, 2]}, [(3, 4, 2)]),
        ({"filters": 3, "kernel_size": 3, "dilation_rate": 2, "padding": "same"}, [(5, 6, 2)]),
    ],
    "Conv3DTranspose": [
        ({"filters": 2, "kernel_size": 2, "strides": 2, "padding": "same"}, [(2, 3, 2, 3)]),
        ({"filters": 2, "kernel_size": 3, "strides": [2, 1, 2], "padding": "same"}, [(2, 3, 2, 3)]),
        ({"filters": 2, "kernel_size": [1, 2, 3], "strides": 2, "output_padding": [1, 0, 1]}, [(2, 3, 2, 3)]),
        ({"filters": 2, "kernel_size": 2, "dilation_rate": [1, 2, 1], "use_bias": False}, [(2, 3, 2, 3)]),
    ],
    "DepthwiseConv2D": [
        ({"kernel_size": 3}, CONV2D),
        ({"kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 3}, CONV2D),
        ({"kernel_size": [2, 3], "dilation_rate": 2, "activation": "relu", "use_bias": False}, CONV2D),
        ({"kernel_size": 4, "padding": "same", "depth_multiplier": 2}, [(5, 5, 1)]),
    ],
    "SeparableConv2D": [
        ({"filters": 5, "kernel_size": 3}, CONV2D),
        ({"filters": 5, "kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 2}, CONV2D),
        ({"filters": 5, "kernel_size": [2, 3], "dilation_rate": 2, "padding": "same", "use_bias": False}, CONV2D),
    ],
    "MaxPooling1D": [
        ({}, CONV1D),
        ({"pool_size": 3, "strides": 2, "padding": "same"}, CONV1D),
        ({"pool_size": 4, "strides": 1, "padding": "same"}, CONV1D),
    ],
    "MaxPooling2D": [
        ({}, CONV2D),
        ({"pool_size": 3, "strides": 2, "padding": "same"}, CONV2D),
        ({"pool_size": [2, 3], "strides": [1, 2]}, CONV2D),
    ],
    "AveragePooling1D": [
        ({}, CONV1D),
        ({"pool_size": 2, "padding": "same"}, CONV1D),
        ({"pool_size": 3, "strides": 1, "padding": "same"}, CONV1D),
    ],
    "AveragePooling2D": [
        ({}, CONV2D),
        ({"pool_size": 3, "strides": 1, "padding": "same"}, CONV2D),
        ({"pool_size": [2, 3], "strides": [1, 2]}, CONV2D),
    ],
    "GlobalAveragePooling1D": [({}, CONV1D), ({"keepdims": True}, CONV1D), ({}, [(1, 3)])],
    "GlobalAveragePooling2D": [({}, CONV2D), ({"keepdims": True}, CONV2D), ({}, [(1, 1, 3)])],
    "GlobalMaxPooling1D": [({}, CONV1D), ({"keepdims": True}, CONV1D), ({}, [(1, 3)])],
    "GlobalMaxPooling2D": [({}, CONV2D), ({"keepdims": True}, CONV2D), ({}, [(1, 1, 3)])],
    "UpSampling1D": [({}, CONV1D), ({"size": 3}, CONV1D), ({"size": 1}, CONV1D)],
    "UpSampling2D": [
        ({}, CONV2D),
        ({"size": [3, 2]}, CONV2D),
        ({"size": 2, "interpolation": "bilinear"}, CONV2D),
        ({"size": [1, 3], "interpolation": "bilinear"}, CONV2D),
    ],
    "ZeroPadding1D": [({}, CONV1D), ({"padding": 3}, CONV1D), ({"padding": [0, 2]}, CONV1D)],
    "ZeroPadding2D": [({}, CONV2D), ({"padding": [0, 2]}, CONV2D), ({"padding": [[1, 2], [0, 3]]}, CONV2D)],
    "Cropping1D": [({}, CONV1D), ({"cropping": 3}, CONV1D), ({"cropping": [0, 2]}, CONV1D)],
    "Cropping2D": [({}, CONV2D), ({"cropping": [0, 2]}, CONV2D), ({"cropping": [[1, 2], [0, 3]]}, CONV2D)],
    # recurrent
    "SimpleRNN": [
        ({"units": 3}, [(5, 4)]),
        ({"units": 3, "return_sequences": True, "go_backwards": True, "use_bias": False}, [(5, 4)]),
        ({"units": 3, "return_sequences": True, "activation": "relu"}, [(5, 4)]),
        ({"units": 3, "activation": "softmax"}, [(1, 2)]),
    ],
    "LSTM": [
        ({"units": 3}, [(5, 4)]),
        ({"units": 3, "return_sequences": True, "use_bias": False}, [(5, 4)]),
        ({"units": 3, "return_sequences": True, "go_backwards": True, "unit_forget_bias": False}, [(5, 4)]),
        ({"units": 3, "activation": "elu", "recurrent_activation": "softplus"}, [(5, 4)]),
        ({"units": 3}, [(1, 1)]),
    ],
    "GRU": [
        ({"units": 3}, [(5, 4)]),
        ({"units": 3, "return_sequences": True, "use_bias": False}, [(5, 4)]),
        ({"units": 3, "return_sequences": True, "reset_after": False, "go_backwards": True}, [(5, 4)]),
        ({"units": 3, "reset_after": False, "use_bias": False}, [(5, 4)]),
        ({"units": 3, "activation": "relu", "recurrent_activation": "tanh"}, [(5, 4)]),
    ],
    "Bidirectional": [
        ({"layer": LSTM_INNER}, [(5, 4)]),
        ({"layer": {**LSTM_INNER, "return_sequences": True}, "merge_mode": "sum"}, [(5, 4)]),
        ({"layer": {"type": "GRU", "units": 3, "return_sequences": True}}, [(5, 4)]),
        ({"layer": {"type": "GRU", "units": 3, "reset_after": False}, "merge_mode": "ave"}, [(5, 4)]),
        ({"layer": {"type": "SimpleRNN", "units": 3, "return_sequences": True}, "merge_mode": "mul"}, [(5, 4)]),
        (
            {"layer": {"type": "ConvLSTM2D", "filters": 2, "kernel_size": 2, "return_sequences": True}},
            [(3, 4, 5, 2)],
        ),
    ],
    "ConvLSTM2D": [
        ({"filters": 2, "kernel_size": 2}, [(3, 4, 5, 2)]),
        ({"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "return_sequences": True}, [(3, 4, 5, 2)]),
        ({"filters": 2, "kernel_size": [2, 3], "dilation_rate": [1, 2], "use_bias": False}, [(3, 4, 7, 2)]),
        (
            {"filters": 2, "kernel_size": 4, "padding": "same", "go_backwards": True, "recurrent_activation": "silu"},
            [(3, 4, 5, 1)],
        ),
        (
            {"filters": 3, "kernel_size": 2, "activation": "softmax", "recurrent_activation": "softmax"},
            [(2, 4, 5, 1)],
        ),
    ],
    "TimeDistributed": [
        ({"layer": {"type": "Dense", "units": 3}}, [(5, 4)]),
        ({"layer": {"type": "Conv2D", "filters": 3, "kernel_size": 2}}, [(3, 4, 5, 2)]),
        ({"layer": {"type": "TimeDistributed", "layer": {"type": "LSTM", "units": 2}}}, [(2, 3, 4, 2)]),
        ({"layer": {"type": "BatchNormalization"}}, [(3, 4)]),
        ({"layer": "Flatten"}, [(3, 4, 2)]),
    ],
    # core
    "Dense": [
        ({"units": 3}, [(4,)]),
        ({"units": 3, "activation": "softmax"}, [(2, 5, 4)]),
        ({"units": 1, "use_bias": False, "activation": "sigmoid"}, [(7,)]),
    ],
    "Flatten": [({}, [(4,)]), ({}, CONV2D), ({}, CONV3D)],
    "Reshape": [
        ({"target_shape": [6, 4]}, [(24,)]),
        ({"target_shape": [-1, 6]}, [(3, 4, 5)]),
        ({"target_shape": [2, -1, 3, 1]}, [(24,)]),
    ],
    "Permute": [({}, [(5, 4)]), ({"dims": [3, 1, 2]}, CONV2D), ({"dims": [1, 3, 2]}, CONV2D)],
    "RepeatVector": [({"n": 3}, [(4,)]), ({"n": 1}, [(4,)]), ({"n": 9}, [(1,)])],
    "Dropout": [({"rate": 0.5}, [(4,)]), ({"rate": 0}, CONV2D), ({"rate": 0.9}, CONV1D)],
    "SpatialDropout1D": [({"rate": 0.5}, CONV1D), ({"rate": 0}, CONV1D), ({"rate": 0.9}, [(1, 1)])],
    "SpatialDropout2D": [({"rate": 0.5}, CONV2D), ({"rate": 0}, CONV2D), ({"rate": 0.9}, [(1, 1, 1)])],
    "GaussianNoise": [({"stddev": 0.5}, CONV2D), ({"stddev": 0}, CONV1D), ({"stddev": 1}, [(4,)])],
    "Concatenate": [
        ({}, [(4,), (3,)]),
        ({"axis": 1}, [(2, 3), (1, 3), (2, 3)]),
        ({"axis": -2}, [(2, 3, 1), (2, 5, 1)]),
    ],
    "Add": [({}, [(4,)] * 2), ({}, [(2, 3, 4), (1, 3, 1)]), ({}, [(2, 3)] * 3)],
    "Average": [({}, [(4,)] * 2), ({}, [(2, 3, 4), (1, 3, 1)]), ({}, [(2, 3)] * 3)],
    "Maximum": [({}, [(4,)] * 2), ({}, [(2, 3, 4), (1, 3, 1)]), ({}, [(2, 3)] * 3)],
    "Minimum": [({}, [(4,)] * 2), ({}, [(2, 3, 4), (1, 3, 1)]), ({}, [(2, 3)] * 3)],
    "Multiply": [({}, [(4,)] * 2), ({}, [(2, 3, 4), (1, 3, 1)]), ({}, [(2, 3)] * 3)],
    "Subtract": [({}, [(4,)] * 2), ({}, [(2, 3, 4), (1, 3, 1)]), ({}, [(1, 3), (2, 3)])],
    "Dot": [
        ({}, [(4,)] * 2),
        ({"axes": 2}, [(3, 4), (5, 4)]),
        ({"axes": [1, 2], "normalize": True}, [(3, 4), (5, 3)]),
        ({"axes": [-1, 1]}, [(2, 3, 4), (4, 2)]),
        ({"axes": [1, 2], "normalize": True}, [(4,), (3, 4)]),
    ],
    "MultiHeadAttention": [
        ({"num_heads": 2, "key_dim": 3}, [(5, 4)]),
        ({"num_heads": 1, "key_dim": 4, "value_dim": 2, "use_bias": False}, [(5, 4), (3, 6)]),
        ({"num_heads": 3, "key_dim": 2}, [(5, 4), (3, 6), (3, 2)]),
        ({"num_heads": 2, "key_dim": 3, "use_causal_mask": True}, [(5, 4), (5, 4)]),
        ({"num_heads": 2, "key_dim": 3, "use_causal_mask": True}, [(3, 4), (5, 2)]),
        ({"num_heads": 2, "key_dim": 3, "value_dim": 5}, [(2, 3, 4)]),
    ],
    "Rescaling": [({"scale": 0.5, "offset": 0.5}, [(9,)]), ({"scale": -2.0}, CONV2D), ({"offset": 1.0}, CONV1D)],
    # activation
    "ReLU": [({}, [(9,)]), ({"max_value": 0.5, "negative_slope": 0.3}, CONV2D), ({"threshold": 0.4}, [(9,)])],
    "LeakyReLU": [({}, [(9,)]), ({"negative_slope": 0.2}, CONV2D), ({"negative_slope": 0}, [(9,)])],
    "PReLU": [({}, [(9,)]), ({"shared_axes": [1, 2]}, CONV2D), ({"shared_axes": 2}, CONV1D)],
    "ELU": [({}, [(9,)]), ({"alpha": 0.3}, CONV2D), ({"alpha": 0}, [(9,)])],
    "SELU": [({}, [(9,)]), ({}, CONV2D), ({}, CONV1D)],
    "GELU": [({}, [(9,)]), ({"approximate": True}, CONV2D), ({"approximate": False}, CONV1D)],
    "SiLU": [({}, [(9,)]), ({}, CONV2D), ({}, CONV1D)],
    "Sigmoid": [({}, [(9,)]), ({}, CONV2D), ({}, CONV1D)],
    "Tanh": [({}, [(9,)]), ({}, CONV2D), ({}, CONV1D)],
    "Softmax": [({}, [(9,)]), ({"axis": 1}, CONV2D), ({"axis": -2}, CONV1D)],
    "Softplus": [({}, [(9,)]), ({}, CONV2D), ({}, CONV1D)],
    # normalization
    "BatchNormalization": [
        ({}, [(4,)]),
        ({"momentum": 0.7, "epsilon": 0.1}, CONV2D),
        ({"center": False}, CONV1D),
        ({"scale": False}, [(1, 1, 2)]),
    ],
    "LayerNormalization": [
        ({}, [(4,)]),
        ({"axis": [1, 2, 3], "epsilon": 0.1}, CONV2D),
        ({"axis": [2, 3], "center": False}, CONV2D),
        ({"scale": False}, CONV2D),
    ],
    "GroupNormalization": [
        ({"groups": 2}, [(4,)]),
        ({"groups": 4, "epsilon": 0.1}, CONV2D),
        ({"groups": -1, "center": False}, CONV1D),
        ({"groups": 1, "scale": False}, CONV3D),
    ],
    "InstanceNormalization": [
        ({}, CONV2D),
        ({"epsilon": 0.1, "center": False}, CONV1D),
        ({"scale": False}, CONV3D),
    ],
    "SpectralNormalization": [
        ({"layer": {"type": "Dense", "units": 3}}, [(4,)]),
        ({"layer": {"type": "Conv2D", "filters": 3, "kernel_size": 2}, "power_iterations": 3}, CONV2D),
        ({"layer": {"type": "Conv2DTranspose", "filters": 3, "kernel_size": 2, "strides": 2}}, [(3, 4, 2)]),
        ({"layer": {"type": "DepthwiseConv2D", "kernel_size": 3, "depth_multiplier": 2}}, CONV2D),
        ({"layer": {"type": "Conv1D", "filters": 3, "kernel_size": 2, "padding": "causal"}}, CONV1D),
    ],
}
# Layers that compute something else while training, without drawing random numbers: compared in both modes.
IN_BOTH_MODES = {"BatchNormalization", "SpectralNormalization", "TimeDistributed"}
