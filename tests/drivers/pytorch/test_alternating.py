"""The alternating process: who learns when, and from what."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drivers.batches import to_pixels
from drivers.errors import DivergedError

GENERATORS = ("gan", "wgan", "wgan_gp", "dcgan")
DISCRIMINATORS = ("gan", "dcgan", "wgan", "wgan_gp")


def networks(session):
    return session._state.networks


def weights(session, role):
    return {name: value.clone() for name, value in networks(session)[role].weights().items()}


def changed(before, after):
    return {name for name in before if not torch.equal(before[name], after[name])}


@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_an_update_of_one_network_leaves_the_other_alone(open_small, role):
    session = open_small("dcgan")
    other = "discriminator" if role == "generator" else "generator"
    before = {name: weights(session, name) for name in (role, other)}
    session.train_step([role])
    assert set(networks(session)[role].trainable()) <= changed(before[role], weights(session, role))
    moved = changed(before[other], weights(session, other))
    assert not moved & set(networks(session)[other].trainable())


def test_no_gradient_of_the_other_network_is_computed(open_small):
    session = open_small("dcgan")
    session.train_step(["generator"])
    assert all(weight.grad is None for weight in networks(session)["discriminator"].trainable().values())
    assert all(weight.grad is not None for weight in networks(session)["generator"].trainable().values())
    session = open_small("dcgan")
    session.train_step(["discriminator"])
    assert all(weight.grad is None for weight in networks(session)["generator"].trainable().values())


@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize("discriminator", DISCRIMINATORS)
def test_each_of_the_sixteen_pairs_trains_opposed_networks(open_small, generator, discriminator):
    """An update of the critic parts the scores of reals and fakes; an update of the generator raises its fakes'."""
    optimizer = {"choice": "adam", "learning_rate": 1e-3, "beta_1": 0.0, "beta_2": 0.9}
    session = open_small(generator, discriminator, optimizer=optimizer)
    process, batches = session._process, session._state.batches
    reals = torch.cat([batches.next()[0] for _ in range(4)])
    noise = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))

    def mean_score(images):
        return process.score(images, None).mean().item()

    # the first update ends with the first clipping, which changes the scale of all scores
    session.train_step(["discriminator"])
    fakes = process.generate(noise, None)
    before = mean_score(reals) - mean_score(fakes)
    for _ in range(30):
        session.train_step(["discriminator"])
    assert mean_score(reals) - mean_score(fakes) > before

    before = mean_score(process.generate(noise, None))
    for _ in range(10):
        session.train_step(["generator"])
    assert mean_score(process.generate(noise, None)) > before


@pytest.mark.parametrize("loss", ["minimax", "non_saturating", "least_squares", "hinge", "wasserstein"])
@pytest.mark.parametrize("regularizer", [None, "gradient_penalty", "r1", "weight_clipping"])
def test_every_loss_trains_with_every_regularizer(open_small, loss, regularizer):
    regularizers = [{"choice": regularizer}] if regularizer else []
    session = open_small("dcgan", loss={"choice": loss, "regularizers": regularizers})
    for _ in range(3):
        session.train_step()
    assert all(np.isfinite([point["generator"], point["discriminator"]]).all() for point in session.read_losses())


def test_discriminator_steps_each_read_a_batch_of_their_own(open_small):
    session = open_small(training={"discriminator_steps": 3, "epochs": 4})
    batches = session._state.batches
    read = []
    original = batches.next
    batches.next = lambda: read.append(original()) or read[-1]
    session.train_step()
    assert len(read) == 3
    assert not torch.equal(read[0][0], read[1][0])
    # 160 images in batches of 16 are 10 batches, which are 3 whole steps of 3
    assert (session.steps_per_epoch, session.total_steps, session.images_per_step) == (3, 12, 48)
    session.change({"discriminator_steps": 1})
    session.train_step()
    assert len(read) == 4


def test_the_reported_discriminator_loss_is_the_mean_over_its_steps(open_small):
    one_by_one = open_small()
    for _ in range(3):
        one_by_one.train_step(["discriminator"])
    together = open_small(training={"discriminator_steps": 3})
    together.train_step(["discriminator"])
    expected = np.mean([point["discriminator"] for point in one_by_one.read_losses()])
    assert together.read_losses()[0]["discriminator"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("loss", "boundary"), [("hinge", 0.0), ("least_squares", 0.5), ("wasserstein", None)])
def test_what_is_measured_of_a_step(open_small, loss, boundary):
    session = open_small(loss={"choice": loss, "regularizers": []})
    scores = []
    networks(session)["discriminator"].register_forward_hook(lambda *arguments: scores.append(arguments[-1].detach()))
    session.train_step()
    (found,) = session.read_measurements()
    assert found["step"] == 1
    for role, network in networks(session).items():
        gradients = np.concatenate([weight.grad.numpy().ravel() for weight in network.trainable().values()])
        assert found["values"][f"gradient_norm/{role}"] == pytest.approx(np.sqrt(np.sum(gradients**2)), rel=1e-5)
    accuracies = {name: value for name, value in found["values"].items() if name.startswith("accuracy/")}
    if boundary is None:
        assert accuracies == {}
    else:
        real, fake = scores[0].numpy().reshape(2, -1)  # the reals, then the fakes, as one batch
        assert accuracies == {
            "accuracy/real": pytest.approx((real > boundary).mean()),
            "accuracy/fake": pytest.approx((fake < boundary).mean()),
        }


