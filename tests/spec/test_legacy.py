"""The paper's JSON and the toolkit's keys, and what each correction says."""

import pytest

import spec

# Section 3.2 of the paper, letter for letter.
PAPER = {
    "GAN_model": {"epochs": "50"},
    "generator": {"choice": "dcgan"},
    "discriminator": {"choice": "dcgan"},
    "data_path": "dataset/mnistData.pkl",
}


def old(generator="gan", discriminator="gan", model=None, **top):
    """A spec in the toolkit's form; networks are names or objects."""
    networks = {
        role: {"choice": network} if isinstance(network, str) else network
        for role, network in (("generator", generator), ("discriminator", discriminator))
    }
    return {"GAN_model": model or {}, "data_path": "datasets/dataset1.p", **networks, **top}


def resolve(*arguments, **keywords):
    resolved = spec.resolve(old(*arguments, **keywords))
    assert spec.resolve(resolved) == resolved
    return resolved


def notes(resolved):
    """Pointer and code of every note, but for the one that any data_path gets."""
    return [(note["pointer"], note["code"]) for note in resolved["notes"] if note["code"] != "data_by_path"]


def problems(document):
    with pytest.raises(spec.SpecError) as error:
        spec.resolve(document)
    return [(problem["pointer"], problem["code"]) for problem in error.value.problems]


class TestThePapersJson:
    def test_resolves_to_the_full_form(self):
        resolved = spec.resolve(PAPER)
        assert resolved["training"]["epochs"] == 50
        assert resolved["data"] == {
            "choice": "pickle",
            "path": "dataset/mnistData.pkl",
            "fallback": "mnist",
            "image_size": 28,
            "channels": 1,
            "classes": None,
            "include_classes": None,
            "count": None,
        }
        assert resolved["generator"]["output_shape"] == [28, 28, 1]
        assert resolved["loss"]["choice"] == "non_saturating"
        assert [(note["pointer"], note["code"]) for note in resolved["notes"]] == [
            ("/data_path", "data_by_path"),
            ("/GAN_model/epochs", "number_from_text"),
        ]
        assert spec.resolve(resolved) == resolved

    def test_problems_point_to_where_the_author_wrote(self):
        document = {**PAPER, "GAN_model": {"epochs": "many", "mini_batch_size": 0, "epoch": 3}, "data_path": ""}
        assert problems(document) == [
            ("/GAN_model/epoch", "unknown_key"),
            ("/data_path", "out_of_range"),
            ("/GAN_model/epochs", "wrong_type"),
            ("/GAN_model/mini_batch_size", "out_of_range"),
        ]

    def test_gan_model_must_be_an_object(self):
        assert problems({**PAPER, "GAN_model": 5}) == [("/GAN_model", "wrong_type")]


# Every kind of configuration that the toolkit was released with: pairs with paths, a generator's Mean loss, sizes on
# one network or the other, colour data, the Wasserstein switch on plain networks, an optimizer of its own.
PATHS = {"result_path": "train_results", "save_model_path": "saved_models", "performance_log": "logs"}
RELEASED = {
    "a plain pair": (
        old("gan", "gan", {"epochs": 1}, sample_interval=1, metric_evaluate="MMD", **PATHS),
        "non_saturating",
    ),
    "a mixed pair": (old("dcgan", {"choice": "gan", "input_shape": 32}, {"epochs": "50"}, **PATHS), "non_saturating"),
    "Mean against a critic": (
        old({"choice": "dcgan", "loss": "Mean"}, {"choice": "wgan", "input_shape": 32}, {"epochs": "50"}),
        "wasserstein",
    ),
    "Mean against WGAN-GP": (old({"choice": "gan", "loss": "Mean"}, "wgan_gp", {"epochs": "50"}), "wasserstein"),
    "a critic's generator against a plain network": (old("wgan", "dcgan", {"epochs": "50"}), "non_saturating"),
    "colour": (
        old(
            {"choice": "gan", "channels": 3},
            {"choice": "gan", "channels": 3},
            data_path="datasets/dataset2.p",
            cuda="False",
        ),
        "non_saturating",
    ),
    "the shortest": (
        {"generator": {"choice": "gan"}, "discriminator": {"choice": "gan"}, "data_path": "x/dataset1.p"},
        "non_saturating",
    ),
    "the Wasserstein switch": (
        old(
            model={
                "epochs": 1,
                "mini_batch_size": 64,
                "clip_value": 0.01,
                "n_critic": 5,
                "lambda_gp": -1,
                "w_loss": 1,
                "data_label": 0,
                "classes": -1,
            }
        ),
        "wasserstein",
    ),
    "its own optimizer": (
        old(
            {"choice": "dcgan", "input_shape": 32, "optimizer": {"choice": "RMSprop", "learning_rate": 0.01}},
            "dcgan",
            {"clip_value": -1, "n_critic": 5, "lambda_gp": 10, "w_loss": 1},
        ),
        "wasserstein",
    ),
}


