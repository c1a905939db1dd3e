"""Old forms of a spec: the paper's four-key JSON and the keys of the released gan-toolkit.

`modernise` rewrites them into the full form before anything else is looked at. Values are moved, not judged: where one
is wrong, `resolve` reports it at the place its author wrote it (`Report.moved`). What the old form asked for and could
not have meant is corrected by one rule, the critic decides: the loss belongs to the discriminator. Each correction is
one note. -1 means off.
"""

from collections.abc import Mapping
from typing import Any

from spec.legacy import data, objective, optimizer, training
from spec.legacy.oldform import NETWORK_KEYS, ROLES, TOP_KEYS, OldForm
from spec.problems import Report

__all__ = ["OLD_KEYS", "modernise"]

# Keys at the top of a spec that an old form is known by.
OLD_KEYS = frozenset(TOP_KEYS)


def modernise(written: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The spec in its full form; as it is where it holds no old key."""
    networks = [written[role] for role in ROLES if isinstance(written.get(role), dict)]
    if not OLD_KEYS.intersection(written) and not any(set(NETWORK_KEYS).intersection(network) for network in networks):
        return dict(written)
    old = OldForm(written, report)
    training.refuse_text(old)
    training.drop_paths(old)
    training.move(old)
    data.move(old)
    objective.move(old)
    for role in ROLES:
        optimizer.move(old, role)
    return old.spec
