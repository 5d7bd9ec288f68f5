"""Crops: bars, aspects, faces. The property test is in tests/property."""

import numpy as np
import pytest

from artwork.crops import RATIOS, Box, bars, content_box, crop
from content.types import ASPECTS, U8, Aspect

EVEN = np.full((9, 16), 1 / 144, np.float32)


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


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1920, 1080), {"16:9": (1920, 1080), "2:3": (720, 1080), "21:9": (1920, 823)}),
        ((1920, 804), {"16:9": (1429, 804), "1:1": (804, 804), "21:9": (1876, 804)}),
        ((640, 480), {"16:9": (640, 360), "4:3": (640, 480), "9:16": (270, 480)}),
        ((480, 854), {"16:9": (480, 270), "2:3": (480, 720), "9:16": (480, 853)}),
    ],
)
def test_crops_are_the_largest_that_fit(
    size: tuple[int, int], expected: dict[Aspect, tuple[int, int]]
) -> None:
    for aspect, wanted in expected.items():
        window = crop(aspect, Box(0, 0, *size), [], EVEN)
        assert window is not None
        assert (window.width, window.height) == wanted
        centre = (window.x + window.width / 2, window.y + window.height / 2)
        assert centre == pytest.approx((size[0] / 2, size[1] / 2), abs=1.5), "ties go to the middle"


def test_a_crop_follows_the_mass_and_stays_inside_the_bars() -> None:
    mass = np.zeros((9, 16), np.float32)
    mass[4, 13] = 1.0
    window = crop("1:1", Box(10, 20, 160, 90), [], mass)
    assert window is not None
    assert window.x <= 10 + 130 and window.right >= 10 + 140
    assert window.y == 20 and window.bottom == 110 and window.right <= 170


def test_the_main_face_wins_over_mass_and_keeps_some_air() -> None:
    mass = np.zeros((9, 16), np.float32)
    mass[4, 15] = 1.0
    face = Box(100, 200, 200, 240)
    window = crop("2:3", Box(0, 0, 1920, 1080), [face], mass)
    assert window is not None and window.holds(Box(50, 200, 300, 240))


def test_hair_has_headroom_where_the_picture_has_it() -> None:
    mass = np.zeros((12, 16), np.float32)
    mass[11, 8] = 1.0  # draws the window down
    window = crop("16:9", Box(0, 0, 640, 480), [Box(250, 100, 100, 120)], mass)
    assert window is not None and window.y == 40, "half the face's height above it"
    low = crop("16:9", Box(0, 0, 640, 480), [Box(250, 20, 100, 120)], mass)
    assert low is not None and low.y == 0, "all there is"
    tall = crop("16:9", Box(0, 0, 640, 480), [Box(150, 60, 300, 340)], mass)
    assert tall is not None and 47 <= tall.y <= 48, "two thirds of what is left go above it"


def test_words_are_kept_whole_or_left_out() -> None:
    inside, words = Box(0, 0, 1600, 900), Box(600, 200, 380, 120)
    mass = np.zeros((9, 16), np.float32)
    mass[4, 10] = 1.0
    bare, kept = crop("2:3", inside, [], mass), crop("2:3", inside, [], mass, [words])
    assert bare is not None and kept is not None and kept.holds(words)
    wide = Box(400, 200, 900, 120)
    assert crop("2:3", inside, [], mass, [wide]) is None, "600 px hold no 900, nor is there room"
    apart = crop("2:3", inside, [], mass, [Box(0, 200, 700, 120)])
    assert apart is not None and apart.x >= 700


def test_a_second_face_is_kept_whole_or_left_out() -> None:
    inside = Box(0, 0, 1600, 900)
    main, other = Box(300, 300, 300, 300), Box(760, 300, 200, 200)
    square = crop("1:1", inside, [other, main], EVEN)
    assert square is not None and square.holds(main) and square.holds(other)
    upright = crop("2:3", inside, [other, main], EVEN)
    assert upright is not None and upright.holds(main)
    assert upright.overlap(other) is None, "600 px hold one of the two, the other must go wholly"


def test_no_variant_rather_than_a_cut_face() -> None:
    inside = Box(0, 0, 1600, 900)
    assert crop("2:3", inside, [Box(400, 100, 700, 700)], EVEN) is None
    crowd = [Box(x, 300, 90, 90) for x in range(0, 1600, 80)]
    assert crop("2:3", inside, crowd, EVEN) is None
    assert crop("16:9", inside, crowd, EVEN) is not None


def test_a_face_in_the_bars_is_not_counted() -> None:
    window = crop("16:9", Box(0, 100, 1600, 900), [Box(0, 0, 90, 90)], EVEN)
    assert window == Box(0, 100, 1600, 900)


def test_ratios() -> None:
    for aspect in ASPECTS:
        width, height = map(int, aspect.split(":"))
        assert RATIOS[aspect] == width / height