@pytest.mark.parametrize("name", RELEASED)
def test_released_configurations_resolve(name):
    document, loss = RELEASED[name]
    resolved = spec.resolve(document)
    assert resolved["loss"]["choice"] == loss
    assert spec.resolve(resolved) == resolved


class TestTraining:
    def test_keys_move(self):
        training = resolve(model={"epochs": 3, "mini_batch_size": 32, "n_critic": 4}, sample_interval=400)["training"]
        assert (training["epochs"], training["batch_size"], training["discriminator_steps"]) == (3, 32, 4)
        assert training["sample_every_steps"] == 400

    def test_keys_may_stand_at_the_top(self):
        document = {**old(), "epochs": 3, "mini_batch_size": "32"}
        del document["GAN_model"]
        training = spec.resolve(document)["training"]
        assert (training["epochs"], training["batch_size"]) == (3, 32)

    @pytest.mark.parametrize("off", [-1, "-1", -1.0, None])
    def test_minus_one_means_off(self, off):
        resolved = resolve(
            model={"n_critic": off, "clip_value": off, "lambda_gp": off, "classes": off}, sample_interval=off
        )
        assert resolved["training"]["discriminator_steps"] == 1
        assert resolved["training"]["sample_every_steps"] == 0
        assert notes(resolved) == []

    @pytest.mark.parametrize(("cuda", "device"), [("False", "cpu"), (False, "cpu"), ("True", "auto"), (True, "auto")])
    def test_cuda_becomes_the_device(self, cuda, device):
        assert resolve(cuda=cuda)["device"] == device

    def test_cuda_that_is_neither(self):
        assert problems(old(cuda="maybe")) == [("/cuda", "wrong_type")]

    def test_paths_and_metrics_that_are_not_used_are_told(self):
        resolved = resolve({"choice": "gan", "pre_trained_path": "g.pt"}, metric_evaluate="SWD", result_path="r")
        assert notes(resolved) == [
            ("/result_path", "path_not_used"),
            ("/generator/pre_trained_path", "path_not_used"),
            ("/metric_evaluate", "metric_not_available"),
        ]

    def test_the_full_form_wins_where_both_are_given(self):
        resolved = resolve(model={"epochs": 3}, training={"epochs": 7})
        assert resolved["training"]["epochs"] == 7
        assert notes(resolved) == [("/GAN_model/epochs", "both_given")]

    def test_text_is_refused_clearly(self):
        document = old("seq_gan", "seq_gan", {"vocab_size": 5000, "seq": 1})
        assert problems(document) == [
            ("/generator/choice", "not_available"),
            ("/discriminator/choice", "not_available"),
            ("/GAN_model/seq", "not_available"),
        ]


