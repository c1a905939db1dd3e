"""What a GAN is: the abstract spec, the catalogue of its parts, and `resolve`, which fills in and checks a spec.

Pure data and pure functions; nothing here looks at a disk beyond its own JSON files, or imports a learning library.
"""

from spec.jsontree import read_json
from spec.limits import DEFAULT_LIMITS, Limits
from spec.problems import SpecError
from spec.resolved import ResolvedSpec
from spec.resolver import resolve
from spec.weights import weights

__all__ = ["DEFAULT_LIMITS", "Limits", "ResolvedSpec", "SpecError", "read_json", "resolve", "weights"]
