"""What a job has produced: metrics, samples, artefacts."""

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import spec as specs
from drivers.data import grid
from drivers.data.pictures import GAP


@pytest.fixture
def claim(store, job):
    return store.claim(job, "worker")


def png(value=0):
    buffer = io.BytesIO()
    grid(np.full((4, 8, 8, 1), value, np.uint8), 2).save(buffer, "PNG")
    return buffer.getvalue()


def draw(services, claim, step, value=0):
    services.storage.write_atomic(claim.job_id, f"samples/{step}.png", png(value))
    url = f"/v1/jobs/{claim.job_id}/samples/{step}.png"
    services.store.write(claim, samples=[{"step": step, "url": url, "width": 16, "height": 16, "columns": 2}])


# -- metrics -------------------------------------------------------------------------------------------------------


def test_every_step_is_there(client, store, job, claim):
    store.write(claim, metrics=[(1, 0.7, 1.4), (2, 0.6, None)], measurements=[(2, "fcd", 31.0)])
    assert client.get(f"/v1/jobs/{job}/metrics").json == {
        "columns": ["step", "generator", "discriminator", "epoch", "seconds"],
        "rows": [[1, 0.7, 1.4, None, None], [2, 0.6, None, None, None]],
        "count": 2,
        "thinned": False,
        "measurements": {"fcd": [[2, 31.0]]},
        "usage": {},
        "learning_rates": {},
    }
    assert client.get(f"/v1/jobs/{job}/metrics?from=2").json["rows"] == [[2, 0.6, None, None, None]]


@pytest.fixture
def curve(store, claim):
    """Ten epochs of 100 steps, each 0.1 s long, but a pause of the machine after step 500 that counted as training."""
    metrics = [(step, 1.0, 2.0, round(step / 10 + (100 if step > 500 else 0), 3)) for step in range(1, 1001)]
    metrics[699] = (700, -5.0, None, 170.0)
    store.write(claim, metrics=metrics, progress={"step": 1000, "total": 1000, "epoch": 10, "epochs": 10})


def test_ranges_are_in_units_of_x(client, job, curve):
    def steps(query):
        return [row[0] for row in client.get(f"/v1/jobs/{job}/metrics?{query}").json["rows"]]

    assert steps("from=10&to=12") == [10, 11, 12]
    assert steps("x=epoch&from=2.005&to=2.03") == [201, 202, 203]
    assert steps("x=seconds&from=49.9&to=150.2") == [499, 500, 501, 502]
    assert client.get(f"/v1/jobs/{job}/metrics?from=700&to=700").json["rows"] == [[700, -5.0, None, 7.0, 170.0]]
    assert steps("from=2000") == []


def test_bands_hold_the_extremes_of_each_stretch(client, job, curve):
    answer = client.get(f"/v1/jobs/{job}/metrics?max_points=10&bands=true").json
    assert answer["columns"][5:] == ["generator_min", "generator_max", "discriminator_min", "discriminator_max"]
    assert (answer["count"], answer["thinned"], len(answer["rows"])) == (1000, True, 10)
    (with_spike,) = [row for row in answer["rows"] if row[5] != 1.0]
    assert with_spike[5:] == [-5.0, 1.0, 2.0, 2.0]
    assert with_spike[1] == pytest.approx((99 * 1.0 - 5.0) / 100)
    by_time = client.get(f"/v1/jobs/{job}/metrics?max_points=10&bands=true&x=seconds").json["rows"]
    assert max(after[4] - before[4] for before, after in pairwise(by_time)) > 100


def test_usage_is_told_apart_from_what_was_evaluated(client, store, job, claim, curve):
    store.write(claim, measurements=[(500, "usage/cpu_percent", 98.5), (500, "fcd", 3.0), (900, "fcd", 2.0)])
    answer = client.get(f"/v1/jobs/{job}/metrics?to=600").json
    assert (answer["usage"], answer["measurements"]) == ({"cpu_percent": [[500, 98.5]]}, {"fcd": [[500, 3.0]]})


