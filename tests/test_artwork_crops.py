"""Boxes, bars and aspects. What is shown of a picture: tests/test_artwork_framing.py."""

import numpy as np

from artwork.framing.crops import RATIOS, Box, bars, content_box
from content.types import ASPECTS, U8


def framed(top: int, side: int, size: tuple[int, int] = (180, 320)) -> U8:
    picture = np.full((*size, 3), 8, np.uint8)  # black as video codes it, with a little noise
    height, width = size
    picture[top : height - top, side : width - side] = (120, 90, 60)
    return picture


def test_bars_are_measured_and_cut_with_one_line_more() -> None:
    letterbox, pillarbox = framed(23, 0), framed(0, 40)
    assert bars(letterbox) == (0.0, 23 / 180)
    assert bars(pillarbox) == (40 / 320, 0.0)
    assert content_box(320, 180, [bars(letterbox)]) == Box(0, 24, 320, 132)


def test_the_wide_bars_of_an_upright_film_are_cut() -> None:
    """9:16 with an inset in 16:9 and the reverse: what `content.letterbox` takes off as well."""
    assert content_box(320, 180, [bars(framed(0, 122))]) == Box(123, 0, 74, 180)
    assert content_box(180, 320, [(0.0, 0.38)]) == Box(0, 123, 180, 74)


def test_only_bars_that_all_pictures_have_are_cut() -> None:
    assert content_box(320, 180, [bars(framed(23, 0)), bars(framed(0, 0))]) == Box(0, 0, 320, 180)
    night = np.zeros((180, 320, 3), np.uint8)
    assert content_box(320, 180, [bars(night), bars(framed(23, 0))]) == Box(0, 24, 320, 132)
    assert content_box(320, 180, [bars(night)]) == Box(0, 0, 320, 180), "all black tells nothing"
    assert content_box(320, 180, []) == Box(0, 0, 320, 180)


def test_dark_at_one_side_is_no_bar() -> None:
    picture = framed(0, 0)
    picture[:, :100] = 0
    assert bars(picture) == (0.0, 0.0)


def test_ratios() -> None:
    for aspect in ASPECTS:
        width, height = map(int, aspect.split(":"))
        assert RATIOS[aspect] == width / height
