"""What is wrong with a spec, and what was corrected in it, in words its author can act on."""

from collections.abc import Iterable, Mapping
from typing import Any

from spec.limits import DEFAULT_LIMITS, Limits


class SpecError(ValueError):
    """A spec that cannot be resolved.

    `problems` holds all that was found, each `{"pointer", "code", "message"}` and, where the part of the spec came
    from a drawing, `"node_id"`. `pointer` is a JSON pointer (RFC 6901) into the spec as its author wrote it.

    `measured` holds what could be told of the networks all the same, so that an author who is not done yet sees how
    far it fits: `{"generator": {"layers": [{"id", "node_id"?, "output_shape", "parameter_count"}]}, …}`, without the
    layers that do not fit or that follow from those.
    """

    def __init__(self, problems: list[dict[str, str]], measured: Mapping[str, Any] | None = None) -> None:
        self.problems = problems
        self.measured = measured or {}
        super().__init__(self.as_text())

    def as_text(self) -> str:
        """One problem a line: `/training/epochs: …`."""
        return "\n".join(f"{problem['pointer'] or 'the spec'}: {problem['message']}" for problem in self.problems)


def join(pointer: str, *keys: str | int) -> str:
    """Extend a JSON pointer: `join("/generator/layers", 3, "filters") == "/generator/layers/3/filters"`."""
    for key in keys:
        text = str(key)
        if "~" in text or "/" in text:
            text = text.replace("~", "~0").replace("/", "~1")
        pointer = f"{pointer}/{text}"
    return pointer


def show(value: Any, length: int = 40) -> str:
    """Quote a value of any kind and size in a message."""
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= length else f"'{value[: length - 1]}…'"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        # str() refuses whole numbers of more than 4300 digits.
        return (
            str(value) if value.bit_length() <= 128 else f"a number of about {int(value.bit_length() * 0.30103)} digits"
        )
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        text = f"[{', '.join(show(item, 10) for item in value[:6])}{', …' if len(value) > 6 else ''}]"
        return text if len(text) <= length else f"a list of {len(value)}"
    return f"a {type(value).__name__}"


class Report:
    """Collects problems and notes while a spec is resolved, so that its author sees all of them at once.

    `moved` maps pointers of the full form to where the author wrote the value (see `spec.legacy`); `measured` is what a
    `SpecError` tells of the networks.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self.problems: list[dict[str, str]] = []
        self.corrections: list[dict[str, str]] = []
        self.advice: list[dict[str, str]] = []
        self.moved: dict[str, str] = {}
        self.measured: dict[str, Any] = {}

    @property
    def full(self) -> bool:
        """Whether further problems are left unsaid."""
        return len(self.problems) >= max(1, self.limits.max_problems)

    @property
    def notes(self) -> list[dict[str, str]]:
        """Corrections in the order they were made, then advice; each once."""
        unique = {tuple(note.values()): note for note in self.corrections + self.advice}
        return list(unique.values())[: self.limits.max_notes]

    def problem(self, pointer: str, code: str, message: str) -> None:
        """Something that must be changed before the spec can be trained."""
        problem = {"pointer": self.origin(pointer), "code": code, "message": message}
        if not self.full and problem not in self.problems:
            self.problems.append(problem)

    def has(self, pointer: str) -> bool:
        """Whether there is a problem at this very place."""
        return any(problem["pointer"] == self.origin(pointer) for problem in self.problems)

    def correct(self, pointer: str, code: str, message: str) -> None:
        """A note about something that was read otherwise than it was written."""
        self.corrections.append({"pointer": self.origin(pointer), "code": code, "message": message})

    def advise(self, pointer: str, code: str, message: str) -> None:
        """A note about a spec that can be trained, but hardly as its author hopes. Follows from the spec alone."""
        self.advice.append({"pointer": pointer, "code": code, "message": message})

    def origin(self, pointer: str) -> str:
        """Where the author wrote what is now at `pointer`."""
        part = pointer
        while part:
            if part in self.moved:
                return self.moved[part] + pointer[len(part) :]
            part = part.rpartition("/")[0]
        return pointer

    def raise_problems(self, source: Any) -> None:
        """Raise `SpecError` if there is any problem, naming the drawn node (`node_id`) each belongs to."""
        if not self.problems:
            return
        for problem in self.problems:
            node_id = nearest_node_id(source, problem["pointer"])
            if node_id is not None:
                problem["node_id"] = node_id
        raise SpecError(self.problems, self.measured)


def nearest_node_id(source: Any, pointer: str) -> str | None:
    """The `node_id` of the innermost object of `source` on the way to `pointer`."""
    found = None
    for node in _along(source, pointer):
        if isinstance(node, Mapping) and isinstance(node.get("node_id"), str):
            found = node["node_id"]
    return found


def _along(source: Any, pointer: str) -> Iterable[Any]:
    yield source
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(source, Mapping) and key in source:
            source = source[key]
        elif isinstance(source, list) and key.isascii() and key.isdigit() and len(key) < 10 and int(key) < len(source):
            source = source[int(key)]
        else:
            return
        yield source
