"""Artefacts: whole or not at all, never outside their job's folder, the same on a local folder and an object store."""

import uuid

import pytest

from service.storage import Storage

JOB = "job-1"


@pytest.fixture(params=["local", "object store"])
def storage(request, tmp_path):
    url = f"file://{tmp_path}/runs" if request.param == "local" else f"memory://runs-{uuid.uuid4().hex}"
    return Storage(url, tmp_path)


def test_what_was_written_is_read_and_listed_with_its_size(storage):
    storage.write_atomic(JOB, "samples/000100.png", b"png")
    storage.write_atomic(JOB, "spec.json", b"{}")
    with storage.open(JOB, "spec.json") as file:
        assert file.read() == b"{}"
    assert [(a.name, a.size) for a in storage.list(JOB)] == [("samples/000100.png", 3), ("spec.json", 2)]
    assert storage.info(JOB, "spec.json").modified == {a.name: a for a in storage.list(JOB)}["spec.json"].modified


def test_a_second_write_replaces_the_first(storage):
    storage.write_atomic(JOB, "spec.json", b"first")
    storage.write_atomic(JOB, "spec.json", b"2")
    assert storage.local_copy(JOB, "spec.json").read_bytes() == b"2"


def test_a_failed_write_leaves_the_old_content_and_no_temporary_file(storage):
    storage.write_atomic(JOB, "weights.safetensors", b"old")

    def save():
        with storage.writing(JOB, "weights.safetensors") as path:
            path.write_bytes(b"half")
            raise RuntimeError("library failed")

    with pytest.raises(RuntimeError, match="library failed"):
        save()
    assert storage.local_copy(JOB, "weights.safetensors").read_bytes() == b"old"
    assert not list(storage.local_folder(JOB).glob(".*.tmp"))


@pytest.mark.parametrize(
    "name", ["../job-2/spec.json", "/etc/passwd", "a/../b", ".hidden", "", "a//b", "a\\b", "a%2fb"]
)
def test_a_name_that_leads_elsewhere_is_refused(storage, name):
    with pytest.raises(ValueError, match="not a valid artefact name"):
        storage.open(JOB, name)


def test_a_job_id_that_leads_elsewhere_is_refused(storage):
    with pytest.raises(ValueError, match="not a valid job id"):
        storage.list("..")


def test_what_is_not_there_is_file_not_found(storage):
    with pytest.raises(FileNotFoundError):
        storage.open(JOB, "spec.json")
    with pytest.raises(FileNotFoundError):
        storage.local_copy(JOB, "spec.json")
    assert list(storage.list(JOB)) == []
    assert not storage.exists(JOB, "spec.json")


def test_deleting_removes_everything_of_one_job_and_nothing_of_another(storage):
    storage.write_atomic(JOB, "samples/000100.png", b"png")
    storage.write_atomic("job-2", "spec.json", b"{}")
    storage.delete(JOB)
    storage.delete("never-existed")
    assert list(storage.list(JOB)) == []
    assert [a.name for a in storage.list("job-2")] == ["spec.json"]


def test_a_checkpoint_folder_travels_to_another_machine_through_the_object_store(tmp_path):
    url = f"memory://runs-{uuid.uuid4().hex}"
    here, there = Storage(url, tmp_path / "here"), Storage(url, tmp_path / "there")
    folder = here.local_folder(JOB) / "checkpoint"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text("step 1")
    here.push_folder(JOB, "checkpoint")
    assert (there.pull_folder(JOB, "checkpoint") / "state.json").read_text() == "step 1"
