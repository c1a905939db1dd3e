"""The `drivers.interface.Session` of every driver: what does not depend on the library.

Images, noise, labels and scores are NumPy arrays here; a `drivers.state.TrainingState` turns them into its library's
tensors and back.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from drivers import checkpoint, examination, weights
from drivers.batches import Batches, to_data, to_unit_range
from drivers.calibration import Calibration, fit_logistic
from drivers.changes import check
from drivers.errors import DivergedError, DriverError
from drivers.examination import Edit
from drivers.interface import Session, TrainingProcess
from drivers.state import Tensor, TrainingState, live_weights
from spec.frame import Frame

if TYPE_CHECKING:
    from drivers.data import Dataset

# Samples of each kind that a logistic calibration is fitted to, and the seed that chooses them.
CALIBRATION_SAMPLES = 512
CALIBRATION_SEED = 20
# Samples drawn when nobody says how many.
SAMPLES = 64
# Samples that pass through a network at once when sampling or judging; bounds the memory of large requests.
INFERENCE_BATCH = 256


class DriverSession(Session):
    """One model in training or in use; see `drivers.interface.Session`."""

    def __init__(self, state: TrainingState, process: TrainingProcess, environment: dict[str, Any]) -> None:
        self.spec = state.spec
        self._state, self._process = state, process
        self._roles = process.roles(self.spec)
        self._reports = process.reports(self.spec)
        self.steps_per_epoch = state.steps_per_epoch
        self.total_steps = state.total_steps
        self.images_per_step = state.images_per_step
        self.environment = environment
        self.compiles = state.compiles
        self._unread: list[tuple[int, dict[str, Tensor]]] = []
        self._unread_measured: list[tuple[int, dict[str, Tensor], dict[str, float]]] = []
        self._calibration: tuple[int, Calibration] | None = None

    @property
    def step(self) -> int:
        return self._state.step

    def train_step(self, update: Collection[str] | None = None) -> None:
        roles = [role.name for role in self._roles]
        unknown = sorted(set(update or ()) - set(roles))
        if unknown or (update is not None and not update):
            raise DriverError(
                "unknown_role", f"A step updates some of {', '.join(roles)}; got {', '.join(unknown) or 'none'}."
            )
        losses = self._process.step(roles if update is None else update)
        if self._state.measures:
            rates = {f"learning_rate/{role}": rate for role, rate in self._state.learning_rates().items()}
            self._unread_measured.append((self._state.step + 1, self._state.take_measured(), rates))
        self._state.step += 1
        self._unread.append((self._state.step, losses))

    def read_losses(self) -> list[dict[str, float | None]]:
        if not self._unread:
            return []
        unread, self._unread = self._unread, []
        values = iter(self._state.scalars([value for _, found in unread for value in found.values()]))
        losses: list[dict[str, float | None]] = []
        for step, tensors in unread:
            found = {name: next(values) for name in tensors}
            if not all(math.isfinite(value) for value in found.values()):
                what = ", ".join(f"the loss of the {name} is {value}" for name, value in found.items())
                raise DivergedError(step, what, losses)
            losses.append({"step": step, **{report: found.get(report) for report in self._reports}})
        return losses

    def read_measurements(self) -> list[dict[str, Any]]:
        unread, self._unread_measured = self._unread_measured, []
        if not unread:
            return []
        numbers = iter(self._state.scalars([value for _, measured, _ in unread for value in measured.values()]))
        found = []
        for step, measured, rates in unread:
            values = {name: value if math.isfinite(value := next(numbers)) else None for name in measured}
            found.append({"step": step, "values": {**values, **rates}})
        return found

    def sample(
        self,
        count: int | None = None,
        *,
        seed: int = 0,
        noise: np.ndarray | None = None,
        labels: np.ndarray | None = None,
        edits: Mapping[str, Edit] | None = None,
    ) -> np.ndarray:
        classes = None
        if self._process.generates_by_label:
            classes = self._classes(np.arange(self.spec["data"]["classes"]) if labels is None else labels)
        elif labels is not None:
            raise DriverError("not_conditional", "labels were given, but this generator does not look at labels.")
        if noise is not None:
            source = self._source(noise)
        else:
            if count is None:
                count = SAMPLES if labels is None else len(labels)
            if count < 1:
                raise DriverError("bad_count", f"count must be 1 or more; got {count}.")
            source = self._process.draw(count, seed)
        if classes is not None:
            classes = classes[np.arange(len(source)) % len(classes)]
        if edits:
            return to_data(self._generate_edited(source, classes, edits))
        return to_data(self._generate(source, classes))

    def draw(self, count: int, *, seed: int = 0) -> np.ndarray:
        return self._process.draw(count, seed)

    def activations(
        self,
        network: str,
        layers: Collection[str],
        *,
        noise: np.ndarray | None = None,
        labels: np.ndarray | None = None,
        samples: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        self._check_layers(network, layers)
        takes = self._state.networks[network].sources
        sources: dict[str, np.ndarray] = {}
        if noise is not None:
            sources["noise"] = self._source(noise)
        if samples is not None:
            _check_samples(samples, self._process.sample_shape(self.spec), Frame.of(self.spec["data"]))
            sources[self._state.source] = to_unit_range(samples)
        if labels is not None and sources:
            count = len(next(iter(sources.values())))
            sources["label"] = self._classes(labels)[np.arange(count) % len(labels)]
        if sources.keys() != takes:
            given, wanted = (", ".join(sorted(names)) or "nothing" for names in (sources, takes))
            raise DriverError("wrong_sources", f"The {network} takes {wanted}; it was given {given}.", "/network")
        return self._examine(network, sources, layers, {})

    def discriminate(self, samples: np.ndarray, labels: np.ndarray | None = None) -> dict[str, Any]:
        samples = np.asarray(samples)
        _check_samples(samples, self._process.sample_shape(self.spec), Frame.of(self.spec["data"]))
        classes = None
        if self._process.judges_by_label:
            if labels is None or len(labels) != len(samples):
                raise DriverError("labels_missing", "This discriminator judges a sample by its label; give one each.")
            classes = self._classes(labels)
        elif labels is not None:
            raise DriverError("not_conditional", "labels were given, but this discriminator does not look at labels.")
        calibration = self._calibrate()
        scores = self._scores(samples, classes)
        return {
            "score": scores,
            "probability_real": calibration.probability(scores),
            "calibration": calibration.method,
        }

    def change(self, changes: Mapping[str, Any]) -> None:
        checked: list[Callable[[], None]] = []
        for name, value in changes.items():
            if name == "learning_rate":
                rates = value if isinstance(value, Mapping) else dict.fromkeys(self._state.optimizers, value)
                checked += [self._check_rate(role, new) for role, new in rates.items()]
            else:
                checked.append(self._process.check_change(name, value))
        for change in checked:
            change()

    def save_checkpoint(self, folder: Path) -> None:
        checkpoint.save(folder, self._state, self._process, {"calibration": self._calibrate().to_json()})

    def load_checkpoint(self, folder: Path) -> None:
        manifest = checkpoint.load(folder, self._state, self._process)
        self._unread.clear()
        self._unread_measured.clear()
        self._calibration = _read_calibration(manifest["calibration"], self.step)

    def save_weights(self, path: Path) -> None:
        metadata = {"step": str(self.step)}
        if self._can_calibrate():
            metadata["calibration"] = json.dumps(self._calibrate().to_json())
        self._state.check_finite()
        live = live_weights({role.name: self._state.network_in_use(role.name) for role in self._roles})
        weights.save(path, {name: self._state.array(value) for name, value in live.items()}, metadata)

    def load_weights(self, path: Path) -> None:
        stored, metadata = weights.read(path)
        live = live_weights(self._state.networks)
        weights.check(path, stored, live)
        averages = live_weights({role: average.network for role, average in self._state.averages.items()})
        self._state.overwrite(live, stored)
        self._state.overwrite(averages, stored)
        self._calibration = _read_calibration(json.loads(metadata.get("calibration", "null")), self.step)

    def start_from(self, network: str, path: Path, *, replace: Collection[str] = ()) -> None:
        self._check_network(network)
        stored, _ = weights.read(path)
        live = live_weights({network: self._state.networks[network]})
        kept = {name: value for name, value in live.items() if name.split("/")[1] not in replace}
        there = {
            name: value
            for name, value in stored.items()
            if name.startswith(f"{network}/") and name.split("/")[1] not in replace
        }
        weights.check(path, there, kept)
        self._state.overwrite(kept, there)
        if network in self._state.averages:
            averages = live_weights({network: self._state.averages[network].network})
            self._state.overwrite(averages, {name: self._state.array(value) for name, value in live.items()})

    def export(self, format_: str, network: str, path: Path) -> None:
        self._check_network(network)
        self._state.export(format_, network, path)

    def _check_network(self, network: str) -> None:
        if network not in self._state.networks:
            known = ", ".join(self._state.networks)
            raise DriverError("unknown_network", f"There is no network '{network}'; there is {known}.", "/network")

    def _check_rate(self, role: str, value: Any) -> Callable[[], None]:
        if role not in self._state.optimizers:
            known = ", ".join(self._state.optimizers)
            raise DriverError("unknown_role", f"'{role}' is not trained here; there is {known}.", "/learning_rate")
        optimizer = self._state.optimizers[role]
        checked = float(check("optimizers", optimizer.name, "learning_rate", value))

        def change() -> None:
            optimizer.learning_rate = checked

        return change

    def _classes(self, labels: np.ndarray) -> np.ndarray:
        classes = self.spec["data"]["classes"]
        labels = np.asarray(labels)
        if labels.ndim != 1 or not len(labels) or labels.dtype.kind not in "iu":
            raise DriverError(
                "bad_labels", f"labels must be a list of whole numbers; got {labels.dtype} {labels.shape}."
            )
        if labels.min() < 0 or labels.max() >= classes:
            raise DriverError(
                "bad_labels", f"labels run from 0 to {classes - 1}; got {labels.min()} to {labels.max()}."
            )
        return labels.astype(np.int64)

    def _source(self, noise: np.ndarray) -> np.ndarray:
        source = np.asarray(noise, np.float32)
        shape = self._process.source_shape
        if not len(source) or source.shape[1:] != shape or not np.isfinite(source).all():
            expected = ", ".join(map(str, ("N", *shape)))
            raise DriverError("bad_noise", f"noise must be finite numbers ({expected}); got {source.shape}.")
        return source

    def _generate(self, source: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        return self._in_parts(self._process.generate, source, labels)

    def _generate_edited(self, source: np.ndarray, labels: np.ndarray | None, edits: Mapping[str, Edit]) -> np.ndarray:
        self._check_layers("generator", edits)
        output = self.spec["generator"]["outputs"][0]
        sources = {"noise": source} if labels is None else {"noise": source, "label": labels}
        return self._examine("generator", sources, [output], edits)[output]

    def _examine(
        self, network: str, sources: Mapping[str, np.ndarray], layers: Collection[str], edits: Mapping[str, Edit]
    ) -> dict[str, np.ndarray]:
        state, count = self._state, len(next(iter(sources.values())))
        shapes = {layer["id"]: tuple(layer["output_shape"]) for layer in self._layers(network)}
        changes = {layer: examination.change(edit, layer, shapes[layer], count) for layer, edit in edits.items()}
        parts: dict[str, list[np.ndarray]] = {layer: [] for layer in layers}
        for start in range(0, count, INFERENCE_BATCH):
            part = slice(start, start + INFERENCE_BATCH)
            some = {name: state.tensor(values[part]) for name, values in sources.items()}
            made = {layer: of_all.of(part).mapped(state.tensor) for layer, of_all in changes.items()}
            for layer, value in state.examine(network, some, layers, made).items():
                parts[layer].append(state.array(value))
        return {layer: np.concatenate(values) for layer, values in parts.items()}

    def _layers(self, network: str) -> Sequence[Mapping[str, Any]]:
        """The resolved layers of a network."""
        module = next(role.module for role in self._roles if role.name == network)
        return self.spec[module]["layers"]

    def _check_layers(self, network: str, layers: Collection[str]) -> None:
        self._check_network(network)
        known = [layer["id"] for layer in self._layers(network)]
        for layer in layers:
            if layer not in known:
                message = f"The {network} has no layer '{layer}'; it has {', '.join(known)}."
                raise DriverError("unknown_layer", message, "/layer")

    def _scores(self, samples: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        return self._in_parts(self._process.score, to_unit_range(samples), labels)

    def _in_parts(self, function: Callable[..., Tensor], x: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        state = self._state
        parts = []
        for start in range(0, len(x), INFERENCE_BATCH):
            part = slice(start, start + INFERENCE_BATCH)
            some = None if labels is None else state.tensor(labels[part])
            parts.append(state.array(function(state.tensor(x[part]), some)))
        return np.concatenate(parts)

    def _can_calibrate(self) -> bool:
        return self._process.score_is_logit or self._state.has_data or self._calibration is not None

    def _calibrate(self) -> Calibration:
        """What turns the present discriminator's scores into probabilities; fitted anew when it has learned since."""
        if self._process.score_is_logit:
            return Calibration()
        if self._state.has_data and (self._calibration is None or self._calibration[0] != self.step):
            self._calibration = (self.step, self._fit(self._state.batches))
        if self._calibration is None:
            raise DriverError(
                "not_calibrated",
                f"A '{self.spec['loss']['choice']}' score becomes a probability by comparison with real images; "
                "open the session with data, or load weights that were saved by a training.",
            )
        return self._calibration[1]

    def _fit(self, batches: Batches) -> Calibration:
        chosen = np.random.default_rng(CALIBRATION_SEED).integers(len(batches.samples), size=CALIBRATION_SAMPLES)
        reals = batches.samples[chosen]
        labels = None if batches.labels is None else batches.labels[chosen]
        source = self._process.draw(CALIBRATION_SAMPLES, CALIBRATION_SEED)
        fakes = to_data(self._generate(source, labels if self._process.generates_by_label else None))
        judged = labels if self._process.judges_by_label else None
        return fit_logistic(self._scores(reals, judged), self._scores(fakes, judged))


