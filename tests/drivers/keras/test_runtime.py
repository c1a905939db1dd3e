"""Starting Keras on a backend, and being told why it cannot be."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from drivers.errors import DriverError
from drivers.keras import runtime


def refused(*arguments):
    with pytest.raises(DriverError) as told:
        runtime.start(*arguments)
    return told.value.code, told.value.pointer, told.value.message


def test_an_unknown_backend_is_answered_with_the_known_ones():
    code, pointer, message = refused("theano", "auto", 1)
    assert (code, pointer) == ("unknown_backend", "/backend")
    assert message == "Keras has no backend 'theano'; it has jax, tensorflow, torch."


def test_a_backend_that_is_not_installed_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(runtime, "find_spec", lambda name: None if name == "jax" else name)
    code, pointer, message = refused("jax", "auto", 1)
    assert (code, pointer) == ("backend_missing", "/backend")
    assert "make run DRIVERS=all" in message


def test_a_process_stays_on_its_backend(monkeypatch):
    """Keras itself would go on with the first one and say nothing."""
    running = SimpleNamespace(config=SimpleNamespace(backend=lambda: "torch"))
    monkeypatch.setitem(sys.modules, "keras", running)
    code, _, message = refused("jax", "auto", 1)
    assert code == "other_backend"
    assert "Keras runs on torch in this process" in message


@pytest.mark.parametrize(
    ("device", "visible"), [("auto", None), ("cuda", None), ("cuda:1", "1"), ("cuda:0", "0"), ("cpu", "")]
)
def test_a_device_is_what_the_backend_can_see(device, visible):
    assert runtime.environment("jax", device, 2).get("CUDA_VISIBLE_DEVICES") == visible
    assert runtime.environment("jax", device, 2)["KERAS_BACKEND"] == "jax"


def test_jax_keeps_what_it_compiles_where_the_service_keeps_things_or_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("AUTHORGAN_HOME", str(tmp_path))
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    chosen = runtime.environment("jax", "cpu", 2)
    assert chosen["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / "cache" / "jax" / "2-threads")
    assert chosen["JAX_COMPILATION_CACHE_MAX_SIZE"] == str(runtime.COMPILED_BYTES)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "/elsewhere")
    assert runtime.environment("jax", "cpu", 2)["JAX_COMPILATION_CACHE_DIR"] == "/elsewhere"


def test_a_device_that_is_none_is_refused():
    with pytest.raises(DriverError, match="'tpu' is not a device; use auto, cpu, cuda or cuda:1"):
        runtime.environment("jax", "tpu", 1)
