"""The child of ``drivers.data.child``: reads a JSON request, answers with JSON, never more than its limits.

unpickle  {"path", "target"}    reads a pickle and writes its arrays as .npz
inspect   {"path"}              reads a data file whole and says what it holds
preview   {"data", "options"}   draws a grid of a data set; the PNG as base64
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from drivers.data import DataError, DataSettings, child, load, preview
from drivers.data.sources.arrays import dataset_of, read_arrays
from drivers.data.sources.image_files import read_images
from drivers.data.unpickle import read_pickle

INSPECT_SIZE = 32
"""Images of a zip are decoded in this size only to see whether they can be."""


def unpickle(request: dict[str, Any], settings: DataSettings) -> None:
    images, labels = read_pickle(Path(request["path"]))
    arrays = {"images": images} if labels is None else {"images": images, "labels": labels}
    with open(request["target"], "wb") as target:
        np.savez(target, allow_pickle=False, **arrays)


def inspect(request: dict[str, Any], settings: DataSettings) -> dict[str, Any]:
    path = Path(request["path"])
    if path.suffix == ".zip":
        data = read_images(path, INSPECT_SIZE, 3, settings, lambda *_: None)
        height = width = None  # they may differ
    else:
        data = dataset_of(read_arrays(path, settings))
        height, width = data.images.shape[1:3]
    return {
        "count": len(data),
        "height": height,
        "width": width,
        "channels": data.images.shape[3],
        "class_names": data.class_names,
    }


def draw(request: dict[str, Any], settings: DataSettings) -> str:
    picture = preview(load(request["data"], settings=settings), **request["options"])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


COMMANDS = {"unpickle": unpickle, "inspect": inspect, "preview": draw}


def main() -> None:
    settings = DataSettings.from_env()
    child.limit(settings)
    request = json.load(sys.stdin)
    answer: dict[str, Any]
    try:
        answer = {"result": COMMANDS[sys.argv[1]](request, settings)}
    except DataError as error:
        answer = {"error": {"code": error.code, "message": error.message, "pointer": error.pointer}}
    except MemoryError:
        message = f"Reading took more memory than AUTHORGAN_READER_BYTES={settings.reader_bytes}; use less data."
        answer = {"error": {"code": "too_large", "message": message}}
    json.dump(answer, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # with memory short, an orderly end may fail


if __name__ == "__main__":
    main()
