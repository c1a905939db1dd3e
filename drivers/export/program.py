"""A resolved spec as one stand-alone program: what it is in every library."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from drivers.export.code import INDENT, Call, call, imports, names_in, number, parts, statement
from drivers.export.data import DataWriter
from drivers.export.errors import ExportError
from drivers.export.initializers import initializer, write_initial
from drivers.export.objective import Words, counts, write_loss, write_schedule
from drivers.export.samples import takes_labels
from spec import catalogue, nesting
from spec.frame import Frame

PARTS = Path(__file__).parent / "parts"
IMPORTS = {
    "Image": ("third", "from PIL import Image"),
    "Path": ("standard", "from pathlib import Path"),
    "argparse": ("standard", "import argparse"),
    "gzip": ("standard", "import gzip"),
    "json": ("standard", "import json"),
    "load_digits": ("third", "from sklearn.datasets import load_digits"),
    "math": ("standard", "import math"),
    "partial": ("standard", "from functools import partial"),
    "np": ("third", "import numpy as np"),
    "pairwise": ("standard", "from itertools import pairwise"),
    "tarfile": ("standard", "import tarfile"),
}
ROLES = ("generator", "discriminator")


@dataclass(frozen=True)
class Section:
    """A stretch of the program with a heading, as a notebook shows it.

    Attributes:
        title: what the stretch is about.
        text: what a reader should know before it, Markdown.
        code: its lines.
    """

    title: str
    text: str
    code: str


class Program(ABC):
    """One program being written; a library adds its networks, its gradients and its training step.

    Attributes:
        spec: resolved.
        cells: it is to be run cell by cell, in a notebook, which has no command line.
        labels: a network takes labels; ``by_label`` says which.
        data: writes how the data is read.
        initial: the initializer that is a function of the program, ``initial``.
    """

    LIBRARY: ClassVar[str]
    # How far its losses are those of the training.
    AGREES: ClassVar[str] = "to rounding"
    WORDS: ClassVar[Words]

    def __init__(self, spec: Mapping[str, Any], *, cells: bool = False) -> None:
        self.spec, self.cells = spec, cells
        self.training, self.loss = spec["training"], spec["loss"]
        self.frame = Frame.of(spec["data"])
        self.by_label = {role: takes_labels(spec[role]) for role in ROLES}
        self.labels = any(self.by_label.values())
        self.data = DataWriter(spec["data"], self.labels)
        self._check()
        self.initial = self._usual_initializer()

    # -- what a library says --------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def packages(self) -> list[str]:
        """What of the library must be installed."""

    @property
    def needs(self) -> str:
        """What must be installed, in words."""
        pictures = ["pillow"] if self.frame.source == "image" else []
        needed = [*self.packages, "numpy", *pictures, *self.data.needs]
        return f"{', '.join(needed[:-1])} and {needed[-1]}"

    @property
    def precision(self) -> str:
        """What products are computed in while it trains; samples and penalties are in float32 in any case."""
        return "float32"

    @property
    @abstractmethod
    def folders(self) -> tuple[Path, ...]:
        """Where its parts are, besides those of every program."""

    @property
    @abstractmethod
    def imports(self) -> Mapping[str, tuple[str, str]]:
        """The import lines that its names need; see `drivers.export.code.imports`."""

    @abstractmethod
    def write_network(self, role: str) -> list[str]:
        """The lines that define a network."""

    @abstractmethod
    def write_penalty(self, regularizer: Mapping[str, Any]) -> list[str]:
        """A function that adds to the discriminator's loss; nothing for a constraint of the weights."""

    @abstractmethod
    def layer_stream(self) -> list[str]:
        """The lines that make what layers draw from, of ``first``, a `numpy.random.SeedSequence`."""

    def settings_of_library(self) -> list[str]:
        """Further lines of settings, such as the device."""
        return []

    @abstractmethod
    def write_training(self) -> list[str]:
        """The lines of ``train``, which yields step, generator's and discriminator's loss."""

    @abstractmethod
    def write_start(self) -> list[str]:
        """The lines that make the networks."""

    @abstractmethod
    def write_average(self) -> list[str]:
        """The lines that make ``average``, a copy of the generator."""

    @abstractmethod
    def stored_weights(self, role: str) -> list[str]:
        """The last arguments of ``load_weights`` of a network that starts from saved weights."""

    @abstractmethod
    def write_end(self) -> list[str]:
        """The lines that make ``samples`` (N, …), channels last, and save the generator.

        They have the noise of the training's own sheets, and every class in turn.
        """

    def preamble(self) -> str:
        """Lines between the standard library's imports and the others."""
        return ""

    # -- putting it together --------------------------------------------------------------------------------------

    def sections(self) -> list[Section]:
        """The sections of the program, in order.

        Raises:
            ExportError: a part of the spec has no counterpart in a script.
        """
        says = {"generator": "Turns noise into samples.", "discriminator": "Scores samples, higher for real."}
        networks = [(role.title(), text, "\n".join(self.write_network(role))) for role, text in says.items()]
        objective = apart(
            write_loss(self.loss, self.WORDS),
            *(self.write_penalty(regularizer) for regularizer in self.loss["regularizers"]),
            write_schedule(self.training["learning_rate_schedule"]),
        )
        load, train, main = self.data.write(), "\n".join(self.write_training()), self._main()
        initial = "\n".join(write_initial(self.initial))
        ours = [*(text for _, _, text in networks), objective, load, train, main, initial, self.preamble()]
        library = parts(PARTS, *self.folders)
        needed = library.needed(
            sorted({*names_in("\n\n".join(ours)), *names_in("\n".join(self.settings_of_library()))})
        )
        written: dict[str, list[str]] = {}
        for name in needed:
            written.setdefault(library.room(name), []).append(library.text(name))
        names = names_in("\n\n".join([*ours, *(library.text(name) for name in needed)]))
        settings = self._settings(names)
        head = imports({*names, *names_in(settings)}, {**IMPORTS, **self.imports}, self.preamble())

        def room(name: str) -> list[str]:
            return written.get(name, [])

        found = [
            Section("Settings", self._about(), f"{head}\n\n{settings}"),
            Section("Data", self.data.about, apart(*room("data"), load)),
            Section("Random numbers", "Initial weights are drawn by NumPy.", apart(*room("randomness"), initial)),
            Section("Layers", f"Layers that {self.LIBRARY} lacks.", apart(*room("layers"), *room("sequences"))),
            *(Section(title, text, code) for title, text, code in networks),
            Section("Objective", "What each of the two networks is trained to make small.", objective),
            Section("Optimizers", "", apart(*room("optimizers"))),
            Section("Gradients", "How the losses lead to changes of the weights.", apart(*room("gradients"))),
            Section("Weights", "What an earlier training learned.", apart(*room("weights"))),
            Section("Training", "The two networks take turns.", apart(*room("training"), train)),
            Section("Run", "", main),
        ]
        return [section for section in found if section.code]

    def _about(self) -> str:
        spec = self.spec
        written = "".join(letter if letter.isprintable() else " " for letter in spec["name"] or "")
        name = f"'{written}'" if written.strip() else "a GAN"
        kinds = [spec[role]["choice"] for role in ROLES]
        networks = " generator, ".join(kinds) if len(set(kinds)) > 1 else f"{kinds[0]} generator and"
        about = f"Trains {name} on {spec['data']['choice']}: {networks} discriminator, {self.loss['choice']} loss."
        files = " and ".join(weights_beside(spec).values())
        return f"{about} Starts from {files} beside it." if files else about

    def _settings(self, names: set[str]) -> str:
        """Constants and random streams, those that the program reads."""
        spec, training = self.spec, self.training
        wanted = {
            "SEED": training["seed"],
            "EPOCHS": training["epochs"],
            "BATCH_SIZE": self._batch_size(),
            "DISCRIMINATOR_STEPS": training["discriminator_steps"],
            "LATENT_DIM": spec["generator"]["latent_dim"],
            "CLASSES": spec["data"].get("classes"),
            "EMA_DECAY": training["ema_decay"],
        }
        lines = [f"{name} = {value!r}" for name, value in wanted.items() if name in names or name == "SEED"]
        lines += self.settings_of_library()
        kinds = ("weights_rng", "shuffle_rng", "noise_rng", "penalty_rng")
        streams = [kind if kind in names else "_" for kind in kinds]
        draws = "layers_rng" in names
        lines += [
            "",
            "# Each kind of random numbers has a stream of its own, all from the one seed.",
            f"{'first' if draws else '_'}, *streams = np.random.SeedSequence(SEED).spawn(5)",
            f"{', '.join(streams)} = map(np.random.default_rng, streams)",
        ]
        return "\n".join([*lines, *(self.layer_stream() if draws else [])])

    @property
    def label_noise(self) -> list[str]:
        """What the discriminator's loss takes besides scores."""
        return ["label_noise"] if self.loss.get("label_noise") else []

    def _batch_size(self) -> int:
        """A data set smaller than a batch is one batch."""
        data = self.spec["data"]
        there = catalogue.load()["datasets"][data["choice"]].get("source", {}).get("images")
        if data.get("include_classes") is not None:
            there = None
        return min(filter(None, (self.training["batch_size"], there, data.get("count"))))

    # -- data ---------------------------------------------------------------------------------------------------

    @property
    def samples(self) -> str:
        """What the data is called: ``images`` or ``sequences``."""
        return f"{self.frame.source}s"

    # -- training -----------------------------------------------------------------------------------------------

    @property
    def several(self) -> bool:
        """The discriminator learns more than once a step."""
        return self.training["discriminator_steps"] > 1

    @property
    def scheduled(self) -> bool:
        return self.training["learning_rate_schedule"]["choice"] != "constant"

    @property
    def averaged(self) -> bool:
        """The average of the generator is kept, and used."""
        return self.training["ema_decay"] > 0

    def arguments(self) -> list[str]:
        """What ``train`` takes."""
        return [*ROLES, self.samples, *(["labels"] * self.labels), *(["average"] * self.averaged)]

    @staticmethod
    def noise() -> str:
        """The expression for what a batch of fakes is made from."""
        return "noise_rng.standard_normal((BATCH_SIZE, LATENT_DIM), np.float32)"

    def noise_of_sheet(self) -> str:
        """The expression for what the samples of the end are made from."""
        count = self.training["sample_count"]
        return f"np.random.default_rng(SEED).standard_normal(({count}, LATENT_DIM), np.float32)"

    def batches(self) -> str:
        """The expression for the batches of reals."""
        return f"labelled_batches({self.samples}, labels)" if self.labels else f"batches({self.samples})"

    def steps(self, *, set_rate: str) -> list[str]:
        """The head of the loop over steps, with the learning rates of each.

        Args:
            set_rate: a statement for the ``{role}`` and its ``{rate}``.
        """
        per_epoch = f"len({self.samples}) // BATCH_SIZE" + (" // DISCRIMINATOR_STEPS" if self.several else "")
        if not (self.scheduled or self.several):
            return [f"{INDENT}for step in range(EPOCHS * max({per_epoch}, 1)):"]
        by_epochs = self.scheduled and counts(self.training["learning_rate_schedule"]) == "epochs"
        lines = [f"{INDENT}steps = EPOCHS * max({per_epoch}, 1)", f"{INDENT}for step in range(steps):"]
        if by_epochs:
            lines = [
                f"{INDENT}steps_per_epoch = max({per_epoch}, 1)",
                f"{INDENT}for step in range(EPOCHS * steps_per_epoch):",
            ]
        if not self.scheduled:
            return lines
        lines.append(f"{INDENT * 2}factor = rate_factor(step / {'steps_per_epoch' if by_epochs else 'steps'})")
        for role in ROLES:
            rate = f"{number(self.spec['optimizer'][role]['learning_rate'])} * factor"
            lines.append(f"{INDENT * 2}{set_rate.format(role=role, rate=rate)}")
        return lines

    def penalties(self) -> list[str]:
        """The functions that add to the discriminator's loss."""
        return [item["choice"] for item in self.loss["regularizers"] if self.write_penalty(item)]

    def limits(self) -> Iterator[str]:
        """The bounds that weight clipping holds the discriminator's weights within."""
        return (number(item["limit"]) for item in self.loss["regularizers"] if item["choice"] == "weight_clipping")

    def sources(self, role: str) -> list[str]:
        """What a network takes, in the order that it takes it."""
        return [layer["source"] for layer in self.spec[role]["layers"] if layer["type"] == "Input"]

    def taken(self, role: str, first: str, label: str) -> list[str]:
        """A network's arguments, in order."""
        return [label if source == "label" else first for source in self.sources(role)]

    # -- running ------------------------------------------------------------------------------------------------

    def _main(self) -> str:
        argument = self.data.argument
        lines, given = self._path(argument) if argument else ([], "")
        loaded = f"load_{self.samples}({given})"
        if given or self.labels:
            lines.append(f"{self.samples}{', labels' if self.labels else ''} = {loaded}")
            loaded = self.samples
        if argument and argument[0] == "path":
            lines.append("if len(images) < BATCH_SIZE:")
            lines.append(f'{INDENT}raise SystemExit(f"{{len(images)}} images do not fill a batch of {{BATCH_SIZE}}")')
        lines += self.write_start()
        lines += [line for role in ROLES if "weights" in self.spec[role] for line in self._load_weights(role)]
        lines += self.write_average() if self.averaged else []
        given = ", ".join(self.arguments()).replace(self.samples, loaded)
        lines += [
            'print("step,generator,discriminator")',
            f"for losses in train({given}):",
            f'{INDENT}print(*losses, sep=",")',
            *self.write_end(),
            *(self._sheet() if self.frame.source == "image" else ['np.save("samples.npy", samples)']),
        ]
        if self.cells:
            return "\n".join([*lines, 'Image.open("samples.png")' if self.frame.source == "image" else "samples[0]"])
        return "\n".join(['if __name__ == "__main__":', *(f"{INDENT}{line}" for line in lines)])

    def _sheet(self) -> list[str]:
        """The lines that save the samples side by side, as one picture."""
        count, (height, width, channels) = self.training["sample_count"], self.frame.size
        rows = next(size for size in range(math.isqrt(count), 0, -1) if count % size == 0)
        columns, colours = count // rows, f", {channels}" if channels > 1 else ""
        each = f"samples.reshape({rows}, {columns}, {height}, {width}{colours})"
        return [
            f"sheet = {each}.swapaxes(1, 2).reshape({rows * height}, {columns * width}{colours})",
            "pixels = np.rint((sheet + 1.0) * 127.5).clip(0, 255).astype(np.uint8)",
            'Image.fromarray(pixels).save("samples.png")',
        ]

    def _load_weights(self, role: str) -> list[str]:
        job = self.spec[role]["weights"]["job"]
        file = f'Path("{weights_beside(self.spec)[job]}")'
        written = call("load_weights", role, file, f'"{role}"', *self.stored_weights(role))
        return [line.removeprefix(INDENT) for line in statement("", written)]

    def _path(self, argument: tuple[str, str]) -> tuple[list[str], str]:
        """The lines that find out where the data is, and the expression for it."""
        name, says = argument
        if self.cells:
            return [f'{name} = Path("{name}")  # {says}'], name
        add = call("parser.add_argument", f'"{name}"', type="Path", help=f'"{says}"')
        lines = ["parser = argparse.ArgumentParser(description=__doc__)"]
        lines += [line.removeprefix(INDENT) for line in statement("", add)]
        return lines, f"parser.parse_args().{name}"

    @property
    def used(self) -> str:
        """The generator that is taken home."""
        return "average" if self.averaged else "generator"

    def _check(self) -> None:
        if self.training["choice"] != "alternating":
            message = f"A script cannot hold the training process '{self.training['choice']}' yet."
            raise ExportError("not_exported", message, "/training/choice")

    def _usual_initializer(self) -> Call | None:
        """The initializer with parameters that most kernels start from, where several do."""
        found = Counter(
            written
            for role in ROLES
            for layer in self.spec[role]["layers"]
            for key, value in nesting.innermost(layer).items()
            if key.endswith("_initializer") and isinstance(written := initializer(value), Call)
        )
        return found.most_common(1)[0][0] if found and max(found.values()) > 1 else None


def weights_beside(spec: Mapping[str, Any]) -> dict[str, str]:
    """The weight files that lie beside a program, by the job whose weights they are."""
    jobs = [spec[role]["weights"]["job"] for role in ROLES if "weights" in spec[role]]
    return {job: f"{job}.safetensors" for job in jobs}


def apart(*blocks: str | Sequence[str]) -> str:
    """Functions and classes with two blank lines between them."""
    texts = [block if isinstance(block, str) else "\n".join(block) for block in blocks]
    return "\n\n\n".join(text for text in texts if text)
