"""A training as TensorBoard event files, without TensorBoard or TensorFlow: the format is small.

A file is a row of records, each framed by its length and two checksums (TFRecord); a record is one ``Event`` message in
protocol buffers' wire format, of which this writes the fields that scalars and images need (TensorFlow's
``event.proto`` and ``summary.proto``).
"""

from __future__ import annotations

import logging
import struct
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from service.tracking.tracker import numbers

log = logging.getLogger(__name__)

FOLDER = "tensorboard"
RGB = 3
CASTAGNOLI = 0x82F63B78
"""The reversed polynomial of CRC-32C (RFC 3720, B.4)."""
MASK_DELTA = 0xA282EAD8


def _table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (CASTAGNOLI if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = _table()


def crc32c(data: bytes) -> int:
    """The Castagnoli checksum."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """Data framed as a TFRecord."""
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + MASK_DELTA) & 0xFFFFFFFF)


def event(wall_time: float, *, step: int = 0, values: Iterable[bytes] = (), version: str = "") -> bytes:
    """An ``Event`` message: of values, or of the version that a file begins with."""
    head = _double(1, wall_time) + _varint(2, step)
    if version:
        return head + _bytes(3, version.encode())
    return head + _bytes(5, b"".join(_bytes(1, value) for value in values))


def scalar(tag: str, number: float) -> bytes:
    """A ``Summary.Value`` of a number."""
    return _bytes(1, tag.encode()) + _key(2, 5) + struct.pack("<f", number)


def image(tag: str, png: bytes, width: int, height: int) -> bytes:
    """A ``Summary.Value`` of a picture."""
    content = _varint(1, height) + _varint(2, width) + _varint(3, RGB) + _bytes(4, png)
    return _bytes(1, tag.encode()) + _bytes(4, content)


def _key(field: int, wire_type: int) -> bytes:
    return bytes([field << 3 | wire_type])


def _varint(field: int, number: int) -> bytes:
    return _key(field, 0) + _number(number)


def _number(number: int) -> bytes:
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)


def _double(field: int, number: float) -> bytes:
    return _key(field, 1) + struct.pack("<d", number)


def _bytes(field: int, data: bytes) -> bytes:
    return _key(field, 2) + _number(len(data)) + data


class TensorBoardWriter:
    """Writes what a training reports into one event file; a run that goes on elsewhere has one for each start.

    Of losses it writes what the loss events say, so at most ten points a second. A file that cannot be written is told
    once, in the log, and given up: the job table has everything.

    Args:
        folder: where event files go; TensorBoard finds them anywhere below its log folder.
        picture: gives the PNG of the samples of a step.
    """

    def __init__(self, folder: Path, picture: Callable[[int], bytes], clock: Callable[[], float] = time.time):
        self._picture = picture
        self._clock = clock
        self._broken = False
        self.path = folder / f"events.out.tfevents.{clock():.6f}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(record(event(clock(), version="brain.Event:2")))
        except OSError as error:
            self._give_up(error)

    def write(self, message: Mapping[str, Any]) -> None:
        """Write an event of a training, if it is one that TensorBoard can show."""
        if self._broken:
            return
        try:
            values = list(self._values(message))
            if values:
                with self.path.open("ab") as file:
                    file.write(record(event(self._clock(), step=message["step"], values=values)))
        except OSError as error:
            self._give_up(error)

    def _values(self, message: Mapping[str, Any]) -> Iterable[bytes]:
        for name, number in numbers(message).items():
            yield scalar(name, number)
        if message["type"] == "sample":
            yield image("samples", self._picture(message["step"]), message["width"], message["height"])

    def _give_up(self, error: OSError) -> None:
        self._broken = True
        log.warning("no TensorBoard events any more in %s: %s", self.path, error)
