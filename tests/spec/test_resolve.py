"""From the shortest spec to its full form."""

import json
import subprocess
import sys

import pytest

import spec

SHORTEST = {"data": {"choice": "digits"}, "generator": {"choice": "dcgan"}, "discriminator": {"choice": "dcgan"}}


def test_the_shortest_spec_is_filled_in():
    resolved = spec.resolve(SHORTEST)
    assert list(resolved) == [
        "authorgan",
        "name",
        "description",
        "data",
        "generator",
        "discriminator",
        "loss",
        "optimizer",
        "training",
        "evaluation",
        "driver",
        "device",
        "precision",
        "notes",
    ]
    assert resolved["data"] == {
        "choice": "digits",
        "image_size": 16,
        "channels": 1,
        "classes": 10,
        "include_classes": None,
        "count": None,
    }
    assert resolved["loss"] == {
        "choice": "non_saturating",
        "label_smoothing": 0.0,
        "label_noise": 0.0,
        "regularizers": [],
    }
    adam = {"choice": "adam", "learning_rate": 0.0002, "beta_1": 0.5, "beta_2": 0.999, "epsilon": 1e-07}
    assert resolved["optimizer"] == {"generator": adam, "discriminator": adam}
    assert resolved["training"] == {
        "choice": "alternating",
        "epochs": 50,
        "batch_size": 64,
        "discriminator_steps": 1,
        "seed": 0,
        "ema_decay": 0.0,
        "learning_rate_schedule": {"choice": "constant"},
        "sample_every_steps": 0,
        "sample_every_epochs": 1,
        "sample_count": 64,
        "checkpoint_every_seconds": 60,
    }
    assert resolved["evaluation"] == {"metrics": [], "every_epochs": 1, "sample_count": 2000, "extractor": "auto"}
    assert (resolved["driver"], resolved["device"], resolved["precision"]) == ("pytorch", "auto", "auto")
    assert resolved["notes"] == []


def test_networks_are_unfolded_into_measured_layers():
    generator = spec.resolve(SHORTEST)["generator"]
    assert generator["layers"][0] == {
        "id": "noise",
        "type": "Input",
        "source": "noise",
        "shape": [100],
        "inputs": [],
        "output_shape": [100],
        "parameter_count": 0,
    }
    assert generator["layers"][1] == {
        "id": "dense_1",
        "type": "Dense",
        "units": 2048,
        "activation": "linear",
        "use_bias": True,
        "kernel_initializer": {"choice": "random_normal", "mean": 0.0, "stddev": 0.02},
        "bias_initializer": {"choice": "zeros"},
        "inputs": ["noise"],
        "output_shape": [2048],
        "parameter_count": 100 * 2048 + 2048,
    }
    assert generator["outputs"] == ["tanh_1"]
    assert generator["output_shape"] == [16, 16, 1]
    assert generator["conditional"] is False
    # Dense; three batch normalizations of 128, 64 and 32 channels; convolutions 128 -> 64 -> 32 -> 1, all 3x3.
    assert generator["parameter_count"] == (
        206848 + 4 * (128 + 64 + 32) + (9 * 128 * 64 + 64) + (9 * 64 * 32 + 32) + (9 * 32 * 1 + 1)
    )


def test_resolve_is_idempotent_and_leaves_its_input_alone():
    written = json.dumps(SHORTEST)
    resolved = spec.resolve(SHORTEST)
    assert json.dumps(SHORTEST) == written
    assert spec.resolve(resolved) == resolved
    assert spec.resolve(json.loads(json.dumps(resolved))) == resolved


def test_derived_keys_are_computed_anew():
    resolved = json.loads(json.dumps(spec.resolve(SHORTEST)))
    resolved["generator"]["parameter_count"] = 7
    resolved["generator"]["layers"] = "gone"
    resolved["discriminator"]["output_shape"] = [3]
    assert spec.resolve(resolved) == spec.resolve(SHORTEST)


