"""What a driver cannot do is said when a spec is resolved."""

import pytest

import spec

DCGAN = {"data": {"choice": "digits"}, "generator": {"choice": "dcgan"}, "discriminator": {"choice": "dcgan"}}
LAYERS = ["Input", "Dense", "Reshape", "Flatten", "Conv2D", "UpSampling2D", "BatchNormalization", "LeakyReLU", "Tanh"]


def problems(document, drivers):
    with pytest.raises(spec.SpecError) as error:
        spec.resolve(document, drivers=drivers)
    return [(problem["pointer"], problem["code"], problem["message"]) for problem in error.value.problems]


def test_a_driver_that_can_do_all_changes_nothing():
    drivers = {"pytorch": {"layers": [*LAYERS, "Dropout"], "losses": ["non_saturating"]}}
    assert spec.resolve(DCGAN, drivers=drivers) == spec.resolve(DCGAN)


def test_a_missing_layer_of_a_family_points_to_the_family():
    drivers = {"pytorch": {"layers": LAYERS}, "keras": {"layers": [*LAYERS, "Dropout"]}}
    assert problems(DCGAN, drivers) == [
        (
            "/discriminator/choice",
            "not_supported",
            "the driver 'pytorch' cannot do 'Dropout' (layers); choose the driver 'keras'",
        )
    ]


def test_a_missing_layer_of_a_drawing_points_to_the_layer():
    drawn = [
        {"id": "score", "type": "Dense", "inputs": ["row"], "units": 1, "node_id": "n9"},
        {"id": "image", "type": "Input", "source": "image"},
        {"id": "row", "type": "Flatten", "inputs": ["image"]},
    ]
    document = {**DCGAN, "generator": {"choice": "gan"}, "discriminator": {"choice": "custom", "layers": drawn}}
    with pytest.raises(spec.SpecError) as error:
        spec.resolve(document, drivers={"pytorch": {"layers": [name for name in LAYERS if name != "Flatten"]}})
    assert [problem["pointer"] for problem in error.value.problems] == ["/discriminator/layers/2/type"]
    with pytest.raises(spec.SpecError) as error:
        spec.resolve(document, drivers={"pytorch": {"initializers": ["zeros"]}})
    assert {problem["pointer"] for problem in error.value.problems} == {
        "/generator/choice",
        "/discriminator/layers/0/type",
    }
    assert error.value.problems[-1]["node_id"] == "n9"


@pytest.mark.parametrize(
    ("kind", "pointer"),
    [
        ("losses", "/loss/choice"),
        ("regularizers", "/loss/regularizers/0/choice"),
        ("processes", "/training/choice"),
        ("schedules", "/training/learning_rate_schedule/choice"),
        ("datasets", "/data/choice"),
    ],
)
def test_every_kind_is_looked_at(kind, pointer):
    document = {**DCGAN, "loss": {"regularizers": ["r1"]}}
    assert [problem[:2] for problem in problems(document, {"pytorch": {kind: []}})] == [(pointer, "not_supported")]


def test_optimizers_are_looked_at_for_both_networks():
    pointers = [problem[0] for problem in problems(DCGAN, {"pytorch": {"optimizers": []}})]
    assert pointers == ["/optimizer/generator/choice", "/optimizer/discriminator/choice"]


def test_an_unknown_driver():
    [(pointer, code, message)] = problems({**DCGAN, "driver": "pytroch"}, {"pytorch": {}})
    assert (pointer, code) == ("/driver", "unknown_driver")
    assert "did you mean 'pytorch'?" in message
    assert spec.resolve({**DCGAN, "driver": "anything"})["driver"] == "anything"


def test_a_backend_is_filled_in_where_the_driver_has_some_and_only_there():
    assert "backend" not in spec.resolve(DCGAN)
    resolved = spec.resolve({**DCGAN, "driver": "keras"})
    assert resolved["backend"] == "torch"
    assert spec.resolve(resolved) == resolved
    chosen = spec.resolve({**DCGAN, "driver": "keras", "backend": "jax"})
    assert chosen["backend"] == "jax"
    assert chosen.sha256() != resolved.sha256()


@pytest.mark.parametrize(
    ("keys", "code", "said"),
    [
        ({"driver": "keras", "backend": "jx"}, "not_allowed", "did you mean 'jax'?"),
        ({"driver": "keras", "backend": 3}, "wrong_type", "must be 'jax', 'tensorflow' or 'torch'"),
        ({"backend": "jax"}, "not_supported", "leave backend out, or choose the driver 'keras'"),
    ],
)
def test_a_backend_that_cannot_be(keys, code, said):
    with pytest.raises(spec.SpecError) as error:
        spec.resolve({**DCGAN, **keys})
    [problem] = error.value.problems
    assert (problem["pointer"], problem["code"]) == ("/backend", code)
    assert said in problem["message"]


def test_a_backend_that_is_not_installed_says_how_to_get_it():
    document = {**DCGAN, "driver": "keras", "backend": "tensorflow"}
    [(pointer, code, message)] = problems(document, {"keras": {"backends": ["torch"]}})
    assert (pointer, code) == ("/backend", "not_installed")
    assert message.endswith("here the driver 'keras' has 'torch'. `make run DRIVERS=all` installs it")


def test_a_precision_that_a_driver_does_not_have():
    document = {**DCGAN, "precision": "bfloat16"}
    assert [problem[:2] for problem in problems(document, {"pytorch": {"precisions": ["auto", "float32"]}})] == [
        ("/precision", "not_supported")
    ]
