"""What each layer does to the shape of its input, and which weights it holds.

Shapes are channels-last, without the batch axis. A rule is a pure function `(parameters, input_shapes) -> Built`; the
catalogue's `shape_rule` names it. Weights are in Keras orientation (`kernel (kh, kw, in, out)`). A layer that does not
fit raises `ShapeError` with words for the person who drew it.
"""

# Importing a room registers its rules.
from spec.shapes import attention, convolutional, core, merging, minibatch, normalization, recurrent, resizing
from spec.shapes.base import RULES, Built, Rule, Shape, ShapeError, Weight, measure, text

__all__ = [
    "RULES",
    "Built",
    "Rule",
    "Shape",
    "ShapeError",
    "Weight",
    "attention",
    "convolutional",
    "core",
    "measure",
    "merging",
    "minibatch",
    "normalization",
    "recurrent",
    "resizing",
    "text",
]
