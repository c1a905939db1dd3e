"""Networks drawn layer by layer: what is accepted, and what is said about each way to draw one wrong."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spec

DATA = {"choice": "digits"}


def layer(identifier, kind, inputs=(), **parameters):
    return {"id": identifier, "type": kind, "inputs": list(inputs), **parameters}


GENERATOR = [
    layer("noise", "Input", source="noise"),
    layer("hidden", "Dense", ["noise"], units=256),
    layer("range", "Tanh", ["hidden"]),
    layer("image", "Reshape", ["range"], target_shape=[16, 16, 1]),
]
DISCRIMINATOR = [
    layer("image", "Input", source="image"),
    layer("row", "Flatten", ["image"]),
    layer("score", "Dense", ["row"], units=1),
]


def resolve(generator=GENERATOR, discriminator=DISCRIMINATOR, **rest):
    return spec.resolve(
        {
            "data": DATA,
            "generator": {"choice": "custom", "layers": generator},
            "discriminator": {"choice": "custom", "layers": discriminator},
            **rest,
        }
    )


def problems(generator=GENERATOR, discriminator=DISCRIMINATOR, **rest):
    """Pointer, code and message of every problem."""
    with pytest.raises(spec.SpecError) as error:
        resolve(generator, discriminator, **rest)
    return [(problem["pointer"], problem["code"], problem["message"]) for problem in error.value.problems]


def test_a_drawn_pair_is_measured():
    resolved = resolve()
    generator, discriminator = resolved["generator"], resolved["discriminator"]
    assert generator["latent_dim"] == 100
    assert [layer["output_shape"] for layer in generator["layers"]] == [[100], [256], [256], [16, 16, 1]]
    assert generator["parameter_count"] == 100 * 256 + 256
    assert generator["outputs"] == ["image"]
    assert discriminator["output_shape"] == [1]
    assert discriminator["parameter_count"] == 256 + 1
    assert resolved["loss"]["choice"] == "non_saturating"
    assert resolved["notes"] == []


def test_layers_come_out_in_order_of_computation():
    mixed = [GENERATOR[3], GENERATOR[1], GENERATOR[0], GENERATOR[2]]
    resolved = resolve(mixed)
    assert [layer["id"] for layer in resolved["generator"]["layers"]] == ["noise", "hidden", "range", "image"]
    assert spec.resolve(resolved) == resolved
    assert resolved.sha256() == resolve().sha256()


def test_branches_may_part_and_join():
    drawn = [
        layer("image", "Input", source="image"),
        layer("small", "Conv2D", ["image"], filters=8, kernel_size=3, padding="same"),
        layer("large", "Conv2D", ["image"], filters=8, kernel_size=5, padding="same"),
        layer("sum", "Add", ["small", "large"]),
        layer("both", "Concatenate", ["sum", "image", "image"]),
        layer("mean", "GlobalAveragePooling2D", ["both"]),
        layer("score", "Dense", ["mean"], units=1),
    ]
    layers = {item["id"]: item for item in resolve(discriminator=drawn)["discriminator"]["layers"]}
    assert layers["both"]["output_shape"] == [16, 16, 10]
    assert layers["score"]["parameter_count"] == 11


def test_a_node_id_stays_with_its_layer_and_module():
    drawn = [{**item, "node_id": f"node-{item['id']}"} for item in DISCRIMINATOR]
    resolved = spec.resolve(
        {
            "data": {**DATA, "node_id": "d"},
            "generator": {"choice": "gan", "node_id": "g"},
            "discriminator": {"choice": "custom", "layers": drawn},
            "loss": {"choice": "hinge", "node_id": "l", "regularizers": [{"choice": "r1", "node_id": "r"}]},
            "optimizer": {"generator": {"choice": "adam", "node_id": "o"}},
            "training": {"node_id": "t"},
        }
    )
    assert resolved["discriminator"]["layers"][2]["node_id"] == "node-score"
    assert [resolved[key]["node_id"] for key in ("data", "generator", "loss", "training")] == ["d", "g", "l", "t"]
    assert resolved["loss"]["regularizers"][0]["node_id"] == "r"
    assert resolved["optimizer"]["generator"]["node_id"] == "o"
    assert spec.resolve(resolved) == resolved


def test_a_problem_names_the_node_it_belongs_to():
    drawn = [
        DISCRIMINATOR[0],
        layer("c3", "Conv2D", ["image"], filters=4, kernel_size=5, strides=4, node_id="a1"),
        layer("c4", "Conv2D", ["c3"], filters=4, kernel_size=5, node_id="b2"),
        layer("score", "Dense", ["c4"], units=0, node_id="c3"),
    ]
    with pytest.raises(spec.SpecError) as error:
        resolve(discriminator=drawn)
    assert [(problem["node_id"], problem["code"]) for problem in error.value.problems] == [
        ("c3", "out_of_range"),
        ("b2", "does_not_fit"),
    ]
    assert error.value.problems[1]["message"] == (
        "Conv2D 'c4': kernel 5x5 does not fit its 3x3 input; use padding 'same' or a smaller kernel"
    )


class TestWrongDrawings:
    def test_no_layers(self):
        assert problems([])[0][:2] == ("/generator", "missing")
        assert problems("none")[0][:2] == ("/generator", "missing")

    def test_unknown_type(self):
        drawn = [*GENERATOR[:2], layer("range", "Tahn", ["hidden"]), GENERATOR[3]]
        assert problems(drawn) == [
            ("/generator/layers/2/type", "unknown_layer", "layer 'range': type cannot be 'Tahn'; did you mean 'Tanh'?")
        ]

    def test_duplicate_id(self):
        drawn = [*GENERATOR, layer("hidden", "Dense", ["noise"], units=3)]
        assert problems(drawn) == [
            (
                "/generator/layers/4/id",
                "duplicate_id",
                "two layers have the id 'hidden' (the other is /generator/layers/1); give each its own",
            )
        ]

    @pytest.mark.parametrize("identifier", ["", "a/b", "a b", "x" * 65, 5, None])
    def test_bad_id(self, identifier):
        assert problems([*GENERATOR[:3], {**GENERATOR[3], "id": identifier}])[0][:2] == (
            "/generator/layers/3/id",
            "bad_id",
        )

    def test_missing_id_and_type(self):
        assert [problem[:2] for problem in problems([*GENERATOR, {}])] == [("/generator/layers/4", "missing")] * 2

    def test_unconnected_layer(self):
        drawn = [GENERATOR[0], {**GENERATOR[1], "inputs": []}, *GENERATOR[2:]]
        assert (
            "/generator/layers/1",
            "missing_input",
            "Dense 'hidden' needs one layer before it, but has none; connect its input",
        ) in problems(drawn)

    def test_wire_from_nowhere(self):
        drawn = [GENERATOR[0], {**GENERATOR[1], "inputs": ["nosie"]}, *GENERATOR[2:]]
        assert problems(drawn) == [
            (
                "/generator/layers/1/inputs/0",
                "unknown_input",
                "layer 'hidden': its input 'nosie' is the id of no layer; did you mean 'noise'?",
            )
        ]

    def test_too_many_wires(self):
        drawn = [*GENERATOR[:2], {**GENERATOR[2], "inputs": ["hidden", "noise"]}, GENERATOR[3]]
        assert problems(drawn)[0][:2] == ("/generator/layers/2/inputs", "too_many_inputs")
        drawn = [{**GENERATOR[0], "inputs": ["hidden"]}, *GENERATOR[1:]]
        assert "takes no input, but has 1; remove its wires" in problems(drawn)[0][2]

    def test_inputs_that_are_no_list(self):
        assert problems([GENERATOR[0], {**GENERATOR[1], "inputs": "noise"}, *GENERATOR[2:]])[0][1] == "wrong_type"

    def test_circle(self):
        drawn = [
            GENERATOR[0],
            layer("a", "Add", ["noise", "c"]),
            layer("b", "ReLU", ["a"]),
            layer("c", "ReLU", ["b"]),
            layer("d", "Dense", ["c"], units=256),
        ]
        assert problems(drawn) == [
            (
                "/generator/layers/1/inputs",
                "cycle",
                "these layers feed each other in a circle: a -> b -> c -> a; remove one wire",
            )
        ]

    def test_layer_that_feeds_itself(self):
        drawn = [*DISCRIMINATOR[:2], layer("score", "Dense", ["score"], units=1)]
        assert problems(discriminator=drawn)[0][2].startswith(
            "these layers feed each other in a circle: score -> score"
        )

    def test_dangling_branch(self):
        drawn = [*GENERATOR, layer("spare", "Dense", ["hidden"], units=4)]
        assert problems(drawn) == [
            (
                "/generator/layers/4",
                "dangling",
                "Dense 'spare' feeds no other layer, and 'image' is already the generator's output; "
                "connect it or remove it",
            )
        ]

    def test_parameter_of_another_layer(self):
        drawn = [GENERATOR[0], {**GENERATOR[1], "filters": 3}, *GENERATOR[2:]]
        assert problems(drawn)[0][:2] == ("/generator/layers/1/filters", "unknown_key")

    def test_all_problems_at_once(self):
        drawn = [GENERATOR[0], {**GENERATOR[1], "units": "many"}, layer("range", "Tahn", ["hidden"]), *GENERATOR[3:]]
        found = problems(drawn, [*DISCRIMINATOR[:2], {**DISCRIMINATOR[2], "units": 2}], training={"epochs": 0})
        assert [problem[:2] for problem in found] == [
            ("/generator/layers/1/units", "wrong_type"),
            ("/generator/layers/2/type", "unknown_layer"),
            ("/training/epochs", "out_of_range"),
            ("/discriminator/layers/2", "wrong_output"),
        ]


class TestRoles:
    def test_generator_needs_noise(self):
        drawn = [layer("noise", "Input", source="image"), *GENERATOR[1:]]
        codes = [problem[1] for problem in problems(drawn)]
        assert "missing_source" in codes
        assert "wrong_source" in codes

    def test_discriminator_needs_an_image_of_the_datas_size(self):
        drawn = [{**DISCRIMINATOR[0], "shape": [8, 8, 1]}, *DISCRIMINATOR[1:]]
        assert problems(discriminator=drawn) == [
            (
                "/discriminator/layers/0/shape",
                "wrong_shape",
                "Input 'image': an image of the data has the shape [16, 16, 1], not [8, 8, 1]",
            )
        ]

    def test_noise_is_one_list(self):
        drawn = [
            {**GENERATOR[0], "shape": [4, 4, 4]},
            layer("row", "Flatten", ["noise"]),
            {**GENERATOR[1], "inputs": ["row"]},
            *GENERATOR[2:],
        ]
        assert problems(drawn)[0][:2] == ("/generator/layers/0/shape", "wrong_shape")

    def test_one_input_of_a_kind(self):
        drawn = [
            *GENERATOR[:1],
            layer("more", "Input", source="noise"),
            layer("sum", "Add", ["noise", "more"]),
            {**GENERATOR[1], "inputs": ["sum"]},
            *GENERATOR[2:],
        ]
        assert problems(drawn)[0][:2] == ("/generator/layers/1", "duplicate_source")

    def test_an_embedding_needs_a_row_for_every_class(self):
        drawn = [
            *DISCRIMINATOR[:2],
            layer("label", "Input", source="label"),
            layer("rows", "Embedding", ["label"], input_dim=5, output_dim=3),
            layer("joined", "Concatenate", ["row", "rows"]),
            layer("score", "Dense", ["joined"], units=1),
        ]
        assert problems(discriminator=drawn) == [
            (
                "/discriminator/layers/3/input_dim",
                "out_of_range",
                "Embedding 'rows' has 5 rows, but the data has 10 classes; set input_dim to 10",
            )
        ]

    @pytest.mark.parametrize(
        ("last", "remedy"),
        [
            (
                layer("end", "Reshape", ["hidden"], target_shape=[4, 4, 16]),
                "an UpSampling2D of size 4 and a Conv2D with 1 filter",
            ),
            (
                layer("end", "Reshape", ["hidden"], target_shape=[32, 8, 1]),
                "an UpSampling2D of size [1, 2] and a Cropping2D of [[8, 8], [0, 0]]",
            ),
            (layer("end", "Tanh", ["hidden"]), "add a Reshape to [16, 16, 1]"),
            (layer("end", "Dense", ["hidden"], units=7), "add a Dense with 256 units and a Reshape to [16, 16, 1]"),
        ],
    )
    def test_a_generator_that_ends_wrong_is_told_what_would_fix_it(self, last, remedy):
        [(pointer, code, message)] = problems([*GENERATOR[:2], last])
        assert (pointer, code) == ("/generator/layers/2", "wrong_output")
        assert remedy in message

    def test_a_discriminator_that_ends_wrong_is_told_what_would_fix_it(self):
        [(pointer, code, message)] = problems(discriminator=DISCRIMINATOR[:1])
        assert (pointer, code) == ("/discriminator/layers/0", "wrong_output")
        assert "add a Flatten and a Dense with 1 unit" in message

    @pytest.mark.parametrize("squeeze", ["Sigmoid", "Softmax"])
    def test_a_last_sigmoid_of_the_discriminator_is_removed_and_told(self, squeeze):
        resolved = resolve(discriminator=[*DISCRIMINATOR, layer("last", squeeze, ["score"])])
        assert resolved["discriminator"] == resolve()["discriminator"]
        assert [(note["pointer"], note["code"]) for note in resolved["notes"]] == [
            ("/discriminator/layers/3", "logit_kept")
        ]
        assert spec.resolve(resolved) == resolved

    def test_a_sigmoid_as_the_last_activation_is_removed_and_told(self):
        resolved = resolve(discriminator=[*DISCRIMINATOR[:2], {**DISCRIMINATOR[2], "activation": "sigmoid"}])
        assert resolved["discriminator"]["layers"][2]["activation"] == "linear"
        assert [note["code"] for note in resolved["notes"]] == ["logit_kept"]

    def test_a_generator_without_bounds_is_told(self):
        drawn = [*GENERATOR[:2], layer("image", "Reshape", ["hidden"], target_shape=[16, 16, 1])]
        resolved = resolve(drawn)
        assert [(note["pointer"], note["code"]) for note in resolved["notes"]] == [
            ("/generator/layers/1", "output_range")
        ]
        drawn[1] = {**drawn[1], "activation": "tanh"}
        assert resolve(drawn)["notes"] == []


class TestLimits:
    def test_layers(self):
        chain = [GENERATOR[0]] + [layer(f"r{i}", "ReLU", [f"r{i - 1}" if i else "noise"]) for i in range(5)]
        with pytest.raises(spec.SpecError) as error:
            spec.resolve(
                {"data": DATA, "generator": {"choice": "custom", "layers": chain}, "discriminator": {"choice": "gan"}},
                limits=spec.Limits(max_layers=5),
            )
        assert error.value.problems[0]["message"] == "the generator has 6 layers; 5 are allowed"

    def test_parameters(self):
        drawn = [
            *DISCRIMINATOR[:2],
            layer("wide", "Dense", ["row"], units=1_000_000),
            layer("score", "Dense", ["wide"], units=1),
        ]
        [(pointer, code, message)] = problems(discriminator=drawn)
        assert (pointer, code) == ("/discriminator", "too_large")
        assert "has 258000001 parameters" in message
        assert "Dense 'wide'" in message

    def test_numbers_a_layer_puts_out(self):
        grown = [layer(f"u{i}", "UpSampling2D", [f"u{i - 1}" if i else "image"], size=16) for i in range(4)]
        drawn = [
            DISCRIMINATOR[0],
            *grown,
            layer("mean", "GlobalAveragePooling2D", ["u3"]),
            layer("score", "Dense", ["mean"], units=1),
        ]
        assert [problem[1] for problem in problems(discriminator=drawn)] == ["too_large"]

    def test_problems(self):
        drawn = [layer(f"d{i}", "Dense", ["noise"]) for i in range(50)]
        with pytest.raises(spec.SpecError) as error:
            spec.resolve({"generator": {"choice": "custom", "layers": drawn}}, limits=spec.Limits(max_problems=7))
        assert len(error.value.problems) == 7

    def test_size_of_the_document(self):
        limits = spec.Limits(max_json_values=10, max_text_length=20)
        for document, code in (
            ({"a": [1] * 20}, "too_large"),
            ({"name": "x" * 21}, "too_large"),
            ({"x" * 21: 1}, "too_large"),
        ):
            with pytest.raises(spec.SpecError) as error:
                spec.resolve(document, limits=limits)
            assert [problem["code"] for problem in error.value.problems] == [code]


@st.composite
def valid_discriminators(draw):
    """A random graph of layers that fits by construction: images keep 16x16, and everything is joined at the end."""
    layers = [layer("image", "Input", source="image")]
    grown = ["image"]
    for index in range(draw(st.integers(0, 12))):
        source = draw(st.sampled_from(grown))
        kind = draw(
            st.sampled_from(
                ["Conv2D", "ReLU", "Dropout", "BatchNormalization", "Concatenate", "Softmax", "AveragePooling2D"]
            )
        )
        inputs = [source, draw(st.sampled_from(grown))] if kind == "Concatenate" else [source]
        parameters = {
            "Conv2D": {
                "filters": draw(st.integers(1, 8)),
                "kernel_size": draw(st.integers(1, 7) | st.tuples(st.integers(1, 5), st.integers(1, 5)).map(list)),
                "padding": "same",
                "use_bias": draw(st.booleans()),
            },
            "Dropout": {"rate": draw(st.floats(0, 0.9))},
            "AveragePooling2D": {"pool_size": draw(st.integers(1, 4)), "strides": 1, "padding": "same"},
        }
        layers.append(layer(f"l{index}", kind, inputs, **parameters.get(kind, {})))
        grown.append(f"l{index}")
    fed = {source for item in layers for source in item["inputs"]}
    ends = [identifier for identifier in grown if identifier not in fed]
    if len(ends) > 1:
        layers.append(layer("joined", "Concatenate", ends))
        ends = ["joined"]
    layers += [layer("row", "Flatten", ends), layer("score", "Dense", ["row"], units=1)]
    return draw(st.permutations(layers))


@settings(max_examples=150, deadline=None)
@given(valid_discriminators())
def test_random_drawings_that_fit_are_resolved(drawn):
    resolved = resolve(discriminator=drawn)
    network = resolved["discriminator"]
    assert {item["id"] for item in network["layers"]} == {item["id"] for item in drawn}
    seen = set()
    for item in network["layers"]:
        assert seen.issuperset(item["inputs"])
        seen.add(item["id"])
    by_id = {item["id"]: item for item in network["layers"]}
    for item in network["layers"]:
        if item["type"] == "Conv2D":
            kernel = item["kernel_size"][0] * item["kernel_size"][1]
            channels = by_id[item["inputs"][0]]["output_shape"][2]
            assert item["parameter_count"] == (kernel * channels + item["use_bias"]) * item["filters"]
    assert network["output_shape"] == [1]
    assert spec.resolve(json.loads(json.dumps(resolved))) == resolved
