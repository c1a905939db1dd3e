"""GAN (Goodfellow et al. 2014): two plain networks of Dense layers. The Wasserstein families share them."""

from collections.abc import Mapping
from math import prod
from typing import Any

from spec.families.stack import Stack
from spec.frame import Frame


def generator(frame: Frame, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Noise (latent_dim) -> image (H, W, C) or sequence (T, C) in -1 to 1."""
    stack = Stack()
    stack.input("noise", [parameters["latent_dim"]])
    grow(stack, frame, parameters["widths"])
    return stack.layers


def discriminator(frame: Frame, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Image (H, W, C) or sequence (T, C) -> logit (1)."""
    stack = Stack()
    stack.input(frame.source, frame.shape)
    stack.add("Flatten")
    judge(stack, parameters["widths"])
    return stack.layers


def grow(stack: Stack, frame: Frame, widths: list[int]) -> None:
    """From a row of numbers to a sample: hidden layers, all but the first with batch normalization."""
    for index, width in enumerate(widths):
        stack.add("Dense", units=width)
        if index:
            stack.add("BatchNormalization", momentum=0.9)
        stack.add("LeakyReLU", negative_slope=0.2)
    stack.add("Dense", units=prod(frame.shape))
    stack.add("Tanh")
    stack.add("Reshape", target_shape=frame.shape)


def judge(stack: Stack, widths: list[int]) -> None:
    """From a row of numbers to a score. No batch normalization, so a critic with a gradient penalty may use it."""
    for width in widths:
        stack.add("Dense", units=width)
        stack.add("LeakyReLU", negative_slope=0.2)
    stack.add("Dense", units=1)
