"""Which of the forms that an answer has a client would rather have."""

from __future__ import annotations

from flask import request

from service.api.problems import ProblemError


def preferred(what: str, *types: str) -> str:
    """The media type that `Accept` likes best; of equals the first.

    Args:
        what: is answered, for the words of the refusal.

    Raises:
        ProblemError: 406: none of them would be accepted.
    """
    accepted = request.accept_mimetypes
    if not accepted:
        return types[0]
    best = max(types, key=lambda type_: accepted[type_])
    if not accepted[best]:
        raise ProblemError(406, "not_acceptable", f"{what} come as {' or as '.join(types)}.")
    return best
