"""Where data may lie and how much of it is too much, from ``AUTHORGAN_*`` variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

PREFIX = "AUTHORGAN_"
GiB = 1024**3


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """Places, sources and limits. A field ``max_files`` is set by ``AUTHORGAN_MAX_FILES``.

    Attributes:
        home: The service's folder: downloads in ``data/``, uploads in ``datasets/``, prepared images in ``cache/``.
        data: Folder that holds ``mnist/``, ``cifar10/`` and files of the user.
        data_paths: Further folders that files may lie in.
        mnist_url, fashion_mnist_url, cifar10_url: Base URLs of downloads, separated by spaces, tried in turn.
        inception_weights: File or address of the weights of Inception V3, for the extractor of that name.
        download_attempts: How often an interrupted download is taken up again, for each source.
        download_seconds: Silence of a server after which a download counts as interrupted.
        max_data_bytes: Size of the images in memory, and of each file they are read from.
        max_image_pixels: Pixels of one image file; more is taken for an image bomb.
        max_files: Images in a folder, entries in a zip.
        max_zip_ratio: How many times larger than its compressed self an entry of a zip may be.
        reader_bytes: Memory that a child may take which reads pickles, checks uploads or draws previews.
        reader_seconds: Time that such a child may take.
        cache_bytes: Size of the prepared images that are kept; the longest unused go first.
    """

    home: Path = Path("var")
    data: Path | None = None
    data_paths: tuple[Path, ...] = ()
    mnist_url: tuple[str, ...] = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    )
    fashion_mnist_url: tuple[str, ...] = (
        "https://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    )
    cifar10_url: tuple[str, ...] = ("https://www.cs.toronto.edu/~kriz/",)
    inception_weights: str = ""
    download_attempts: int = 5
    download_seconds: float = 30.0
    max_data_bytes: int = 4 * GiB
    max_image_pixels: int = 64_000_000
    max_files: int = 500_000
    max_zip_ratio: int = 200
    reader_bytes: int = 4 * GiB
    reader_seconds: float = 300.0
    cache_bytes: int = 4 * GiB
    downloads: Path = field(init=False)
    uploads: Path = field(init=False)
    cache: Path = field(init=False)

    def __post_init__(self) -> None:
        home = self.home.expanduser().resolve()
        places = {"home": home, "downloads": home / "data", "uploads": home / "datasets", "cache": home / "cache"}
        for name, place in places.items():
            object.__setattr__(self, name, place)

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders that a path in a spec may lead into."""
        return tuple(root.resolve() for root in (self.data, self.downloads, *self.data_paths) if root is not None)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> DataSettings:
        """Read the settings from ``environ`` (default: ``os.environ``); an empty variable counts as unset.

        Raises:
            ValueError: a value that is no positive number.
        """
        environ = os.environ if environ is None else environ
        values = {
            item.name: _parse(item.name, item.default, text)
            for item in fields(cls)
            if item.init and (text := environ.get(PREFIX + item.name.upper(), "").strip())
        }
        return cls(**values)

    def environ(self) -> dict[str, str]:
        """These settings as variables, for a process that is started with them."""
        variables = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.init and value not in (None, (), ""):
                joiner = os.pathsep if item.name == "data_paths" else " "
                text = joiner.join(map(str, value)) if isinstance(value, tuple) else str(value)
                variables[PREFIX + item.name.upper()] = text
        return variables


def _parse(name: str, default: Any, text: str) -> Any:
    if name in {"home", "data"}:
        return Path(text)
    if name == "data_paths":
        return tuple(Path(part) for part in text.split(os.pathsep) if part)
    if isinstance(default, tuple):
        return tuple(text.split())
    if isinstance(default, str):
        return text
    try:
        number = type(default)(text)
    except ValueError:
        number = 0
    if not number > 0:
        raise ValueError(f"{PREFIX}{name.upper()}={text!r} is not a positive number.")
    return number
