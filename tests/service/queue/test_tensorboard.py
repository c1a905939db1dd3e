"""Event files: checksums by their standard, and what another reader of protocol buffers finds in them."""

import io
import struct

import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from PIL import Image

from service.queue.tensorboard import TensorBoardWriter, crc32c, record

FIELDS = {
    "Event": [
        ("wall_time", 1, "DOUBLE"),
        ("step", 2, "INT64"),
        ("file_version", 3, "STRING"),
        ("summary", 5, "Summary"),
    ],
    "Summary": [("value", 1, "Value")],
    "Value": [("tag", 1, "STRING"), ("simple_value", 2, "FLOAT"), ("image", 4, "Image")],
    "Image": [("height", 1, "INT32"), ("width", 2, "INT32"), ("colorspace", 3, "INT32"), ("png", 4, "BYTES")],
}
"""The part of TensorFlow's event.proto and summary.proto that scalars and images need."""


def event_message():
    """The class of Event messages, as protocol buffers' own library makes it of the fields above."""
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", syntax="proto2")
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            told = message.field.add(name=field, number=number, label=3 if field == "value" else 1)
            if kind in FIELDS:
                told.type, told.type_name = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE, kind
            else:
                told.type = getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{kind}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("Event"))


def records(content):
    """The data of each record, whose frames must be whole."""
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        yield content[12 : 12 + length]
        content = content[16 + length :]


def png(_step=0):
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((20, 30), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "checksum"),
    [(b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E)],
)
def test_the_checksum_is_castagnolis(data, checksum):
    """The check value of the CRC catalogue, and the examples of RFC 3720, B.4."""
    assert crc32c(data) == checksum


def test_a_record_is_framed_as_tensorflow_frames_it():
    """The bytes that TensorFlow 2.21's reader accepts, checksums and all."""
    assert record(b"AuthorGAN").hex() == "090000000000000037f97139417574686f7247414e203e3ff7"


def test_the_library_of_protocol_buffers_reads_what_was_written(tmp_path):
    writer = TensorBoardWriter(tmp_path, png, clock=lambda: 1_700_000_000.25)
    writer.write({"type": "loss", "step": 300, "generator": 0.75, "discriminator": None, "points": []})
    writer.write({"type": "sample", "step": 300, "width": 30, "height": 20})
    writer.write({"type": "metric", "step": 70_000, "name": "kid", "value": -0.5})
    writer.write(
        {"type": "measurement", "step": 301, "values": {"accuracy/real": 0.75, "gradient_norm/generator": None}}
    )
    writer.write({"type": "progress", "step": 2**40, "images_per_second": 1250.0})
    writer.write({"type": "log", "level": "info", "message": "nothing to show"})
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("events.out.tfevents.")
    version, *events = [event_message().FromString(data) for data in records(path.read_bytes())]
    assert version.file_version == "brain.Event:2"
    assert {event.wall_time for event in (version, *events)} == {1_700_000_000.25}
    numbers = [(event.step, value.tag, value.simple_value) for event in events for value in event.summary.value]
    assert numbers == [
        (300, "loss/generator", 0.75),
        (300, "samples", 0.0),
        (70_000, "score/kid", -0.5),
        (301, "accuracy/real", 0.75),
        (2**40, "speed/images_per_second", 1250.0),
    ]
    picture = events[1].summary.value[0].image
    assert (picture.width, picture.height, picture.png) == (30, 20, png())


def test_a_disk_that_takes_nothing_is_told_once_and_stops_no_training(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    writer = TensorBoardWriter(tmp_path / "file" / "folder", png)
    for step in range(3):
        writer.write({"type": "loss", "step": step, "generator": 1.0, "discriminator": 1.0})
    assert len(caplog.records) == 1