def test_what_happened_is_listed_and_moves_the_learning_rate(client, store, job, claim, curve):
    changes = {"learning_rate": {"generator": 0.001}}
    store.write(claim, markers=[{"step": 300, "kind": "changed", "changes": changes}, {"step": 400, "kind": "paused"}])
    markers = client.get(f"/v1/jobs/{job}/markers").json["markers"]
    assert [(marker["step"], marker["kind"]) for marker in markers] == [(300, "changed"), (400, "paused")]
    assert markers[0]["changes"] == changes
    assert markers[0]["at"].endswith("Z")
    rates = client.get(f"/v1/jobs/{job}/metrics").json["learning_rates"]
    assert rates["generator"] == [[1, 0.0002], [301, 0.001], [1000, 0.001]]
    assert rates["discriminator"] == [[1, 0.0002], [1000, 0.0002]]


def test_a_long_curve_is_thinned_and_keeps_its_peaks(client, store, job, claim):
    store.write(claim, metrics=[(step, 1.0, 9.0 if step == 1234 else 1.0) for step in range(1, 3001)])
    rows = client.get(f"/v1/jobs/{job}/metrics?max_points=50").json["rows"]
    assert len(rows) <= 50
    assert [1234, 1.0, 9.0, None, None] in rows
    assert (rows[0][0], rows[-1][0]) == (1, 3000)


def test_the_service_has_a_say_in_how_many(make_client, store, job, claim):
    store.write(claim, metrics=[(step, 1.0, 1.0) for step in range(1, 1001)])
    rows = make_client(max_metric_points=20).get(f"/v1/jobs/{job}/metrics?max_points=500").json["rows"]
    assert len(rows) <= 20


@pytest.mark.parametrize("query", ["max_points=5", "from=-1", "from=x", "to=-1", "x=weeks", "bands=perhaps"])
def test_queries_out_of_range(client, job, query):
    assert client.get(f"/v1/jobs/{job}/metrics?{query}").status_code == 422


# -- samples -------------------------------------------------------------------------------------------------------


def test_samples_are_listed_newest_first_and_in_pages(client, services, job, claim):
    for step in (10, 20, 30):
        draw(services, claim, step)
    page = client.get(f"/v1/jobs/{job}/samples?limit=2").json
    assert [sample["step"] for sample in page["samples"]] == [30, 20]
    rest = client.get(f"/v1/jobs/{job}/samples?limit=2&cursor={page['next']}").json
    assert [sample["step"] for sample in rest["samples"]] == [10]
    assert rest["next"] is None


