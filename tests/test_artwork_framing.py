"""Framing by hand: what is shown in each aspect. The properties: tests/property/test_crops.py."""

import numpy as np
import pytest

from artwork.framing.crops import Box
from artwork.framing.shown import Frame, frame
from artwork.framing.subject import Subject
from artwork.framing.zones import focal_point, progress_zone, title_zone, zones
from content.types import ASPECTS, F32, Aspect

EVEN = np.full((9, 16), 1 / 144, np.float32)
HD = Box(0, 0, 1600, 900)


def at(row: int, column: int, shape: tuple[int, int] = (9, 16)) -> F32:
    mass = np.zeros(shape, np.float32)
    mass[row, column] = 1.0
    return mass


def cropped(
    aspect: Aspect, inside: Box, faces: list[Box], mass: F32 = EVEN, words: tuple[Box, ...] = ()
) -> Box:
    shown = frame(aspect, Subject.of(inside, faces, mass, words))
    assert shown is not None and shown.fit == "crop"
    return shown.window


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
        window = cropped(aspect, Box(0, 0, *size), [])
        assert (window.width, window.height) == wanted
        centre = (window.x + window.width / 2, window.y + window.height / 2)
        assert centre == pytest.approx((size[0] / 2, size[1] / 2), abs=1.5), "ties go to the middle"


def test_a_crop_follows_the_mass_and_stays_inside_the_bars() -> None:
    window = cropped("1:1", Box(10, 20, 160, 90), [], at(4, 13))
    assert window.x <= 10 + 130 and window.right >= 10 + 140
    assert window.y == 20 and window.bottom == 110 and window.right <= 170


def test_the_main_face_wins_over_mass_and_keeps_some_air() -> None:
    window = cropped("2:3", Box(0, 0, 1920, 1080), [Box(100, 200, 200, 240)], at(4, 15))
    assert window.holds(Box(50, 200, 300, 240))


def test_hair_has_headroom_where_the_picture_has_it() -> None:
    down = at(11, 8, (12, 16))  # draws the window down
    window = cropped("16:9", Box(0, 0, 640, 480), [Box(250, 100, 100, 120)], down)
    assert window.y == 22, "room for a hat"
    low = cropped("16:9", Box(0, 0, 640, 480), [Box(250, 20, 100, 120)], down)
    assert low.y == 0, "all there is"


def test_a_head_too_high_for_a_shape_is_not_cut_at_the_hair() -> None:
    tall = Subject.of(Box(0, 0, 640, 480), [Box(150, 100, 250, 290)], EVEN)
    shown = frame("21:9", tall)
    assert shown is not None and shown.fit == "bleed", "274 px hold the face, but not the head"
    assert shown.window.holds(tall.head(tall.faces[0]))


def test_words_are_kept_whole_or_left_out() -> None:
    words = Box(600, 200, 380, 120)
    kept = cropped("2:3", HD, [], at(4, 10), (words,))
    assert kept.holds(words)
    apart = cropped("2:3", HD, [], EVEN, (Box(0, 200, 700, 120),))
    assert apart.x >= 700
    wide = frame("2:3", Subject.of(HD, [], EVEN, [Box(400, 200, 900, 120)]))
    assert wide is not None and wide.fit == "bleed", "600 px hold no 900, nor is there room"
    assert wide.window.holds(Box(400, 200, 900, 120))


def test_a_lesser_face_is_kept_whole_or_left_out() -> None:
    main, other = Box(300, 300, 300, 300), Box(760, 300, 140, 140)
    square = cropped("1:1", HD, [other, main])
    assert square.holds(main) and square.holds(other)
    upright = cropped("2:3", HD, [other, main])
    assert upright.holds(main) and upright.overlap(other) is None


def test_two_who_matter_alike_are_shown_together_or_as_a_bleed() -> None:
    pair = [Box(300, 300, 200, 250), Box(1050, 320, 200, 240)]
    assert frame("16:9", Subject.of(HD, pair, EVEN)) == Frame(HD, (1600, 900))
    for aspect in ("2:3", "1:1", "9:16"):
        shown = frame(aspect, Subject.of(HD, pair, EVEN))
        assert shown is not None and shown.fit == "bleed"
        assert all(shown.window.holds(face) for face in pair)
    assert shown.size == (1200, 2133), "a window of 4:3 holds both: no need for the whole"


