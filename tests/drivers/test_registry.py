"""Finding drivers without importing their libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

import drivers
from drivers.initializers import INITIALIZERS
from drivers.losses import LOSSES
from drivers.pytorch.layers import LAYERS
from drivers.pytorch.optimizers import OPTIMIZERS
from drivers.pytorch.processes import PROCESSES
from drivers.regularizers import REGULARIZERS
from drivers.schedules import SCHEDULES
from spec import catalogue


def test_asking_what_drivers_can_do_imports_no_library():
    script = "import sys, drivers, drivers.training; drivers.capabilities(); print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_the_manifest_says_what_the_code_has():
    assert drivers.capabilities()["pytorch"] == {
        "processes": sorted(PROCESSES),
        "layers": sorted(LAYERS),
        "losses": sorted(LOSSES),
        "regularizers": sorted(REGULARIZERS),
        "optimizers": sorted(OPTIMIZERS),
        "schedules": sorted(SCHEDULES),
        "initializers": sorted(INITIALIZERS),
    }


def test_the_driver_knows_nothing_that_the_catalogue_does_not():
    for kind, names in drivers.capabilities()["pytorch"].items():
        assert set(names) <= set(catalogue.load()[kind]), kind


def test_the_driver_has_every_loss_regularizer_optimizer_schedule_and_initializer():
    for kind in ("losses", "regularizers", "optimizers", "schedules", "initializers"):
        assert drivers.capabilities()["pytorch"][kind] == sorted(catalogue.load()[kind]), kind


def test_an_unknown_driver_is_answered_with_the_known_ones(make_spec):
    resolved = {**make_spec(), "driver": "theano"}
    with pytest.raises(drivers.DriverError, match="no driver 'theano'; there is pytorch") as told:
        drivers.open_session(resolved, None)
    assert (told.value.code, told.value.pointer) == ("unknown_driver", "/driver")
