"""How a program comes by its data: ``load_images`` or ``load_sequences``, and the path that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drivers.export.code import INDENT, Call, call, number, statement
from spec.frame import Frame

AT_ONCE = 5000
"""Images that are resized in one go."""
LONGEST_WITHIN = 50
"""Characters of an expression within another."""
DIGITS = "np.rint({}.images[..., None] * (255 / 16)).astype(np.uint8)"
UNPACKED = 'gzip.decompress((folder / "train-{}-ubyte.gz").read_bytes())'
WHOLE = ".astype(np.int64)"
WAVES = (
    ("np.sin(2.0 * np.pi * turns)", "sine"),
    ("np.where(turns % 1.0 < 0.5, 1.0, -1.0)", "square"),
    ("1.0 - 4.0 * np.abs((turns + 0.25) % 1.0 - 0.5)", "triangle"),
    ("2.0 * ((turns + 0.5) % 1.0) - 1.0", "sawtooth"),
)
"""By the number of their class."""


@dataclass(frozen=True)
class Known:
    """A data set that everybody knows by name.

    Attributes:
        about: what its images are called.
        size: of an image, rows and columns.
        channels: of an image.
        file: what its folder must hold; None where the data comes with a library.
    """

    about: str
    size: int
    channels: int
    file: str | None = None


KNOWN = {
    "digits": Known("Handwritten digits of scikit-learn", 8, 1),
    "mnist": Known("MNIST's training images", 28, 1, "train-images-idx3-ubyte.gz"),
    "fashion_mnist": Known("Fashion-MNIST's training images", 28, 1, "train-images-idx3-ubyte.gz"),
    "cifar10": Known("CIFAR-10's training images", 32, 3, "cifar-10-binary.tar.gz"),
}


@dataclass(frozen=True)
class DataWriter:
    """Writes how the data of a spec is read.

    Attributes:
        data: that module of a resolved spec.
        labels: the training needs them.
    """

    data: Mapping[str, Any]
    labels: bool

    @property
    def about(self) -> str:
        """The data in one sentence."""
        known = KNOWN.get(self.data["choice"])
        if known is not None:
            where = ", from a folder" if known.file else ""
            return f"{known.about}{where}."
        if self.data["choice"] == "sine":
            return "Waves, made on the spot."
        return f"Images{' and labels' if self.labels else ''} from an .npz file."

    @property
    def argument(self) -> tuple[str, str] | None:
        """The path that the program asks for: its name, and what it is."""
        known = KNOWN.get(self.data["choice"])
        if known is not None:
            if known.file is None:
                return None
            files = "train-*-ubyte.gz" if known.size == 28 and self._reads_labels else known.file
            return "folder", f"has {files}"
        if self.data["choice"] == "sine":
            return None
        labels = " and labels (N,)" if self.labels else ""
        return "path", f".npz file: images uint8 {self._shape}{labels}"

    @property
    def needs(self) -> list[str]:
        """The packages that bring the data."""
        return ["scikit-learn"] if self.data["choice"] == "digits" else []

    def write(self) -> str:
        """The function that loads the data."""
        if Frame.of(self.data).source == "sequence":
            return self._write_waves()
        data, known = self.data, KNOWN.get(self.data["choice"])
        height, _, channels = Frame.of(data).size
        lines, images = self._read()
        if known is not None and known.channels != channels:
            images = self._named(lines, images)
            images = f"to_grey({images})" if channels == 1 else f"{images}.repeat(3, axis=3)"
        if data["choice"] != "cifar10":
            images = self._chosen(lines, images)
        if known is not None and known.size != height:
            images = self._resized(lines, images, height)
        return "\n".join(
            [
                f"def load_images({self.argument[0] if self.argument else ''}):",
                f'{INDENT}"""{self._says()}."""',
                *lines,
                *statement("return ", f"{images}, {self._labels}" if self.labels else images),
            ]
        )

    @property
    def _labels(self) -> str:
        """The expression for the labels of all images, or what is left of them."""
        return "digits.target" if self.data["choice"] == "digits" and not self._choices("labels") else "labels"

    def _choices(self, labels: str) -> list[Call]:
        """Which of the data are wanted, by their labels: one choice after another."""
        chosen = self.data.get("include_classes")
        choices = [] if chosen is None else [call("np.isin", labels, chosen)]
        return [*choices, call("choose", labels, self.data["count"])] if self._is_counted else choices

    def _chosen(self, lines: list[str], images: str) -> str:
        """The expression for the images that are wanted; adds the lines that choose them, and their ``labels``."""
        choices = self._choices("labels")
        images = self._named(lines, images) if choices else images
        for place, choice in enumerate(choices, 1):
            lines += statement("chosen = ", choice)
            if not self.labels and place == len(choices):
                return f"{images}[chosen]"
            lines += [f"{INDENT}images = {images}[chosen]", f"{INDENT}labels = labels[chosen]"]
            images = "images"
        return images

    @property
    def _is_counted(self) -> bool:
        return self.data["choice"] in KNOWN and self.data.get("count") is not None

    @property
    def _reads_labels(self) -> bool:
        """Labels are needed for the training, or to choose images."""
        return self.labels or self.data.get("include_classes") is not None or self._is_counted

    def _resized(self, lines: list[str], images: str, size: int) -> str:
        """The expression for resized images; of many in parts, because they take memory."""
        images = self._named(lines, images)
        if self.data["choice"] == "digits" or (self.data.get("count") or AT_ONCE + 1) <= AT_ONCE:
            return f"resize({images}, {size})"
        lines.append(f"{INDENT}parts = np.array_split({images}, 100)")
        return f"np.concatenate([resize(part, {size}) for part in parts])"

    @staticmethod
    def _named(lines: list[str], images: str) -> str:
        """The expression, or a name for it where it is too long to stand within another."""
        if len(images) <= LONGEST_WITHIN:
            return images
        lines.append(f"{INDENT}images = {images}")
        return "images"

    @property
    def _shape(self) -> str:
        return f"(N, {', '.join(map(str, Frame.of(self.data).size))})"

    def _says(self) -> str:
        known = KNOWN.get(self.data["choice"])
        about = known.about if known is not None else "The file's images"
        return f"{about}, uint8 {self._shape}{', and their classes' if self.labels else ''}"

    def _read(self) -> tuple[list[str], str]:
        """The lines that read a source, and the expression for its images; ``labels`` are a name if they are wanted."""
        choice, labels, lines = self.data["choice"], self._reads_labels, []
        if choice == "digits":
            if not labels:
                return [], DIGITS.format("load_digits()")
            chosen = [f"{INDENT}labels = digits.target"] if self._choices("labels") else []
            return [f"{INDENT}digits = load_digits()", *chosen], DIGITS.format("digits")
        if choice in ("mnist", "fashion_mnist"):
            lines = [f"{INDENT}content = {UNPACKED.format('images-idx3')}"]
            if labels:
                lines.append(f"{INDENT}numbers = {UNPACKED.format('labels-idx1')}")
                lines.append(f"{INDENT}labels = np.frombuffer(numbers, np.uint8, offset=8){WHOLE * self.labels}")
            return lines, "np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28, 1)"
        if choice == "cifar10":
            lines = [
                f'{INDENT}with tarfile.open(folder / "cifar-10-binary.tar.gz") as archive:',
                f'{INDENT * 2}names = [f"cifar-10-batches-bin/data_batch_{{n}}.bin" for n in range(1, 6)]',
                f'{INDENT * 2}content = b"".join(archive.extractfile(name).read() for name in names)',
                f"{INDENT}records = np.frombuffer(content, np.uint8).reshape(-1, 3073)  # class, R, G, B",
            ]
            for wanted in self._choices("records[:, 0]"):
                lines.append(f"{INDENT}records = records[{wanted}]")
            if self.labels:
                lines.append(f"{INDENT}labels = records[:, 0]{WHOLE}")
            lines.append(f"{INDENT}images = records[:, 1:].reshape(-1, 3, 32, 32)")
            return lines, "images.transpose(0, 2, 3, 1)"
        lines = [f"{INDENT}with np.load(path) as file:", f'{INDENT * 2}images = file["images"]']
        if labels:
            lines.append(f'{INDENT * 2}labels = file["labels"].astype(np.int64)')
        return lines, "images"

    def _write_waves(self) -> str:
        data = self.data
        count, length, channels = data["count"], data["length"], data["channels"]
        numbers = sorted(data["include_classes"] or range(data["classes"] or 1))
        frequency, amplitude, phase = (
            f"rng.uniform({number(min(data[name]))}, {number(max(data[name]))}, each)"
            for name in ("frequency", "amplitude", "phase")
        )
        and_forms = ", and their forms" if self.labels else ""
        lines = [
            "def load_sequences():",
            f'{INDENT}"""Waves, float32 ({count}, {length}, {channels}){and_forms}."""',
            f"{INDENT}rng, each = np.random.default_rng({data['seed']}), ({count}, 1, {channels})",
        ]
        if len(numbers) == 1 and not self.labels:
            lines.append(f"{INDENT}rng.permutation({count})  # the order of their forms, which are the same here")
        else:
            made = f"rng.permutation(np.resize({data['include_classes'] or numbers}, {count}))"
            lines.append(f"{INDENT}labels = {made}{WHOLE}")
        lines += [
            f"{INDENT}turns = {frequency} * (np.arange({length})[:, None] / {length})",
            f"{INDENT}height = {amplitude}",
            f"{INDENT}turns += {phase} / 360.0",
        ]
        if len(numbers) == 1:
            lines.append(f"{INDENT}waves = {WAVES[numbers[0]][0]}  # {WAVES[numbers[0]][1]}")
        else:
            lines += [
                f"{INDENT}waves = np.select(",
                f"{INDENT * 2}[labels[:, None, None] == form for form in {numbers}],",
                f"{INDENT * 2}[",
                *(f"{INDENT * 3}{wave},  # {name}" for wave, name in (WAVES[each] for each in numbers)),
                f"{INDENT * 2}],",
                f"{INDENT})",
            ]
        lines.append(f"{INDENT}waves = (height * waves).astype(np.float32)")
        if data["noise"]:
            drawn = "rng.standard_normal(waves.shape, np.float32)"
            lines.append(f"{INDENT}waves += np.float32({number(data['noise'])}) * {drawn}")
        lines.append(f"{INDENT}return waves.clip(-1.0, 1.0){', labels' if self.labels else ''}")
        return "\n".join(lines)
