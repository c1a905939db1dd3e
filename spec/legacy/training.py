"""Old keys about the training: epochs, batches, samples, the device, where results went; and text, which is refused."""

from typing import Any

from spec import catalogue
from spec.legacy.oldform import PATH_KEYS, ROLES, TEXT_FAMILY, OldForm, number
from spec.problems import join, show

_MOVES = {
    "epochs": ("training", "epochs"),
    "mini_batch_size": ("training", "batch_size"),
    "batch_size": ("training", "batch_size"),
    "n_critic": ("training", "discriminator_steps"),
    "critic": ("training", "discriminator_steps"),
    "sample_interval": ("training", "sample_every_steps"),
    "latent_dim": ("generator", "latent_dim"),
}
# What old forms call a metric, where the catalogue calls it otherwise.
_METRICS = {"fid": "frechet_distance", "fcd": "frechet_distance", "is": "inception_score"}


def refuse_text(old: OldForm) -> None:
    """Report a text GAN, which needs a training process of its own, and put a plain family in its place.

    The rest of the spec is looked at with that family.
    """
    pointers = [join("", role, "choice") for role in ROLES if old.family(role) == TEXT_FAMILY]
    if "seq" in old.values and number(old.values["seq"][0]) != 0:
        pointers.append(old.values["seq"][1])
    for pointer in pointers:
        message = "training on text (seq_gan) is not available yet; choose a family for images, such as dcgan"
        old.report.problem(pointer, "not_available", message)
    for role in ROLES:
        if old.family(role) == TEXT_FAMILY:
            old.spec[role] = {"choice": "gan"}


def drop_paths(old: OldForm) -> None:
    """Leave out where results went and where weights came from, and the toolkit's own bookkeeping."""
    for key in PATH_KEYS:
        if key in old.values:
            message = f"{key} is not used: everything a training makes is kept with its job"
            old.note(old.values[key][1], "path_not_used", message)
    for role in ROLES:
        old.take(role, "input")
        if taken := old.take(role, "pre_trained_path"):
            message = f"{role}: pre_trained_path is not used; the network starts from fresh weights"
            old.note(taken[1], "path_not_used", message)


def move(old: OldForm) -> None:
    """Put epochs, batch size, critic steps, sample interval, latent size, device and metric where they belong."""
    for key, (module, name) in _MOVES.items():
        if key in old.values:
            old.put(module, name, *old.values[key])
    if "cuda" in old.values:
        value, pointer = old.values["cuda"]
        wanted = _flag(value)
        if wanted is None:
            old.report.problem(pointer, "wrong_type", f"cuda must be true or false, not {show(value)}")
        else:
            old.spec.setdefault("device", "auto" if wanted else "cpu")
    if "metric_evaluate" in old.values:
        value, pointer = old.values["metric_evaluate"]
        name = value.casefold() if isinstance(value, str) else ""
        name = _METRICS.get(name, name)
        if name in catalogue.load()["metrics"]:
            old.put("evaluation", "metrics", [name], pointer)
        else:
            message = f"the metric {show(value)} is not available and is left out"
            old.note(pointer, "metric_not_available", message)


def _flag(value: Any) -> bool | None:
    words = {"true": True, "1": True, "false": False, "0": False}
    return words.get(str(value).strip().casefold()) if isinstance(value, bool | str) or value in (0, 1) else None
