"""Sums and differences of classes and latent vectors, with pictures of their terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from drivers import Session
from drivers.evaluation.extractors import Classify
from drivers.latent.arithmetic import combine, noise_of_class, on_shell, variations
from drivers.latent.classes import mixed_labels
from service.trainer.evaluations import Evaluations, Tell
from service.trainer.held import Model
from service.trainer.pictures import captioned, each, png

Term = Mapping[str, Any]


def arithmetic(model: Model, params: dict[str, Any], evaluations: Evaluations, tell: Tell) -> dict[str, Any]:
    """See `service.queue.interactive.call`."""
    session, terms = model.session, params["terms"]
    if session.spec["generator"]["conditional"]:
        rows, noise = _of_classes(session, params)
    else:
        by_label = any(term["label"] is not None for term in terms)
        classify = evaluations.classifier(session.spec, tell) if by_label else None
        rows, noise = _of_noise(session, params, classify, tell)
    found: dict[str, Any] = {"noise": None if noise is None else noise.tolist()}
    captions = [f"{'+' if term['sign'] > 0 else '-'} {_name(term)}" for term in terms]
    found["png"] = png(captioned(rows, [*captions, "="]))
    if params["format"] == "each":
        *shown, result = [each(session, row) for row in rows]
        return {"terms": shown, "result": result, **found}
    return found


def _of_classes(session: Session, params: Mapping[str, Any]) -> tuple[list[np.ndarray], np.ndarray | None]:
    """Of a conditional generator: rows of samples, of each term and of the result, and the result's noise if it is one.

    Terms that name a class add what their labels are embedded as, on the same noise; the other terms add up to that
    noise. A term that is noise is shown in the class of the first term that names one.
    """
    terms, count = params["terms"], params["count"]
    labelled = [term for term in terms if term["label"] is not None]
    pointed = [term for term in terms if term["label"] is None]
    shown_as = np.array([labelled[0]["label"] if labelled else 0])
    noise = None
    columns = session.draw(count, seed=params["seed"])
    if pointed:
        noise = on_shell(combine(np.stack([_vector(session, term) for term in pointed]), _signs(pointed)))
        columns = _around(noise, count, params["seed"])
    rows = [
        session.sample(noise=columns, labels=np.array([term["label"]]))
        if term["label"] is not None
        else session.sample(noise=_around(_vector(session, term), count, params["seed"]), labels=shown_as)
        for term in terms
    ]
    edits = {}
    if labelled:
        one_hot = np.eye(session.spec["data"]["classes"])[[term["label"] for term in labelled]]
        edits = mixed_labels(session, np.tile(combine(one_hot, _signs(labelled)), (count, 1)))
    return [*rows, session.sample(noise=columns, labels=shown_as, edits=edits)], noise


def _of_noise(
    session: Session, params: Mapping[str, Any], classify: Classify | None, tell: Tell
) -> tuple[list[np.ndarray], np.ndarray]:
    """Of any other generator: the same, each row ending with the mean of its noise, the last with the result."""
    count, seed = params["count"], params["seed"]
    vectors, means = [], []
    for place, term in enumerate(params["terms"]):
        if term["label"] is None:
            found = _around(_vector(session, term), count, seed)
            mean = found[0]
        else:
            assert classify is not None
            what = f"looking for class {term['label']}"

            def progress(done: int, what: str = what) -> None:
                tell({"what": what, "done": done, "total": count})

            # Other noise for each term, or a class minus itself would be nothing but rounding.
            found = noise_of_class(
                session, classify, term["label"], count, seed=seed + place, most=params["most"], progress=progress
            )
            mean = on_shell(found.mean(0))
        vectors.append(found)
        means.append(mean)
    result = on_shell(combine(np.stack(means), _signs(params["terms"])))
    vectors.append(variations(result, count, seed))
    means.append(result)
    rows = [session.sample(noise=np.vstack([row, mean])) for row, mean in zip(vectors, means, strict=True)]
    return rows, result


def _vector(session: Session, term: Term) -> np.ndarray:
    """The latent vector (Z,) of a term that is one."""
    if term["noise"] is not None:
        return np.asarray(term["noise"], np.float32)
    return session.draw(1, seed=term["seed"])[0]


def _around(vector: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The vector, and variations of it: (count, Z)."""
    return np.vstack([vector[None], variations(vector, count - 1, seed)]) if count > 1 else vector[None]


def _signs(terms: Sequence[Term]) -> list[int]:
    return [term["sign"] for term in terms]


def _name(term: Term) -> str:
    if term["label"] is not None:
        return f"class {term['label']}"
    return "noise" if term["noise"] is not None else f"seed {term['seed']}"
