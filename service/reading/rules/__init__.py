"""The rules. Each looks at one training and returns what it found, or None, or says that it cannot judge.

A rule's docstring is what the reader of a finding is told as the rule behind it.
"""

from __future__ import annotations

from service.reading.finding import Rule
from service.reading.rules.losses import discriminator_won, diverging, oscillation, plateau
from service.reading.rules.samples import blank, mode_collapse, noise
from service.reading.rules.scores import copying, low_precision, missing_modes

RULES = (
    Rule("diverging", "Diverging", "bad", diverging),
    Rule("discriminator_won", "The discriminator has won", "bad", discriminator_won),
    Rule("noise", "The samples are noise", "warning", noise),
    Rule("blank", "The samples are blank", "warning", blank),
    Rule("mode_collapse", "Mode collapse suspected", "warning", mode_collapse),
    Rule("low_precision", "Few samples look real", "warning", low_precision),
    Rule("missing_modes", "Much of the data is never drawn", "warning", missing_modes),
    Rule("copying", "The training data is copied", "warning", copying),
    Rule("oscillation", "Oscillation", "warning", oscillation),
    Rule("plateau", "Plateau", "info", plateau),
)
"""In the order in which findings are told."""
