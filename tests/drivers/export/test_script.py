"""A program that was taken home trains as its drawing did, and is written as a person would write it."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from PIL import Image

import spec
from drivers.export import ExportError, write_notebook, write_script
from drivers.export.pytorch.layers import WRITERS
from drivers.export.pytorch.networks import write_network
from drivers.export.pytorch.program import TorchProgram
from drivers.pytorch.network import Network
from tests.drivers.conftest import SMALL, small_spec
from tests.drivers.export.layers import draw, every_setting, one_layer, run_network
from tests.drivers.export.programs import (
    RECURRENT_CRITIC,
    assert_goes_on,
    assert_same_losses,
    deep_dcgan,
    imported,
    waves_spec,
)

IMAGE = {"id": "image", "type": "Input", "source": "image", "inputs": []}


def critic(*layers, **more):
    """A drawn discriminator: layers one after the other, then a score."""
    drawn = [IMAGE]
    for number, layer in enumerate([*layers, {"type": "Flatten"}, {"type": "Dense", "units": 1}]):
        drawn.append({"id": f"l{number}", "inputs": [drawn[-1]["id"]], **layer})
    return {"choice": "custom", "layers": drawn, **more}


@pytest.mark.parametrize("family", sorted(SMALL))
def test_every_family_has_the_losses_of_its_training(family):
    assert_same_losses(small_spec(family), rtol=1e-6)


@pytest.mark.parametrize("family", sorted(SMALL))
def test_every_family_multiplies_in_bfloat16_where_its_training_did(family):
    text = assert_same_losses(small_spec(family, precision="bfloat16"), rtol=1e-6)
    assert "losses of this training in bfloat16" in " ".join(text.split())


def test_a_penalty_is_in_float32_whatever_the_precision():
    loss = {"choice": "hinge", "regularizers": ["r1"]}
    assert_same_losses(small_spec("dcgan", precision="bfloat16", loss=loss), rtol=1e-6)


def test_blocks_in_loops():
    for precision in ("float32", "bfloat16"):
        text = assert_same_losses(deep_dcgan(precision=precision), steps=6, rtol=1e-6)
        assert "for conv, norm in zip(self.convs, self.norms, strict=True):" in text


@pytest.mark.parametrize("loss", sorted(spec.catalogue.load()["losses"]))
def test_losses(loss):
    more = {"label_smoothing": 0.1, "label_noise": 0.2} if loss in ("minimax", "non_saturating") else {}
    if loss == "least_squares":
        more = {"fake_target": -1.0, "real_target": 1.0, "generator_target": 0.0}
    assert_same_losses(small_spec("gan", loss={"choice": loss, **more, "regularizers": []}))


@pytest.mark.parametrize("regularizer", sorted(spec.catalogue.load()["regularizers"]))
def test_regularizers(regularizer):
    loss = {"choice": "wasserstein", "regularizers": [{"choice": regularizer}]}
    assert_same_losses(small_spec("gan", loss=loss, training={"discriminator_steps": 2}))


def test_a_penalty_of_a_discriminator_that_sees_labels():
    loss = {"choice": "non_saturating", "regularizers": ["r1", "gradient_penalty"]}
    assert_same_losses(small_spec("cgan", loss=loss))


@pytest.mark.parametrize("optimizer", sorted(spec.catalogue.load()["optimizers"]))
@pytest.mark.parametrize("schedule", ["constant", "linear"])
def test_optimizers(optimizer, schedule):
    more = {"momentum": 0.9, "nesterov": True} if optimizer == "sgd" else {}
    more |= {"momentum": 0.5} if optimizer == "rmsprop" else {}
    given = small_spec(
        "gan",
        optimizer={"choice": optimizer, "learning_rate": 0.002, **more},
        training={"learning_rate_schedule": schedule, "epochs": 1},
    )
    assert_same_losses(given, steps=6)


@pytest.mark.parametrize("schedule", sorted(spec.catalogue.load()["schedules"]))
def test_schedules(schedule):
    assert_same_losses(small_spec("gan", training={"learning_rate_schedule": schedule, "epochs": 1}), steps=8)


@pytest.mark.parametrize("initializer", sorted(set(spec.catalogue.load()["initializers"]) - {"zeros"}))
def test_initializers(initializer):
    layer = {"type": "Conv2D", "filters": 4, "kernel_size": 3, "kernel_initializer": initializer}
    assert_same_losses(small_spec("gan", critic({**layer, "bias_initializer": "ones"})), steps=2)


def test_a_single_window_over_one_channel():
    """PyTorch leaves gradients unwritten there, unless the window has no stride and reaches all of its input."""
    text = assert_same_losses(
        small_spec("gan", critic({"type": "Conv2D", "filters": 4, "kernel_size": 7, "strides": 2}))
    )
    assert "Conv2d(1, 4, 7), " in text  # no stride
    assert "F.pad(image, (0, -1, 0, -1))" in text


def test_an_average_is_kept_and_sampled_from():
    text = assert_same_losses(small_spec("dcgan", training={"ema_decay": 0.9}))
    assert "average.update_parameters(generator)" in text


def test_frozen_layers():
    module = {**SMALL["dcgan"]["discriminator"], "choice": "dcgan", "frozen": ["conv2d_1", "batchnormalization_1"]}
    text = assert_same_losses(small_spec("dcgan", module))
    assert "self.conv2d_1.requires_grad_(False)" in text


def test_a_conditional_generator_before_an_unconditional_discriminator():
    assert_same_losses(small_spec("cgan", "gan"))


def test_all_of_the_catalogue_is_written():
    assert set(spec.catalogue.load()["layers"]) == set(WRITERS) | {"Input"}


@pytest.mark.parametrize(("kind", "parameters", "shapes"), every_setting())
def test_layers(kind, parameters, shapes):
    """Each setting of each layer as the whole of a network: the same weights, the same numbers."""
    module = one_layer(kind, parameters, shapes)
    layers = torch.Generator().manual_seed(3)
    network = Network(module["layers"], module["outputs"], weights=np.random.default_rng(7), dropout=layers)
    given = {"weights_rng": np.random.default_rng(7), "layers_rng": torch.Generator().manual_seed(3)}
    program = TorchProgram(small_spec("gan"))
    defined = run_network(program, write_network("discriminator", module), given)

    values = {source: torch.from_numpy(value) for source, value in draw(kind, module).items()}
    wanted = network(**values)
    inputs = [value.movedim(-1, 1) if source == "image" else value for source, value in values.items()]
    found = defined["Discriminator"]()(*inputs)
    found = found.movedim(1, -1) if found.dim() > 3 else found
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


LOOKED_UP = {"type": "SpectralNormalization", "layer": {"type": "Embedding", "input_dim": 10, "output_dim": 3}}


def test_a_table_that_is_normalized():
    layers = [
        {"id": "image", "type": "Input", "source": "image", "inputs": []},
        {"id": "label", "type": "Input", "source": "label", "inputs": []},
        {"id": "class", "inputs": ["label"], **LOOKED_UP},
        {"id": "flat", "type": "Flatten", "inputs": ["image"]},
        {"id": "row", "type": "Embedding", "input_dim": 10, "output_dim": 2, "inputs": ["label"]},
        {"id": "all", "type": "Concatenate", "inputs": ["flat", "class", "row"]},
        {"id": "score", "type": "Dense", "units": 1, "inputs": ["all"]},
    ]
    assert_same_losses(small_spec("gan", {"choice": "custom", "layers": layers}))


@pytest.mark.parametrize("discriminator", ["gan", RECURRENT_CRITIC], ids=["dense", "recurrent"])
def test_sequences(discriminator):
    assert_same_losses(waves_spec(discriminator))


def test_recurrent_layers_of_pytorch_go_on_from_the_weights_of_a_training(tmp_path):
    """An LSTM alone and both ways round; a penalty takes the written ones, which have second derivatives."""
    layers = [
        {"id": "waves", "type": "Input", "source": "sequence", "inputs": []},
        {"id": "both", "type": "Bidirectional", "inputs": ["waves"],
         "layer": {"type": "LSTM", "units": 4, "return_sequences": True}},
        {"id": "back", "type": "SimpleRNN", "units": 3, "go_backwards": True, "inputs": ["both"]},
        {"id": "dense_1", "type": "Dense", "units": 1, "inputs": ["back"]},
    ]  # fmt: skip
    given = waves_spec({"choice": "custom", "layers": layers})
    text = assert_goes_on(given, given, tmp_path, library="pytorch")
    assert "nn.LSTM(2, 4, batch_first=True)" in text
    penalized = waves_spec({"choice": "custom", "layers": layers}, loss={"choice": "hinge", "regularizers": ["r1"]})
    assert "class LSTM(Recurrent)" in assert_same_losses(penalized, steps=2)


def test_a_program_goes_on_from_the_weights_of_a_training(tmp_path):
    second = small_spec("dcgan", training={"epochs": 1, "ema_decay": 0.5})
    assert_goes_on(small_spec("dcgan"), second, tmp_path, library="pytorch")


def test_what_is_not_used_does_not_appear():
    text = write_script(small_spec("gan"))
    for word in ("dropout(", "average", "Conv2d", "penalty_rng", "clamp_(-", "rate_factor", "RMSprop"):
        assert word not in text


def test_it_is_without_this_project():
    given = {"data": {"choice": "digits", "image_size": 32}, "generator": "dcgan", "discriminator": "dcgan"}
    assert imported(write_script(spec.resolve(given))) == {"itertools", "numpy", "torch", "PIL", "sklearn"}


def test_a_program_runs_by_itself(tmp_path):
    given = small_spec("gan", training={"epochs": 1, "sample_count": 6})
    (tmp_path / "gan.py").write_text(write_script(given))
    run = subprocess.run([sys.executable, "-I", "gan.py"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("step,generator,discriminator\n1,0.")
    assert {path.name for path in tmp_path.iterdir()} == {"gan.py", "samples.png", "generator.pt"}


@pytest.mark.parametrize("channels", [1, 3])
def test_samples_lie_side_by_side(channels, tmp_path, monkeypatch):
    """Six samples in two rows of three; the last lines of a program say how."""
    monkeypatch.chdir(tmp_path)
    text = write_script(small_spec("gan", data={"channels": channels}, training={"sample_count": 6}))
    samples = np.random.default_rng(0).uniform(-1.0, 1.0, (6, 8, 8, channels)).astype(np.float32)
    exec(textwrap.dedent("\n".join(text.splitlines()[-3:])), {"samples": samples, "np": np, "Image": Image})
    pixels = np.asarray(Image.open("samples.png")).reshape(16, 24, channels)
    np.testing.assert_allclose(pixels[8:, 8:16], (samples[4] + 1.0) * 127.5, atol=0.5)
    np.testing.assert_allclose(pixels[:8, 16:], (samples[2] + 1.0) * 127.5, atol=0.5)


def test_a_notebook_holds_the_same_program_cell_by_cell(tmp_path, monkeypatch):
    given = small_spec("cgan", training={"epochs": 1, "sample_count": 6})
    notebook = json.loads(write_notebook(given))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert {path.name for path in tmp_path.iterdir()} == {"samples.png", "generator.pt"}


@pytest.mark.parametrize("name", ['it\'s """ a \\x of mine', "two\nlines", "n\x00thing", "long " * 19 + "name"])
def test_any_name_can_stand_above(name):
    program = {"__name__": "program"}
    exec(write_script(small_spec("gan", name=name)), program)
    plain = name.replace("\n", " ").replace("\x00", " ")
    assert " ".join(program["__doc__"].split()).startswith(f"Trains '{plain}' on digits: ")


def test_a_training_that_a_script_cannot_hold_is_named():
    given = small_spec("gan")
    other = {**given, "training": {**given["training"], "choice": "cycles"}}
    with pytest.raises(ExportError) as error:
        write_script(other)
    assert error.value.message == "A script cannot hold the training process 'cycles' yet."
    assert error.value.pointer == "/training/choice"


def test_an_unknown_library_is_told():
    with pytest.raises(ExportError, match="There are no scripts for 'theano'; there are for pytorch, keras"):
        write_script(small_spec("gan"), library="theano")
