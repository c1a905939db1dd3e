"""Network families: pure functions `(Frame, parameters) -> layers`, one file a family, by catalogue name.

The Wasserstein families have the GAN's networks; what sets them apart is their objective, which is in the catalogue.
"""

from collections.abc import Callable, Mapping
from typing import Any

from spec.families import cgan, dcgan, gan
from spec.frame import Frame

__all__ = ["DISCRIMINATORS", "GENERATORS"]

Family = Callable[[Frame, Mapping[str, Any]], list[dict[str, Any]]]

GENERATORS: dict[str, Family] = {
    "cgan": cgan.generator,
    "dcgan": dcgan.generator,
    "gan": gan.generator,
    "wgan": gan.generator,
    "wgan_gp": gan.generator,
}
DISCRIMINATORS: dict[str, Family] = {
    "cgan": cgan.discriminator,
    "dcgan": dcgan.discriminator,
    "gan": gan.discriminator,
    "wgan": gan.discriminator,
    "wgan_gp": gan.discriminator,
}