def test_the_fakes_of_a_conditional_gan_keep_the_labels_they_were_made_for(open_small):
    session = open_small("cgan")
    seen = {"generator": [], "discriminator": []}
    for role, network in networks(session).items():
        network.register_forward_pre_hook(
            lambda _, args, kwargs, role=role: seen[role].append(kwargs["label"]), with_kwargs=True
        )
    batches = session._state.batches
    original, reals = batches.next, []
    batches.next = lambda: reals.append(original()) or reals[-1]
    session.train_step()
    (made,), (judged, fooled) = seen["generator"], seen["discriminator"]
    real_labels = reals[0][1]
    assert torch.equal(judged, torch.cat([real_labels, made]))
    assert torch.equal(fooled, made)
    assert not torch.equal(made, real_labels)


def test_weight_clipping_holds_every_trained_weight_after_each_update(open_small):
    session = open_small("wgan", optimizer={"choice": "rmsprop", "learning_rate": 0.01})
    session.train_step()
    trained = networks(session)["discriminator"].trainable().values()
    assert max(weight.abs().max().item() for weight in trained) == pytest.approx(0.01)


def test_a_gradient_penalty_leaves_the_moving_statistics_to_reals_and_fakes(open_small):
    without_dropout = {"choice": "dcgan", "filters": 4, "dropout": 0}
    plain, penalized = (
        open_small(
            "dcgan",
            discriminator=without_dropout,
            loss={"choice": "non_saturating", "regularizers": regularizers},
        )
        for regularizers in ([], [{"choice": "gradient_penalty", "weight": 0.0}])
    )
    for session in (plain, penalized):
        session.train_step(["discriminator"])
    statistics = [
        {name: value for name, value in weights(session, "discriminator").items() if "moving" in name}
        for session in (plain, penalized)
    ]
    assert len(statistics[0]) > 0
    for name, value in statistics[0].items():
        torch.testing.assert_close(value, statistics[1][name])


def test_label_smoothing_reaches_the_discriminators_loss_only(open_small):
    plain, smooth = (open_small(loss={"choice": "non_saturating", "label_smoothing": s}) for s in (0.0, 0.3))
    for session in (plain, smooth):
        session.train_step(["discriminator"])
    assert plain.read_losses()[0]["discriminator"] != smooth.read_losses()[0]["discriminator"]
    plain, smooth = (open_small(loss={"choice": "non_saturating", "label_smoothing": s}) for s in (0.0, 0.3))
    for session in (plain, smooth):
        session.train_step(["generator"])
    assert plain.read_losses() == smooth.read_losses()


def test_the_average_follows_the_generator(open_small):
    session = open_small("dcgan", training={"ema_decay": 0.75})
    average = session._state.averages["generator"].network
    before = {name: value.clone() for name, value in average.weights().items()}
    assert not changed(before, weights(session, "generator"))
    session.train_step()
    live = weights(session, "generator")
    for name, value in average.weights().items():
        expected = live[name] if "moving" in name else 0.75 * before[name] + 0.25 * live[name]
        torch.testing.assert_close(value, expected)


def test_samples_come_from_the_average(open_small):
    session = open_small(training={"ema_decay": 0.9})
    for _ in range(5):
        session.train_step()
    noise = torch.randn(8, 8)
    average, live = session._state.averages["generator"].network, networks(session)["generator"]
    live.mode.training = False
    with torch.no_grad():
        from_average, from_live = average(noise=noise), live(noise=noise)
    assert not torch.equal(from_average, from_live)
    np.testing.assert_array_equal(session.sample(noise=noise.numpy()), to_pixels(from_average.numpy()))


def test_the_schedule_scales_the_rate_of_every_step(open_small):
    """With SGD and a rate that falls to 0, the last step moves nothing."""
    schedule = {"choice": "step", "decay_rate": 1e-30, "every_epochs": 1}
    session = open_small(
        optimizer={"choice": "sgd", "learning_rate": 0.1}, training={"learning_rate_schedule": schedule}
    )
    start = weights(session, "generator")
    for _ in range(session.steps_per_epoch):
        session.train_step()
    after_an_epoch = weights(session, "generator")
    assert changed(start, after_an_epoch)
    session.train_step()
    assert not {name for name in changed(after_an_epoch, weights(session, "generator")) if "moving" not in name}


def test_a_training_that_diverges_says_when_and_what_to_do(open_small):
    unchecked = {"choice": "wasserstein", "regularizers": []}
    session = open_small(loss=unchecked, optimizer={"choice": "sgd", "learning_rate": 10})
    for _ in range(20):
        session.train_step()
    with pytest.raises(DivergedError, match=r"diverged at step \d+: .* smaller learning rate") as told:
        session.read_losses()
    assert [point["step"] for point in told.value.before] == list(range(1, told.value.step))


def test_bfloat16_stays_close_to_float32_and_its_losses_are_float32(open_small):
    exact, fast = (open_small("dcgan", precision=precision) for precision in ("float32", "bfloat16"))
    assert (exact.environment["precision"], fast.environment["precision"]) == ("float32", "bfloat16")
    for session in (exact, fast):
        for _ in range(3):
            session.train_step()
    for a, b in zip(exact.read_losses(), fast.read_losses(), strict=True):
        assert [a["generator"], a["discriminator"]] == pytest.approx([b["generator"], b["discriminator"]], rel=0.05)
    assert all(weight.dtype == torch.float32 for weight in networks(fast)["generator"].trainable().values())
