"""A small convolutional classifier of a data set, whose features scores of generated images compare."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by

from drivers import weights
from drivers.batches import to_unit_range
from drivers.errors import DriverError
from drivers.evaluation.extractors import Classify, Extractor, Progress
from drivers.pytorch import optimizers
from drivers.pytorch.network import Network
from drivers.schedules import cosine
from drivers.state import live_weights
from spec.families.stack import Stack, halvings
from spec.graph import resolve_layers
from spec.problems import Report

if TYPE_CHECKING:
    from drivers.data import Dataset, DataSettings

log = logging.getLogger(__name__)

RECIPE = 2
"""Part of every key in the cache; to be raised when the network or its training changes."""
FEATURES = 64
FILTERS = 16
BATCH = 64
OPTIMIZER = {"choice": "adam", "learning_rate": 0.002, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
EPOCHS, LEAST_STEPS, MOST_STEPS = 20, 300, 1200
"""Passes over the data, within these bounds: small data is seen often, large data in part."""
HELD_OUT = 0.1
"""The share of the data that the classifier is tested on instead."""
INFERENCE_BATCH = 250
SEED = 1
ROTATIONS = 4
TOLD_EVERY = 25
"""Steps of the training between two reports of it."""


class Classifier(Extractor):
    """Convolutions, `FEATURES` linear features, and a class of each image.

    Data without labels is learned from by telling how far an image was turned (Gidaris et al. 2018): the features are
    good for comparison, and there are no probabilities of classes.

    Attributes:
        accuracy: the share of held-out images whose class it tells.
    """

    def __init__(self, network: Network, id_: str, accuracy: float, *, tells_classes: bool) -> None:
        self.id = id_
        self.accuracy = accuracy
        self._network = network
        self._tells_classes = tells_classes

    def features(self, images: np.ndarray) -> np.ndarray:
        return self._run(images, "features")

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        if not self._tells_classes:
            raise DriverError("no_classifier", "The data has no labels, so the extractor tells no classes.", "/data")
        return self._run(images, "logits")

    def learn(self, images: np.ndarray, labels: np.ndarray, seed: int) -> Classify:
        if not self._tells_classes:
            raise DriverError("no_classifier", "The data has no labels to learn from.", "/data")
        classes = self._network.layers["logits"].output_shape[0]
        network = _train(images, labels, classes, seed, lambda what, done, total: None)
        return Classifier(network, "learned", 0.0, tells_classes=True).probabilities

    def _run(self, images: np.ndarray, output: str) -> np.ndarray:
        parts = []
        with torch.inference_mode():
            for start in range(0, len(images), INFERENCE_BATCH):
                x = torch.from_numpy(to_unit_range(images[start : start + INFERENCE_BATCH]))
                found = self._network.call_all(image=x)[output]
                parts.append(found.softmax(1) if output == "logits" else found)
        return torch.cat(parts).numpy()


def open_classifier(data: Dataset, settings: DataSettings, progress: Progress) -> Classifier:
    """The classifier of a data set: from the cache, or trained now and kept there.

    Its id names the hash of its weights and of the data. It runs on the processor, in float32, so that its features
    do not depend on the card that the GAN is trained on.

    Args:
        progress: told of the training's steps.
    """
    images, labels = data.images, data.labels
    tells_classes = labels is not None
    if labels is None:
        images, labels = _turned(images)
    key = _digest(data)
    path = settings.cache / "extractors" / f"{key}.safetensors"
    network = _build(images.shape[1:], int(labels.max()) + 1, SEED)
    accuracy = _load(path, network)
    if accuracy is None:
        held_out = np.random.default_rng(SEED).random(len(images)) < HELD_OUT
        classes = int(labels.max()) + 1
        network = _train(images[~held_out], labels[~held_out], classes, SEED, progress)
        accuracy = _accuracy(network, images[held_out], labels[held_out])
        _keep(path, network, accuracy)
    return Classifier(network, f"classifier-{_hash(network, key)}", accuracy, tells_classes=tells_classes)


def _turned(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each image turned by 0, 90, 180 or 270 degrees, and which it was."""
    if images.shape[1] != images.shape[2]:
        message = f"Images without labels must be square to be learned from; they are {images.shape[1:3]}."
        raise DriverError("no_classifier", message, "/evaluation/extractor")
    turns = np.random.default_rng(SEED).integers(ROTATIONS, size=len(images))
    turned = np.empty_like(images)
    for turn in range(ROTATIONS):
        turned[turns == turn] = np.rot90(images[turns == turn], turn, axes=(1, 2))
    return turned, turns


