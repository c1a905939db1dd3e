"""A spec with everything filled in."""

import json
from hashlib import sha256
from typing import Any

# What may differ between two specs that train the same network on the same data in the same way.
_UNHASHED = frozenset({"name", "description", "notes", "node_id"})


class ResolvedSpec(dict[str, Any]):
    """The full form of a spec (ARCHITECTURE.md section 3): a dict of plain JSON values."""

    def canonical_json(self) -> str:
        """One line of ASCII JSON with sorted keys, without `name`, `description`, `notes` and every `node_id`."""
        return json.dumps(_hashed(self, top=True), sort_keys=True, separators=(",", ":"), allow_nan=False)

    def sha256(self) -> str:
        """Hash of the canonical JSON, 64 hexadecimal digits. Equal hashes mean equal trainings."""
        return sha256(self.canonical_json().encode("ascii")).hexdigest()


def _hashed(value: Any, *, top: bool = False) -> Any:
    if isinstance(value, dict):
        left_out = _UNHASHED if top else {"node_id"}
        return {key: _hashed(item) for key, item in value.items() if key not in left_out}
    if isinstance(value, list):
        return [_hashed(item) for item in value]
    return value