class TestData:
    @pytest.mark.parametrize(
        ("path", "choice", "fallback", "size", "channels"),
        [
            ("dataset/mnistData.pkl", "pickle", "mnist", 28, 1),
            ("datasets/dataset1.p", "pickle", "mnist", 28, 1),
            ("datasets/dataset2.p", "pickle", "cifar10", 32, 3),
            ("C:\\data\\Fashion-MNIST.pickle", "pickle", "fashion_mnist", 28, 1),
            ("faces.p", "pickle", None, 28, 1),
            ("faces.npz", "npz", None, 32, 1),
            ("faces.zip", "images", None, 32, 3),
            ("data/faces", "images", None, 32, 3),
        ],
    )
    def test_a_path_stands_for_a_data_set(self, path, choice, fallback, size, channels):
        data = resolve(data_path=path)["data"]
        assert (data["choice"], data["path"], data.get("fallback")) == (choice, path, fallback)
        assert (data["image_size"], data["channels"]) == (size, channels)

    def test_a_name_of_a_data_set_is_that_data_set(self):
        assert resolve(data_path="mnist")["data"]["choice"] == "mnist"

    def test_sizes_of_the_networks_become_the_datas(self):
        data = resolve({"choice": "gan", "input_shape": "24", "channels": 3})["data"]
        assert (data["image_size"], data["channels"]) == (24, 3)

    def test_the_critic_decides_where_the_networks_differ(self):
        resolved = resolve({"choice": "gan", "input_shape": 28}, {"choice": "gan", "input_shape": 32})
        assert resolved["data"]["image_size"] == 32
        assert notes(resolved) == [("/generator/input_shape", "critic_decides")]

    def test_the_same_size_written_twice_is_no_correction(self):
        assert notes(resolve({"choice": "gan", "input_shape": 32}, {"choice": "gan", "input_shape": 32})) == []

    def test_labels(self):
        assert resolve(model={"data_label": 1, "classes": 10})["data"]["classes"] == 10
        assert resolve(model={"data_label": 1})["data"]["classes"] == 10
        assert resolve(model={"data_label": 0})["data"]["classes"] is None
        assert resolve(model={"data_label": 1, "classes": 4}, data_path="faces.p")["data"]["classes"] == 4

    def test_cgan_reads_labels_whatever_the_flag_says(self):
        resolved = resolve("CGAN", "cgan", {"data_label": 0})
        assert resolved["data"]["classes"] == 10
        assert ("/GAN_model/data_label", "labels_needed") in notes(resolved)


class TestObjective:
    @pytest.mark.parametrize(
        ("old_name", "new_name"),
        [("BCE", "non_saturating"), ("MSE", "least_squares"), ("Mean", "wasserstein"), ("hinge", "hinge")],
    )
    def test_the_discriminators_loss_is_the_loss(self, old_name, new_name):
        loss = resolve(discriminator={"choice": "gan", "loss": old_name})["loss"]
        assert loss["choice"] == new_name

    def test_mean_gets_its_sign(self):
        resolved = resolve({"choice": "gan", "loss": "Mean"}, {"choice": "wgan", "loss": "Mean"})
        assert resolved["loss"]["choice"] == "wasserstein"
        assert notes(resolved) == [("/generator/loss", "loss_read_as"), ("/discriminator/loss", "loss_read_as")]

    @pytest.mark.parametrize(
        ("generator", "discriminator", "loss"), [("Mean", "gan", "non_saturating"), ("BCE", "wgan", "wasserstein")]
    )
    def test_a_generator_that_would_not_oppose_its_critic_is_corrected(self, generator, discriminator, loss):
        resolved = resolve({"choice": "gan", "loss": generator}, discriminator)
        assert resolved["loss"]["choice"] == loss
        assert ("/generator/loss", "critic_decides") in notes(resolved)

    def test_unknown_loss(self):
        assert problems(old({"choice": "gan", "loss": "BSE"})) == [("/generator/loss", "unknown_choice")]

    def test_likelihood_belongs_to_text(self):
        assert notes(resolve({"choice": "gan", "loss": "NLL"})) == [("/generator/loss", "critic_decides")]

    def test_the_switch_makes_a_critic_of_a_plain_network(self):
        resolved = resolve(model={"w_loss": "1", "clip_value": 0.02})
        assert resolved["loss"] == {
            "choice": "wasserstein",
            "regularizers": [{"choice": "weight_clipping", "limit": 0.02}],
        }
        assert resolved["training"]["discriminator_steps"] == 5

    def test_the_discriminators_own_loss_is_stronger_than_the_switch(self):
        resolved = resolve(discriminator={"choice": "gan", "loss": "BCE"}, model={"w_loss": 1})
        assert resolved["loss"]["choice"] == "non_saturating"
        assert notes(resolved) == [("/GAN_model/w_loss", "critic_decides")]

    def test_a_critics_family_is_stronger_than_the_switch_off(self):
        resolved = resolve(discriminator="wgan", model={"w_loss": 0})
        assert resolved["loss"]["choice"] == "wasserstein"
        assert notes(resolved) == [("/GAN_model/w_loss", "critic_decides")]

    @pytest.mark.parametrize("key", ["clip_value", "lambda_gp"])
    def test_bounds_of_a_critic_are_left_out_elsewhere(self, key):
        resolved = resolve(model={key: 10})
        assert resolved["loss"]["regularizers"] == []
        assert notes(resolved) == [(f"/GAN_model/{key}", "critic_decides")]

    @pytest.mark.parametrize(
        ("discriminator", "kept", "left_out"),
        [
            ("wgan", {"choice": "weight_clipping", "limit": 0.01}, "lambda_gp"),
            ("wgan_gp", {"choice": "gradient_penalty", "weight": 1.0}, "clip_value"),
        ],
    )
    def test_one_bound_is_enough(self, discriminator, kept, left_out):
        resolved = resolve(discriminator=discriminator, model={"clip_value": 0.01, "lambda_gp": 1})
        assert resolved["loss"]["regularizers"] == [kept]
        assert notes(resolved) == [(f"/GAN_model/{left_out}", "critic_decides")]

    def test_a_critic_keeps_its_bound_where_it_was_switched_off(self):
        resolved = resolve(discriminator="wgan", model={"clip_value": -1})
        assert resolved["loss"]["regularizers"] == [{"choice": "weight_clipping", "limit": 0.01}]
        assert notes(resolved) == [("/GAN_model/clip_value", "critic_decides")]

    def test_a_bad_bound_is_reported_where_it_was_written(self):
        assert problems(old(discriminator="wgan", model={"clip_value": "small"})) == [
            ("/GAN_model/clip_value", "wrong_type")
        ]

    def test_the_full_form_wins(self):
        resolved = resolve({"choice": "gan", "loss": "BCE"}, "gan", {"clip_value": 1}, loss={"choice": "hinge"})
        assert resolved["loss"]["choice"] == "hinge"
        assert notes(resolved) == [("/generator/loss", "both_given"), ("/GAN_model/clip_value", "both_given")]


