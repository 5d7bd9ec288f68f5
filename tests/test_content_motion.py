"""The camera's movement and what moves by itself, on scenes of known movement."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from content.decode import Signatures
from content.motion import MotionMeter, motion_facts

Scene = Callable[[float], np.ndarray]
"""Luma (36, 64) at a time."""


@pytest.fixture(scope="module")
def ground() -> np.ndarray:
    """A wide texture, (400, 1400), 0..255."""
    noise = np.random.default_rng(1).random((400, 1400)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 12)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX)


def view(ground: np.ndarray, x: float, y: float = 200, zoom: float = 1.0) -> np.ndarray:
    """What a camera at (x, y) sees that shows 400 px of the ground across."""
    across = 400 / zoom
    scale = across / 640
    matrix = np.array([[scale, 0, x - across / 2], [0, scale, y - across * 9 / 32]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    large = cv2.warpAffine(ground, matrix, (640, 360), flags=flags)
    return cv2.resize(large, (64, 36), interpolation=cv2.INTER_AREA)


def signatures(
    scene: Scene, seconds: float = 3.0, fps: float = 24, begin_s: float = 0
) -> Signatures:
    at_s = [begin_s + index / fps for index in range(round(seconds * fps))]
    grey = np.stack([np.clip(np.round(scene(at)), 0, 255) for at in at_s]).astype(np.uint8)
    return Signatures(at_s, np.repeat(grey[..., None], 3, axis=-1))


def measured(scene: Scene, **options: float) -> np.ndarray:
    meter = MotionMeter()
    fed = signatures(scene, **options)
    return np.array(meter.feed(fed) + meter.finish())


@pytest.mark.parametrize("fps", [24, 30, 60, 10])
@pytest.mark.parametrize("speed", [0.05, 0.1, 0.3, 0.6])
def test_a_pan_is_measured_within_a_tenth(ground: np.ndarray, speed: float, fps: float) -> None:
    rows = measured(lambda at_s: view(ground, 300 + 400 * speed * at_s), fps=fps)
    assert rows[:, 0].tolist() == [0, 0.5, 1, 1.5, 2, 2.5]
    assert rows[:, 1] == pytest.approx(np.full(6, speed), rel=0.1)
    assert rows[:, 2].max() < 0.08


def test_a_tilt_counts_in_picture_widths(ground: np.ndarray) -> None:
    rows = measured(lambda at_s: view(ground, 400, 160 + 400 * 0.1 * at_s))
    assert np.median(rows[:, 1]) == pytest.approx(0.1, rel=0.1)


def test_the_shape_of_the_picture_counts_in_a_tilt(ground: np.ndarray) -> None:
    fed = signatures(lambda at_s: view(ground, 400, 160 + 40 * at_s))
    speeds = []
    for aspect in (16 / 9, 32 / 9):
        meter = MotionMeter(aspect)
        speeds.append(np.median(np.array(meter.feed(fed) + meter.finish())[:, 1]))
    assert speeds[1] == pytest.approx(speeds[0] / 2, rel=0.02)


def test_a_zoom_is_the_mean_length_of_its_flow(ground: np.ndarray) -> None:
    rows = measured(lambda at_s: view(ground, 700, 200, 1.2**at_s))
    x, y = np.meshgrid((np.arange(64) - 31.5) / 64, (np.arange(36) - 17.5) / 64)
    expected = np.log(1.2) * np.hypot(x, y).mean()
    assert np.median(rows[:, 1]) == pytest.approx(expected, rel=0.1)
    assert rows[:, 2].max() < 0.02


def test_nothing_moves_in_a_still(ground: np.ndarray) -> None:
    rows = measured(lambda _: view(ground, 400))
    assert rows[:, 1:].max() == 0


def test_a_thing_that_moves_leaves_the_camera_still(ground: np.ndarray) -> None:
    def scene(at_s: float) -> np.ndarray:
        picture = view(ground, 700).copy()
        x = int(5 + 12 * at_s)
        picture[10:26, x : x + 12] = 255 - picture[10:26, x : x + 12]
        return picture

    rows = measured(scene)
    assert rows[:, 1].max() < 0.02
    assert rows[:, 2].min() > 0.01 and rows[:, 2].max() < 0.1


def test_more_that_moves_counts_more(ground: np.ndarray) -> None:
    def scene(size: int) -> Scene:
        def at(at_s: float) -> np.ndarray:
            picture = view(ground, 700).copy()
            picture[:size, : 2 * size] = view(ground, 300 + 200 * at_s)[:size, : 2 * size]
            return picture

        return at

    local = [measured(scene(size))[:, 2].mean() for size in (0, 8, 16, 24)]
    assert local == sorted(local) and local[0] == 0 and local[-1] > 0.1


def test_grain_is_hardly_motion(ground: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    rows = measured(lambda _: view(ground, 400) + rng.normal(0, 4, (36, 64)))
    assert rows[:, 1].max() < 0.02 and rows[:, 2].max() < 0.02


@pytest.mark.parametrize("cuts", [(1.2,), (0.6, 1.7)])
def test_a_cut_is_no_motion(ground: np.ndarray, cuts: tuple[float, ...]) -> None:
    rows = measured(lambda at_s: view(ground, 300 + 350 * sum(at_s >= cut for cut in cuts)))
    assert np.nanmax(rows[:, 1]) == 0 and rows[:, 2].max() == 0


def test_a_fade_is_no_motion(ground: np.ndarray) -> None:
    rows = measured(lambda at_s: view(ground, 400) * (1 - at_s / 3.2))
    assert rows[:5, 1].max() < 0.02 and rows[:, 2].max() < 0.02


def test_what_has_no_likeness_tells_nothing_of_the_camera() -> None:
    rng = np.random.default_rng(4)
    rows = measured(lambda _: rng.random((36, 64)) * 255)
    assert np.isnan(rows[:, 1]).all() and rows[:, 2].min() > 0.2
    facts = motion_facts(rows)
    assert facts["motion_global"] is None and facts["motion_local"] > 0.2


def test_rows_do_not_depend_on_how_frames_come(ground: np.ndarray) -> None:
    fed = signatures(lambda at_s: view(ground, 300 + 80 * at_s), seconds=11)
    whole, pieces = MotionMeter(), MotionMeter()
    expected = whole.feed(fed) + whole.finish()
    rows = []
    for at in range(0, len(fed.at_s), 7):
        rows += pieces.feed(Signatures(fed.at_s[at : at + 7], fed.pixels[at : at + 7]))
    assert rows + pieces.finish() == expected
    assert [row[0] for row in expected] == [index / 2 for index in range(22)]


def test_the_clock_is_the_films(ground: np.ndarray) -> None:
    rows = measured(lambda at_s: view(ground, 300 + 20 * (at_s - 600)), begin_s=600)
    assert rows[:, 0].tolist() == [600, 600.5, 601, 601.5, 602, 602.5]


def test_few_frames_a_second_fill_every_half_second(ground: np.ndarray) -> None:
    rows = measured(lambda at_s: view(ground, 300 + 40 * at_s), seconds=8, fps=1)
    assert rows[:-1, 1] == pytest.approx(np.full(len(rows) - 1, 0.1), rel=0.15)


def test_frames_far_apart_are_no_pair(ground: np.ndarray) -> None:
    rows = measured(lambda at_s: view(ground, 300 + 40 * at_s), seconds=20, fps=0.2)
    assert np.isnan(rows[:, 1]).all()
    assert motion_facts(rows) == {"motion_global": None, "motion_local": None}


def test_nothing_and_one_frame_have_no_motion(ground: np.ndarray) -> None:
    assert MotionMeter().finish() == []
    meter = MotionMeter()
    assert meter.feed(signatures(lambda _: view(ground, 400), seconds=1, fps=1)) == []
    ((begin_s, shift, local),) = meter.finish()
    assert begin_s == 0 and np.isnan(shift) and np.isnan(local)
    assert motion_facts(np.zeros((0, 3))) == {"motion_global": None, "motion_local": None}


def test_black_does_not_move() -> None:
    rows = measured(lambda _: np.zeros((36, 64)))
    assert rows[:, 1:].max() == 0


def test_facts_are_the_means_of_what_is_known() -> None:
    rows = np.array([(0, 0.2, 0.1), (0.5, np.nan, 0.3), (1, 0.4, 0.2)])
    assert motion_facts(rows) == {"motion_global": 0.3, "motion_local": 0.2}
