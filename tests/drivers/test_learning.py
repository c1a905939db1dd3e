"""Small trainings to their end: what comes out is looked at."""

from __future__ import annotations

import numpy as np

import drivers
import spec
from drivers.data import load
from drivers.evaluation.digits_judge import classify, judge, passes


def trained(steps, **modules):
    resolved = spec.resolve({"precision": "float32", "device": "cpu", **modules})
    session = drivers.open_session(resolved, load(resolved["data"]), threads=1)
    for _ in range(steps):
        session.train_step()
    session.read_losses()
    return session


def test_a_conditional_gan_asked_for_sevens_gives_sevens():
    session = trained(
        600,
        data={"choice": "digits", "image_size": 8},
        generator={"choice": "cgan", "latent_dim": 16, "widths": [128, 256]},
        discriminator={"choice": "cgan", "widths": [256, 128]},
        optimizer={"choice": "adam", "learning_rate": 0.0005, "beta_1": 0.5},
        training={"batch_size": 64},
    )
    sevens = session.sample(100, labels=np.array([7]))
    assert (classify(sevens) == 7).mean() > 0.9
    every = session.sample(500, labels=np.arange(10))
    assert (classify(every) == np.arange(500) % 10).mean() > 0.85


def test_a_dcgan_draws_digits_that_noise_and_its_own_beginning_are_not():
    session = trained(
        300,
        data={"choice": "digits", "image_size": 16},
        generator={"choice": "dcgan"},
        discriminator={"choice": "dcgan"},
        optimizer={"choice": "adam", "learning_rate": 0.0005, "beta_1": 0.5},
        training={"batch_size": 32, "ema_decay": 0.99},
    )
    beginning = drivers.open_session(session.spec, None)
    assert not passes(judge(beginning.sample(500)))
    verdict = judge(session.sample(500))
    assert passes(verdict), verdict
