"""Weights of an earlier training, read by NumPy alone."""

import json

import numpy as np


def read_weights(path):
    """The arrays of a safetensors file, by name: a header in JSON, then the numbers."""
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)
    arrays = {}
    for name, entry in header.items():
        first, last = (start + offset for offset in entry["data_offsets"])
        numbers = np.frombuffer(content[first:last], np.float32)
        arrays[name] = numbers.reshape(entry["shape"])
    return arrays
