"""How a program comes by its data: ``load_images`` or ``load_sequences``, and the path that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drivers.export.code import INDENT, call, statement
from spec.frame import Frame

AT_ONCE = 5000
"""Images that are resized in one go."""
LONGEST_WITHIN = 50
"""Characters of an expression within another."""
DIGITS = "np.rint({}.images[..., None] * (255 / 16)).astype(np.uint8)"


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
            images = f"to_grey({images})" if channels == 1 else f"{images}.repeat(3, axis=3)"
        choices = []
        if data.get("include_classes") is not None:
            choices.append(call("np.isin", "labels", data["include_classes"]))
        if self._is_counted:
            choices.append(call("choose", "labels", data["count"]))
        for place, choice in enumerate(choices, 1):
            lines += statement("chosen = ", choice)
            if self.labels or place < len(choices):
                lines += [f"{INDENT}images = {images}[chosen]", f"{INDENT}labels = labels[chosen]"]
                images = "images"
            else:
                images = f"{images}[chosen]"
        if known is not None and known.size != height:
            images = self._resized(lines, images, height)
        return "\n".join(
            [
                f"def load_images({self.argument[0] if self.argument else ''}):",
                f'{INDENT}"""{self._says()}."""',
                *lines,
                *statement("return ", f"{images}, labels" if self.labels else images),
            ]
        )

    @property
    def _is_counted(self) -> bool:
        return self.data["choice"] in KNOWN and self.data.get("count") is not None

    @property
    def _reads_labels(self) -> bool:
        """Labels are needed for the training, or to choose images."""
        return self.labels or self.data.get("include_classes") is not None or self._is_counted

    def _resized(self, lines: list[str], images: str, size: int) -> str:
        """The expression for resized images; of many in parts, because they take memory."""
        if self.data["choice"] == "digits" or (self.data.get("count") or AT_ONCE + 1) <= AT_ONCE:
            if len(images) > LONGEST_WITHIN:
                lines.append(f"{INDENT}images = {images}")
                images = "images"
            return f"resize({images}, {size})"
        lines.append(f"{INDENT}parts = np.array_split({images}, 100)")
        return f"np.concatenate([resize(part, {size}) for part in parts])"

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
            return [f"{INDENT}digits = load_digits()", f"{INDENT}labels = digits.target"], DIGITS.format("digits")
        if choice in ("mnist", "fashion_mnist"):
            lines = [
                f'{INDENT}with gzip.open(folder / "train-images-idx3-ubyte.gz") as file:',
                f"{INDENT * 2}images = np.frombuffer(file.read(), np.uint8, offset=16)",
            ]
            if labels:
                lines += [
                    f'{INDENT}with gzip.open(folder / "train-labels-idx1-ubyte.gz") as file:',
                    f"{INDENT * 2}labels = np.frombuffer(file.read(), np.uint8, offset=8)",
                ]
            if self.labels:
                lines.append(f"{INDENT}labels = labels.astype(np.int64)")
            return lines, "images.reshape(-1, 28, 28, 1)"
        if choice == "cifar10":
            lines = [
                f'{INDENT}with tarfile.open(folder / "cifar-10-binary.tar.gz") as archive:',
                f'{INDENT * 2}names = [f"cifar-10-batches-bin/data_batch_{{n}}.bin" for n in range(1, 6)]',
                f'{INDENT * 2}content = b"".join(archive.extractfile(name).read() for name in names)',
                f"{INDENT}# A record is a class, then red, green and blue.",
                f"{INDENT}records = np.frombuffer(content, np.uint8).reshape(-1, 3073)",
            ]
            if labels:
                lines.append(f"{INDENT}labels = records[:, 0].astype(np.int64)")
            lines.append(f"{INDENT}images = records[:, 1:].reshape(-1, 3, 32, 32)")
            return lines, "images.transpose(0, 2, 3, 1)"
        lines = [f"{INDENT}with np.load(path) as file:", f'{INDENT * 2}images = file["images"]']
        if labels:
            lines.append(f'{INDENT * 2}labels = file["labels"].astype(np.int64)')
        return lines, "images"

    def _write_waves(self) -> str:
        data = self.data
        ranges = {name: tuple(sorted(data[name])) for name in ("frequency", "amplitude", "phase")}
        forms = data["include_classes"] or list(range(data["classes"] or 1))
        shape = f"({data['count']}, {data['length']}, {data['channels']})"
        made = call("make_waves", shape, forms=forms, **ranges, noise=data["noise"], seed=data["seed"])
        return "\n".join(
            [
                "def load_sequences():",
                f'{INDENT}"""Waves, float32 {shape}{", and their forms" if self.labels else ""}."""',
                *([] if self.labels else statement("sequences, _ = ", made)),
                *(statement("return ", made) if self.labels else [f"{INDENT}return sequences"]),
            ]
        )
