"""Frames into files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import av
from PIL import Image

CODEC = "libx264"
CONSTANT_RATE_FACTOR = "20"  # x264's scale: 18 can hardly be told from the original, 23 is its default

GIF_PIXELS = 200_000_000
"""Pillow holds all frames of a GIF at once, a byte a pixel: more than so many would take too much memory."""


def gif(images: Iterable[Image.Image], counts: Sequence[int], path: Path, fps: int) -> None:
    """A GIF that goes round for ever. An image that stands for several frames is kept once, for longer.

    Args:
        counts: for how many frames each image stands.
    """
    palettes = (image.quantize(256, dither=Image.Dither.NONE) for image in images)
    next(palettes).save(
        path,
        "GIF",
        save_all=True,
        append_images=palettes,
        duration=[round(1000 * count / fps) for count in counts],
        loop=0,
    )


def mp4(images: Iterable[Image.Image], counts: Sequence[int], path: Path, fps: int) -> None:
    """H.264 in MP4, 8 bits, 4:2:0: what every browser plays; its index comes first, so that it starts at once."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream(CODEC, rate=fps, options={"crf": CONSTANT_RATE_FACTOR, "preset": "fast"})
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        for image, count in zip(images, counts, strict=True):
            if not stream.codec_context.is_open:
                stream.width, stream.height = image.size
            for _ in range(count):
                container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode())


ENCODERS = {"gif": gif, "mp4": mp4}
