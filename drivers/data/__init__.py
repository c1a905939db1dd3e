"""Data sets to arrays: NumPy and Pillow only, so that the API process may import it too.

>>> data = load({"choice": "digits", "image_size": 16, "channels": 1})
>>> data.images.shape, data.labels.shape
((1797, 16, 16, 1), (1797,))
"""

from drivers.data.dataset import Dataset
from drivers.data.errors import DataError
from drivers.data.loading import Location, Progress, load, locate
from drivers.data.pictures import grid, preview
from drivers.data.settings import DataSettings

__all__ = ["DataError", "DataSettings", "Dataset", "Location", "Progress", "grid", "load", "locate", "preview"]
