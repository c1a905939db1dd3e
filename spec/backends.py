"""What a driver computes on, where it has more than one library for it."""

from collections.abc import Mapping
from typing import Any

from spec.parameters import Place, check
from spec.problems import Report, show

# By driver, the one that is always installed first: it is the default. Other drivers are a library themselves.
BACKENDS: dict[str, tuple[str, ...]] = {"keras": ("torch", "jax", "tensorflow")}


def resolve_backend(given: Mapping[str, Any], driver: str, report: Report) -> dict[str, str]:
    """The ``backend`` of a spec as a key of the resolved one; no key where its driver has none to choose."""
    backends = BACKENDS.get(driver, ())
    backend = given.get("backend")
    if not backends:
        if backend is not None:
            others = " or ".join(f"'{name}'" for name in BACKENDS)
            message = f"the driver '{driver}' has no backends, and {show(backend)} cannot be chosen"
            report.problem("/backend", "not_supported", f"{message}; leave backend out, or choose the driver {others}")
        return {}
    if backend is None:
        return {"backend": backends[0]}
    schema = {"type": "string", "enum": sorted(backends)}
    checked = check(backend, schema, Place(report, "/backend", "the spec", "backend"))
    return {"backend": checked if checked in backends else backends[0]}
