"""Old keys about the objective: a loss for each network, w_loss, clip_value, lambda_gp.

The toolkit trained each network with a loss of its own, so that generator and critic could minimize the same thing.
Here the discriminator decides: by the loss it was given, else by w_loss, else by its family.
"""

from typing import Any

from spec import catalogue
from spec.legacy.oldform import ROLES, Found, OldForm, number
from spec.parameters import nearest
from spec.problems import show

_LOSSES = {"bce": "non_saturating", "mse": "least_squares", "mean": "wasserstein", "nll": None}
# What bounds a critic: the regularizer's parameter, and the old key it came from.
_BOUNDS = {"weight_clipping": ("limit", "clip_value"), "gradient_penalty": ("weight", "lambda_gp")}


def move(old: OldForm) -> None:
    """Make the loss module of them."""
    asked = {role: _loss_of(role, old) for role in ROLES}
    if "loss" in old.spec:
        extra = [found[1] for found in asked.values() if found]
        extra += [old.values[key][1] for key in ("w_loss", "clip_value", "lambda_gp") if key in old.values]
        for pointer in extra:
            old.note(pointer, "both_given", "loss is given too and is used instead")
        return
    critic = catalogue.load()["discriminators"].get(old.family("discriminator"), {}).get("defaults", {})
    natural = critic.get("loss", {}).get("choice", "non_saturating")
    decided = asked["discriminator"] or _by_flag(old)
    loss = decided[0] if decided else natural
    _tell_flag(loss, old)
    if asked["generator"] and asked["generator"][0] != loss:
        wanted, pointer = asked["generator"]
        message = f"the generator's loss ({wanted}) would not oppose the discriminator's; both are trained with {loss}"
        old.note(pointer, "critic_decides", message)
    if decided:
        old.put("loss", "choice", *decided)
    if loss == "wasserstein":
        _bound([item["choice"] for item in critic.get("regularizers", ())], old)
    else:
        for name, (_, key) in _BOUNDS.items():
            if _is_on(key, old):
                value, pointer = old.values[key]
                message = f"{key} {show(value)} is left out: {name} is for a Wasserstein critic, this one uses {loss}"
                old.note(pointer, "critic_decides", message)


def _loss_of(role: str, old: OldForm) -> Found | None:
    """The loss a network asked for, by its new name."""
    taken = old.take(role, "loss")
    if taken is None:
        return None
    value, pointer = taken
    name = value.casefold() if isinstance(value, str) else ""
    if name in catalogue.load()["losses"]:
        return name, pointer
    if name not in _LOSSES:
        hint = nearest(name, ["BCE", "MSE", "Mean", "NLL"]) or "it is BCE, MSE or Mean"
        old.report.problem(pointer, "unknown_choice", f"{role}: there is no loss {show(value)}; {hint}")
        return None
    if name == "nll":
        message = f"{role}: the loss NLL belongs to seq_gan; the discriminator's own loss is used"
        old.note(pointer, "critic_decides", message)
        return None
    if name == "mean":
        message = (
            f"{role}: the loss Mean has no sign of its own; it is read as the Wasserstein loss, in which generator and "
            "critic are opposed"
        )
        old.note(pointer, "loss_read_as", message)
    return _LOSSES[name], pointer


def _by_flag(old: OldForm) -> Found | None:
    flag = old.values.get("w_loss")
    return ("wasserstein", flag[1]) if flag and number(flag[0]) == 1 else None


def _tell_flag(loss: str, old: OldForm) -> None:
    flag = old.values.get("w_loss")
    if flag and (number(flag[0]) == 1) != (loss == "wasserstein"):
        message = f"w_loss {show(flag[0])} does not fit the discriminator, which is trained with {loss}"
        old.note(flag[1], "critic_decides", message)


def _is_on(key: str, old: OldForm) -> bool:
    return key in old.values and number(old.values[key][0]) != 0


def _bound(natural: list[str], old: OldForm) -> None:
    """clip_value and lambda_gp of a Wasserstein critic; `natural` is what its family is bounded by."""
    asked = [name for name, (_, key) in _BOUNDS.items() if _is_on(key, old)]
    kept: str | None = asked[0] if asked else None
    if len(asked) == 2:
        kept = natural[0] if natural else "gradient_penalty"
        for name in asked:
            if name != kept:
                key = _BOUNDS[name][1]
                message = f"{key} is left out: this critic is bounded by {kept}, and one way is enough"
                old.note(old.values[key][1], "critic_decides", message)
    if kept:
        parameter, key = _BOUNDS[kept]
        value, pointer = old.values[key]
        module: dict[str, Any] = {"choice": kept, parameter: value}
        old.put("loss", "regularizers", [module], pointer)
        old.report.moved[f"/loss/regularizers/0/{parameter}"] = pointer
        return
    for name in natural:
        key = _BOUNDS[name][1]
        if key in old.off:
            message = f"{key} is off, but nothing else bounds this critic; {name} is used"
            old.note(old.off[key], "critic_decides", message)
