"""What Python raises about a zip that is broken or of a kind it cannot read."""

from __future__ import annotations

import lzma
import zipfile
import zlib

BROKEN = (
    zipfile.BadZipFile,  # no zip at all, or an entry that is not what its checksum says
    zlib.error,  # compressed data that is none, by the two common methods
    lzma.LZMAError,
    EOFError,  # an entry that ends before its data does
    NotImplementedError,  # a method of compression, or a version of the format, that Python lacks
    RuntimeError,  # an encrypted entry: Python's zipfile has no narrower class for it
)
"""To be told to whoever sent the file."""

BROKEN_IN_MEMORY = (
    *BROKEN,
    OSError,  # bz2 data that is none; and a directory that points before the start of the file
    ValueError,  # the same, where the file lies in memory
)
"""The same of a file that was just sent, where no disk can be what failed."""
