"""A resolved spec as one stand-alone PyTorch program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drivers.export.code import INDENT, LINE_LENGTH, call, statement
from drivers.export.program import ROLES, Program
from drivers.export.pytorch.networks import layer_names, write_network
from drivers.export.pytorch.objective import Torch, write_optimizer, write_penalty
from drivers.export.pytorch.stored import place_of
from drivers.export.samples import is_spectral, mixes_samples
from drivers.order import in_order
from drivers.rewrites import doubles
from spec.weights import weights as weights_of

PARTS = Path(__file__).parent / "parts"
AVERAGES = "from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn"
IMPORTS = {
    "F": ("third", "import torch.nn.functional as F"),
    **dict.fromkeys(("AveragedModel", "get_ema_multi_avg_fn"), ("third", AVERAGES)),
    "nn": ("third", "from torch import nn"),
    "torch": ("third", "import torch"),
}


class TorchProgram(Program):
    """See `drivers.export.program.Program`."""

    LIBRARY = "PyTorch"
    AGREES = "with as many threads (OMP_NUM_THREADS)"
    WORDS = Torch()

    @property
    def packages(self) -> list[str]:
        return ["torch"]

    @property
    def precision(self) -> str:
        return "bfloat16" if self.spec["precision"] == "bfloat16" else "float32"

    @property
    def folders(self) -> tuple[Path, ...]:
        layers = [layer for role in ROLES for layer in self.spec[role]["layers"]]
        return (PARTS, PARTS / "enlarging") if any(map(doubles, layers)) else (PARTS,)

    @property
    def imports(self) -> Mapping[str, tuple[str, str]]:
        return IMPORTS

    def write_network(self, role: str) -> list[str]:
        return write_network(
            role,
            self.spec[role],
            self.initial,
            is_penalized=self._is_penalized(role),
            is_reduced=self.precision != "float32",
        )

    def _is_penalized(self, role: str) -> bool:
        """A penalty differentiates the gradients of the discriminator."""
        return role == "discriminator" and bool(self.penalties())

    def write_penalty(self, regularizer: Mapping[str, Any]) -> list[str]:
        return write_penalty(regularizer, len(self.frame.size))

    def layer_stream(self) -> list[str]:
        return [
            "layers_rng = torch.Generator(DEVICE).manual_seed(int(first.generate_state(1)[0]) >> 1)",
        ]

    def settings_of_library(self) -> list[str]:
        return ['DEVICE = "cuda" if torch.cuda.is_available() else "cpu"']

    # -- training -----------------------------------------------------------------------------------------------

    def write_training(self) -> list[str]:
        lines = [f"def train({', '.join(self.arguments())}):"]
        lines.append(f'{INDENT}"""Both learn in turn; yields step, generator\'s and discriminator\'s loss."""')
        for role in ("generator", "discriminator"):
            made = write_optimizer(self.spec["optimizer"][role], self._parameters(role), scheduled=self.scheduled)
            lines += statement(f"{role}_optimizer = ", made)
        lines.append(f"{INDENT}reals = {self.batches()}")
        lines += self.steps(set_rate='{role}_optimizer.param_groups[0]["lr"] = {rate}')
        if self.several:
            lines.append(f"{INDENT * 2}total = 0.0")
            lines.append(f"{INDENT * 2}for _ in range(DISCRIMINATOR_STEPS):")
            lines += self._discriminator_update(3)
            lines.append(f"{INDENT * 3}total += d_loss.item()")
            mean = "total / DISCRIMINATOR_STEPS"
        else:
            lines += self._discriminator_update(2)
            mean = "d_loss.item()"
        lines += self._generator_update()
        return [*lines, f"{INDENT * 2}yield step + 1, g_loss.item(), {mean}"]

    def _parameters(self, role: str) -> str:
        if any(layer.get("trainable") is False for layer in self.spec[role]["layers"]) or _half_affine(self.spec[role]):
            return f"[weight for weight in {role}.parameters() if weight.requires_grad]"
        return f"{role}.parameters()"

    def _discriminator_update(self, depth: int) -> list[str]:
        indent = INDENT * depth
        lines = [f"{indent}# The discriminator learns to tell reals from fakes."]
        if self.labels:
            lines.append(f"{indent}chosen = noise_rng.integers(len(labels), size=BATCH_SIZE)")
            lines.append(f"{indent}fake_labels = {_tensor('labels[chosen]')}")
        lines.append(f"{indent}noise = {self.noise()}")
        scaled = ".movedim(3, 1) * (1 / 127.5) - 1.0" if self.frame.source == "image" else ""
        if self.labels:
            lines.append(f"{indent}real, real_labels = ({_tensor('x')} for x in next(reals))")
            lines += [f"{indent}real = real{scaled}"] * bool(scaled)
        elif len(line := f"{indent}real = {_tensor('next(reals)')}{scaled}") <= LINE_LENGTH:
            lines.append(line)
        else:
            lines += [f"{indent}real = {_tensor('next(reals)')}", f"{indent}real = real{scaled}"]
        if self.label_noise:
            lines.append(f"{indent}label_noise = {_tensor('penalty_rng.random((2, BATCH_SIZE, 1), np.float32)')}")
        apart, sees_labels = mixes_samples(self.spec["discriminator"]), self.by_label["discriminator"]
        if sees_labels and not apart:
            lines.append(f"{indent}both_labels = torch.cat([real_labels, fake_labels])")
        opening, inner = self._products(depth)
        made = call("generator", *self.taken("generator", _tensor("noise"), "fake_labels"))
        lines += [*opening, *statement("fake = ", made, depth=inner)]
        if apart:
            scores = [
                self._call("discriminator", "real", "real_labels"),
                self._call("discriminator", "fake.detach()", "fake_labels"),
            ]
            if opening:
                lines.append(f"{INDENT * inner}scores = {', '.join(scores)}")
                scores = ["*scores"]
        else:
            both, scores = "torch.cat([real, fake.detach()])", ["*scores.chunk(2)"]
            if sees_labels:
                lines.append(f"{INDENT * inner}both = {both}")
                both = "both"
            lines.append(f"{INDENT * inner}scores = {self._call('discriminator', both, 'both_labels')}")
        lines += statement("d_loss = ", call("discriminator_loss", *scores, *self.label_noise), depth=inner)
        if self.penalties():
            lines += self._penalties(depth)
        lines += [
            f"{indent}discriminator_optimizer.zero_grad()",
            f"{indent}d_loss.backward()",
            f"{indent}discriminator_optimizer.step()",
        ]
        for limit in self.limits():
            lines.append(f"{indent}for weight in {self._parameters('discriminator')}:")
            lines.append(f"{indent}{INDENT}weight.data.clamp_(-{limit}, {limit})")
        return lines

    def _products(self, depth: int) -> tuple[list[str], int]:
        """The line, if there is one, that has products of what follows computed in the training's precision; the
        depth of what follows."""
        if self.precision == "float32":
            return [], depth
        return [f"{INDENT * depth}with torch.autocast(DEVICE, torch.{self.precision}):"], depth + 1

    def _penalties(self, depth: int) -> list[str]:
        """What is added to the discriminator's loss."""
        given = ["discriminator"]
        if is_spectral(self.spec["discriminator"]):
            given.insert(0, "resting")
        if self.by_label["discriminator"]:
            label_first = self.sources("discriminator")[0] == "label"
            given.append("real_labels" if label_first else "label=real_labels")
        lines, critic = [], given[0]
        if len(given) > 1:
            lines, critic = [f"{INDENT * depth}critic = partial({', '.join(given)})"], "critic"
        for penalty in self.penalties():
            added = call(penalty, critic, "real", "fake.detach()")
            lines += statement("d_loss += ", added, depth=depth)
        return lines

    def _generator_update(self) -> list[str]:
        opening, inner = self._products(2)
        judged = call("generator_loss", self._call("discriminator", "fake", "fake_labels"))
        lines = [
            f"{INDENT * 2}# The generator learns to fool it, with the same fakes.",
            *opening,
            *statement("g_loss = ", judged, depth=inner),
            f"{INDENT * 2}generator_optimizer.zero_grad()",
            f"{INDENT * 2}g_loss.backward()",
            f"{INDENT * 2}generator_optimizer.step()",
        ]
        if self.averaged:
            lines.append(f"{INDENT * 2}average.update_parameters(generator)")
        return lines

    def _call(self, function: str, first: str, label: str, role: str | None = None) -> str:
        """A network on its inputs, in the order that its ``forward`` takes them."""
        return f"{function}({', '.join(self.taken(role or function, first, label))})"

    # -- running ------------------------------------------------------------------------------------------------

    def write_start(self) -> list[str]:
        return ["generator, discriminator = Generator().to(DEVICE), Discriminator().to(DEVICE)"]

    def write_average(self) -> list[str]:
        return [
            "average = AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(EMA_DECAY))",
            "average.update_parameters(generator)  # the first to be averaged",
        ]

    def stored_weights(self, role: str) -> list[str]:
        module, found = self.spec[role], {}
        layers = {layer["id"]: layer for layer in module["layers"]}
        names = layer_names(in_order(module["layers"]))
        for weight, _, _ in weights_of(self.spec, role):
            _, layer, *variable = weight.split("/")
            if layer not in module["weights"]["replace"]:
                found["/".join([layer, *variable])] = place_of(
                    names[layer], layers[layer], variable, self._is_penalized(role)
                )
        return [f"{{{', '.join(f'{json.dumps(name)}: {json.dumps(place)}' for name, place in found.items())}}}"]

    def write_end(self) -> list[str]:
        lines = [f"noise = {self.noise_of_sheet()}"]
        if self.by_label["generator"]:
            lines.append(f"classes = torch.arange({self.training['sample_count']}, device=DEVICE) % CLASSES")
        made = call(f"{self.used}.eval()", *self.taken("generator", _tensor("noise"), "classes"))
        axes = ".movedim(1, -1)" if self.frame.source == "image" else ""
        return [
            *lines,
            *(line.removeprefix(INDENT) for line in statement("fake = ", made)),
            f"samples = fake.detach(){axes}.cpu().numpy()",
            f'torch.save({self.used}{".module" * self.averaged}.state_dict(), "generator.pt")',
        ]


def _tensor(array: str) -> str:
    return f"torch.from_numpy({array}).to(DEVICE)"


def _half_affine(module: Mapping[str, Any]) -> bool:
    """Whether a normalization has a shift without a scale, or the other way round, which is held still."""
    return any("scale" in layer and layer["scale"] != layer["center"] for layer in module["layers"])
