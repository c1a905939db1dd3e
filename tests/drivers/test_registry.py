"""Finding drivers without importing their libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

import drivers
from drivers import registry
from drivers.initializers import INITIALIZERS
from drivers.losses import LOSSES
from drivers.pytorch.layers import LAYERS
from drivers.pytorch.optimizers import OPTIMIZERS
from drivers.pytorch.processes import PROCESSES
from drivers.regularizers import REGULARIZERS
from drivers.schedules import SCHEDULES
from spec import catalogue


def test_asking_what_drivers_can_do_imports_no_library():
    script = "import sys, drivers, drivers.training; drivers.capabilities(); print({'torch', 'keras'} & {*sys.modules})"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"


def test_the_manifest_says_what_the_code_has():
    assert drivers.capabilities()["pytorch"] == {
        "processes": sorted(PROCESSES),
        "layers": sorted(LAYERS),
        "losses": sorted(LOSSES),
        "regularizers": sorted(REGULARIZERS),
        "optimizers": sorted(OPTIMIZERS),
        "schedules": sorted(SCHEDULES),
        "initializers": sorted(INITIALIZERS),
        "precisions": ["auto", "bfloat16", "float32"],
    }


@pytest.mark.parametrize("driver", ["pytorch", "keras"])
def test_a_driver_knows_nothing_that_the_catalogue_does_not(driver):
    for kind, names in drivers.capabilities()[driver].items():
        if kind not in ("backends", "precisions"):
            assert set(names) <= set(catalogue.load()[kind]), kind


@pytest.mark.parametrize("driver", ["pytorch", "keras"])
def test_a_driver_has_every_layer_loss_regularizer_optimizer_schedule_and_initializer(driver):
    for kind in ("layers", "losses", "regularizers", "optimizers", "schedules", "initializers"):
        assert drivers.capabilities()[driver][kind] == sorted(catalogue.load()[kind]), kind


def test_of_the_backends_there_are_those_that_are_installed(monkeypatch):
    assert drivers.capabilities()["keras"]["backends"] == ["jax", "tensorflow", "torch"]
    monkeypatch.setattr(registry, "find_spec", lambda name: None if name == "jax" else name)
    assert registry.capabilities.__wrapped__()["keras"]["backends"] == ["tensorflow", "torch"]


def test_an_unknown_driver_is_answered_with_the_known_ones(make_spec):
    resolved = {**make_spec(), "driver": "theano"}
    with pytest.raises(drivers.DriverError, match="no driver 'theano'; there is keras, pytorch") as told:
        drivers.open_session(resolved, None)
    assert (told.value.code, told.value.pointer) == ("unknown_driver", "/driver")
