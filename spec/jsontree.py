"""Takes in a text or any Python value and gives back plain JSON of a bounded size, or says why not."""

import json
from math import isfinite
from typing import Any

from spec.problems import Report, SpecError, join, show


def read_json(text: str | bytes) -> Any:
    """The value that a JSON text spells. Raises `SpecError` where it is not JSON."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: {error.msg}"
    except UnicodeDecodeError:
        reason = "it is not text in UTF-8"
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError as error:
        # A whole number with more digits than Python reads.
        reason = str(error)
    raise SpecError([{"pointer": "", "code": "not_json", "message": f"this is not JSON: {reason}"}])


def plain_copy(value: Any, report: Report) -> Any:
    """A copy of `value` of fresh dicts and lists; what is not JSON, or beyond the limits, is reported.

    JSON readers let NaN and Infinity through, and Python callers may pass anything: objects, other keys than text, a
    list that holds itself. The walk keeps its own stack, so that no nesting can exhaust the interpreter's.
    """
    limits = report.limits
    root: list[Any] = [None]
    stack: list[tuple[Any, Any, Any, str, int]] = [(value, root, 0, "", 0)]
    count = 0
    while stack:
        item, parent, key, pointer, depth = stack.pop()
        count += 1
        if count > limits.max_json_values:
            report.problem("", "too_large", f"the spec has more than the {limits.max_json_values} values allowed")
            break
        if isinstance(item, dict | list | tuple) and depth >= limits.max_json_depth:
            report.problem(
                pointer, "too_deep", f"the spec is nested deeper than the {limits.max_json_depth} levels allowed"
            )
        elif isinstance(item, dict):
            parent[key] = copy = dict.fromkeys(item)
            for name, inner in reversed(item.items()):
                if not isinstance(name, str):
                    report.problem(pointer, "not_json", f"every key must be a text, not {show(name)}")
                elif len(name) > limits.max_text_length:
                    report.problem(pointer, "too_large", f"a key is longer than {limits.max_text_length} characters")
                else:
                    stack.append((inner, copy, name, join(pointer, name), depth + 1))
        elif isinstance(item, list | tuple):
            parent[key] = array = [None] * len(item)
            if count + len(item) > limits.max_json_values:
                report.problem("", "too_large", f"the spec has more than the {limits.max_json_values} values allowed")
                break
            stack += [(item[i], array, i, join(pointer, i), depth + 1) for i in range(len(item) - 1, -1, -1)]
        elif item is None or isinstance(item, bool | int):
            parent[key] = item
        elif isinstance(item, float):
            parent[key] = item
            if not isfinite(item):
                report.problem(pointer, "not_finite", f"every number must be finite, not {show(item)}")
        elif isinstance(item, str):
            parent[key] = item
            if len(item) > limits.max_text_length:
                report.problem(pointer, "too_large", f"a text is longer than {limits.max_text_length} characters")
        else:
            report.problem(pointer, "not_json", f"{show(item)} is not a JSON value")
    return root[0]