def test_what_is_written_in_another_way_is_the_same_spec():
    written = {
        **SHORTEST,
        "training": {"epochs": "50", "batch_size": 64.0},
        "optimizer": {"choice": "adam"},
        "evaluation": None,
    }
    resolved = spec.resolve(written)
    assert resolved.sha256() == spec.resolve(SHORTEST).sha256()
    assert [(note["pointer"], note["code"]) for note in resolved["notes"]] == [("/training/epochs", "number_from_text")]


def test_a_choice_may_be_written_as_a_text():
    resolved = spec.resolve({"data": "digits", "generator": "dcgan", "discriminator": "WGAN-GP"})
    assert resolved["discriminator"]["choice"] == "wgan_gp"
    assert {note["code"] for note in resolved["notes"]} == {"choice_from_text", "name_respelled"}


def test_texts_of_booleans_are_read_with_a_note():
    resolved = spec.resolve({**SHORTEST, "discriminator": {"choice": "dcgan", "batch_normalization": "False"}})
    assert resolved["discriminator"]["batch_normalization"] is False
    assert resolved["notes"][0]["code"] == "boolean_from_text"


@pytest.mark.parametrize("document", [None, 5, True, "dcgan", [], [{}]])
def test_a_spec_is_an_object(document):
    with pytest.raises(spec.SpecError) as error:
        spec.resolve(document)
    assert [(problem["pointer"], problem["code"]) for problem in error.value.problems] == [("", "wrong_type")]


def test_the_three_modules_without_a_default_are_asked_for():
    with pytest.raises(spec.SpecError) as error:
        spec.resolve({"data": 5})
    assert [(problem["pointer"], problem["code"]) for problem in error.value.problems] == [
        ("/data", "wrong_type"),
        ("/generator", "missing"),
        ("/discriminator", "missing"),
    ]


@pytest.mark.parametrize("version", [0, 2, "1", True, None])
def test_another_version_of_the_form_is_refused(version):
    with pytest.raises(spec.SpecError) as error:
        spec.resolve({**SHORTEST, "authorgan": version})
    assert [problem["code"] for problem in error.value.problems] == ["unknown_version"]


def test_all_problems_come_at_once():
    with pytest.raises(spec.SpecError) as error:
        spec.resolve(
            {
                "data": {"choice": "digits", "image_size": 200, "include_classes": [1, 10]},
                "generator": {"choice": "dcgn"},
                "discriminator": {"choice": "dcgan", "fliters": 8},
                "loss": {"choice": "hing", "regularizers": ["r1", "r2", "r1"]},
                "optimizer": {"generator": {"choice": "adam", "learning_rate": "fast"}, "choice": "sgd"},
                "training": {"epochs": 1.5},
                "evaluation": {"every_epochs": 0},
                "precision": "float8",
                "trainig": {},
            }
        )
    assert [(problem["pointer"], problem["code"]) for problem in error.value.problems] == [
        ("/trainig", "unknown_key"),
        ("/precision", "not_allowed"),
        ("/data/image_size", "out_of_range"),
        ("/data/include_classes/1", "out_of_range"),
        ("/generator/choice", "unknown_choice"),
        ("/discriminator/fliters", "unknown_key"),
        ("/loss/choice", "unknown_choice"),
        ("/loss/regularizers/1/choice", "unknown_choice"),
        ("/loss/regularizers/2", "duplicate"),
        ("/optimizer/choice", "unknown_key"),
        ("/optimizer/generator/learning_rate", "wrong_type"),
        ("/training/epochs", "wrong_type"),
        ("/evaluation/every_epochs", "out_of_range"),
    ]
    messages = {problem["pointer"]: problem["message"] for problem in error.value.problems}
    assert (
        messages["/data/image_size"] == "data 'digits': image_size must be a whole number from 8 to 128; 200 is outside"
    )
    assert messages["/generator/choice"] == "generator: choice cannot be 'dcgn'; did you mean 'dcgan'?"
    assert (
        messages["/discriminator/fliters"]
        == "discriminator 'dcgan' has no parameter 'fliters'; did you mean 'filters'?"
    )


