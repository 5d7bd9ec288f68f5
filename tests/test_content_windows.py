"""Sound in windows: where they lie, what is left out, and that segments add up to the whole."""

import numpy as np
import pytest

from content.types import F32
from content.windows import HZ, Window, WindowMeter, pooled


class Levels:
    """Stands for an encoder: mean and mean square of a sound, as a direction."""

    batch = 3

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def encode(self, items: list[F32]) -> F32:
        self.sizes.append(len(items))
        rows = [[1.0, item.mean() * 10, (item**2).mean() * 10] for item in items]
        made: F32 = (np.array(rows) / np.linalg.norm(rows, axis=1, keepdims=True)).astype("f4")
        return made


def sound(seconds: float, seed: int = 1) -> F32:
    rng = np.random.default_rng(seed)
    return (rng.normal(0, 0.1, int(seconds * HZ)) * np.hanning(int(seconds * HZ))).astype("f4")


def measured(samples: F32, start_s: float = 0.0, step: int = 4_321) -> list[Window]:
    meter = WindowMeter(Levels(), start_s)
    for at in range(0, samples.size, step):
        meter.add(samples[at : at + step])
    meter.finish()
    return meter.windows


def test_windows_tile_the_sound() -> None:
    windows = measured(sound(23.5))
    assert [(w.start_s, w.end_s) for w in windows] == [(0, 10), (10, 20), (20, 23.5)]
    assert all(0 < w.heard_s <= w.end_s - w.start_s + 1e-9 for w in windows)


def test_windows_are_encoded_together() -> None:
    encoder = Levels()
    meter = WindowMeter(encoder)
    meter.add(sound(75.0))
    meter.finish()
    assert encoder.sizes == [3, 3, 2]
    assert [window.start_s for window in meter.windows] == [10.0 * n for n in range(8)]


def test_segments_give_what_one_pass_gives() -> None:
    samples = sound(47.0)
    whole = measured(samples)
    parts = measured(samples[: 30 * HZ]) + measured(samples[30 * HZ :], 30.0, step=777)
    assert [(w.start_s, w.end_s) for w in parts] == [(w.start_s, w.end_s) for w in whole]
    for one, other in zip(parts, whole, strict=True):
        assert np.array_equal(one.vector, other.vector)


def test_silence_has_no_vector() -> None:
    assert measured(np.zeros(15 * HZ, np.float32)) == []
    short = np.concatenate([sound(0.4), np.zeros(5 * HZ, np.float32)])
    assert measured(short) == []
    samples = np.concatenate([np.zeros(10 * HZ, np.float32), sound(8.0)])
    assert [w.start_s for w in measured(samples)] == [10.0]
    assert pooled([]) is None


def test_the_mean_is_by_what_is_heard() -> None:
    east, north = np.eye(2, dtype=np.float32)
    vector = pooled([Window(0, 10, 3.0, east), Window(10, 20, 1.0, north)])
    assert vector == pytest.approx(np.array([3, 1]) / np.sqrt(10), abs=1e-6)
