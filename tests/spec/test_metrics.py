"""Metrics that the data or the generator cannot have are refused when the spec is resolved, with the reason."""

import pytest

import spec


def resolve(metrics, generator="gan", data=None, **evaluation):
    return spec.resolve(
        {
            "data": {"choice": "digits", **(data or {})},
            "generator": {"choice": generator},
            "discriminator": {"choice": generator},
            "evaluation": {"metrics": metrics, **evaluation},
        }
    )


def refused(*arguments, **keywords):
    with pytest.raises(spec.SpecError) as caught:
        resolve(*arguments, **keywords)
    return [(problem["pointer"], problem["code"], problem["message"]) for problem in caught.value.problems]


def test_a_metric_is_a_module_with_parameters():
    resolved = resolve(["precision", {"choice": "kid", "subsets": 10}])
    assert resolved["evaluation"] == {
        "metrics": [
            {"choice": "precision", "k": 3},
            {"choice": "kid", "degree": 3, "subset_size": 1000, "subsets": 10},
        ],
        "every_epochs": 1,
        "sample_count": 2000,
        "extractor": "auto",
    }
    assert spec.resolve(resolved) == resolved


@pytest.mark.parametrize("metric", ["gan_train", "gan_test", "conditional_accuracy"])
def test_what_asks_for_classes_needs_a_conditional_generator(metric):
    assert resolve([metric], generator="cgan")["evaluation"]["metrics"] == [{"choice": metric}]
    assert refused(["kid", metric]) == [
        (
            "/evaluation/metrics/1",
            "metric_not_possible",
            f"evaluation: metric '{metric}' needs a generator that is asked for a class; choose a conditional one, "
            "such as cgan",
        )
    ]


@pytest.mark.parametrize("metric", ["inception_score", "modes", "class_divergence"])
def test_what_counts_classes_needs_some(metric):
    resolve([metric])
    images = {"choice": "npz", "path": "a.npz"}
    ((pointer, code, message),) = refused([metric], data=images)
    assert (pointer, code) == ("/evaluation/metrics/0", "metric_not_possible")
    assert "the data has none" in message
    resolve([metric], data={**images, "classes": 10})


def test_what_asks_a_classifier_cannot_have_the_data_itself():
    ((_, code, message),) = refused(["modes"], extractor="identity")
    assert code == "metric_not_possible"
    assert "extractor is 'identity'" in message
    resolve(["kid"], extractor="identity")


def test_inception_tells_no_classes_of_the_data_but_has_the_score_of_its_name():
    ((_, code, message),) = refused(["modes"], extractor="inception")
    assert code == "metric_not_possible"
    assert "extractor is 'inception'; choose 'classifier'" in message
    resolve(["kid", "frechet_distance", "inception_score"], extractor="inception")
    waves = {"choice": "sine"}
    problems = refused(["inception_score"], generator="gan", data=waves, extractor="inception")
    assert ("/evaluation/extractor", "metric_not_possible") in [problem[:2] for problem in problems]


def test_ms_ssim_needs_images_as_large_as_its_window():
    resolve(["ms_ssim"], data={"image_size": 11})
    ((_, code, message),) = refused(["ms_ssim"], data={"image_size": 10})
    assert code == "metric_not_possible"
    assert "11x11" in message


def test_a_metric_stands_in_the_list_once():
    assert [problem[:2] for problem in refused(["kid", "kid"])] == [("/evaluation/metrics/1", "duplicate")]


@pytest.mark.parametrize(
    ("evaluation", "pointer", "code"),
    [
        ({"metrics": ["fid"]}, "/evaluation/metrics/0", "unknown_choice"),
        ({"metrics": [{"choice": "kid", "degree": 0}]}, "/evaluation/metrics/0/degree", "out_of_range"),
        ({"metrics": [], "sample_count": 1}, "/evaluation/sample_count", "out_of_range"),
        ({"metrics": [], "extractor": "eyes"}, "/evaluation/extractor", None),
    ],
)
def test_what_is_wrong_with_an_evaluation_is_told(evaluation, pointer, code):
    ((found, found_code, _),) = refused(**evaluation)
    assert found == pointer
    assert code in (None, found_code)


def sequences(metrics, **evaluation):
    """A GAN on sine waves, by layers that take and make sequences."""
    layers = [{"id": "noise", "type": "Input", "source": "noise", "shape": [8], "inputs": []}]
    layers += [
        {"id": "dense", "type": "Dense", "units": 32, "inputs": ["noise"]},
        {"id": "sequence", "type": "Reshape", "target_shape": [32, 1], "inputs": ["dense"]},
    ]
    critic = [{"id": "in", "type": "Input", "source": "sequence", "shape": [32, 1], "inputs": []}]
    critic += [
        {"id": "flat", "type": "Flatten", "inputs": ["in"]},
        {"id": "score", "type": "Dense", "units": 1, "inputs": ["flat"]},
    ]
    return spec.resolve(
        {
            "data": {"choice": "sine", "length": 32},
            "generator": {"choice": "custom", "layers": layers},
            "discriminator": {"choice": "custom", "layers": critic},
            "evaluation": {"metrics": metrics, **evaluation},
        }
    )


def test_sequences_are_compared_as_they_are():
    assert len(sequences(["frechet_distance", "copying"])["evaluation"]["metrics"]) == 2
    with pytest.raises(spec.SpecError) as caught:
        sequences(["ms_ssim", "kid"], extractor="classifier")
    assert [problem["pointer"] for problem in caught.value.problems] == [
        "/evaluation/extractor",
        "/evaluation/metrics/0",
    ]
