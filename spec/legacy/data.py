"""Old keys about the data: data_path, input_shape, channels, data_label, classes."""

import re
from typing import Any

from spec import catalogue
from spec.legacy.oldform import ROLES, OldForm, number
from spec.problems import show

# What the file names of the paper and the toolkit stand for.
_KNOWN_NAMES = (
    (r"fashion", "fashion_mnist"),
    (r"mnist|^dataset1\.", "mnist"),
    (r"cifar|^dataset2\.", "cifar10"),
    (r"digits", "digits"),
)
_OWN_DATA = ("pickle", "npz", "images")


def move(old: OldForm) -> None:
    """Make the data module of them."""
    if "data_path" in old.values:
        value, pointer = old.values["data_path"]
        if "data" in old.spec:
            old.note(pointer, "both_given", "data is given too and is used instead of data_path")
        else:
            old.spec["data"] = _from_path(value, pointer, old)
    _agree("input_shape", "image_size", old)
    _agree("channels", "channels", old)
    data = old.spec.get("data")
    if isinstance(data, dict):
        _take_after_fallback(data)
        _labels(data, old)


def _from_path(path: Any, pointer: str, old: OldForm) -> dict[str, Any]:
    """The data set that a path stands for, by its name alone; whether the file is there is found out later."""
    old.report.moved["/data"] = pointer
    if isinstance(path, str) and path in catalogue.load()["datasets"]:
        return {"choice": path}
    old.report.moved["/data/path"] = pointer
    name = re.split(r"[/\\]", path if isinstance(path, str) else "")[-1].casefold()
    if name.endswith((".npz", ".npy")):
        return {"choice": "npz", "path": path}
    if name.endswith(".zip") or (name and "." not in name):
        return {"choice": "images", "path": path}
    fallback = next((known for pattern, known in _KNOWN_NAMES if re.search(pattern, name)), None)
    if fallback:
        title = catalogue.load()["datasets"][fallback]["title"]
        message = f"{show(path)} is read where the training runs; when it is not there, {title} is used and told"
        old.note(pointer, "data_by_path", message)
    return {"choice": "pickle", "path": path, "fallback": fallback}


def _agree(key: str, name: str, old: OldForm) -> None:
    """One size for both networks, the critic's where they differ."""
    found = {role: taken for role in ROLES if (taken := old.take(role, key))}
    if key in old.values:
        found.setdefault("discriminator", old.values[key])
    if not found:
        return
    value, pointer = found.get("discriminator") or found["generator"]
    if len(found) == 2 and number(found["generator"][0]) != number(value):
        message = f"the two networks differ in {key}; the discriminator's {show(value)} is used for both"
        old.note(found["generator"][1], "critic_decides", message)
    old.put("data", name, value, pointer)


def _take_after_fallback(data: dict[str, Any]) -> None:
    known = _fallback(data)
    if known:
        for key in ("image_size", "channels"):
            data.setdefault(key, known["parameters"]["properties"][key]["default"])


def _labels(data: dict[str, Any], old: OldForm) -> None:
    """data_label and classes say whether a file of one's own holds labels; a conditional network needs them."""
    flag, classes = old.values.get("data_label"), old.values.get("classes")
    conditional = [role for role in ROLES if old.family(role) == "cgan"]
    labelled = flag is not None and number(flag[0]) == 1
    if conditional and flag is not None and not labelled:
        message = f"data_label says that there are no labels, but the {conditional[0]} cgan needs them; they are read"
        old.note(flag[1], "labels_needed", message)
    if not (labelled or conditional) or data.get("choice") not in _OWN_DATA:
        return
    known = _fallback(data)
    if classes:
        old.put("data", "classes", *classes)
    elif known:
        data.setdefault("classes", known["parameters"]["properties"]["classes"]["default"])


def _fallback(data: dict[str, Any]) -> dict[str, Any] | None:
    name = data.get("fallback")
    return catalogue.load()["datasets"].get(name) if isinstance(name, str) else None
