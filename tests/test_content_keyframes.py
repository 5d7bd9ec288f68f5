"""The pictures of shots."""

import numpy as np
import pytest

from content.decode import Sample
from content.keyframes import PICTURES_A_SHOT, ShotPictures, measure, thumbnail


def sample(at_s: float, blur: bool = False, level: int = 128) -> Sample:
    noise = np.random.default_rng(3).integers(-60, 60, (90, 160, 1))
    if blur:
        noise = noise // 8
    return Sample(at_s, np.clip(level + noise + np.zeros((1, 1, 3)), 0, 255).astype(np.uint8))


def test_the_sharpest_lit_sample_is_the_picture() -> None:
    pictures = ShotPictures(piece_s=10.0)
    offers = [sample(0.0), sample(0.5, blur=True), sample(1.0), sample(1.5, level=5), sample(2.4)]
    for each in offers:
        pictures.offer(measure(each), decided_s=each.at_s)
    [(shot, [candidate])] = pictures.cut(2.5)
    # 0.0 and 2.4 are as sharp, but stand at the edges.
    assert candidate.at_s == 1.0
    assert (shot.start_s, shot.end_s, shot.keyframe_s) == (0.0, 2.5, 1.0)


def test_a_shot_without_a_sample_joins_the_next() -> None:
    pictures = ShotPictures(piece_s=10.0)
    pictures.offer(measure(sample(0.0)), 0.0)
    assert [s.end_s for s, _ in pictures.cut(0.9)] == [0.9]
    assert list(pictures.cut(1.6)) == []
    pictures.offer(measure(sample(1.7)), 1.7)
    [(shot, _)] = pictures.cut(2.0)
    assert (shot.start_s, shot.end_s, shot.keyframe_s) == (0.9, 2.0, 1.7)


def test_measures_stay_in_range_and_mean_what_they_say() -> None:
    sharp, soft, dark = (
        measure(sample(0)),
        measure(sample(0, blur=True)),
        measure(sample(0, level=0)),
    )
    assert sharp.sharpness > soft.sharpness and sharp.contrast > soft.contrast
    assert dark.brightness < sharp.brightness == pytest.approx(0.5, abs=0.02)
    for each in (sharp, soft, dark):
        assert 0 <= each.sharpness <= 1 and 0 <= each.merit <= 1
    flat = measure(Sample(0.0, np.full((90, 160, 3), 255, np.uint8)))
    assert (flat.sharpness, flat.contrast, flat.merit) == (0.0, 0.0, 0.0)


def test_a_thumbnail_is_a_jpeg_of_the_whole_sample() -> None:
    assert thumbnail(sample(0).rgb).startswith(b"\xff\xd8\xff")


def test_a_long_shot_has_several_pictures_its_own_first() -> None:
    pictures = ShotPictures(piece_s=2.0)
    for n in range(24):
        pictures.offer(measure(sample(n / 2, blur=n != 11)), n / 2)
    [(shot, found)] = pictures.cut(12.0)
    assert found[0].at_s == shot.keyframe_s == 5.5
    assert len(found) == 6 and {int(c.at_s / 2) for c in found} == set(range(6))


def test_a_very_long_shot_holds_few_pictures() -> None:
    pictures = ShotPictures(piece_s=2.0)
    for n in range(2000):
        pictures.offer(measure(sample(n / 2)), n / 2)
        assert len(pictures._pieces) <= PICTURES_A_SHOT
    [(_, found)] = pictures.cut(1000.0)
    assert PICTURES_A_SHOT / 2 <= len(found) <= PICTURES_A_SHOT
