"""Sub-scores by hand on tiny cases, the gates one by one, and the saliency map."""

from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest

from artwork.candidates.choosing import HELD
from artwork.framing.saliency import MAP_PX, held, saliency, spread
from artwork.quality.gates import pixel_gates
from artwork.quality.measures import Quality, measure
from artwork.quality.picture import ANALYSIS_PX, analysis_picture
from artwork.quality.scores import appeal
from artwork.quality.text import lettering, lines
from content.types import U8

FINE = Quality(
    brightness=0.5,
    exposure=0.6,
    contrast=0.4,
    saturation=0.3,
    warmth=0.5,
    sharpness=0.6,
    colourfulness=0.4,
    structure=0.9,
    fill=0.8,
    lettering=0.0,
)


def plain(*colour: int, size: tuple[int, int] = (90, 160)) -> U8:
    return np.full((*size, 3), colour, np.uint8)


def scene(seed: int = 0, size: tuple[int, int] = (270, 480)) -> U8:
    """Coloured discs over a gradient: sharp, colourful, well lit."""
    random = np.random.default_rng(seed)
    height, width = size
    ramp = np.linspace(60, 190, width, dtype=np.uint8)
    picture = np.repeat(np.repeat(ramp[None, :, None], height, 0), 3, 2).copy()
    for _ in range(14):
        centre = (int(random.integers(width)), int(random.integers(height)))
        colour = tuple(int(c) for c in random.integers(0, 255, 3))
        cv2.circle(picture, centre, int(random.integers(15, 60)), colour, -1)
    return picture


def test_half_black_half_white_by_hand() -> None:
    picture = plain(0, 0, 0)
    picture[:, 80:] = 255
    got = measure(picture)
    assert got.brightness == pytest.approx(0.5, abs=1e-6)
    assert got.contrast == pytest.approx(1.0, abs=1e-6)
    assert got.exposure == pytest.approx(np.exp(-0.25 / 0.08), abs=1e-6)
    assert got.saturation == 0.0 and got.warmth == 0.5 and got.colourfulness == 0.0
    assert got.fill == pytest.approx(0.5)


def test_colourfulness_equals_the_paper_on_two_colours() -> None:
    picture = plain(255, 0, 0)
    picture[:, 80:] = (0, 0, 255)
    # rg is 255 | 0 and yb is 127.5 | -255: deviations 127.5 and 191.25, means 127.5 and -63.75.
    by_hand = (np.hypot(127.5, 191.25) + 0.3 * np.hypot(127.5, 63.75)) / 109
    assert by_hand > 1 and measure(picture).colourfulness == 1.0
    faint = plain(110, 100, 100)
    faint[:, 80:] = (100, 100, 110)
    by_hand = (np.hypot(5, 7.5) + 0.3 * np.hypot(5, 2.5)) / 109
    assert measure(faint).colourfulness == pytest.approx(by_hand, abs=1e-5)


def test_warmth_and_saturation_follow_the_colour() -> None:
    warm, cool = measure(plain(200, 120, 60)), measure(plain(60, 120, 200))
    assert warm.warmth > 0.9
    assert cool.warmth < 0.1
    assert warm.saturation == pytest.approx(140 / 200)


def test_blur_lowers_sharpness_and_noise_lowers_structure() -> None:
    picture = scene()
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), 6), np.uint8)
    assert measure(soft).sharpness < 0.1
    assert measure(picture).sharpness > 0.3
    noise = np.random.default_rng(1).integers(0, 256, (270, 480, 3)).astype(np.uint8)
    assert measure(noise).structure < 0.05
    assert measure(picture).structure > 0.6


def test_a_sharp_face_before_a_soft_background_is_sharp() -> None:
    soft = np.asarray(cv2.GaussianBlur(scene(), (0, 0), 8), np.uint8)
    soft[90:200, 180:300] = scene(3)[90:200, 180:300]
    assert measure(soft).sharpness > 0.3


def words(text: str, picture: U8) -> U8:
    written = picture.copy()
    cv2.putText(written, text, (60, 140), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255,) * 3, 2)
    return written


def test_lettering_is_the_width_of_the_words() -> None:
    ground = plain(40, 60, 90, size=(270, 480))
    assert lettering(ground) == 0.0
    assert 0.35 < lettering(words("A FILM BY SOMEBODY", ground)) < 0.75
    assert lettering(words("NO", ground)) == 0.0, "a few strokes are no line of words"


def test_large_letters_are_one_line_where_they_stand() -> None:
    picture = scene(2)
    cv2.putText(picture, "BUNNY", (130, 150), cv2.FONT_HERSHEY_SIMPLEX, 2.2, (250,) * 3, 12)
    ((x, y, width, height),) = lines(picture)
    assert 120 < x < 145 and 80 < y < 115 and 155 < width < 260 and 40 < height < 70
    assert pixel_gates(measure(picture)) == ("lettering",)


