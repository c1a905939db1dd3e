"""A resolved spec as one stand-alone Keras program, for one of Keras's backends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drivers.export.code import INDENT, LINE_LENGTH, call, statement
from drivers.export.keras.networks import write_network
from drivers.export.keras.objective import KerasWords, write_optimizer, write_penalty
from drivers.export.program import ROLES, Program
from drivers.export.samples import is_spectral, mixes_samples
from spec import nesting

PARTS = Path(__file__).parent / "parts"
IMPORTS = {
    "jax": ("third", "import jax"),
    "keras": ("third", "import keras"),
    "layers": ("third", "from keras import layers"),
    "ops": ("third", "from keras import ops"),
    "os": ("standard", "import os"),
    "tf": ("third", "import tensorflow as tf"),
    "torch": ("third", "import torch"),
}
BOTH = ("third", "from keras import layers, ops")
LEARNS_TO_TELL = "The discriminator learns to tell reals from fakes"
NOISE_OF_LABELS = "penalty_rng.random((2, BATCH_SIZE, 1), np.float32)"
USUAL_BACKEND = "torch"
"""For specs that are trained by another driver."""
# Layers that Keras computes by TensorFlow's mean and variance.
NORMALIZATIONS = frozenset(
    {
        "AdaIN",
        "BatchNormalization",
        "ConditionalBatchNormalization",
        "GroupNormalization",
        "InstanceNormalization",
        "LayerNormalization",
    }
)


class KerasProgram(Program):
    """See `drivers.export.program.Program`; the spec's backend is the program's."""

    LIBRARY = "Keras"
    WORDS = KerasWords()

    def __init__(self, spec: Mapping[str, Any], *, cells: bool = False) -> None:
        self.backend: str = spec.get("backend", USUAL_BACKEND)
        super().__init__(spec, cells=cells)
        self.is_penalized = any(self.write_penalty(item) for item in self.loss["regularizers"])

    @property
    def packages(self) -> list[str]:
        return ["keras", self.backend]

    @property
    def folders(self) -> tuple[Path, ...]:
        return PARTS, PARTS / f"on_{self.backend}"

    @property
    def imports(self) -> Mapping[str, tuple[str, str]]:
        return {**IMPORTS, "layers": BOTH, "ops": BOTH}

    def preamble(self) -> str:
        return f'os.environ["KERAS_BACKEND"] = "{self.backend}"'

    def write_network(self, role: str) -> list[str]:
        is_penalized = self.is_penalized and role == "discriminator"
        return write_network(role, self.spec[role], self.initial, backend=self.backend, is_penalized=is_penalized)

    def write_penalty(self, regularizer: Mapping[str, Any]) -> list[str]:
        return write_penalty(regularizer, len(self.frame.size))

    def layer_stream(self) -> list[str]:
        return [
            "layers_rng = keras.random.SeedGenerator(int(first.generate_state(1)[0]) >> 1)",
        ]

    def settings_of_library(self) -> list[str]:
        return (
            ["STATE = []  # every variable of networks and optimizers, filled by `train`"]
            if self.backend == "jax"
            else []
        )

    # -- training -----------------------------------------------------------------------------------------------

    def write_training(self) -> list[str]:
        lines = [f"def train({', '.join(self.arguments())}):"]
        lines.append(f'{INDENT}"""Both learn in turn; yields step, generator\'s and discriminator\'s loss."""')
        for role in ROLES:
            lines += statement(f"{role}_optimizer = ", write_optimizer(self.spec["optimizer"][role]))
        if self._penalizes_variances:
            lines.append(f"{INDENT}tf.nn.moments = moments  # what Keras normalizes by")
        lines += [f"{INDENT}{role}_optimizer.build({role}.trainable_variables)" for role in ROLES]
        if self.backend == "jax":
            parts = call("", *ROLES, "generator_optimizer", "discriminator_optimizer")
            lines += statement("parts = ", parts)
            lines.append(f"{INDENT}STATE[:] = [variable for part in parts for variable in part.variables]")
            if self.averaged:
                lines.append(f"{INDENT}STATE.extend(average.variables)")
        lines.append(f"{INDENT}make = partial(generator, training=True)")
        lines.append(f"{INDENT}score = partial(discriminator, training=True)")
        return [*lines, "", *(self._update_of_one() if self.several else []), *self._update(), *self._loop()]

    @property
    def _penalizes_variances(self) -> bool:
        """TensorFlow would be asked for the second derivative of a variance, and has a wrong one."""
        layers = self.spec["discriminator"]["layers"]
        types = {part["type"] for layer in layers for part in nesting.within(layer)}
        return self.backend == "tensorflow" and self.is_penalized and not types.isdisjoint(NORMALIZATIONS)

    @property
    def _drawn(self) -> list[str]:
        """What an update takes besides noise, drawn by NumPy."""
        labels = ["real_labels", "fake_labels"] if self.labels else []
        return ["real", *labels, *self.label_noise, *(["mix"] if "gradient_penalty" in self.penalties() else [])]

    def _update_of_one(self) -> list[str]:
        """The discriminator's update as a function of its own, where a step has several."""
        given = ", ".join(self._drawn)
        return [
            f"{INDENT}def update_discriminator(fake, {given}):",
            f'{INDENT * 2}"""{LEARNS_TO_TELL}; returns its loss."""',
            *self._discriminator_update(),
            f"{INDENT * 2}return d_loss",
            "",
            f"{INDENT}@compiled",
            f"{INDENT}def update_alone(noise, {given}):",
            *statement("return ", call("update_discriminator", self._make(), *self._drawn), depth=2),
            "",
        ]

    def _discriminator_update(self) -> list[str]:
        lines = [] if self.several else [f"{INDENT * 2}# {LEARNS_TO_TELL}."]
        if self.frame.source == "image":
            lines.append(f'{INDENT * 2}real = ops.cast(real, "float32") * (1 / 127.5) - 1.0')
        penalties, critic = self.penalties(), self._critic()
        if penalties and critic != "score(x)":
            lines += ["", f"{INDENT * 2}def critic(x):", f"{INDENT * 3}return {critic}"]
        inside: list[str] = []
        if not mixes_samples(self.spec["discriminator"]):
            both = "ops.concatenate([real, fake])"
            if self.by_label["discriminator"]:
                inside.append(f"{INDENT * 3}both = {both}")
                inside.append(f"{INDENT * 3}both_labels = ops.concatenate([real_labels, fake_labels])")
                both = "both"
            inside.append(f"{INDENT * 3}scores = {self._score(both, 'both_labels')}")
            objective = call("discriminator_loss", "*ops.split(scores, 2)", *self.label_noise)
        else:
            scores = self._score("real", "real_labels"), self._score("fake", "fake_labels")
            if self.by_label["discriminator"]:
                inside += [f"{INDENT * 3}real_scores = {scores[0]}", f"{INDENT * 3}fake_scores = {scores[1]}"]
                scores = "real_scores", "fake_scores"
            objective = call("discriminator_loss", *scores, *self.label_noise)
        if penalties:
            inside += statement("value = ", objective, depth=3)
            name = "score" if critic == "score(x)" else "critic"
            *first, last = [
                call(penalty, name, "real", "fake", *(["mix"] if penalty == "gradient_penalty" else []))
                for penalty in penalties
            ]
            inside += [f"{INDENT * 3}value = value + {penalty}" for penalty in first]
            inside.append(f"{INDENT * 3}return value + {last}")
        elif inside:
            inside += statement("return ", objective, depth=3)
        lines += ["", f"{INDENT * 2}def loss():", *inside, ""] if inside else []
        backward = call("pullback", "loss" if inside else f"lambda: {objective}", "discriminator.trainable_variables")
        lines += statement("d_loss, pull = ", backward, depth=2)
        lines.append(f"{INDENT * 2}discriminator_optimizer.apply(pull(1.0))")
        for limit in self.limits():
            lines.append(f"{INDENT * 2}for weight in discriminator.trainable_variables:")
            lines.append(f"{INDENT * 3}weight.assign(ops.clip(weight, -{limit}, {limit}))")
        return lines

    def _critic(self) -> str:
        """The discriminator as a penalty sees it, at the samples ``x``."""
        critic = self._score("x", "real_labels")
        if is_spectral(self.spec["discriminator"]):
            return critic.replace("score(", "resting(discriminator, ", 1)
        return critic

    def _update(self) -> list[str]:
        given = ", ".join(self._drawn)
        forward = call("pullback", f"lambda: {self._make()}", "generator.trainable_variables")
        judged = call("pullback", f"lambda x: generator_loss({self._score('x', 'fake_labels')})", "[]", "fake")
        update = statement("d_loss = ", call("update_discriminator", "fake", *self._drawn), depth=2)
        return [
            f"{INDENT}@compiled",
            f"{INDENT}def update(noise, {given}):",
            *statement("fake, pull_fake = ", forward, depth=2),
            *(update if self.several else self._discriminator_update()),
            f"{INDENT * 2}# The generator learns to fool it, by the chain rule through the same fakes.",
            *statement("g_loss, pull = ", judged, depth=2),
            f"{INDENT * 2}generator_optimizer.apply(pull_fake(*pull(1.0)))",
            *([f"{INDENT * 2}update_average(average, generator)"] if self.averaged else []),
            f"{INDENT * 2}return g_loss, d_loss",
            "",
        ]

    def _make(self) -> str:
        return f"make({_inputs(self.taken('generator', 'noise', 'fake_labels'))})"

    def _score(self, samples: str, labels: str) -> str:
        return f"score({_inputs(self.taken('discriminator', samples, labels))})"

    def _loop(self) -> list[str]:
        head = [f"{INDENT}reals = {self.batches()}"]
        steps = self.steps(set_rate="{role}_optimizer.learning_rate = {rate}")
        if not self.several:
            if self._drawn == ["real"]:
                drawn, given = [f"{INDENT * 2}noise = {self.noise()}"], "noise, next(reals)"
            else:
                drawn, given = self._draw(2), ", ".join(["noise", *self._drawn])
            return [*head, *steps, *drawn, f"{INDENT * 2}yield step + 1, *map(float, update({given}))"]
        return [
            *head,
            "",
            f"{INDENT}def draw():",
            f'{INDENT * 2}"""What one update takes."""',
            *self._draw_and_return(),
            "",
            *steps,
            f"{INDENT * 2}alone = [float(update_alone(*draw())) for _ in range(DISCRIMINATOR_STEPS - 1)]",
            f"{INDENT * 2}g_loss, last = map(float, update(*draw()))",
            f"{INDENT * 2}yield step + 1, g_loss, sum([*alone, last]) / DISCRIMINATOR_STEPS",
        ]

    def _draw_and_return(self) -> list[str]:
        """The lines that draw what an update takes; the last draws stand in what is returned where they fit."""
        lines, given = self._draw(2), ["noise", *self._drawn]
        while True:
            name, expression = lines[-1].strip().split(" = ", 1)
            shorter = [expression if each == name else each for each in given]
            if name not in given[1:] or len(f"{INDENT * 2}return {', '.join(shorter)}") > LINE_LENGTH:
                return [*lines, f"{INDENT * 2}return {', '.join(given)}"]
            lines, given = lines[:-1], shorter

    @property
    def _one_each(self) -> str:
        """The shape of a number for each sample of a batch."""
        return f"(BATCH_SIZE, {', '.join('1' * len(self.frame.size))})"

    def _draw(self, depth: int) -> list[str]:
        indent, labels = INDENT * depth, "labels[noise_rng.integers(len(labels), size=BATCH_SIZE)]"
        return [
            *([f"{indent}fake_labels = {labels}"] if self.labels else []),
            f"{indent}noise = {self.noise()}",
            f"{indent}real, real_labels = next(reals)" if self.labels else f"{indent}real = next(reals)",
            *([f"{indent}label_noise = {NOISE_OF_LABELS}"] if self.label_noise else []),
            *([f"{indent}mix = penalty_rng.random({self._one_each}, np.float32)"] if "mix" in self._drawn else []),
        ]

    # -- running ------------------------------------------------------------------------------------------------

    def write_start(self) -> list[str]:
        return ["generator, discriminator = make_generator(), make_discriminator()"]

    def write_average(self) -> list[str]:
        return ["average = make_generator()", "average.set_weights(generator.get_weights())"]

    def stored_weights(self, role: str) -> list[str]:
        return [repr(self.spec[role]["weights"]["replace"]).replace("'", '"')]

    def write_end(self) -> list[str]:
        count = self.training["sample_count"]
        lines = [f"noise = {self.noise_of_sheet()}"]
        if self.by_label["generator"]:
            lines.append(f"classes = np.arange({count}) % CLASSES")
        made = f"{self.used}({_inputs(self.taken('generator', 'noise', 'classes'))}, training=False)"
        return [
            *lines,
            f"samples = ops.convert_to_numpy({made})",
            f'{self.used}.save_weights("generator.weights.h5")',
        ]


def _inputs(taken: Sequence[str]) -> str:
    return taken[0] if len(taken) == 1 else f"[{', '.join(taken)}]"
