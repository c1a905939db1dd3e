"""Modules of a resolved spec, taken apart and trained."""

import drivers
from drivers import data, modules
from spec import resolve

NODE = {"node_id": "a1b2"}


def test_parameters_are_what_the_choice_takes():
    module = {"choice": "wasserstein", "node_id": "a1b2", "regularizers": [{"choice": "r1"}], "label_smoothing": 0.1}
    assert modules.parameters(module) == {"label_smoothing": 0.1}


def test_a_training_does_not_mind_which_nodes_drew_it():
    spec = resolve(
        {
            "data": {"choice": "digits", "image_size": 8, "count": 64, **NODE},
            "generator": {"choice": "gan", **NODE},
            "discriminator": {"choice": "wgan_gp", **NODE},
            "loss": {"choice": "wasserstein", "regularizers": [{"choice": "gradient_penalty", **NODE}], **NODE},
            "optimizer": {"generator": {"choice": "adam", **NODE}},
            "training": {"choice": "alternating", **NODE},
        }
    )
    session = drivers.open_session(spec, data.load(spec["data"]))
    session.train_step()
    assert session.read_losses()[0]["step"] == 1
