"""The child of ``drivers.data.child``: reads a JSON request, answers with JSON, never more than its limits.

unpickle  {"path", "target"}    reads a pickle and writes its arrays as .npz
inspect   {"path"}              reads a data file whole and says what it holds
preview   {"data", "options"}   draws a grid of a data set; the PNG as base64
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np

from drivers import confined
from drivers.data import DataError, DataSettings, load, preview
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


def answer(request: dict[str, Any], command: str) -> dict[str, Any]:
    try:
        return {"result": COMMANDS[command](request, DataSettings.from_env())}
    except DataError as error:
        return {"error": {"code": error.code, "message": error.message, "pointer": error.pointer}}


if __name__ == "__main__":
    confined.serve(answer)