def _read_calibration(stored: Mapping[str, Any] | None, step: int) -> tuple[int, Calibration] | None:
    return None if stored is None else (step, Calibration.from_json(stored))


def _check_samples(samples: np.ndarray, shape: tuple[int, ...], frame: Frame) -> None:
    is_image = frame.source == "image"
    expected = f"{'uint8' if is_image else 'finite float32'} ({', '.join(map(str, ('N', *shape)))})"
    if samples.dtype != (np.uint8 if is_image else np.float32) or samples.shape[1:] != shape or not len(samples):
        raise DriverError("bad_samples", f"{frame.source}s must be {expected}; got {samples.dtype} {samples.shape}.")
    if not is_image and not np.isfinite(samples).all():
        raise DriverError("bad_samples", f"{frame.source}s must be {expected}; some numbers are NaN or infinite.")


def check_data(data: Dataset, shape: tuple[int, ...], spec: Mapping[str, Any]) -> None:
    """Refuses data that a model cannot be trained on.

    Args:
        shape: of the samples that the model makes.

    Raises:
        DriverError: other samples, no labels where they are needed, or labels beyond the classes.
    """
    if data.samples.shape[1:] != shape or not len(data):
        found, source = data.samples.shape, Frame.of(spec["data"]).source
        raise DriverError("data_shape", f"The model makes {source}s {shape}, but the data are {found}.", "/data")
    if not any(spec[module]["conditional"] for module in ("generator", "discriminator") if module in spec):
        return
    if data.labels is None:
        raise DriverError("data_labels", "A conditional GAN needs labels, but the data have none.", "/data")
    classes, low, high = spec["data"]["classes"], data.labels.min(), data.labels.max()
    if low < 0 or high >= classes:
        raise DriverError(
            "data_labels",
            f"Labels must run from 0 to {classes - 1}; those of the data run from {low} to {high}.",
            "/data",
        )
