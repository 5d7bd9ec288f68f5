"""Changes of slide, found by the detector that needs no model."""

from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from content import decode
from content.decode import Signatures
from content.shots import AdaptiveShots, Boundary
from content.types import U8

FPS = 10
HEIGHT, WIDTH = 720, 1280
POINTS = ["Gradient descent", "The learning rate and its choice", "When it fails", "What to do"]
OTHER = ["Momentum remembers past steps", "Adam scales", "every weight by its history", "Warm up"]
LAST = ["Read chapter four", "Exercises one to seven, by hand", "Due on Monday"]

Pages = Sequence[tuple[U8, float]]
"""Pictures and for how many seconds they stand."""


def slide(lines: Sequence[str], scale: float = 1.4) -> U8:
    page = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    for n, line in enumerate(lines):
        write(page, line, (90, 150 + 110 * n), scale)
    return page


def write(page: U8, line: str, at: tuple[int, int], scale: float = 1.4) -> None:
    cv2.putText(page, line, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (30, 30, 30), 3, cv2.LINE_AA)


def shown(pages: Pages) -> Signatures:
    small = [cv2.resize(page, (64, 36), interpolation=cv2.INTER_AREA) for page, _ in pages]
    pixels = np.repeat(np.stack(small), [round(FPS * length_s) for _, length_s in pages], axis=0)
    return Signatures([n / FPS for n in range(len(pixels))], pixels)


def told(*parts: Signatures) -> list[Boundary]:
    detector = AdaptiveShots()
    return [each for part in parts for each in detector.feed(part)] + detector.finish()


def cuts(pages: Pages) -> list[float]:
    found = told(shown(pages))
    assert {each.kind for each in found} <= {"cut"}
    return [each.at_s for each in found]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("scale", [0.9, 1.4])
def test_a_change_of_slide_is_a_cut(dark: bool, scale: float) -> None:
    slides = [slide(lines, scale) for lines in (POINTS, OTHER, LAST)]
    assert cuts([(255 - each if dark else each, 3.0) for each in slides]) == [3.0, 6.0]


def test_what_all_slides_share_hides_no_change() -> None:
    slides = [slide(lines) for lines in (POINTS, OTHER)]
    for each in slides:
        each[:60] = each[-80:] = (120, 60, 20)
    assert cuts([(each, 3.0) for each in slides]) == [3.0]


def test_a_lecturer_in_the_corner_hides_no_change() -> None:
    film, rng = shown([(slide(POINTS), 3.0), (slide(OTHER), 3.0)]), np.random.default_rng(1)
    film.pixels[:, 26:, 50:] = rng.integers(60, 120, (60, 10, 14, 3))
    assert [each.at_s for each in told(film)] == [3.0]


def test_encoding_hides_no_change(tmp_path: Path) -> None:
    path, slides = tmp_path / "slides.mp4", [slide(lines) for lines in (POINTS, OTHER, LAST)]
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.options = {"preset": "veryfast", "crf": "30", "threads": "1"}
        for n in range(6 * FPS):
            frame = av.VideoFrame.from_ndarray(slides[n // (2 * FPS)], format="bgr24")
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    found = told(*(part for part in decode.analyse(path) if isinstance(part, Signatures)))
    assert [each.at_s for each in found] == pytest.approx([2.0, 4.0], abs=1e-3)


def test_a_slide_that_grows_is_one_shot() -> None:
    assert cuts([(slide(POINTS[:count]), 3.0) for count in (1, 2, 3, 4)]) == []


def test_words_that_change_in_one_place_are_no_cut() -> None:
    photograph = cv2.resize(
        np.random.default_rng(1).integers(40, 220, (9, 16, 3), np.uint8), (WIDTH, HEIGHT)
    )
    for ground in (slide(POINTS[:2]), photograph, np.full_like(photograph, 128)):
        pages = [(ground, 2.0)]
        for lines in (
            ["we begin with the plain", "case of one dimension"],
            ["and go on to", "more"],
        ):
            page = ground.copy()
            for n, line in enumerate(lines):
                write(page, line, (300, 620 + 60 * n))
            pages.append((page, 2.0))
        assert cuts([*pages, (ground, 2.0)]) == []


def test_a_pointer_is_no_cut() -> None:
    pages = []
    for at in ((200, 100), (800, 600), (600, 300)):
        page = slide(POINTS)
        cv2.circle(page, at, 45, (0, 0, 200), -1)
        pages.append((page, 2.0))
    assert cuts(pages) == []


def test_a_slide_that_is_back_at_once_is_no_cut() -> None:
    one, other = slide(POINTS), slide(OTHER)
    assert cuts([(one, 3.0), (other, 0.6), (one, 3.0)]) == []
    assert cuts([(one, 3.0), (other, 2.0), (one, 3.0)]) == [3.0, 5.0]


def test_a_page_that_is_scrolled_is_no_cut() -> None:
    page = slide([*POINTS, *OTHER[:2]])
    assert cuts([(np.roll(page, -120 * n, axis=0), 2.0) for n in range(3)]) == []
