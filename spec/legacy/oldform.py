"""Reading keys out of an old form, and writing them into the full one."""

import re
from collections.abc import Mapping
from typing import Any

from spec import catalogue
from spec.parameters import nearest, respelled
from spec.problems import Report, join, show

MODEL = "GAN_model"
ROLES = ("generator", "discriminator")
TEXT_FAMILY = "seq_gan"
# Keys of GAN_model, also read at the top of the spec.
MODEL_KEYS = (
    "epochs",
    "mini_batch_size",
    "batch_size",
    "n_critic",
    "critic",
    "latent_dim",
    "clip_value",
    "lambda_gp",
    "w_loss",
    "data_label",
    "classes",
    "seq",
    "input_shape",
    "channels",
)
PATH_KEYS = ("result_path", "save_model_path", "performance_log")
TOP_KEYS = (MODEL, *MODEL_KEYS, *PATH_KEYS, "data_path", "sample_interval", "metric_evaluate", "cuda")
# Keys of generator and discriminator that the full form has elsewhere.
NETWORK_KEYS = ("input_shape", "channels", "optimizer", "loss", "input", "pre_trained_path")

Found = tuple[Any, str]  # a value, and the pointer to where it was written


class OldForm:
    """A spec on its way from an old form to the full one.

    Attributes:
        spec: The full form so far; what has not been taken out yet is still in its old place.
        values: Old keys of GAN_model and the top that are there and not off.
        off: Old keys that were switched off by name (-1), with their pointers.
    """

    def __init__(self, written: Mapping[str, Any], report: Report) -> None:
        self.report = report
        self.spec: dict[str, Any] = {
            key: dict(value) if isinstance(value, dict) else value for key, value in written.items()
        }
        self.values: dict[str, Found] = {}
        self.off: dict[str, str] = {}
        for key in TOP_KEYS[1:]:
            if key in self.spec:
                self._keep(key, self.spec.pop(key), join("", key))
        self._read_model(self.spec.pop(MODEL, None))

    def family(self, role: str) -> str:
        """The choice of a network by its right name; empty where there is none of that name."""
        choice = self.network(role).get("choice")
        names = (*catalogue.load()[f"{role}s"], TEXT_FAMILY)
        return respelled(choice, names) or "" if isinstance(choice, str) else ""

    def network(self, role: str) -> dict[str, Any]:
        """The object that describes a network; empty where it is not an object."""
        network = self.spec.get(role)
        return network if isinstance(network, dict) else {}

    def take(self, role: str, key: str) -> Found | None:
        """Take an old key out of a network; None where it is missing or off."""
        value = self.network(role).pop(key, None)
        return None if value is None or is_off(value) else (value, join("", role, key))

    def put(self, module: str, key: str, value: Any, origin: str) -> None:
        """Set a key of a module, unless its author has set it in the full form as well."""
        target = self.spec.setdefault(module, {})
        if not isinstance(target, dict):
            return
        if key not in target:
            target[key] = value
            self.report.moved[join("", module, key)] = origin
        elif target[key] != value:
            message = f"{module}.{key} is given too and is used: {show(target[key])} instead of {show(value)}"
            self.note(origin, "both_given", message)

    def note(self, pointer: str, code: str, message: str) -> None:
        """Tell what was read otherwise than it was written."""
        self.report.correct(pointer, code, message)

    def _keep(self, key: str, value: Any, pointer: str) -> None:
        if value is None:
            return
        if is_off(value):
            self.off[key] = pointer
        else:
            self.values[key] = (value, pointer)

    def _read_model(self, model: Any) -> None:
        if model is None:
            return
        if not isinstance(model, dict):
            message = f"{MODEL} must be an object with keys such as epochs, not {show(model)}"
            self.report.problem(join("", MODEL), "wrong_type", message)
            return
        for key, value in model.items():
            pointer = join("", MODEL, key)
            if key in MODEL_KEYS:
                self._keep(key, value, pointer)
            elif key != "node_id" and not self.report.full and TEXT_FAMILY not in map(self.family, ROLES):
                hint = nearest(key, MODEL_KEYS) or f"it takes {', '.join(MODEL_KEYS)}"
                self.report.problem(pointer, "unknown_key", f"{MODEL} has no key {show(key)}; {hint}")


def number(value: Any) -> float | None:
    """What a number, or a text that spells one, is worth."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,15}(\.\d{0,15})?([eE][+-]?\d{1,2})?\s*", value):
        return float(value)
    return None


def is_off(value: Any) -> bool:
    """Whether a value is -1, the old form's way to switch something off."""
    return number(value) == -1
