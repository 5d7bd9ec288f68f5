"""The pictures of shots: which samples stand for them, and how many."""

import numpy as np
import pytest

from content.keyframes import PICTURES_A_SHOT, Candidate, ShotPictures, merit
from content.shots import Boundary


def candidate(at_s: float, sharpness: float = 0.8, brightness: float = 0.5) -> Candidate:
    return Candidate(at_s, np.zeros((9, 16, 3), np.uint8), brightness, 0.2, sharpness)


def test_the_sharpest_lit_sample_is_the_picture() -> None:
    pictures = ShotPictures(piece_s=10.0)
    offers = [
        candidate(0.0),
        candidate(0.5, sharpness=0.1),
        candidate(1.0),
        candidate(1.5, brightness=0.02),
        candidate(2.4),
    ]
    for each in offers:
        pictures.offer(each, decided_s=each.at_s)
    [take] = pictures.cut(Boundary(2.5, "cut", 0.9))
    # 0.0 and 2.4 are as sharp, but stand at the edges.
    assert [p.at_s for p in take.pictures] == [1.0]
    assert (take.start_s, take.end_s, take.boundary, take.confidence) == (0.0, 2.5, "start", 1.0)
    pictures.offer(candidate(3.0), 3.0)
    [take] = pictures.cut(Boundary(4.0, "fade", 0.5))
    assert (take.start_s, take.boundary, take.confidence) == (2.5, "cut", 0.9)


def test_a_shot_without_a_sample_joins_the_next() -> None:
    pictures = ShotPictures(piece_s=10.0)
    pictures.offer(candidate(0.0), 0.0)
    assert [take.end_s for take in pictures.cut(Boundary(0.9, "cut", 1.0))] == [0.9]
    assert list(pictures.cut(Boundary(1.6, "cut", 1.0))) == []
    pictures.offer(candidate(1.7), 1.7)
    [take] = pictures.cut(Boundary(2.0, "cut", 1.0))
    assert (take.start_s, take.end_s, take.pictures[0].at_s) == (0.9, 2.0, 1.7)


def test_a_segment_begins_and_ends_within_a_shot() -> None:
    pictures = ShotPictures(piece_s=10.0, start_s=600.0)
    [before] = pictures.cut(Boundary(600.3, "cut", 1.0))
    assert (before.start_s, before.boundary, before.pictures) == (600.0, None, ())
    pictures.offer(candidate(600.5), 600.0)
    open_shot = pictures.end(601.0)
    assert (open_shot.start_s, open_shot.end_s, open_shot.boundary) == (600.3, 601.0, "cut")
    assert [p.at_s for p in open_shot.pictures] == [600.5]
    # At the border of a segment nothing was cut: a sample there is as good as any.
    pictures = ShotPictures(piece_s=10.0, start_s=600.0)
    pictures.offer(candidate(600.0), 600.0)
    pictures.offer(candidate(600.5, sharpness=0.7), 600.5)
    assert pictures.end(601.0).pictures[0].at_s == 600.0


def test_merit_stays_in_range_and_means_what_it_says() -> None:
    assert merit(0.5, 0.2, 0.9) > merit(0.5, 0.2, 0.1) > 0
    assert merit(0.5, 0.2, 0.9) > merit(0.02, 0.2, 0.9)
    assert merit(0.5, 0.2, 0.9) > merit(0.99, 0.2, 0.9)
    assert merit(1.0, 0.0, 0.0) == 0.0
    assert 0 <= merit(0.6, 1.0, 1.0) <= 1 and candidate(0).merit == pytest.approx(0.9 / 1.1)


def test_a_long_shot_has_several_pictures_its_own_first() -> None:
    pictures = ShotPictures(piece_s=2.0)
    for n in range(24):
        pictures.offer(candidate(n / 2, sharpness=0.8 if n == 11 else 0.1), n / 2)
    [take] = pictures.cut(Boundary(12.0, "cut", 1.0))
    assert take.pictures[0].at_s == 5.5
    assert len(take.pictures) == 6 and {int(p.at_s / 2) for p in take.pictures} == set(range(6))


def test_a_very_long_shot_holds_few_pictures() -> None:
    pictures = ShotPictures(piece_s=2.0)
    for n in range(2000):
        pictures.offer(candidate(n / 2), n / 2)
        assert len(pictures._pieces) <= PICTURES_A_SHOT
    [take] = pictures.cut(Boundary(1000.0, "cut", 1.0))
    assert PICTURES_A_SHOT / 2 <= len(take.pictures) <= PICTURES_A_SHOT