def test_snow_and_confetti_and_bars_are_no_letters() -> None:
    random = np.random.default_rng(3)
    snow = scene(4)
    for _ in range(120):
        at = (int(random.integers(480)), int(random.integers(270)))
        cv2.circle(snow, at, int(random.integers(2, 7)), (int(random.integers(150, 256)),) * 3, -1)
    fence = plain(60, 80, 60, size=(270, 480))
    for i in range(12):
        cv2.rectangle(fence, (60 + 14 * i, 90), (65 + 14 * i, 110), (150 + (i % 3) * 45,) * 3, -1)
    assert lettering(snow) == lettering(fence) == lettering(scene(2)) == 0.0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ()),
        ({"brightness": 0.02}, ("dark",)),
        ({"brightness": 0.97}, ("blown",)),
        ({"contrast": 0.03}, ("flat",)),
        ({"fill": 0.02}, ("flat",)),
        ({"sharpness": 0.02}, ("blurred",)),
        ({"steadiness": 0.1}, ("blurred",)),
        ({"structure": 0.02}, ("noise",)),
        ({"fill": 0.2, "saturation": 0.01}, ("title_card",)),
        ({"lettering": 0.3}, ("lettering",)),
        (
            {"brightness": 0.02, "sharpness": 0.02, "lettering": 0.3},
            ("dark", "blurred", "lettering"),
        ),
    ],
)
def test_every_gate_refuses_and_all_are_told(
    change: dict[str, float], reason: tuple[str, ...]
) -> None:
    assert pixel_gates(replace(FINE, **change)) == reason


def test_real_pictures_through_the_gates() -> None:
    assert pixel_gates(measure(scene())) == ()
    assert "dark" in pixel_gates(measure(plain(0, 0, 0)))
    assert "flat" in pixel_gates(measure(plain(128, 128, 128)))
    noise = np.random.default_rng(1).integers(0, 256, (270, 480, 3)).astype(np.uint8)
    assert pixel_gates(measure(noise)) == ("noise",)
    card = words("A FILM BY SOMEBODY", plain(20, 20, 20, size=(270, 480)))
    assert {"title_card", "lettering"} <= set(pixel_gates(measure(card)))


def test_appeal_rises_with_a_face_and_falls_with_words() -> None:
    assert appeal(FINE, 1.0) > appeal(FINE, 0.5) > appeal(FINE, 0.0)
    written = [appeal(replace(FINE, lettering=width), 0.0) for width in (0.0, 0.2, 0.4)]
    assert written[0] > written[1] > written[2]


@pytest.mark.parametrize("size", [(1, 1), (2, 700), (700, 2), (5, 5), (1080, 1920)])
def test_any_size_gives_numbers_in_range(size: tuple[int, int]) -> None:
    picture = analysis_picture(scene(size=size) if min(size) > 2 else plain(9, 99, 200, size=size))
    assert max(picture.shape[:2]) <= ANALYSIS_PX
    assert all(0.0 <= value <= 1.0 for value in asdict(measure(picture)).values())
    mass = saliency(picture)
    assert np.isfinite(mass).all() and mass.min() >= 0 and mass.sum() == pytest.approx(1, abs=1e-4)
    assert max(mass.shape) <= MAP_PX or min(size) < 4


def test_saliency_finds_the_odd_one() -> None:
    picture = plain(40, 120, 60, size=(270, 480))
    cv2.circle(picture, (360, 130), 40, (220, 60, 60), -1)
    mass = saliency(picture)
    height, width = mass.shape
    y, x = np.unravel_index(int(mass.argmax()), mass.shape)
    assert abs(x / width - 360 / 480) < 0.12 and abs(y / height - 130 / 270) < 0.2
    assert spread(mass) < 0.25


def test_held_by_hand() -> None:
    assert held(np.full((20, 40), 1 / 800, np.float32)) == pytest.approx(0.5)
    middle, border = np.zeros((20, 40), np.float32), np.zeros((20, 40), np.float32)
    middle[10, 20] = border[19, 20] = 1.0
    assert held(middle) == 1.0 and held(border) == 0.0


def test_a_subject_that_slips_out_is_held_less() -> None:
    inside, outside = plain(40, 120, 60, size=(270, 480)), plain(40, 120, 60, size=(270, 480))
    cv2.circle(inside, (240, 135), 70, (220, 60, 60), -1)
    cv2.circle(outside, (240, 290), 70, (220, 60, 60), -1)
    assert held(saliency(inside)) > 0.7
    assert held(saliency(outside)) < HELD


def test_spread_by_hand() -> None:
    even = np.full((4, 5), 1 / 20, np.float32)
    assert spread(even) == pytest.approx(0.5, abs=0.051)
    point = np.zeros((4, 5), np.float32)
    point[1, 1] = 1.0
    assert spread(point) == pytest.approx(1 / 20)
