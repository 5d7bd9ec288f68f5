"""Shots and their pictures, on clips whose cuts are known."""

from pathlib import Path

import numpy as np
import pytest

from content import decode
from content.decode import Signatures
from content.shots import MAX_SHOTS, MIN_SHOT_S, ShotDetector
from tests.synth import Take, make_clip

RED, BLUE, GREEN = (180, 60, 50), (40, 90, 170), (60, 150, 70)


def cuts_of(path: Path) -> list[float]:
    detector = ShotDetector()
    found = []
    for part in decode.analyse(path):
        if isinstance(part, Signatures):
            found += [boundary.at_s for boundary in detector.feed(part)]
    return found


def test_hard_cuts_are_found_to_the_frame(tmp_path: Path) -> None:
    path = tmp_path / "cuts.mp4"
    takes = [Take(1.5, RED), Take(1.0, BLUE, "bars"), Take(1.5, GREEN), Take(2.0, (90, 90, 90))]
    assert make_clip(path, takes) == [1.5, 2.5, 4.0]
    assert cuts_of(path) == pytest.approx([1.5, 2.5, 4.0], abs=1e-3)


def test_motion_alone_is_no_cut(tmp_path: Path) -> None:
    path = tmp_path / "motion.mp4"
    make_clip(path, [Take(3.0, RED, "bars")])
    assert cuts_of(path) == []


def test_after_black_a_shot_begins_and_the_first_black_is_no_shot(tmp_path: Path) -> None:
    path = tmp_path / "fades.mp4"
    black = Take(0.5, (0, 0, 0), "none")
    takes = [
        black,
        Take(2.0, GREEN, fade_in_s=0.5, fade_out_s=0.5),
        black,
        Take(2.0, GREEN, fade_in_s=0.5),
    ]
    make_clip(path, takes)
    assert cuts_of(path) == pytest.approx([3.1], abs=0.15)


def flicker(count: int, fps: float) -> Signatures:
    pixels = np.zeros((count, 36, 64, 3), np.uint8)
    pixels[:, :, :, 0] = np.arange(count)[:, None, None] // 5 % 2 * 200 + 20
    pixels[:, :, :, 1] = 90
    return Signatures([n / fps for n in range(count)], pixels)


def test_no_shot_is_shorter_than_the_shortest() -> None:
    found = [boundary.at_s for boundary in ShotDetector().feed(flicker(500, fps=25.0))]
    assert found and np.diff([0.0, *found]).min() >= MIN_SHOT_S


def test_shots_are_counted_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("content.shots.MAX_SHOTS", 4)
    assert MAX_SHOTS >= 5000
    assert len(ShotDetector().feed(flicker(500, fps=5.0))) == 3
