"""Which metrics a GAN can have: not every score can be had from every data and generator."""

from collections.abc import Mapping
from typing import Any

from spec import catalogue


def unmet_needs(choice: str, data: Mapping[str, Any], conditional: bool, extractor: str) -> str | None:
    """Why a metric cannot be had, as the rest of a sentence about it; None where it can.

    Args:
        choice: A metric of the catalogue.
        data: The resolved data module.
        conditional: Whether the generator is shown the label.
        extractor: The evaluation's extractor.
    """
    entry = catalogue.load()["metrics"][choice]
    is_image = shows_images(data)
    if "images" in entry["needs"] and not is_image:
        return "compares images, but the data are sequences"
    if choice == "inception_score" and extractor == "inception":
        return None if is_image else "looks at images, but the data are sequences"
    if "classes" in entry["needs"]:
        if not data.get("classes"):
            return "needs classes, but the data has none; set data.classes if there are labels, or leave the metric out"
        if not is_image:
            return "needs a classifier, and there is one for images only; the data are sequences"
        if extractor == "identity":
            return "needs a classifier, but the extractor is 'identity'; choose 'classifier' or 'auto'"
        if extractor == "inception":
            return "needs a classifier of the data's classes, but the extractor is 'inception'; choose 'classifier'"
    if "conditional" in entry["needs"] and not conditional:
        return "needs a generator that is asked for a class; choose a conditional one, such as cgan"
    least = entry.get("minimum_image_size", 0)
    if data.get("image_size", least) < least:
        return f"needs images of at least {least}x{least} pixels; raise data.image_size"
    return None


def shows_images(data: Mapping[str, Any]) -> bool:
    """Whether the samples of a resolved data module are images, which a classifier can look at."""
    return catalogue.load()["datasets"][data["choice"]]["sample"]["source"] == "image"
