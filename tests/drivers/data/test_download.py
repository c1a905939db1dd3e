"""Downloads that break off, against a real web server."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from drivers.data import DataError
from drivers.data.download import RemoteFile, download

from .web import md5

CONTENT = bytes(range(256)) * 4000  # about 1 MB


@pytest.fixture
def file(web):
    web.files["big.bin"] = CONTENT
    return RemoteFile("big.bin", md5(CONTENT), 2 * len(CONTENT))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "downloads"


def fetch(file, folder, settings, *urls, told=lambda *_: None):
    return download(file, folder, urls, settings, told)


def test_a_file_is_checked_by_the_beginning_of_its_sha256(web, folder, settings):
    web.files["big.bin"] = CONTENT
    start = hashlib.sha256(CONTENT).hexdigest()[:8]
    assert fetch(RemoteFile("big.bin", "", len(CONTENT), start), folder, settings, web.url).read_bytes() == CONTENT
    with pytest.raises(DataError, match="its checksum differs"):
        fetch(RemoteFile("big.bin", "", len(CONTENT), "00000000"), folder / "other", settings, web.url)


def files_in(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def test_a_file_is_fetched_once(web, file, folder, settings):
    progress = []
    path = fetch(file, folder, settings, web.url, told=lambda done, total: progress.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert progress[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)
    assert fetch(file, folder, settings, web.url) == path
    assert len(web.requests) == 1
    assert files_in(folder) == ["big.bin"]


def test_a_cut_connection_is_taken_up_where_it_broke_off(web, file, folder, settings):
    web.faults = ["cut:300000", "cut:300000"]
    assert fetch(file, folder, settings, web.url).read_bytes() == CONTENT
    assert web.requests == [
        ("big.bin", None),
        ("big.bin", "bytes=300000-"),
        ("big.bin", "bytes=600000-"),
    ]


def test_the_next_process_goes_on_too(web, file, folder, settings, change):
    web.faults = ["cut:300000"]
    with pytest.raises(DataError):
        fetch(file, folder, change(download_attempts=1), web.url)
    assert files_in(folder) == ["big.bin.part"]
    assert fetch(file, folder, settings, web.url).read_bytes() == CONTENT
    assert web.requests[-1] == ("big.bin", "bytes=300000-")


def test_a_server_that_knows_no_ranges_starts_over(web, file, folder, settings):
    web.faults = ["cut:300000", "no-range"]
    assert fetch(file, folder, settings, web.url).read_bytes() == CONTENT


def test_a_length_that_is_not_said(web, file, folder, settings):
    web.faults = ["no-length"]
    totals = []
    assert fetch(file, folder, settings, web.url, told=lambda _, total: totals.append(total)).read_bytes() == CONTENT
    assert set(totals) == {None}


@pytest.mark.parametrize("fault", ["status:503", "status:500", "status:429", "stall"])
def test_passing_failures_are_tried_again(web, file, folder, change, fault):
    web.faults = [fault]
    assert fetch(file, folder, change(download_seconds=0.5), web.url).read_bytes() == CONTENT


def test_wrong_content_is_not_kept(web, file, folder, settings):
    web.faults = ["wrong", "wrong", "wrong"]
    with pytest.raises(DataError, match="checksum") as caught:
        fetch(file, folder, settings, web.url)
    assert caught.value.code == "download_failed"
    assert files_in(folder) == []
    assert len(web.requests) == 2


def test_a_part_of_something_else_is_noticed(web, file, folder, settings):
    folder.mkdir()
    (folder / "big.bin.part").write_bytes(b"something else")
    assert fetch(file, folder, settings, web.url).read_bytes() == CONTENT


def test_a_part_that_is_longer_than_the_file(web, file, folder, settings):
    folder.mkdir()
    (folder / "big.bin.part").write_bytes(bytes(len(CONTENT) + 5))
    assert fetch(file, folder, settings, web.url).read_bytes() == CONTENT
    assert [wanted for _, wanted in web.requests] == [f"bytes={len(CONTENT) + 5}-", None]


def test_the_next_source_is_asked(web, file, folder, settings):
    nowhere = "http://127.0.0.1:9/"
    assert fetch(file, folder, settings, nowhere, f"{web.url}gone", web.url).read_bytes() == CONTENT


def test_when_all_fails_each_reason_is_told(web, file, folder, settings):
    with pytest.raises(DataError) as caught:
        fetch(file, folder, settings, f"{web.url}gone/", "http://127.0.0.1:9/", "ftp://127.0.0.1/")
    message = caught.value.message
    assert "HTTP status 404" in message
    assert "refused" in message
    assert "only http and https" in message
    assert str(folder) in message


def test_a_file_without_end_is_given_up(web, file, folder, settings):
    endless = RemoteFile("big.bin", file.md5, 1000)
    with pytest.raises(DataError, match="more than it can be"):
        fetch(endless, folder, settings, web.url)
    web.faults = ["no-length"]
    with pytest.raises(DataError, match="larger than it can be"):
        fetch(endless, folder, settings, web.url)


def test_many_who_want_it_fetch_it_once(web, file, folder, settings):
    barrier = threading.Barrier(4)

    def want(_):
        barrier.wait()
        return fetch(file, folder, settings, web.url).read_bytes()

    with ThreadPoolExecutor(4) as pool:
        assert all(content == CONTENT for content in pool.map(want, range(4)))
    assert len(web.requests) == 1