def _build(shape: tuple[int, ...], classes: int, seed: int) -> Network:
    """Images (N, *shape) -> ``features`` (N, FEATURES) and ``logits`` (N, classes)."""
    stack = Stack()
    stack.input("image", list(shape))
    for step in range(halvings(max(shape[:2]), largest=4)):
        stack.add("Conv2D", filters=min(FILTERS * 2**step, 4 * FILTERS), kernel_size=4, strides=2, padding="same")
        stack.add("BatchNormalization", momentum=0.9)
        stack.add("ReLU")
    stack.add("Flatten")
    flat = stack.layers[-1]["id"]
    stack.layers.append({"id": "features", "type": "Dense", "units": FEATURES, "inputs": [flat]})
    stack.add("ReLU")
    stack.layers.append({"id": "logits", "type": "Dense", "units": classes, "inputs": [stack.layers[-1]["id"]]})
    report = Report()
    graph = resolve_layers(stack.layers, report=report, pointer="", inputs={})
    report.raise_problems(None)
    random, unused = np.random.default_rng(seed), torch.Generator()
    network = Network(graph.layers, ("features", "logits"), weights=random, dropout=unused)
    network.mode.training = False
    return network


def _train(images: np.ndarray, labels: np.ndarray, classes: int, seed: int, progress: Progress) -> Network:
    network = _build(images.shape[1:], classes, seed)
    optimizer = optimizers.build(OPTIMIZER, network.trainable())
    steps = int(np.clip(EPOCHS * len(images) // BATCH, LEAST_STEPS, MOST_STEPS))
    y = torch.from_numpy(labels.astype(np.int64))
    random = np.random.default_rng(seed)
    network.mode.training = True
    for step in range(steps):
        chosen = random.choice(len(images), min(BATCH, len(images)), replace=False)
        x = torch.from_numpy(to_unit_range(images[chosen]))
        loss = F.cross_entropy(network.call_all(image=x)["logits"], y[chosen])
        parameters = list(optimizer.parameters.values())
        for parameter in parameters:
            parameter.grad = None
        loss.backward(inputs=parameters)
        optimizer.step(cosine(step / steps, 0))
        if step % TOLD_EVERY == 0:
            progress("training the extractor", step, steps)
    network.mode.training = False
    return network


def _accuracy(network: Network, images: np.ndarray, labels: np.ndarray) -> float:
    classifier = Classifier(network, "new", 0.0, tells_classes=True)
    return float((classifier.probabilities(images).argmax(1) == labels).mean())


def _digest(data: Dataset) -> str:
    digest = hashlib.sha256(f"{RECIPE} {data.samples.shape}".encode())
    digest.update(np.ascontiguousarray(data.samples).data)
    if data.labels is not None:
        digest.update(np.ascontiguousarray(data.labels).data)
    return digest.hexdigest()[:40]


def _hash(network: Network, data: str) -> str:
    digest = hashlib.sha256(data.encode())
    for name, value in network.weights().items():
        digest.update(name.encode())
        digest.update(value.contiguous().numpy())
    return digest.hexdigest()[:12]


def _load(path: Path, network: Network) -> float | None:
    """Fills ``network`` from the cache; its accuracy, or None when it is not there or cannot be used."""
    if not path.exists():
        return None
    try:
        stored, metadata = weights.read(path)
        live = live_weights({"classifier": network})
        weights.check(path, stored, live)
        accuracy = float(metadata["accuracy"])
    except (DriverError, KeyError, ValueError) as error:
        log.warning("%s cannot be used, the classifier is trained anew: %s", path, error)
        return None
    for name, value in live.items():
        value.copy_(torch.from_numpy(stored[name]))
    return accuracy


def _keep(path: Path, network: Network, accuracy: float) -> None:
    """Into the cache; a full disk costs a line in the log."""
    try:
        tensors = {name: value.numpy() for name, value in live_weights({"classifier": network}).items()}
        weights.save(path, tensors, {"accuracy": str(accuracy)})
    except OSError as error:
        log.warning("%s cannot be kept: %s", path, error)
