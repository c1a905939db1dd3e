"""Where data comes from: one module a kind, found by the catalogue's name."""

from drivers.data.sources.arrays import NumpyFile
from drivers.data.sources.cifar10 import Cifar10
from drivers.data.sources.digits import Digits
from drivers.data.sources.image_files import ImageFiles
from drivers.data.sources.mnist import FASHION_MNIST, MNIST
from drivers.data.sources.pickled import Pickled
from drivers.data.sources.sine import Sine
from drivers.data.sources.source import Location, Progress, Source
from drivers.data.sources.upload import Upload

KNOWN: dict[str, Source] = {
    "digits": Digits(),
    "mnist": MNIST,
    "fashion_mnist": FASHION_MNIST,
    "cifar10": Cifar10(),
    "sine": Sine(),
}
"""Data sets that everybody knows by name."""

SOURCES: dict[str, Source] = {
    **KNOWN,
    "npz": NumpyFile(),
    "images": ImageFiles(),
    "pickle": Pickled(KNOWN),
    "upload": Upload(),
}

__all__ = ["KNOWN", "SOURCES", "Location", "Progress", "Source"]
