"""How large a spec may be. Every bound has a name here and can be set by the caller."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds that `spec.resolve` holds a spec to.

    Attributes:
        max_layers: Layers in one network.
        max_parameters: Weights in one network, trainable or not. The largest default network, a plain GAN of 128x128
            colour images, has 51 million.
        max_layer_output: Numbers that one layer puts out for one image, or computes on the way (an attention map).
        max_problems: Problems collected before the rest is left unsaid.
        max_notes: Notes kept in a resolved spec.
        max_json_depth: Objects and arrays inside each other.
        max_json_values: Values in the whole document.
        max_text_length: Characters in one text.
    """

    max_layers: int = 2000
    max_parameters: int = 60_000_000
    max_layer_output: int = 16_777_216
    max_problems: int = 100
    max_notes: int = 200
    max_json_depth: int = 32
    max_json_values: int = 200_000
    max_text_length: int = 10_000


DEFAULT_LIMITS = Limits()
