"""A path in a spec leads into the folders for data, and nowhere else."""

import pytest

from drivers.data import DataError
from drivers.data.paths import resolve_path


def code(path, settings):
    with pytest.raises(DataError) as caught:
        resolve_path(path, settings)
    assert caught.value.pointer == "/data/path"
    return caught.value.code


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.npz"
    path.write_text("s")
    return path


def test_relative_paths_are_looked_for_in_every_folder(settings, change, tmp_path):
    further = tmp_path / "further"
    further.mkdir()
    (further / "b.npz").write_text("")
    (settings.data / "sub").mkdir()
    (settings.data / "sub" / "a.npz").write_text("")
    settings = change(data_paths=(further,))
    assert resolve_path("sub/a.npz", settings) == settings.data / "sub" / "a.npz"
    assert resolve_path("sub/../sub/a.npz", settings) == settings.data / "sub" / "a.npz"
    assert resolve_path("b.npz", settings) == further / "b.npz"
    assert resolve_path(str(further / "b.npz"), settings) == further / "b.npz"


def test_nothing_leads_out(settings, secret):
    assert code("../secret.npz", settings) == "forbidden_path"
    assert code(str(secret), settings) == "forbidden_path"
    assert code("/etc/passwd", settings) == "forbidden_path"
    assert code("/nowhere/at/all", settings) == "forbidden_path"
    assert code("a\0b", settings) == "forbidden_path"


def test_links_are_followed_before_they_are_judged(settings, secret):
    (settings.data / "link.npz").symlink_to(secret)
    assert code("link.npz", settings) == "forbidden_path"
    (settings.data / "real.npz").write_text("")
    (settings.data / "inner.npz").symlink_to(settings.data / "real.npz")
    assert resolve_path("inner.npz", settings) == settings.data / "real.npz"


def test_nothing_is_decoded(settings, secret):
    assert code("..%2fsecret.npz", settings) == "missing"
    assert code("%2e%2e/secret.npz", settings) == "missing"
    assert code("~/secret.npz", settings) == "missing"


def test_what_is_missing_says_where_it_was_looked_for(settings):
    with pytest.raises(DataError) as caught:
        resolve_path("faces.npz", settings)
    assert str(settings.data) in caught.value.message
    assert "AUTHORGAN_DATA_PATHS" in caught.value.message
