"""DCGAN (Radford et al. 2015): convolutional networks that double and halve the image.

The generator doubles by UpSampling2D with a 3x3 convolution right after it, a pair that a driver can run as one
transposed convolution; the paper's own transposed convolutions leave a checkerboard (Odena et al. 2016).
"""

from collections.abc import Mapping
from typing import Any

from spec.families.stack import Stack, halvings
from spec.frame import Frame

# Section 3 of the paper: all weights start from a normal distribution with standard deviation 0.02.
INITIAL = {"choice": "random_normal", "mean": 0.0, "stddev": 0.02}
NEGATIVE_SLOPE = 0.2


def generator(frame: Frame, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Noise (latent_dim) -> image (H, W, C) in -1 to 1."""
    doublings = min(halvings(frame.height), halvings(frame.width))
    start = [-(-side // 2**doublings) for side in (frame.height, frame.width)]
    widths = [min(parameters["filters"] * 2**step, parameters["max_filters"]) for step in range(doublings, -1, -1)]
    stack = Stack()
    stack.input("noise", [parameters["latent_dim"]])
    stack.add("Dense", units=start[0] * start[1] * widths[0], kernel_initializer=INITIAL)
    stack.add("Reshape", target_shape=[*start, widths[0]])
    stack.add("BatchNormalization", momentum=0.9)
    stack.add("LeakyReLU", negative_slope=NEGATIVE_SLOPE)
    for width in widths[1:]:
        stack.add("UpSampling2D", size=2, interpolation="nearest")
        stack.add("Conv2D", filters=width, kernel_size=3, padding="same", kernel_initializer=INITIAL)
        stack.add("BatchNormalization", momentum=0.9)
        stack.add("LeakyReLU", negative_slope=NEGATIVE_SLOPE)
    surplus = [side * 2**doublings - wanted for side, wanted in zip(start, frame.shape, strict=False)]
    if any(surplus):
        stack.add("Cropping2D", cropping=[[extra // 2, extra - extra // 2] for extra in surplus])
    stack.add("Conv2D", filters=frame.channels, kernel_size=3, padding="same", kernel_initializer=INITIAL)
    stack.add("Tanh")
    return stack.layers


def discriminator(frame: Frame, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Image (H, W, C) -> logit (1). The first block has no batch normalization (section 3 of the paper)."""
    stack = Stack()
    stack.input("image", frame.shape)
    for step in range(min(halvings(frame.height), halvings(frame.width))):
        width = min(parameters["filters"] * 2**step, parameters["max_filters"])
        stack.add("Conv2D", filters=width, kernel_size=4, strides=2, padding="same", kernel_initializer=INITIAL)
        if step and parameters["batch_normalization"]:
            stack.add("BatchNormalization", momentum=0.9)
        stack.add("LeakyReLU", negative_slope=NEGATIVE_SLOPE)
        if parameters["dropout"]:
            stack.add("Dropout", rate=parameters["dropout"])
    stack.add("Flatten")
    stack.add("Dense", units=1, kernel_initializer=INITIAL)
    return stack.layers
