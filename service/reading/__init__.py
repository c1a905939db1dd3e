"""What the curves of a training say, in words: pure functions of arrays, each a rule that one can read and check."""

from service.reading.reader import Reading, read
from service.reading.training import Training

__all__ = ["Reading", "Training", "read"]
