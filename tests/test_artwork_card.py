"""Title cards: the name on a ground of the palette, readable in every shape."""

import numpy as np
import pytest

from artwork.compose import contrast
from artwork.compose.card import card
from artwork.framing.crops import RATIOS
from artwork.images.cards import card_size
from content.types import ASPECTS, Aspect

PALETTE = ("#a7917b", "#000000", "#2f251b", "#3060c0", "#ebc88e")


@pytest.mark.parametrize("aspect", ASPECTS)
def test_a_card_has_its_shape(aspect: Aspect) -> None:
    width, height = card_size(aspect)
    assert min(width, height) == 720 and abs(width / height - RATIOS[aspect]) < 0.002
    assert card(None, aspect, colours=PALETTE).shape == (height, width, 3)


@pytest.mark.parametrize("name", ["Sintel", "シンテル", "Ein langer Name für einen kurzen Film"])
def test_a_name_can_be_read_and_the_ground_is_the_palette_s(name: str) -> None:
    plain, named = (card(each, "16:9", colours=PALETTE, moods=("epic",)) for each in (None, name))
    again = card(name, "16:9", colours=PALETTE, moods=("epic",))
    assert np.array_equal(named, again)
    light = contrast.linear(named) @ contrast.LUMA
    dark = contrast.linear(plain) @ contrast.LUMA
    assert (light.max() + 0.05) / (dark.max() + 0.05) >= 4.5
    assert 0.005 < (np.abs(named.astype(int) - plain).max(axis=2) > 60).mean() < 0.25
    top = plain[:40].reshape(-1, 3).mean(axis=0)
    assert top[2] > top[0] + 20, "blue is the strongest of its hues"


@pytest.mark.parametrize("name", ["😀", " ", "A" * 400])
def test_what_cannot_be_lettered_is_a_plain_card(name: str) -> None:
    assert np.array_equal(card(name, "2:3"), card(None, "2:3"))
