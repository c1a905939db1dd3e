"""CGAN (Mirza and Osindero 2014): the GAN's networks, each shown the label as well.

The paper feeds one-hot labels through a layer of their own; an Embedding is that layer. Its rows start from N(0, 1),
the scale of the noise they are joined to, so that the label is heard from the first step.
"""

from collections.abc import Mapping
from typing import Any

from spec.families.gan import grow, judge
from spec.families.stack import Stack
from spec.frame import Frame

INITIAL = {"choice": "random_normal", "mean": 0.0, "stddev": 1.0}


def generator(frame: Frame, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Noise (latent_dim) and label () -> image (H, W, C) or sequence (T, C) in -1 to 1."""
    stack = Stack()
    noise = stack.input("noise", [parameters["latent_dim"]])
    _join_label(stack, frame, parameters, noise)
    grow(stack, frame, parameters["widths"])
    return stack.layers


def discriminator(frame: Frame, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Image (H, W, C) or sequence (T, C), and label () -> logit (1)."""
    stack = Stack()
    stack.input(frame.source, frame.shape)
    row = stack.add("Flatten")
    _join_label(stack, frame, parameters, row)
    judge(stack, parameters["widths"])
    return stack.layers


def _join_label(stack: Stack, frame: Frame, parameters: Mapping[str, Any], other: str) -> None:
    stack.input("label", [])
    # Data without classes is refused elsewhere; one row keeps the network whole until then.
    rows, columns = frame.classes or 1, parameters["embedding_dim"]
    label = stack.add("Embedding", input_dim=rows, output_dim=columns, embeddings_initializer=INITIAL)
    stack.add("Concatenate", inputs=[other, label])