def test_classes_beyond_the_datas_are_refused():
    data = {"choice": "npz", "path": "x.npz", "include_classes": [2]}
    for classes, words in ((None, "the data has no classes"), (2, "the classes are 0 to 1")):
        with pytest.raises(spec.SpecError) as error:
            spec.resolve({**SHORTEST, "data": {**data, "classes": classes}})
        assert words in error.value.problems[0]["message"]


class TestHash:
    def test_is_the_sha256_of_the_canonical_json(self):
        resolved = spec.resolve(SHORTEST)
        canonical = resolved.canonical_json()
        assert canonical.startswith('{"authorgan":1,"data":{"channels":1,"choice":"digits","classes":10,')
        assert canonical == json.dumps(json.loads(canonical), sort_keys=True, separators=(",", ":"))
        assert len(resolved.sha256()) == 64

    @pytest.mark.parametrize(
        "change",
        [
            {"name": "mine"},
            {"description": "a first try, ä ö ü"},
            {"node_id": "n0"},
            {"generator": {"choice": "dcgan", "node_id": "n1"}},
            {"notes": [{"pointer": "", "code": "old", "message": "said before"}]},
        ],
    )
    def test_leaves_out_what_does_not_change_the_training(self, change):
        assert spec.resolve({**SHORTEST, **change}).sha256() == spec.resolve(SHORTEST).sha256()

    @pytest.mark.parametrize(
        "change",
        [
            {"training": {"seed": 1}},
            {"generator": {"choice": "dcgan", "latent_dim": 99}},
            {"data": {"choice": "digits", "count": 100}},
        ],
    )
    def test_differs_where_the_training_does(self, change):
        assert spec.resolve({**SHORTEST, **change}).sha256() != spec.resolve(SHORTEST).sha256()

    def test_is_the_same_in_another_process(self):
        """No order of sets and no address of objects gets into it."""
        code = f"import spec; print(spec.resolve({SHORTEST!r}).sha256())"
        hashes = {
            subprocess.run(
                [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
            ).stdout.strip()
            for seed in ("1", "2")
        }
        assert hashes == {spec.resolve(SHORTEST).sha256()}


class TestNotes:
    def test_corrections_of_an_earlier_resolve_are_kept(self):
        first = spec.resolve({**SHORTEST, "training": {"epochs": "5"}})
        assert first["notes"]
        assert spec.resolve(first)["notes"] == first["notes"]

    def test_advice_is_given_anew(self):
        odd = spec.resolve({**SHORTEST, "loss": {"choice": "wasserstein", "regularizers": []}})
        assert [note["code"] for note in odd["notes"]] == ["critic_unbounded"]
        mended = json.loads(json.dumps(odd))
        mended["loss"]["regularizers"] = ["weight_clipping"]
        assert spec.resolve(mended)["notes"] == []

    def test_what_is_no_note_is_dropped(self):
        assert (
            spec.resolve({**SHORTEST, "notes": [1, {"code": "x"}, {"pointer": 1, "code": "x", "message": ""}]})["notes"]
            == []
        )


class TestWeights:
    def test_have_canonical_names_and_keras_orientation(self):
        resolved = spec.resolve(SHORTEST)
        assert spec.weights(resolved, "discriminator") == [
            ("discriminator/conv2d_1/kernel", (4, 4, 1, 32), True),
            ("discriminator/conv2d_1/bias", (32,), True),
            ("discriminator/conv2d_2/kernel", (4, 4, 32, 64), True),
            ("discriminator/conv2d_2/bias", (64,), True),
            ("discriminator/batchnormalization_1/gamma", (64,), True),
            ("discriminator/batchnormalization_1/beta", (64,), True),
            ("discriminator/batchnormalization_1/moving_mean", (64,), False),
            ("discriminator/batchnormalization_1/moving_variance", (64,), False),
            ("discriminator/dense_1/kernel", (4 * 4 * 64, 1), True),
            ("discriminator/dense_1/bias", (1,), True),
        ]

    @pytest.mark.parametrize("role", ["generator", "discriminator"])
    def test_add_up_to_the_parameter_count(self, role):
        from math import prod

        resolved = spec.resolve(SHORTEST)
        total = sum(prod(shape) for _, shape, _ in spec.weights(resolved, role))
        assert total == resolved[role]["parameter_count"]
