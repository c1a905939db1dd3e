"""Scores of real trainings: in the table while they run, and on demand afterwards."""

import json
import os
import signal

import pytest

import spec as specs
from service.queue.interactive import InteractiveError, call, converse
from tests.fleet import children, small_spec, wave_spec

SECONDS = 90.0


def scored(spec, *metrics, **evaluation):
    return specs.resolve({**spec, "evaluation": {"metrics": list(metrics), "sample_count": 60, **evaluation}})


@pytest.fixture(scope="module")
def trained(fleet):
    """A training of 2 epochs of 8 steps, scored after each."""
    spec = scored(small_spec(epochs=2), "kid", "precision", extractor="identity")
    return fleet.wait(fleet.submit(spec), "succeeded").id


def test_scores_of_a_training_are_curves_with_their_intervals_and_floors(fleet, trained):
    found = fleet.history.measurements(trained)
    curves = {f"{name}{part}" for name in ("kid", "precision") for part in ("", ".low", ".high", ".floor")}
    assert {name for name in found if "/" not in name} == curves
    assert [step for step, _ in found["kid"]] == [8, 16]
    for (_, low), (_, value), (_, high) in zip(found["kid.low"], found["kid"], found["kid.high"], strict=True):
        assert low <= value <= high
    assert len({value for _, value in found["kid.floor"]}) == 1


def test_the_newest_scores_are_kept_whole(fleet, trained):
    with fleet.storage.open(trained, "scores.json") as file:
        scores = json.load(file)
    assert set(scores) == {"kid", "precision"}
    assert scores["precision"]["step"] == 16
    assert (scores["precision"]["extractor"], scores["precision"]["count"]) == ("identity", 60)
    assert scores["precision"]["interval"] == "Wilson, 60 images"


def evaluation(spec):
    return {"evaluation": spec["evaluation"], "seed": 0}


def test_the_first_to_ask_hears_that_library_and_model_are_loaded(fleet, trained):
    def told():
        messages = list(
            converse("evaluate", trained, evaluation(fleet.job(trained).spec), SECONDS, settings=fleet.settings)
        )
        assert "result" in messages[-1]
        return [message["progress"]["what"] for message in messages[:-1]]

    assert told()[:2] == ["loading PyTorch", "loading the model"]
    assert not [what for what in told() if "loading" in what]


def test_scores_on_demand_are_those_of_the_training_at_its_end(fleet, trained):
    job = fleet.job(trained)
    result = call("evaluate", trained, evaluation(job.spec), SECONDS, settings=fleet.settings)
    assert result["step"] == 16
    curves = fleet.history.measurements(trained)
    assert {score["name"]: score["value"] for score in result["scores"]} == {
        name: pytest.approx(curves[name][-1][1]) for name in ("kid", "precision")
    }


def test_a_classifier_is_trained_on_the_way_which_is_told_and_only_once(fleet, trained):
    params = evaluation(scored(small_spec(), "modes"))

    def told():
        messages = list(converse("evaluate", trained, params, SECONDS, settings=fleet.settings))
        (score,) = messages[-1]["result"]["scores"]
        assert score["extractor"].startswith("classifier-")
        assert 0 <= score["value"] <= 10
        return {message["progress"]["what"] for message in messages[:-1]}

    assert told() == {"drawing", "training the extractor", "modes", "done"}
    assert told() == {"drawing", "modes", "done"}
    assert list((fleet.settings.home / "cache" / "extractors").glob("*.safetensors"))


def test_samples_are_drawn_while_an_evaluation_goes_on_for_ever(fleet, trained):
    job = fleet.job(trained)
    messages = converse("evaluate", trained, evaluation(job.spec), SECONDS, settings=fleet.settings)
    assert "progress" in next(messages)
    (pool_child,) = children(fleet.processes[1].pid)
    (model_process,) = children(pool_child)
    os.kill(model_process, signal.SIGSTOP)
    try:
        assert call("sample", trained, {"count": 4}, SECONDS, settings=fleet.settings)["count"] == 4
    finally:
        os.kill(model_process, signal.SIGCONT)
    *_, last = messages
    assert len(last["result"]["scores"]) == 2


def test_what_goes_wrong_is_told(fleet, trained):
    params = evaluation(scored(small_spec(), {"choice": "precision", "k": 99}, extractor="identity"))
    with pytest.raises(InteractiveError) as caught:
        call("evaluate", trained, params, SECONDS, settings=fleet.settings)
    assert caught.value.code == "metric_failed"
    assert "99 neighbours" in caught.value.message


def test_sequences_are_scored_too(fleet):
    spec = scored({**wave_spec(), "data": {**wave_spec()["data"], "count": 200}}, "frechet_distance", "copying")
    job = fleet.wait(fleet.submit(spec), "succeeded").id
    found = fleet.history.measurements(job)
    assert found["frechet_distance"][-1][1] > found["frechet_distance.floor"][-1][1]
    assert found["copying"][-1][1] == 0
