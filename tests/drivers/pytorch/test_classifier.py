"""The classifier whose features scores compare: trained once, kept, and known by its hash."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from drivers.data import Dataset, DataSettings, load
from drivers.errors import DriverError
from drivers.evaluation.extractors import Identity, open_extractor
from drivers.pytorch import classifier
from drivers.pytorch.classifier import open_classifier


def quiet(what, done, total):
    pass


@pytest.fixture(scope="module")
def data():
    return load({"choice": "digits", "image_size": 8, "channels": 1})


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return DataSettings(home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def trained(data, settings):
    told = []
    return open_classifier(data, settings, lambda *progress: told.append(progress)), told


def test_it_tells_digits_it_never_saw(trained):
    assert trained[0].accuracy > 0.95


def test_its_training_is_told(trained):
    what, done, total = trained[1][-1]
    assert what == "training the extractor"
    assert total / 2 < done < total


def test_features_and_probabilities(trained, data):
    features = trained[0].features(data.images[:300])
    assert features.shape == (300, classifier.FEATURES)
    assert features.std(0).min() > 0
    probabilities = trained[0].probabilities(data.images[:300])
    assert probabilities.shape == (300, 10)
    assert probabilities.sum(1) == pytest.approx(np.ones(300), abs=1e-5)
    assert (probabilities.argmax(1) == data.labels[:300]).mean() > 0.97


def test_parts_give_the_same_as_the_whole(trained, data, monkeypatch):
    whole = trained[0].features(data.images[:60])
    monkeypatch.setattr(classifier, "INFERENCE_BATCH", 7)
    np.testing.assert_allclose(trained[0].features(data.images[:60]), whole, atol=1e-5)


def test_it_is_kept_and_found_again(trained, data, settings):
    told = []
    again = open_classifier(data, settings, lambda *progress: told.append(progress))
    assert told == []
    assert (again.id, again.accuracy) == (trained[0].id, trained[0].accuracy)
    np.testing.assert_array_equal(again.features(data.images[:50]), trained[0].features(data.images[:50]))


@pytest.fixture
def quick(monkeypatch):
    """A training too short to be any good."""
    monkeypatch.setattr(classifier, "LEAST_STEPS", 5)
    monkeypatch.setattr(classifier, "MOST_STEPS", 5)


def test_other_data_has_another_classifier(trained, data, settings, quick):
    fewer = Dataset(data.samples[:500], data.labels[:500], data.class_names)
    assert open_classifier(fewer, settings, quiet).id != trained[0].id


def test_a_damaged_file_is_made_anew(data, tmp_path, quick, caplog):
    settings = DataSettings(home=tmp_path)
    first = open_classifier(data, settings, quiet)
    (path,) = (settings.cache / "extractors").glob("*.safetensors")
    path.write_bytes(b"not a weight file")
    assert open_classifier(data, settings, quiet).id == first.id
    assert "trained anew" in caplog.text
    assert path.stat().st_size > 1000


def test_a_cache_that_cannot_be_written_costs_a_line_in_the_log(data, tmp_path, quick, caplog):
    (tmp_path / "cache").write_text("a file where a folder should be")
    open_classifier(data, DataSettings(home=tmp_path), quiet)
    assert "cannot be kept" in caplog.text


def test_without_labels_it_learns_how_images_were_turned(data, tmp_path, monkeypatch):
    monkeypatch.setattr(classifier, "MOST_STEPS", 300)
    unlabelled = dataclasses.replace(data, labels=None, class_names=None)
    found = open_classifier(unlabelled, DataSettings(home=tmp_path), quiet)
    assert found.accuracy > 0.8
    assert found.features(data.images[:9]).shape == (9, classifier.FEATURES)
    for ask in (lambda: found.probabilities(data.images), lambda: found.learn(data.images, data.labels, 0)):
        with pytest.raises(DriverError, match="no labels"):
            ask()


def test_it_learns_from_other_images(trained, data):
    """Labels exchanged by one: what was learned says so."""
    wrong = (data.labels + 1) % 10
    classify = trained[0].learn(data.images[:900], wrong[:900], 3)
    assert (classify(data.images[900:]).argmax(1) == wrong[900:]).mean() > 0.9


def test_auto_is_a_classifier_for_images_and_the_data_itself_for_the_rest(trained, data, settings):
    assert open_extractor("auto", data, settings, quiet).id == trained[0].id
    points = Dataset(np.random.default_rng(0).normal(size=(100, 2)))
    extractor = open_extractor("auto", points, settings, quiet)
    assert isinstance(extractor, Identity)
    np.testing.assert_array_equal(extractor.features(points.samples), points.samples)
    with pytest.raises(DriverError, match="looks at images"):
        open_extractor("classifier", points, settings, quiet)


def test_the_identity_of_pixels_runs_from_0_to_1_and_tells_no_classes(data):
    features = Identity().features(data.images[:10])
    assert features.shape == (10, 64)
    assert (features.min(), features.max()) == (0, 1)
    with pytest.raises(DriverError, match="does not tell classes"):
        Identity().probabilities(data.images)
    with pytest.raises(DriverError, match="learns nothing"):
        Identity().learn(data.images, data.labels, 0)
