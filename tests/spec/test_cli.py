"""`python -m spec` as one types it."""

import json
import subprocess
import sys

import pytest

import spec

DCGAN = {"data": {"choice": "digits"}, "generator": {"choice": "dcgan"}, "discriminator": {"choice": "dcgan"}}


def run(*arguments, text=None):
    command = [sys.executable, "-m", "spec", *map(str, arguments)]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_resolve_prints_the_full_form(tmp_path):
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(DCGAN))
    done = run("resolve", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == spec.resolve(DCGAN)


def test_a_dash_is_the_standard_input():
    done = run("hash", "-", text=json.dumps(DCGAN))
    assert done.stdout == spec.resolve(DCGAN).sha256() + "\n"


def test_problems_go_to_the_error_output():
    done = run("resolve", "-", text=json.dumps({**DCGAN, "training": {"epochs": 0}}))
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr
        == "/training/epochs: training 'alternating': epochs must be a whole number from 1 to 100000; 0 is outside\n"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"data": ', "this is not JSON: line 1, column 10"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "this is not JSON"),
        ('{"a": "\\ud800"}', "the spec has no parameter 'a'"),
    ],
)
def test_what_is_not_a_spec(text, words):
    done = run("resolve", "-", text=text)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there(tmp_path):
    done = run("resolve", tmp_path / "none.json")
    assert done.returncode == 1
    assert done.stderr.endswith("none.json: No such file or directory\n")


def test_catalogue_prints_every_entry():
    printed = json.loads(run("catalogue").stdout)
    assert printed == json.loads(json.dumps(spec.catalogue.load()))
    assert "Conv2D" in printed["layers"]


def test_spec_needs_no_library():
    """The room is pure: it starts without numpy, torch, flask or redis."""
    code = "import sys, spec, spec.zoo; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "torch", "flask", "redis", "drivers", "service"} & set(
        json.loads(done.stdout.replace("'", '"'))
    )
