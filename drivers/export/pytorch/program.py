"""A resolved spec as one stand-alone PyTorch program."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.export.code import INDENT, Call, call, imports, names_in, number, parts, statement
from drivers.export.errors import ExportError
from drivers.export.pytorch.networks import write_network
from drivers.export.pytorch.objective import write_loss, write_optimizer, write_penalty, write_schedule
from drivers.export.pytorch.scope import initializer
from spec import catalogue, nesting

PARTS = Path(__file__).parent / "parts"
IMPORTS = {
    "Image": ("third", "from PIL import Image"),
    "F": ("third", "import torch.nn.functional as F"),
    "Path": ("standard", "from pathlib import Path"),
    "argparse": ("standard", "import argparse"),
    "copy": ("standard", "import copy"),
    "gzip": ("standard", "import gzip"),
    "load_digits": ("third", "from sklearn.datasets import load_digits"),
    "math": ("standard", "import math"),
    "nn": ("third", "from torch import nn"),
    "np": ("third", "import numpy as np"),
    "partial": ("standard", "from functools import partial"),
    "tarfile": ("standard", "import tarfile"),
    "torch": ("third", "import torch"),
}
# What makes a sample's result depend on the others of its batch, so that reals and fakes must not be mixed.
MIXES_SAMPLES = {"BatchNormalization", "ConditionalBatchNormalization", "MinibatchDiscrimination", "MinibatchStdDev"}


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


def write_program(spec: Mapping[str, Any], *, cells: bool = False) -> list[Section]:
    """The sections of the program, in order.

    Args:
        cells: they are to be run one by one, in a notebook, which has no command line.

    Raises:
        ExportError: a part of the spec has no counterpart in a script.
    """
    return _Writing(spec, cells).sections()


class _Writing:
    def __init__(self, spec: Mapping[str, Any], cells: bool) -> None:
        self.spec = spec
        self.cells = cells
        self.training, self.loss = spec["training"], spec["loss"]
        self.by_label = {role: _takes_labels(spec[role]) for role in ("generator", "discriminator")}
        self.labels = any(self.by_label.values())
        _check(spec)

        self.initial = _usual_initializer(spec)

    def sections(self) -> list[Section]:
        says = {"generator": "Turns noise into images.", "discriminator": "Scores images, higher for real."}
        networks = [
            (role.title(), text, write_network(role, self.spec[role], self.initial)) for role, text in says.items()
        ]
        objective = _apart(
            write_loss(self.loss),
            *(write_penalty(regularizer) for regularizer in self.loss["regularizers"]),
            write_schedule(self.training["learning_rate_schedule"]),
        )
        load, train, main = self._load(), self._train(), self._main()
        ours = ["\n".join(lines) for _, _, lines in networks] + [objective, load, train, main, self._initial()]
        needed = parts(PARTS).needed(sorted(names_in("\n\n".join(ours))))
        written: dict[str, list[str]] = {"data": [], "randomness": [], "layers": [], "training": [], "optimizers": []}
        for name in needed:
            written[parts(PARTS).room(name)].append(parts(PARTS).text(name))
        names = names_in("\n\n".join([*ours, *(parts(PARTS).text(name) for name in needed)]))
        settings = self._settings(names)
        head = imports({*names, *names_in(settings)}, IMPORTS)
        found = [
            Section("Settings", self._about(), f"{head}\n\n{settings}"),
            Section("Data", self._about_data(), _apart(*written["data"], load)),
            Section(
                "Random numbers", "Initial weights are drawn by NumPy.", _apart(*written["randomness"], self._initial())
            ),
            Section("Layers", "Layers that PyTorch lacks.", _apart(*written["layers"])),
            *(Section(title, text, _apart(lines)) for title, text, lines in networks),
            Section("Objective", "What each of the two networks is trained to make small.", objective),
            Section("Optimizers", "", _apart(*written["optimizers"])),
            Section("Training", "The two networks take turns.", _apart(*written["training"], train)),
            Section("Run", "", main),
        ]
        return [section for section in found if section.code]

    def _initial(self) -> str:
        if self.initial is None:
            return ""
        return f"INITIAL = {self.initial}"

    def _about(self) -> str:
        spec = self.spec
        name = f"'{spec['name']}'" if spec["name"] else "a GAN"
        kinds = f"{spec['generator']['choice']} generator, {spec['discriminator']['choice']} discriminator"
        return f"Trains {name} on {spec['data']['choice']}: {kinds}, {self.loss['choice']} loss."

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
        lines.append('DEVICE = "cuda" if torch.cuda.is_available() else "cpu"')
        kinds = ("weights_rng", "shuffle_rng", "noise_rng", "penalty_rng")
        streams = [kind if kind in names else "_" for kind in kinds]
        draws = "layers_rng" in names
        lines += [
            "",
            "# Each kind of random numbers has a stream of its own, all from the one seed.",
            f"{'layers' if draws else '_'}, *streams = np.random.SeedSequence(SEED).spawn(5)",
            f"{', '.join(streams)} = map(np.random.default_rng, streams)",
        ]
        if draws:
            seed = "int(layers.generate_state(1)[0]) >> 1"
            lines.append(f"layers_rng = torch.Generator(DEVICE).manual_seed({seed})")
        return "\n".join(lines)

    def _batch_size(self) -> int:
        """A data set smaller than a batch is one batch."""
        data = self.spec["data"]
        there = catalogue.load()["datasets"][data["choice"]].get("source", {}).get("images")
        if data.get("include_classes") is not None:
            there = None
        return min(filter(None, (self.training["batch_size"], there, data.get("count"))))

    # -- data ---------------------------------------------------------------------------------------------------

    def _about_data(self) -> str:
        return {
            "digits": "scikit-learn's handwritten digits.",
            "mnist": "MNIST's own files, from a folder.",
            "fashion_mnist": "Fashion-MNIST's own files, from a folder.",
            "cifar10": "CIFAR-10's binary version, from a folder.",
        }.get(self.spec["data"]["choice"], "Images and labels from an .npz file.")

    def _argument(self) -> tuple[str, str] | None:
        """The path that the program asks for: its name, and what it is."""
        choice = self.spec["data"]["choice"]
        if choice == "digits":
            return None
        if choice in ("mnist", "fashion_mnist"):
            return "folder", f"folder with {choice}'s train-*-ubyte.gz"
        if choice == "cifar10":
            return "folder", "folder with cifar-10-binary.tar.gz"
        height, width, channels = self.spec["generator"]["output_shape"]
        labels = " and labels (N,)" if self.labels else ""
        return "path", f".npz file with images uint8 (N, {height}, {width}, {channels}){labels}"

    def _load(self) -> str:
        data, argument = self.spec["data"], self._argument()
        height, width, channels = self.spec["generator"]["output_shape"]
        reader = {"mnist": "read_idx", "fashion_mnist": "read_idx", "cifar10": "read_cifar10"}
        source = {"digits": (8, 1), "mnist": (28, 1), "fashion_mnist": (28, 1), "cifar10": (32, 3)}
        choice = data["choice"]
        size, has = source.get(choice, (height, channels))
        returned, given = "images, labels" if self.labels else "images", argument[0] if argument else ""
        lines = [
            f"def load_images({given}):",
            f'{INDENT}"""uint8 (N, {height}, {width}, {channels}){", and their classes" if self.labels else ""}."""',
        ]
        chosen = data.get("include_classes") is not None or (data.get("count") is not None and choice in source)
        if choice == "digits":
            digits = "load_digits()"
            if chosen or self.labels:
                digits = "digits"
                lines.append(f"{INDENT}digits = load_digits()")
                lines.append(f"{INDENT}labels = digits.target")
            lines.append(f"{INDENT}images = np.rint({digits}.images[..., None] * (255 / 16)).astype(np.uint8)")
        else:
            labels = "labels" if chosen or self.labels else "_"
            lines.append(f"{INDENT}images, {labels} = {reader.get(choice, 'read_npz')}({given})")
        if has != channels:
            lines.append(f"{INDENT}images = " + ("to_grey(images)" if channels == 1 else "images.repeat(3, axis=3)"))
        if data.get("include_classes") is not None:
            lines.append(f"{INDENT}chosen = np.isin(labels, {data['include_classes']})")
            lines.append(f"{INDENT}images, labels = images[chosen], labels[chosen]")
        if data.get("count") is not None and choice in source:
            lines.append(f"{INDENT}chosen = choose(labels, {data['count']})")
            lines.append(f"{INDENT}images, labels = images[chosen], labels[chosen]")
        if size != height:
            returned = returned.replace("images", f"resize(images, {height})")
        return "\n".join([*lines, f"{INDENT}return {returned}"])

    # -- training -----------------------------------------------------------------------------------------------

    def _train(self) -> str:
        training, several = self.training, self.training["discriminator_steps"] > 1
        scheduled = training["learning_rate_schedule"]["choice"] != "constant"
        averaged = training["ema_decay"] > 0
        lines = [f"def train({', '.join(self._arguments())}):"]
        lines.append(f'{INDENT}"""Both learn in turn; yields step, generator\'s and discriminator\'s loss."""')
        for role in ("generator", "discriminator"):
            optimizer = write_optimizer(self.spec["optimizer"][role], self._parameters(role), scheduled=scheduled)
            lines += statement(f"{role}_optimizer = ", optimizer)
        lines.append(f"{INDENT}reals = {'labelled_batches(images, labels)' if self.labels else 'batches(images)'}")
        per_epoch = "len(images) // BATCH_SIZE" + (" // DISCRIMINATOR_STEPS" if several else "")
        if scheduled or several:
            lines.append(f"{INDENT}steps_per_epoch = max({per_epoch}, 1)")
            lines.append(f"{INDENT}steps = EPOCHS * steps_per_epoch")
            lines.append(f"{INDENT}for step in range(steps):")
        else:
            lines.append(f"{INDENT}for step in range(EPOCHS * max({per_epoch}, 1)):")
        if scheduled:
            lines.append(f"{INDENT * 2}factor = rate_factor(step / steps, step / steps_per_epoch)")
            for role in ("generator", "discriminator"):
                rate = number(self.spec["optimizer"][role]["learning_rate"])
                lines.append(f'{INDENT * 2}{role}_optimizer.param_groups[0]["lr"] = {rate} * factor')
        if several:
            lines.append(f"{INDENT * 2}discriminator_total = 0.0")
            lines.append(f"{INDENT * 2}for _ in range(DISCRIMINATOR_STEPS):")
        lines += self._discriminator_update(3 if several else 2)
        if several:
            lines.append(f"{INDENT * 3}discriminator_total += loss.item()")
        else:
            lines.append(f"{INDENT * 2}discriminator_total = loss.item()")
        lines += self._generator_update(averaged)
        mean = "discriminator_total / DISCRIMINATOR_STEPS" if several else "discriminator_total"
        lines.append(f"{INDENT * 2}yield step + 1, loss.item(), {mean}")
        return "\n".join(lines)

    def _parameters(self, role: str) -> str:
        if any(layer.get("trainable") is False for layer in self.spec[role]["layers"]) or _half_affine(self.spec[role]):
            return f"[weight for weight in {role}.parameters() if weight.requires_grad]"
        return f"{role}.parameters()"

    def _discriminator_update(self, depth: int) -> list[str]:
        indent, given = INDENT * depth, self.by_label["discriminator"]
        lines = [f"{indent}# The discriminator learns to tell reals from fakes."]
        if self.labels:
            lines.append(f"{indent}fake_labels = draw_labels(labels)")
        fake = self._call("generator", "latent(noise_rng, BATCH_SIZE)", "fake_labels")
        lines.append(f"{indent}fake = {fake}")
        lines.append(f"{indent}real, real_labels = next(reals)" if self.labels else f"{indent}real = next(reals)")
        if _mixes(self.spec["discriminator"]):
            real = self._call("discriminator", "real", "real_labels")
            fake = self._call("discriminator", "fake.detach()", "fake_labels")
            lines += statement("loss = ", call("discriminator_loss", real, fake), depth=depth)
        else:
            lines.append(f"{indent}both = torch.cat([real, fake.detach()])")
            if given:
                lines.append(f"{indent}both_labels = torch.cat([real_labels, fake_labels])")
            lines.append(f"{indent}scores = {self._call('discriminator', 'both', 'both_labels')}")
            lines.append(f"{indent}loss = discriminator_loss(*scores.chunk(2))")
        penalties = [item for item in self.loss["regularizers"] if write_penalty(item)]
        if penalties:
            critic = "resting(discriminator)" if _spectral(self.spec["discriminator"]) else "discriminator"
            if given:
                lines.append(f"{indent}critic = lambda x: {self._call(critic, 'x', 'real_labels', 'discriminator')}")
                critic = "critic"
            lines += [f"{indent}loss = loss + {item['choice']}({critic}, real, fake.detach())" for item in penalties]
        lines += [
            f"{indent}discriminator_optimizer.zero_grad()",
            f"{indent}loss.backward()",
            f"{indent}discriminator_optimizer.step()",
        ]
        for item in self.loss["regularizers"]:
            if item["choice"] == "weight_clipping":
                limit = number(item["limit"])
                lines.append(f"{indent}for weight in {self._parameters('discriminator')}:")
                lines.append(f"{indent}{INDENT}weight.data.clamp_(-{limit}, {limit})")
        return lines

    def _generator_update(self, averaged: bool) -> list[str]:
        lines = [
            f"{INDENT * 2}# The generator learns to fool it, with the same fakes.",
            f"{INDENT * 2}loss = generator_loss({self._call('discriminator', 'fake', 'fake_labels')})",
            f"{INDENT * 2}generator_optimizer.zero_grad()",
            f"{INDENT * 2}loss.backward()",
            f"{INDENT * 2}generator_optimizer.step()",
        ]
        if averaged:
            lines.append(f"{INDENT * 2}update_average(average, generator)")
        return lines

    def _call(self, function: str, first: str, label: str, role: str | None = None) -> str:
        """A network on its inputs, in the order that its ``forward`` takes them."""
        role = role or function
        sources = [layer["source"] for layer in self.spec[role]["layers"] if layer["type"] == "Input"]
        return f"{function}({', '.join(label if source == 'label' else first for source in sources)})"

    # -- running ------------------------------------------------------------------------------------------------

    def _main(self) -> str:
        argument, averaged = self._argument(), self.training["ema_decay"] > 0
        lines, given = self._path(argument) if argument else ([], "")
        loaded = f"load_images({given})"
        if given or self.labels:
            lines.append(f"images{', labels' if self.labels else ''} = {loaded}")
            loaded = "images"
        if argument and argument[0] == "path":
            lines.append("if len(images) < BATCH_SIZE:")
            lines.append(f'{INDENT}raise SystemExit(f"{{len(images)}} images do not fill a batch of {{BATCH_SIZE}}")')
        lines.append("generator, discriminator = Generator().to(DEVICE), Discriminator().to(DEVICE)")
        if averaged:
            lines.append("average = copy.deepcopy(generator)")
        used = "average" if averaged else "generator"
        count = self.training["sample_count"]
        columns = next(size for size in range(math.isqrt(count), 0, -1) if count % size == 0)
        lines += [
            'print("step,generator,discriminator")',
            f"for losses in train({', '.join(self._arguments())}):".replace("images", loaded),
            f'{INDENT}print(*losses, sep=",")',
            *self._save_sheet(used, count, count // columns),
            f'torch.save({used}.state_dict(), "generator.pt")',
        ]
        if self.cells:
            return "\n".join([*lines, 'Image.open("samples.png")'])
        return "\n".join(['if __name__ == "__main__":', *(f"{INDENT}{line}" for line in lines)])

    def _path(self, argument: tuple[str, str]) -> tuple[list[str], str]:
        """The lines that find out where the data is, and the expression for it."""
        name, says = argument
        if self.cells:
            return [f"# The {says}.", f'{name} = Path("{name}")'], name
        add = call("parser.add_argument", f'"{name}"', type="Path", help=f'"{says}"')
        lines = ["parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])"]
        lines += [line.removeprefix(INDENT) for line in statement("", add)]
        return lines, f"parser.parse_args().{name}"

    def _save_sheet(self, network: str, count: int, columns: int) -> list[str]:
        """The same noise as the training's own sheets, and every class in turn."""
        noise, lines = f"latent(np.random.default_rng(SEED), {count})", []
        if self.by_label["generator"]:
            lines = [f"noise = {noise}", f"classes = torch.arange({count}, device=DEVICE) % CLASSES"]
            noise = "noise"
        inputs = self._call("", noise, "classes", "generator")[1:-1]
        lines.append(f'save_sheet({network}, [{inputs}], {columns}, "samples.png")')
        return lines

    def _arguments(self) -> list[str]:
        """What ``train`` takes."""
        averaged = self.training["ema_decay"] > 0
        return ["generator", "discriminator", "images", *(["labels"] * self.labels), *(["average"] * averaged)]


def _check(spec: Mapping[str, Any]) -> None:
    if spec["training"]["choice"] != "alternating":
        message = f"A script cannot hold the training process '{spec['training']['choice']}' yet."
        raise ExportError("not_exported", message, "/training/choice")
    if len(spec["generator"]["output_shape"]) != 3:
        raise ExportError("not_exported", "A script trains on images; this generator makes sequences.", "/generator")
    for role in ("generator", "discriminator"):
        if "weights" in spec[role]:
            message = (
                f"A script starts from new weights, but the {role} starts from those of a job; "
                "leave out weights, or export that job's weights as safetensors."
            )
            raise ExportError("not_exported", message, f"/{role}/weights")


def _usual_initializer(spec: Mapping[str, Any]) -> Call | None:
    """The initializer with parameters that most kernels start from, where several do."""
    found = Counter(
        written
        for role in ("generator", "discriminator")
        for layer in spec[role]["layers"]
        for key, value in nesting.innermost(layer).items()
        if key.endswith("_initializer") and isinstance(written := initializer(value), Call)
    )
    return found.most_common(1)[0][0] if found and max(found.values()) > 1 else None


def _takes_labels(module: Mapping[str, Any]) -> bool:
    return any(layer.get("source") == "label" for layer in module["layers"])


def _mixes(module: Mapping[str, Any]) -> bool:
    return any(
        inner["type"] in MIXES_SAMPLES
        and not (layer.get("trainable") is False and inner["type"].endswith("BatchNormalization"))
        for layer in module["layers"]
        for inner in [nesting.innermost(layer)]
    )


def _spectral(module: Mapping[str, Any]) -> bool:
    return any(layer["type"] == "SpectralNormalization" for layer in module["layers"])


def _half_affine(module: Mapping[str, Any]) -> bool:
    """Whether a normalization has a shift without a scale, or the other way round, which is held still."""
    return any("scale" in layer and layer["scale"] != layer["center"] for layer in module["layers"])


def _apart(*blocks: str | list[str]) -> str:
    """Functions and classes with two blank lines between them."""
    texts = [block if isinstance(block, str) else "\n".join(block) for block in blocks]
    return "\n\n\n".join(text for text in texts if text)
