"""Files that are whole or not there."""

from __future__ import annotations

import pytest

from drivers.files import write_whole


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "weights"
    write_whole(path, lambda temporary: temporary.write_text("old"))

    def fail(temporary):
        temporary.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(path, fail)
    assert [file.name for file in tmp_path.iterdir()] == ["weights"]
    assert path.read_text() == "old"


def test_folders_are_made(tmp_path):
    write_whole(tmp_path / "a" / "b" / "file", lambda temporary: temporary.write_text("x"))
    assert (tmp_path / "a" / "b" / "file").read_text() == "x"
