"""Numbers of classes are followed through a network: where a layer looks them up, nothing else may come in."""

import pytest

import spec

CGAN = {"data": {"choice": "digits", "image_size": 8}, "discriminator": {"choice": "cgan"}}


def generator(*layers):
    """A spec whose generator puts noise and label through `layers`, the last of which is called "last"."""
    inputs = [
        {"id": "noise", "type": "Input", "source": "noise", "shape": [16]},
        {"id": "label", "type": "Input", "source": "label"},
    ]
    ends = [
        {"id": "all", "type": "Concatenate", "inputs": ["noise", "last"]},
        {"id": "dense", "type": "Dense", "units": 64, "activation": "tanh", "inputs": ["all"]},
        {"id": "picture", "type": "Reshape", "target_shape": [8, 8, 1], "inputs": ["dense"]},
    ]
    return {**CGAN, "generator": {"choice": "custom", "layers": [*inputs, *layers, *ends]}}


def embedding(source, rows=10, **more):
    return {"id": "table", "type": "Embedding", "input_dim": rows, "output_dim": 4, "inputs": [source], **more}


def problems(document):
    with pytest.raises(spec.SpecError) as error:
        spec.resolve(document)
    return [(problem["pointer"], problem["code"], problem["message"]) for problem in error.value.problems]


@pytest.mark.parametrize(
    "moves",
    [
        [],
        [{"type": "Reshape", "target_shape": [1]}],
        [{"type": "Flatten"}, {"type": "RepeatVector", "n": 3}, {"type": "Permute", "dims": [2, 1]}],
    ],
)
def test_a_label_may_be_rearranged_before_it_is_looked_up(moves):
    chain = [
        {"id": f"m{index}", "inputs": [f"m{index - 1}" if index else "label"], **m} for index, m in enumerate(moves)
    ]
    last = {"id": "last", "type": "Flatten", "inputs": ["table"]}
    document = generator(*chain, embedding(f"m{len(moves) - 1}" if moves else "label"), last)
    assert spec.resolve(document)["generator"]["conditional"]


@pytest.mark.parametrize("source", ["noise", "scaled"])
def test_other_numbers_are_refused_where_labels_are_looked_up(source):
    scaled = {"id": "scaled", "type": "GaussianNoise", "stddev": 1, "inputs": ["label"]}
    last = {"id": "last", "type": "Flatten", "inputs": ["table"]}
    [(pointer, code, message)] = problems(generator(scaled, embedding(source), last))[:1]
    assert (pointer, code) == ("/generator/layers/3/inputs/0", "no_label")
    assert message == (
        f"Embedding 'table' looks up labels, but '{source}' puts out other numbers; connect an Input of source 'label'"
    )


def test_the_second_input_of_a_conditional_normalization_is_a_label():
    normalization = {"id": "last", "type": "ConditionalBatchNormalization", "num_classes": 10}
    document = generator({**normalization, "inputs": ["noise", "label"]})
    assert spec.resolve(document)["generator"]["layers"][2]["parameter_count"] == 2 * 10 * 16 + 2 * 16
    pointers = [problem[0] for problem in problems(generator({**normalization, "inputs": ["label", "noise"]}))]
    assert pointers[0] == "/generator/layers/2"
    messages = {problem[0]: problem[2] for problem in problems(generator({**normalization, "inputs": ["noise"]}))}
    assert "needs 2 layers before it (features, label), but has 1" in messages["/generator/layers/2"]


@pytest.mark.parametrize(
    ("layer", "pointer"),
    [
        ({"type": "Embedding", "input_dim": 9, "output_dim": 4, "inputs": ["label"]}, "/input_dim"),
        (
            {
                "type": "SpectralNormalization",
                "layer": {"type": "Embedding", "input_dim": 9, "output_dim": 4},
                "inputs": ["label"],
            },
            "/layer/input_dim",
        ),
        ({"type": "ConditionalBatchNormalization", "num_classes": 9, "inputs": ["noise", "label"]}, "/num_classes"),
    ],
)
def test_every_class_needs_a_row(layer, pointer):
    [(where, code, message)] = problems(generator({"id": "last", **layer}))
    assert (where, code) == (f"/generator/layers/2{pointer}", "out_of_range")
    assert f"has 9 rows, but the data has 10 classes; set {pointer.rpartition('/')[2]} to 10" in message


def test_a_label_that_is_not_looked_up_is_a_number():
    assert spec.resolve(generator({"id": "last", "type": "Flatten", "inputs": ["label"]}))["generator"]["conditional"]


def test_a_generator_takes_no_sequence():
    layers = [{"id": "s", "type": "Input", "source": "sequence"}, {"id": "last", "type": "Flatten", "inputs": ["s"]}]
    messages = {problem[:2]: problem[2] for problem in problems(generator(*layers))}
    message = messages["/generator/layers/2/source", "wrong_source"]
    assert "takes the sources 'noise' and 'label', not 'sequence'" in message
