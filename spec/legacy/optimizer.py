"""The old optimizer inside a network: `{"choice": "Adam", "learning_rate": 0.0002, "b1": 0.5, "b2": 0.999}`."""

from typing import Any

from spec import catalogue
from spec.legacy.oldform import OldForm, is_off
from spec.parameters import respelled
from spec.problems import join, show

_NAMES = {"b1": "beta_1", "b2": "beta_2"}


def move(old: OldForm, role: str) -> None:
    """Make a network's optimizer module of it."""
    taken = old.take(role, "optimizer")
    if taken is None:
        return
    value, pointer = taken
    given: Any = {"choice": value} if isinstance(value, str) else value
    if not isinstance(given, dict):
        old.report.problem(pointer, "wrong_type", f"{role}: optimizer must be an object, not {show(value)}")
        return
    full = old.spec.get("optimizer", {})
    if not isinstance(full, dict) or "choice" in full:
        old.note(pointer, "both_given", "optimizer is given too and is used instead")
        return
    place = join("/optimizer", role)
    optimizer: dict[str, Any] = {}
    old.report.moved[place] = pointer
    for key, item in given.items():
        if item is None or is_off(item):
            continue
        name = str(_NAMES.get(key, key))
        if key == "choice" and isinstance(item, str):
            item = respelled(item, catalogue.load()["optimizers"]) or item
        optimizer[name] = item
        old.report.moved[join(place, name)] = join(pointer, key)
    if "choice" not in optimizer and not optimizer.keys().isdisjoint(_NAMES.values()):
        optimizer["choice"] = "adam"
    if optimizer.get("choice") == "rmsprop":
        for key, name in _NAMES.items():
            if optimizer.pop(name, None) is not None:
                old.note(join(pointer, key), "not_used", f"{role}: RMSprop has no {key}; it is left out")
    old.put("optimizer", role, optimizer, pointer)
