"""Pictures of words, as SVG and PNG."""

import pytest

from service.drawing import fit, font, text_width


@pytest.mark.parametrize("letter", ["é", "ß", "Ł", "λ", "ж"])
def test_letters_beyond_ascii_are_letters(letter):
    missing = font(24).getmask("\U0001f0ff")
    assert bytes(font(24).getmask(letter)) != bytes(missing)
    assert bytes(font(24, bold=True).getmask(letter)) != bytes(font(24).getmask(letter))


def test_a_long_line_is_cut_to_its_width():
    assert fit("Fréchet", 200) == "Fréchet"
    cut = fit("Fréchet distance of a very long name", 100)
    assert cut.endswith("…")
    assert text_width(cut) <= 100 < text_width("Fréchet distance of a very long name")
