"""The loss belongs to the critic: what an author leaves open follows from the discriminator's family."""

import pytest

import spec

WASSERSTEIN_CLIPPED = ("wasserstein", ["weight_clipping"], "rmsprop", 5e-5, 5)
WASSERSTEIN_PENALIZED = ("wasserstein", ["gradient_penalty"], "adam", 1e-4, 5)
NON_SATURATING = ("non_saturating", [], "adam", 2e-4, 1)
BY_CRITIC = {
    "gan": NON_SATURATING,
    "dcgan": NON_SATURATING,
    "cgan": NON_SATURATING,
    "wgan": WASSERSTEIN_CLIPPED,
    "wgan_gp": WASSERSTEIN_PENALIZED,
}


def objective(resolved):
    """Loss, regularizers, optimizer, its learning rate, and discriminator steps."""
    optimizer = resolved["optimizer"]["discriminator"]
    return (
        resolved["loss"]["choice"],
        [regularizer["choice"] for regularizer in resolved["loss"]["regularizers"]],
        optimizer["choice"],
        optimizer["learning_rate"],
        resolved["training"]["discriminator_steps"],
    )


def pair(generator, discriminator, **rest):
    return spec.resolve(
        {
            "data": {"choice": "digits"},
            "generator": {"choice": generator},
            "discriminator": {"choice": discriminator},
            **rest,
        }
    )


@pytest.mark.parametrize("generator", ["gan", "wgan", "wgan_gp", "dcgan"])
@pytest.mark.parametrize("discriminator", ["gan", "dcgan", "wgan", "wgan_gp"])
def test_the_sixteen_pairs_of_the_paper(generator, discriminator):
    resolved = pair(generator, discriminator)
    assert objective(resolved) == BY_CRITIC[discriminator]
    assert resolved["optimizer"]["generator"] == resolved["optimizer"]["discriminator"]
    assert resolved["notes"] == []


def test_cgan_on_both_sides():
    assert objective(pair("cgan", "cgan")) == NON_SATURATING


def test_the_parameters_come_from_the_papers():
    clipped, penalized = pair("wgan", "wgan"), pair("wgan_gp", "wgan_gp")
    assert clipped["loss"]["regularizers"] == [{"choice": "weight_clipping", "limit": 0.01}]
    assert penalized["loss"]["regularizers"] == [{"choice": "gradient_penalty", "weight": 10.0}]
    adam = penalized["optimizer"]["generator"]
    assert (adam["beta_1"], adam["beta_2"]) == (0.0, 0.9)


@pytest.mark.parametrize(
    ("discriminator", "loss", "wanted"),
    [
        ("dcgan", {"choice": "wasserstein"}, WASSERSTEIN_CLIPPED),
        ("dcgan", {"choice": "wasserstein", "regularizers": ["gradient_penalty"]}, WASSERSTEIN_PENALIZED),
        ("dcgan", {"choice": "hinge"}, ("hinge", [], "adam", 2e-4, 1)),
        ("wgan", {"choice": "hinge"}, ("hinge", [], "adam", 2e-4, 1)),
        ("wgan", {"choice": "wasserstein"}, WASSERSTEIN_CLIPPED),
        ("wgan_gp", {"regularizers": ["weight_clipping"]}, WASSERSTEIN_CLIPPED),
        ("wgan", {"regularizers": ["gradient_penalty"]}, WASSERSTEIN_PENALIZED),
    ],
)
def test_an_explicit_loss_brings_its_own_defaults(discriminator, loss, wanted):
    assert objective(pair("dcgan", discriminator, loss=loss)) == wanted


def test_an_optimizer_of_the_critics_kind_keeps_the_critics_values():
    resolved = pair("dcgan", "dcgan", optimizer={"generator": {"choice": "adam", "learning_rate": 0.001}})
    assert resolved["optimizer"]["generator"]["learning_rate"] == 0.001
    assert resolved["optimizer"]["generator"]["beta_1"] == 0.5
    assert resolved["optimizer"]["discriminator"]["learning_rate"] == 0.0002


def test_another_optimizer_has_keras_values():
    resolved = pair("dcgan", "dcgan", optimizer={"choice": "rmsprop"})
    rmsprop = {"choice": "rmsprop", "learning_rate": 0.001, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-07}
    assert resolved["optimizer"] == {"generator": rmsprop, "discriminator": rmsprop}


@pytest.mark.parametrize(
    ("discriminator", "loss", "code"),
    [
        ("dcgan", {"choice": "hinge", "regularizers": ["weight_clipping"]}, "clipping_without_critic"),
        ("wgan", {"regularizers": []}, "critic_unbounded"),
        ("dcgan", {"choice": "wasserstein", "regularizers": ["gradient_penalty"]}, "normalized_penalty"),
    ],
)
def test_odd_combinations_are_trained_and_told(discriminator, loss, code):
    assert [note["code"] for note in pair("dcgan", discriminator, loss=loss)["notes"]] == [code]
