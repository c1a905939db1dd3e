"""Plain pictures of rectangles, lines, images and words, described once and written as SVG or PNG."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Literal

import font_roboto
from PIL import Image, ImageDraw, ImageFont

PNG_SCALE = 2
"""Pixels of a PNG for one unit, so that it is sharp on screens of today."""

FONT_FAMILY = "Roboto, 'Helvetica Neue', Helvetica, Arial, sans-serif"
"""The first is the font that widths are measured in; the others are about as wide."""

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Rect:
    """A filled rectangle, with round corners if ``radius`` says so."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    radius: float = 0


@dataclass(frozen=True)
class Line:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    stroke: str
    width: float = 1


@dataclass(frozen=True)
class Text:
    """One line of words; ``y`` is the middle of its height."""

    x: float
    y: float
    text: str
    fill: str
    size: float = 12
    anchor: Anchor = "start"
    bold: bool = False


@dataclass(frozen=True)
class Bitmap:
    """An image, scaled to a size; its pixels stay sharp."""

    x: float
    y: float
    width: float
    height: float
    image: Image.Image


Shape = Rect | Line | Text | Bitmap


@dataclass(frozen=True)
class Theme:
    """The colours of what is not data."""

    background: str
    text: str
    faint: str
    empty: str


LIGHT = Theme(background="#ffffff", text="#1f2328", faint="#59636e", empty="#eaeef2")
DARK = Theme(background="#14181d", text="#e6edf3", faint="#9198a1", empty="#2a313a")
THEMES = {"light": LIGHT, "dark": DARK}


@dataclass(frozen=True)
class Picture:
    """What is drawn, in order; later shapes lie on top.

    Attributes:
        title: for those who do not see it.
    """

    width: float
    height: float
    background: str
    title: str
    shapes: Sequence[Shape] = field(default_factory=list)

    def svg(self) -> bytes:
        """An SVG file that needs nothing from elsewhere."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}" height="{self.height:g}" '
            f'viewBox="0 0 {self.width:g} {self.height:g}" role="img" font-family="{escape(FONT_FAMILY)}">'
        )
        ground = f'<rect width="100%" height="100%" fill="{self.background}"/>'
        body = "\n".join(_svg(shape) for shape in self.shapes)
        return f"{head}\n<title>{escape(self.title)}</title>\n{ground}\n{body}\n</svg>\n".encode()

    def png(self, scale: float = PNG_SCALE) -> bytes:
        """A PNG file."""
        canvas = Image.new("RGB", (round(self.width * scale), round(self.height * scale)), self.background)
        draw = ImageDraw.Draw(canvas)
        for shape in self.shapes:
            _draw(canvas, draw, shape, scale)
        buffer = io.BytesIO()
        canvas.save(buffer, "PNG", optimize=True)
        return buffer.getvalue()


def text_width(text: str, size: float = 12) -> float:
    """How wide a line of words is."""
    return font(size).getlength(text)


def fit(text: str, width: float, size: float = 12) -> str:
    """As much of a text as fits, with an ellipsis where it was cut."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text + "…"


@cache
def font(size: float, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The font of all pictures: Latin, Greek and Cyrillic letters, which the one that Pillow brings along has not."""
    return ImageFont.truetype(font_roboto.font_files["RobotoBold" if bold else "Roboto"], size)


def _svg(shape: Shape) -> str:
    match shape:
        case Rect(x, y, width, height, fill, radius):
            corners = f' rx="{radius:g}"' if radius else ""
            return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"{corners}/>'
        case Line(x1, y1, x2, y2, stroke, width):
            ends = f'x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"'
            return f'<line {ends} stroke="{stroke}" stroke-width="{width:g}"/>'
        case Text(x, y, text, fill, size, anchor, bold):
            weight = ' font-weight="600"' if bold else ""
            return (
                f'<text x="{x:g}" y="{y:g}" fill="{fill}" font-size="{size:g}" text-anchor="{anchor}" '
                f'dominant-baseline="central"{weight}>{escape(text)}</text>'
            )
        case Bitmap(x, y, width, height, image):
            buffer = io.BytesIO()
            image.save(buffer, "PNG")
            data = base64.b64encode(buffer.getvalue()).decode()
            place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
            return f'<image {place} style="image-rendering: pixelated" href="data:image/png;base64,{data}"/>'


def _draw(canvas: Image.Image, draw: ImageDraw.ImageDraw, shape: Shape, scale: float) -> None:
    match shape:
        case Rect(x, y, width, height, fill, radius):
            box = (x * scale, y * scale, (x + width) * scale - 1, (y + height) * scale - 1)
            draw.rounded_rectangle(box, radius * scale, fill=fill)
        case Line(x1, y1, x2, y2, stroke, width):
            draw.line((x1 * scale, y1 * scale, x2 * scale, y2 * scale), fill=stroke, width=round(width * scale))
        case Text(x, y, text, fill, size, anchor, bold):
            place = {"start": "lm", "middle": "mm", "end": "rm"}[anchor]
            draw.text((x * scale, y * scale), text, fill=fill, font=font(size * scale, bold=bold), anchor=place)
        case Bitmap(x, y, width, height, image):
            size_in_pixels = (round(width * scale), round(height * scale))
            canvas.paste(
                image.convert("RGB").resize(size_in_pixels, Image.Resampling.NEAREST),
                (round(x * scale), round(y * scale)),
            )
