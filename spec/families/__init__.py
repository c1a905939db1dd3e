"""Network families: pure functions `(Frame, parameters) -> layers`, one file a family, by catalogue name."""

from collections.abc import Callable, Mapping
from typing import Any

from spec.families import dcgan, gan
from spec.families.stack import Frame

Family = Callable[[Frame, Mapping[str, Any]], list[dict[str, Any]]]

GENERATORS: dict[str, Family] = {"gan": gan.generator, "dcgan": dcgan.generator}
DISCRIMINATORS: dict[str, Family] = {"gan": gan.discriminator, "dcgan": dcgan.discriminator}
