"""Directions of the noise along which a generator's samples change most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from drivers.errors import DriverError
from drivers.interface import Session
from spec import catalogue

PRINCIPAL_SAMPLES = 1024
"""Latent vectors whose activations principal directions are found in."""
PRINCIPAL_SEED = 31
LINEAR_TOLERANCE = 1e-3
"""How far, as a share of its length, the result of a linear layer may be from what the matrix read off it says."""
METHODS = ("sefa", "principal")


@dataclass(frozen=True)
class Directions:
    """Directions of the noise, the one that changes most first.

    Attributes:
        layer: the layer in whose values they are the ones.
        vectors: (K, Z), each of length 1. The noise is standard normal, so one standard deviation is 1 along each.
        shares: of the variance of the layer's values, (K,).
    """

    layer: str
    vectors: np.ndarray
    shares: np.ndarray


def sefa(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvectors of AᵀA: argmax over unit vectors n of ‖A n‖² (Shen and Zhou 2021, equations 3 to 5).

    Args:
        matrix: A, (F, Z), of a layer that gives A z + b for noise z.

    Returns:
        Vectors (min(F, Z), Z), the greatest eigenvalue first, and each eigenvalue as a share of their sum, which is the
        share of the variance of A z. Of a vector's largest number the sign is plus.
    """
    matrix = matrix.astype(np.float64)
    values, vectors = np.linalg.eigh(matrix.T @ matrix)
    kept = min(matrix.shape)
    values, vectors = values[::-1][:kept].clip(0), vectors.T[::-1][:kept]
    return _upright(vectors), values / max(values.sum(), np.finfo(float).tiny)


def principal(activations: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The directions of the noise that lead along the principal components of activations.

    x are the coordinates of the activations in their principal components; the direction of component k is u_k of
    argmin over U of Σ_j ‖U x_j - z_j‖² (Härkönen et al. 2020, equation 1), brought to length 1.

    Args:
        activations: (N, F). noise: (N, Z), what they were made from.

    Returns:
        Vectors (K, Z), the component with the largest variance first, and their shares of the variance. K is at most
        Z. Of a vector's largest number the sign is plus.
    """
    values = activations.astype(np.float64) - activations.mean(0, dtype=np.float64)
    count, features = values.shape
    # The smaller of XXᵀ and XᵀX has all there is to know: x = V√N with orthonormal columns V, up to their lengths.
    if count <= features:
        variances, columns = np.linalg.eigh(values @ values.T)
    else:
        variances, components = np.linalg.eigh(values.T @ values)
        columns = values @ components / np.sqrt(np.where(variances > 0, variances, np.inf))
    total = max(variances.clip(0).sum(), np.finfo(float).tiny)
    most = min(noise.shape[1], int((variances > total * np.finfo(np.float32).eps).sum()))
    variances, columns = variances[::-1][:most], columns[:, ::-1][:, :most]
    slopes = columns.T @ (noise - noise.mean(0))
    lengths = np.linalg.norm(slopes, axis=1, keepdims=True)
    return _upright(slopes / np.where(lengths > 0, lengths, 1.0)), variances / total


def find(session: Session, method: str, layer: str | None = None) -> Directions:
    """The directions of a generator.

    Args:
        method: ``"sefa"``, of a layer that is linear in the noise, or ``"principal"``, of any.
        layer: its id; by default the first that has weights and is reached by the noise, and for ``"principal"`` the
            activation function behind it. Of a linear layer both methods find the same, because the noise is as large
            in every direction.

    Raises:
        DriverError: `not_linear`, or there is no such layer.
    """
    if method == "sefa":
        layer = layer or first_layer(session.spec)
        return Directions(layer, *sefa(_matrix(session, layer)))
    layer = layer or behind(session.spec, first_layer(session.spec))
    noise = session.draw(PRINCIPAL_SAMPLES, seed=PRINCIPAL_SEED)
    labels = np.arange(PRINCIPAL_SAMPLES) % session.spec["data"]["classes"] if _conditional(session) else None
    values = session.activations("generator", [layer], noise=noise, labels=labels)[layer].reshape(len(noise), -1)
    if labels is not None:
        # What differs from class to class is no direction of the noise.
        for label in np.unique(labels):
            values[labels == label] -= values[labels == label].mean(0)
    return Directions(layer, *principal(values, noise))


def moved(noise: np.ndarray, vectors: np.ndarray, amounts: Mapping[int, float]) -> np.ndarray:
    """Noise (N, Z) moved along some of the directions (K, Z), each by an amount in standard deviations of the noise."""
    by_how_much = np.zeros(len(vectors))
    by_how_much[list(amounts)] = list(amounts.values())
    return (noise + by_how_much @ vectors).astype(np.float32)


def first_layer(spec: Mapping[str, Any]) -> str:
    """The id of the first layer with weights that the noise reaches.

    Raises:
        DriverError: there is none.
    """
    reached: set[str] = set()
    for layer in spec["generator"]["layers"]:
        if layer["type"] == "Input" and layer["source"] == "noise":
            reached.add(layer["id"])
        elif reached & set(layer["inputs"]):
            reached.add(layer["id"])
            if layer["parameter_count"]:
                return layer["id"]
    raise DriverError("no_layer", "No layer of this generator has weights for the noise.", "/layer")


def behind(spec: Mapping[str, Any], layer: str) -> str:
    """The activation function that follows a layer, where nothing but normalization and rearrangement is between them;
    else the layer itself."""
    kinds = catalogue.load()["layers"]
    at = layer
    while True:
        readers = [item for item in spec["generator"]["layers"] if at in item["inputs"]]
        if len(readers) != 1 or len(readers[0]["inputs"]) != 1:
            return layer
        kind = kinds[readers[0]["type"]]
        at = readers[0]["id"]
        if kind["category"] == "activation":
            return at
        if kind["category"] != "normalization" and not kind.get("rearranges"):
            return layer


def _matrix(session: Session, layer: str) -> np.ndarray:
    """A (F, Z) of a layer that gives A z + b, read off its values at the unit vectors.

    Raises:
        DriverError: `not_linear`.
    """
    drawn = session.draw(4, seed=PRINCIPAL_SEED).astype(np.float32)
    size = drawn.shape[1]
    noise = np.concatenate([np.zeros((1, size), np.float32), np.eye(size, dtype=np.float32), drawn])
    labels = np.zeros(1, np.int64) if _conditional(session) else None
    values = session.activations("generator", [layer], noise=noise, labels=labels)[layer].reshape(len(noise), -1)
    offset, responses, found = values[:1], values[1 : size + 1] - values[:1], values[size + 1 :]
    expected = drawn @ responses + offset
    if np.linalg.norm(found - expected) > LINEAR_TOLERANCE * max(float(np.linalg.norm(found - offset)), 1e-12):
        kind = next(item["type"] for item in session.spec["generator"]["layers"] if item["id"] == layer)
        message = (
            f"SeFa needs a layer that is linear in the noise; '{layer}' ({kind}) is not. "
            "Use the method 'principal', which takes any layer."
        )
        raise DriverError("not_linear", message, "/layer")
    return responses.T


def _conditional(session: Session) -> bool:
    return session.spec["generator"]["conditional"]


def _upright(vectors: np.ndarray) -> np.ndarray:
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(1, keepdims=True), axis=1)
    return vectors * np.where(largest < 0, -1.0, 1.0)