class TestOptimizer:
    def test_each_network_has_its_own(self):
        adam = {"choice": "Adam", "learning_rate": "0.001", "b1": 0.4, "b2": -1}
        optimizer = resolve({"choice": "gan", "optimizer": adam}, "gan")["optimizer"]
        assert optimizer["generator"] == {
            "choice": "adam",
            "learning_rate": 0.001,
            "beta_1": 0.4,
            "beta_2": 0.999,
            "epsilon": 1e-07,
        }
        assert optimizer["discriminator"]["learning_rate"] == 0.0002

    def test_rmsprop_has_no_betas(self):
        rmsprop = {"choice": "RMSprop", "learning_rate": 0.00005, "b1": -1, "b2": 0.9}
        resolved = resolve({"choice": "gan", "optimizer": rmsprop}, "wgan")
        assert resolved["optimizer"]["generator"]["choice"] == "rmsprop"
        assert notes(resolved) == [("/generator/optimizer/b2", "not_used")]

    def test_betas_alone_mean_adam(self):
        resolved = resolve({"choice": "gan", "optimizer": {"b1": 0.1}}, "wgan")
        assert resolved["optimizer"]["generator"]["choice"] == "adam"

    def test_problems_point_into_the_network(self):
        document = old(
            {"choice": "gan", "optimizer": {"choice": "LBFGS", "b1": 2}},
            {"choice": "gan", "optimizer": {"choice": "Adam", "b1": 2}},
        )
        assert problems(document) == [
            ("/generator/optimizer/choice", "unknown_choice"),
            ("/discriminator/optimizer/b1", "out_of_range"),
        ]

    def test_the_full_form_wins(self):
        resolved = resolve({"choice": "gan", "optimizer": {"choice": "Adam"}}, "gan", optimizer={"choice": "sgd"})
        assert resolved["optimizer"]["generator"]["choice"] == "sgd"
        assert notes(resolved) == [("/generator/optimizer", "both_given")]
