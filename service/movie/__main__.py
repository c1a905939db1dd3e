"""Makes one movie: `python -m service.movie`, with a request on its standard input. See `service.movie.making`."""

from __future__ import annotations

import json
import resource
import sys

from PIL import Image

from service.movie.encode import ENCODERS, GIF_PIXELS
from service.movie.frames import frame, schedule, size
from service.storage import Storage


def main() -> None:
    request = json.load(sys.stdin)
    seconds = round(request["limit_seconds"])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    storage = Storage(request["storage_url"], request["home"])
    epochs = {sample["step"]: sample["epoch"] for sample in request["samples"]}
    steps = list(epochs)
    frames = request["seconds"] * request["fps"]
    width, height = size(*_open(storage, request["job_id"], steps[0]).size)
    most = GIF_PIXELS // (width * height) if request["format"] == "gif" else None
    shown = schedule(steps, frames, most)
    images = (frame(_open(storage, request["job_id"], step), step, request["total"], epochs[step]) for step, _ in shown)
    with storage.writing(request["job_id"], request["name"]) as path:
        ENCODERS[request["format"]](images, [count for _, count in shown], path, request["fps"])


def _open(storage: Storage, job_id: str, step: int) -> Image.Image:
    with storage.open(job_id, f"samples/{step}.png") as file, Image.open(file, formats=["PNG"]) as grid:
        grid.load()
        return grid


if __name__ == "__main__":
    main()