def test_a_smaller_window_where_the_largest_would_cut() -> None:
    edges = [Box(700, 300, 200, 220), Box(1560, 300, 40, 80)]  # one half out at the right
    window = cropped("16:9", HD, edges, EVEN, (Box(1540, 400, 60, 30),))
    assert window == HD, "the whole picture is nobody's cut"
    tight = cropped("1:1", HD, [Box(700, 300, 200, 220)], EVEN, (Box(0, 20, 1600, 60),))
    assert tight.y >= 80 and tight.height == round(900 * 0.86)


def test_no_variant_rather_than_a_strip_or_a_cut_face() -> None:
    scope = Box(0, 0, 2100, 900)
    assert frame("9:16", Subject.of(scope, [Box(400, 50, 1300, 800)], EVEN)) is None
    crowd = [Box(x, 300, 90, 90) for x in range(0, 2100, 80)]
    assert frame("9:16", Subject.of(scope, crowd, EVEN)) is None
    assert frame("21:9", Subject.of(scope, crowd, EVEN)) is not None
    ends = [Box(30, 300, 200, 250), Box(1850, 300, 200, 240)]
    alone = cropped("9:16", scope, ends)
    assert alone.holds(ends[0]) and alone.overlap(ends[1]) is None, "one of them, wholly"


def test_eyes_stay_above_the_progress_bar_where_they_can() -> None:
    face = Box(700, 900, 150, 150)
    window = cropped("16:9", Box(0, 0, 1600, 1200), [face], at(0, 8))
    assert face.y + 75 < window.y + 0.92 * window.height
    low = cropped("16:9", HD, [Box(700, 790, 100, 110)])
    assert low == HD
    assert progress_zone([(0.4, 0.88, 0.1, 0.12)]) is None, "there they cannot"
    assert progress_zone([(0.4, 0.5, 0.1, 0.12)]) == (0.0, 0.92, 1.0, 0.08)
    assert progress_zone([], [(0.1, 0.85, 0.5, 0.1)]) is None, "nor over words"
    assert progress_zone([], [(0.1, 0.7, 0.5, 0.1)]) is not None


def test_a_face_in_the_bars_is_not_counted() -> None:
    assert cropped("16:9", Box(0, 100, 1600, 900), [Box(0, 0, 90, 90)]) == Box(0, 100, 1600, 900)


def test_one_looks_at_eyes_or_else_at_the_subject() -> None:
    pair = [Box(200, 300, 100, 100), Box(600, 300, 100, 100)]
    assert focal_point(Subject.of(HD, pair, EVEN), HD) == (450, 345)
    assert focal_point(Subject.of(HD, pair, EVEN), Box(0, 0, 500, 900)) == (250, 345)
    assert focal_point(Subject.of(HD, [], at(2, 12)), HD) == (1250, 250)
    assert focal_point(Subject.of(HD, [], EVEN), HD) == (800, 450)


def test_a_title_goes_where_it_is_calm_and_nobody_is() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (270, 480, 3), np.uint8)
    rgb[30:120, 200:] = 128
    x, y, _, height = title_zone(rgb, EVEN, []) or pytest.fail("there is room")
    assert x >= 0.4 and y >= 0.1 and y + height <= 0.46, "the only calm area"
    moved = title_zone(rgb, EVEN, [(0.4, 0.0, 0.6, 0.5)])
    assert moved is not None and (moved[0] + moved[2] <= 0.4 or moved[1] >= 0.5)
    assert title_zone(rgb, EVEN, [(0.2, 0.1, 0.6, 0.8)]) is None
    assert title_zone(rgb, EVEN, [(0.0, 0.0, 1.0, 1.0)]) is None


def test_zones_of_a_bleed_are_those_of_what_is_shown() -> None:
    pair = [Box(300, 300, 200, 250), Box(1050, 320, 200, 240)]
    subject = Subject.of(HD, pair, EVEN)
    shown = frame("2:3", subject)
    assert shown is not None and shown.fit == "bleed"
    rgb = np.random.default_rng(1).integers(0, 256, (900, 1600, 3), np.uint8)
    picture = shown.shown(rgb)
    assert picture.shape[1] == 480 and picture.shape[0] == 720
    found = zones(picture, shown, subject)
    assert 0.35 < found.focal[1] < 0.5 and 0.4 < found.focal[0] < 0.6
    _, y, _, height = found.safe["title"]
    assert y + height <= 0.25 or y >= 0.75, "on the calm ground above or below"


def test_every_aspect_of_a_plain_picture_is_a_crop() -> None:
    for aspect in ASPECTS:
        assert cropped(aspect, HD, [])