def test_a_sample_is_a_picture_that_browsers_may_keep(client, services, job, claim):
    draw(services, claim, 10)
    response = client.get(f"/v1/jobs/{job}/samples/10.png")
    assert response.mimetype == "image/png"
    assert response.data == png()
    assert "immutable" in response.headers["Cache-Control"]
    again = client.get(f"/v1/jobs/{job}/samples/10.png", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_the_latest_sample_is_asked_for_each_time(client, services, job, claim):
    response = client.get(f"/v1/jobs/{job}/samples/latest.png")
    assert response.status_code == 404
    assert "no samples yet" in response.text
    draw(services, claim, 10, value=10)
    first = client.get(f"/v1/jobs/{job}/samples/latest.png")
    assert first.data == png(10)
    assert "no-cache" in first.headers["Cache-Control"]
    draw(services, claim, 20, value=20)
    second = client.get(f"/v1/jobs/{job}/samples/latest.png", headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert second.data == png(20)


def test_real_samples_are_laid_out_as_those_that_are_drawn(client, services):
    spec = {
        "data": {"choice": "digits", "image_size": 8},
        "generator": {"choice": "cgan"},
        "discriminator": {"choice": "cgan"},
        "training": {"sample_count": 20},
    }
    job = services.store.submit(specs.resolve(spec)).id
    response = client.get(f"/v1/jobs/{job}/real.png")
    assert (response.status_code, response.mimetype) == (200, "image/png")
    picture = Image.open(io.BytesIO(response.data))
    assert picture.size == (10 * 8 + 9 * GAP, 2 * 8 + GAP)  # a column for each class
    assert client.get("/v1/jobs/0123456789abcdef/real.png").status_code == 404


def test_real_samples_that_are_gone(client, services):
    spec = {"data": {"choice": "mnist"}, "generator": {"choice": "gan"}, "discriminator": {"choice": "gan"}}
    response = client.get(f"/v1/jobs/{services.store.submit(specs.resolve(spec)).id}/real.png")
    assert response.status_code == 409
    assert "'mnist' are not on this machine" in response.text


def test_steps_that_were_not_drawn(client, services, job, claim):
    draw(services, claim, 10)
    for step in ("11", "x", "-1"):
        assert client.get(f"/v1/jobs/{job}/samples/{step}.png").status_code == 404


# -- a reading in words --------------------------------------------------------------------------------------------


def test_a_job_that_has_hardly_begun_is_not_judged(client, job, claim):
    answer = client.get(f"/v1/jobs/{job}/reading").json
    assert (answer["verdict"], answer["findings"], answer["step"]) == ("too_early", [], 0)
    assert all(not rule["judged"] and rule["reason"] for rule in answer["rules"])


def test_curves_and_samples_are_read_in_words(client, services, store, job, claim):
    """The discriminator's loss goes to nothing, the generator's rises, and in the end every image is the same."""
    place = np.arange(1, 501) / 500
    losses = zip(1 + 5 * place, 1.3 * np.exp(-9 * place), strict=True)
    store.write(claim, metrics=[(step, *map(float, pair)) for step, pair in enumerate(losses, 1)])
    for step in range(50, 501, 50):
        images = np.random.default_rng(step).integers(0, 256, (4, 8, 8, 1), dtype=np.uint8)
        buffer = io.BytesIO()
        grid(images if step < 400 else images[:1].repeat(4, axis=0), 2).save(buffer, "PNG")
        services.storage.write_atomic(job, f"samples/{step}.png", buffer.getvalue())
        store.write(claim, samples=[{"step": step, "url": "/", "width": 18, "height": 18, "columns": 2, "count": 4}])
    answer = client.get(f"/v1/jobs/{job}/reading").json
    assert answer["verdict"] == "discriminator_won"
    assert [finding["code"] for finding in answer["findings"]] == ["discriminator_won", "mode_collapse"]
    collapse = answer["findings"][1]
    assert (collapse["evidence"]["diversity"], collapse["since_step"]) == (0.0, 400)
    assert collapse["evidence"]["diversity_peak"] == pytest.approx(np.sqrt(1 / 6), rel=0.1)  # of even noise
    assert collapse["try"]
    assert collapse["rule"].startswith("The diversity of the samples")
    assert len(answer["diversity"]) == 10


def test_samples_of_noise_are_not_called_healthy_whatever_the_losses(client, services, store):
    spec = {
        "data": {"choice": "digits", "image_size": 8},
        "generator": {"choice": "gan"},
        "discriminator": {"choice": "gan"},
        "training": {"sample_count": 20},
    }
    job = store.submit(specs.resolve(spec)).id
    claim = store.claim(job, "here")
    falling = 1.3 - np.arange(300) / 1000
    store.write(claim, metrics=[(step, loss, 1.2) for step, loss in enumerate(falling.tolist(), 1)])
    for step in range(50, 301, 50):
        buffer = io.BytesIO()
        grid(np.random.default_rng(step).integers(0, 256, (20, 8, 8, 1), dtype=np.uint8), 5).save(buffer, "PNG")
        services.storage.write_atomic(job, f"samples/{step}.png", buffer.getvalue())
        store.write(claim, samples=[{"step": step, "url": "/", "width": 44, "height": 35, "columns": 5, "count": 20}])
    answer = client.get(f"/v1/jobs/{job}/reading").json
    assert (answer["verdict"], answer["title"]) == ("noise", "The samples are noise")
    (finding,) = [finding for finding in answer["findings"] if finding["code"] == "noise"]
    assert finding["since_step"] == 50
    assert finding["evidence"]["correlation"] == pytest.approx(0, abs=0.1)
    assert finding["evidence"]["correlation_real"] == pytest.approx(0.34, abs=0.1)
    assert finding["try"]


# -- movies --------------------------------------------------------------------------------------------------------


def test_a_movie_is_made_once_and_anew_when_there_are_more_samples(client, services, job, claim):
    assert client.get(f"/v1/jobs/{job}/movie.gif").status_code == 404
    draw(services, claim, 10, value=0)
    draw(services, claim, 20, value=200)
    response = client.get(f"/v1/jobs/{job}/movie.gif?seconds=2&fps=5")
    assert (response.status_code, response.mimetype) == (200, "image/gif")
    with Image.open(io.BytesIO(response.data)) as movie:
        assert movie.n_frames == 2
    again = client.get(f"/v1/jobs/{job}/movie.gif?seconds=2&fps=5", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    draw(services, claim, 30, value=100)
    with Image.open(io.BytesIO(client.get(f"/v1/jobs/{job}/movie.gif?seconds=2&fps=5").data)) as movie:
        assert movie.n_frames == 3
    kept = [artefact.name for artefact in services.storage.list(job) if artefact.name.startswith("movies/")]
    assert kept == ["movies/2s-5fps-3-30.gif"]


def test_a_movie_as_video(client, services, job, claim):
    draw(services, claim, 10)
    response = client.get(f"/v1/jobs/{job}/movie.mp4?seconds=1")
    assert (response.status_code, response.mimetype) == (200, "video/mp4")
    assert response.data[4:8] == b"ftyp"


def test_a_movie_that_cannot_be_made(make_client, services, job, claim):
    client = make_client(max_movie_seconds=30)
    draw(services, claim, 10)
    for query in ("seconds=31", "seconds=0", "fps=100"):
        assert client.get(f"/v1/jobs/{job}/movie.mp4?{query}").status_code == 422
    services.storage.remove(job, "samples/10.png")
    response = client.get(f"/v1/jobs/{job}/movie.mp4")
    assert response.status_code == 503
    assert "10.png" in response.text


# -- artefacts -----------------------------------------------------------------------------------------------------


def test_artefacts_are_listed_and_downloaded(client, services, job):
    services.storage.write_atomic(job, "weights.safetensors", b"\x00" * 300_000)
    services.storage.write_atomic(job, "samples/1.png", png())
    listed = client.get(f"/v1/jobs/{job}/artifacts").json["artifacts"]
    assert [(artefact["name"], artefact["size"]) for artefact in listed] == [
        ("samples/1.png", len(png())),
        ("weights.safetensors", 300_000),
    ]
    response = client.get(listed[1]["url"])
    assert response.mimetype == "application/octet-stream"
    assert response.data == b"\x00" * 300_000
    assert response.headers["Content-Disposition"] == 'attachment; filename="weights.safetensors"'
    assert client.get(listed[1]["url"], headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    "name",
    [
        "nothing.bin",
        "../authorgan.db",
        "..%2fauthorgan.db",
        "%2e%2e/%2e%2e/authorgan.db",
        "..%252f..%252fauthorgan.db",
        "/etc/passwd",
        "samples/../../../authorgan.db",
        ".lock",
        "samples",
        "a" * 300,
        "a%00b",
    ],
)
def test_no_name_leads_anywhere_else(client, services, job, name):
    services.storage.write_atomic(job, "samples/1.png", png())
    (services.storage.local_folder(job) / ".lock").write_text("")
    response = client.get(f"/v1/jobs/{job}/artifacts/{name}")
    assert response.status_code in (404, 308)
    assert b"SQLite" not in response.data
    assert b"root:" not in response.data
