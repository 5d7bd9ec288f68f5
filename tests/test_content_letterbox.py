"""Bars: found where all pictures have them, and nowhere else; nothing is measured on them."""

from pathlib import Path

import numpy as np
import pytest

from content import decode
from content.letterbox import Bars, find_bars
from tests.synth import Take, make_clip, pictures

RNG = np.random.default_rng(5)


def scene(top: int = 0, bottom: int = 0, left: int = 0, right: int = 0, level: float = 120.0):
    """Luma of a textured scene, 200 × 320, within black bars of so many px."""
    luma = np.clip(RNG.normal(level, 40, (200, 320)), 0, 255).astype(np.uint8)
    luma[:top], luma[200 - bottom :], luma[:, :left], luma[:, 320 - right :] = 16, 16, 16, 16
    return luma


def test_letterbox_and_pillarbox_are_found() -> None:
    assert find_bars([scene(24, 24) for _ in range(6)]) == Bars(0.12, 0.12, 0.0, 0.0)
    assert find_bars([scene(0, 0, 40, 40) for _ in range(6)]) == Bars(0.0, 0.0, 0.125, 0.125)


def test_wide_bars_are_found_where_flat_equal_and_constant() -> None:
    """9:16 in 16:9 and the reverse: 34 % a side, with an inset 38 %."""
    assert find_bars([scene(0, 0, 109, 109) for _ in range(12)]) == Bars(0, 0, 109 / 320, 109 / 320)
    assert find_bars([scene(76, 76) for _ in range(12)]) == Bars(0.38, 0.38, 0, 0)
    inset = Bars(0.12, 0.12, 0.375, 0.375)
    assert find_bars([scene(24, 24, 120, 120) for _ in range(12)]) == inset


def test_a_lit_stage_in_a_dark_room_has_no_wide_bars() -> None:
    rooms = [scene(0, 0, 109, 109) for _ in range(12)]
    for room in rooms:
        dark = room == 16
        room[dark] = RNG.integers(12, 30, int(dark.sum()))
    assert find_bars(rooms) == Bars()
    words = np.full((200, 320), 16, np.uint8)
    words[90:110, 120:200:9] = 235  # lettering on black
    assert find_bars([words] * 12) == Bars()


def test_a_dark_scene_among_lit_ones_makes_no_bar() -> None:
    dark = np.full((200, 320), 17, np.uint8)
    assert find_bars([dark, scene(), dark, scene()]) == Bars()
    assert find_bars([dark] * 12) == Bars()
    assert find_bars([]) == Bars()


@pytest.mark.parametrize(
    "unsure",
    [
        [scene(30, 0), scene(30, 0)],  # a black sky
        [scene(88, 88), scene(88, 88)],  # more than a bar can be
        [scene(70, 0), scene(70, 0)],  # wide ones are sure on both sides …
        [scene(70, 67), scene(70, 67)],  # … alike …
        [scene(70, 70), scene(70, 70), scene(80, 80)],  # … in nearly all pictures …
        [scene(24, 24), scene(24, 24), scene(10, 10), scene(12, 30), scene(9, 12)],
        [scene(1, 1), scene(1, 1)],
    ],
)
def test_none_when_unsure(unsure: list[np.ndarray]) -> None:
    assert find_bars(unsure) == Bars()


def test_bars_turn_with_the_picture() -> None:
    bars = Bars(top=0.1, bottom=0.2, left=0.0, right=0.05)
    picture = np.zeros((100, 100))
    picture[10:80, 0:95] = 1
    turned = np.rot90(picture)
    rows, columns = np.flatnonzero(turned.any(1)), np.flatnonzero(turned.any(0))
    expected = (rows[0] / 100, 1 - (rows[-1] + 1) / 100, columns[0] / 100)
    assert bars.turned(1)[:3] == pytest.approx(expected)
    assert bars.turned(1).turned(-1) == bars.turned(4) == bars


def test_signatures_and_samples_show_the_picture_within_its_bars(tmp_path: Path) -> None:
    path = tmp_path / "barred.mp4"
    takes = [Take(1.0, (170, 90, 60)), Take(1.0, (60, 90, 170), "bars")]
    make_clip(path, takes, size=(320, 240), codec="libx264")
    _bar(path, takes, 32)
    parts = list(decode.analyse(path))
    found = next(p for p in parts if isinstance(p, Bars))
    assert found == pytest.approx((32 / 240, 32 / 240, 0, 0), abs=0.01)
    for sample in (p for p in parts if isinstance(p, decode.Sample)):
        assert sample.rgb.shape[1] == 320 and abs(sample.rgb.shape[0] - 176) <= 2
        assert sample.rgb[:2].mean() > 60 and sample.rgb[-2:].mean() > 60
    for signatures in (p for p in parts if isinstance(p, decode.Signatures)):
        assert signatures.pixels[:, 0].mean() > 60
    told = [p for p in decode.analyse(path, bars=Bars()) if isinstance(p, decode.Sample)]
    assert told[0].rgb.shape == (240, 320, 3) and told[0].rgb[:20].mean() < 5


def _bar(path: Path, takes: list[Take], px: int) -> None:
    import av

    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=24)
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        for picture in pictures(takes, 24, (320, 240)):
            picture[:px], picture[240 - px :] = 0, 0
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
