"""Notes on specs that can be trained, but hardly as their author hopes. They follow from the resolved spec alone."""

from collections.abc import Mapping
from typing import Any

from spec import catalogue, nesting
from spec.networks import Network
from spec.problems import Report, join

# Codes of all notes made here; they are made anew at every `resolve`, while corrections are kept.
CODES = frozenset(
    {
        "clipping_without_critic",
        "critic_unbounded",
        "labels_unheard",
        "labels_unseen",
        "normalized_penalty",
        "output_range",
    }
)
# Layers whose output stays in the range of their input.
_KEEPS_RANGE = ("AveragePooling", "Cropping", "Global", "MaxPooling", "UpSampling", "ZeroPadding")
# Layers that mix the images of a batch in a way that a penalty meant image by image does not allow for.
_BATCH_NORMALIZATIONS = frozenset({"BatchNormalization", "ConditionalBatchNormalization"})


def advise(generator: Network, discriminator: Network, loss: Mapping[str, Any], report: Report) -> None:
    """Add the notes that a resolved spec deserves."""
    _on_objective(discriminator, loss, report)
    _on_labels(generator, discriminator, report)
    _on_range(generator, report)


def _on_objective(discriminator: Network, loss: Mapping[str, Any], report: Report) -> None:
    entries = catalogue.load()
    regularizers = {item["choice"]: entries["regularizers"][item["choice"]] for item in loss["regularizers"]}
    needs_lipschitz = entries["losses"][loss["choice"]].get("needs_lipschitz", False)
    parts = [part["type"] for layer in discriminator.graph.layers for part in nesting.within(layer)]
    is_held = any(entry.get("lipschitz") for entry in regularizers.values()) or _is_spectrally_normalized(discriminator)
    if needs_lipschitz and not is_held:
        report.advise(
            "/loss/regularizers",
            "critic_unbounded",
            f"nothing keeps the critic of the {loss['choice']} loss from growing without bounds; "
            "add the regularizer gradient_penalty or weight_clipping, or wrap each layer in SpectralNormalization",
        )
    if "weight_clipping" in regularizers and not needs_lipschitz:
        report.advise(
            "/loss/regularizers",
            "clipping_without_critic",
            f"weight_clipping was made for the wasserstein loss; with {loss['choice']} it only weakens the critic",
        )
    normalized = not _BATCH_NORMALIZATIONS.isdisjoint(parts)
    if normalized and any(entry.get("per_image") for entry in regularizers.values()):
        report.advise(
            "/discriminator",
            "normalized_penalty",
            "gradient_penalty is meant image by image, but batch normalization in the discriminator mixes the images "
            "of a batch; leave it out or use LayerNormalization",
        )


def _is_spectrally_normalized(network: Network) -> bool:
    """Whether every layer that could be wrapped in SpectralNormalization is."""
    wrapper = catalogue.load()["layers"]["SpectralNormalization"]
    types = {layer["type"] for layer in network.graph.layers}
    return wrapper["name"] in types and types.isdisjoint(wrapper["parameters"]["properties"]["layer"]["types"])


def _on_labels(generator: Network, discriminator: Network, report: Report) -> None:
    if generator.conditional and not discriminator.conditional:
        report.advise(
            "/discriminator",
            "labels_unseen",
            "the generator takes a label, but the discriminator does not see it, so nothing teaches the generator to "
            "draw the class it was asked for; choose a discriminator that takes labels, such as cgan",
        )
    if discriminator.conditional and not generator.conditional:
        report.advise(
            "/generator",
            "labels_unheard",
            "the discriminator judges samples together with their class, but the generator does not know which class "
            "is asked for, so it can only guess; choose a generator that takes labels, such as cgan",
        )


def _on_range(generator: Network, report: Report) -> None:
    entries = catalogue.load()["layers"]
    layer = generator.graph.layer(generator.graph.outputs[0])
    while entries[layer["type"]].get("rearranges") or layer["type"].startswith(_KEEPS_RANGE):
        layer = generator.graph.layer(layer["inputs"][0])
    if layer["type"] == "Tanh" or nesting.innermost(layer).get("activation") == "tanh":
        return
    report.advise(
        join("/generator/layers", generator.graph.layers.index(layer)),
        "output_range",
        f"the data run from -1 to 1, but {layer['type']} '{layer['id']}', which ends the generator, is not bounded so; "
        "end with Tanh",
    )
