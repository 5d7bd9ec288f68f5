"""How fast a film goes, by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.mood.timeline import surroundings
from content.pacing import action, cutting_rate, pacing
from content.types import Shot


def shots(*lengths: float) -> list[Shot]:
    edges = np.concatenate([[0], np.cumsum(lengths)]).tolist()
    return [Shot(begin, end, begin) for begin, end in itertools.pairwise(edges)]


def motion(seconds: int, fast: range = range(0)) -> np.ndarray:
    """Rows of a still film but for the seconds in `fast`."""
    at_s = np.arange(2 * seconds) / 2
    moves = np.isin(at_s.astype(int), list(fast))
    return np.stack([at_s, 1.0 * moves, 0.4 * moves], 1)


def test_lengths_by_hand() -> None:
    facts = pacing(shots(2, 4, 6))
    assert facts["shots_per_minute"] == 15
    assert (facts["median_shot_s"], facts["mean_shot_s"], facts["longest_shot_s"]) == (4, 4, 6)


@pytest.mark.parametrize(("length_s", "rate"), [(0.04, None), (2.9, None), (3.0, 20.0)])
def test_a_film_of_a_moment_has_no_rate(length_s: float, rate: float | None) -> None:
    facts = pacing(shots(length_s))
    assert (facts["shots_per_minute"], facts["longest_shot_s"]) == (rate, length_s)
    assert bool(facts["curve"]) == (rate is not None)
    assert surroundings(shots(length_s))[0]["shots_per_minute"] == rate


def test_the_rate_in_a_window_by_hand() -> None:
    cut = shots(2, 4, 6)
    # 0..2: one shot of 2 s. 1..5: half of the first, three quarters of the second. 8..12: the end.
    rates = cutting_rate(cut, np.array([1.0, 3.0, 10.0]), 4.0)
    first = 60 * (1 + 0.25) / 3  # the window begins with the film: 0..3
    assert rates == pytest.approx([first, 60 * 1.25 / 4, 60 * 4 / 6 / 4])


@given(st.lists(st.floats(0.05, 300), min_size=1, max_size=60), st.floats(0.5, 90))
def test_every_shot_counts_once_in_disjoint_windows(lengths: list[float], window_s: float) -> None:
    cut = shots(*lengths)
    duration_s = cut[-1].end_s
    edges = np.append(np.arange(0, duration_s, window_s), duration_s)
    middle = edges[:-1] + window_s / 2
    counted = cutting_rate(cut, middle, window_s) * np.diff(edges) / 60
    assert counted.sum() == pytest.approx(len(lengths), rel=1e-6)


def test_the_curve_follows_the_cutting() -> None:
    facts = pacing(shots(*[10] * 60, *[1] * 600))  # ten slow minutes, ten fast ones
    at_s = np.array([point["at_s"] for point in facts["curve"]])
    rate = np.array([point["shots_per_minute"] for point in facts["curve"]])
    assert np.diff(at_s) == pytest.approx(30) and at_s[-1] < 1200
    assert rate[at_s < 570] == pytest.approx(6) and rate[at_s > 630] == pytest.approx(60)


def test_a_short_title_has_a_curve_too() -> None:
    facts = pacing(shots(1, 1, 1, 1))
    assert len(facts["curve"]) == 20
    assert {point["shots_per_minute"] for point in facts["curve"]} == {60}


def test_action_peaks_where_all_comes_together() -> None:
    cut = shots(*[10] * 30, *[1] * 20, *[10] * 30)  # the chase is at 300..320
    loudness = np.full(620, -24, np.float32)
    loudness[300:320] = -12
    facts = pacing(cut, motion(620, range(300, 320)), loudness)
    (peak,) = facts["peaks"]
    assert 305 <= peak["at_s"] <= 315
    assert 0.6 < peak["action"] <= 1


@pytest.mark.parametrize("known", ["motion", "loudness"])
def test_each_alone_lifts_the_action(known: str) -> None:
    cut = shots(*[10] * 20)
    loudness = np.full(200, -24, np.float32)
    loudness[100:120] = -10
    given_ = {"motion": motion(200, range(100, 120)), "loudness": loudness}[known]
    curve = action(cut, **{known: given_})
    assert curve.shape == (200,) and 0 <= curve.min() <= curve.max() <= 1
    assert 100 <= int(curve.argmax()) < 120
    assert curve[105:115].min() > curve[:80].max() + 0.1


def test_a_film_that_goes_on_evenly_has_no_peaks() -> None:
    assert pacing(shots(*[5] * 100), motion(500), np.full(500, -20, np.float32))["peaks"] == []


def test_there_are_not_more_than_ten_peaks_and_they_come_by_time() -> None:
    bursts = [second for at in range(60, 1800, 80) for second in range(at, at + 10)]
    rows = motion(1900)
    rows[np.isin(rows[:, 0].astype(int), bursts), 1:] = (1.0, 0.5)
    peaks = pacing(shots(*[10] * 190), rows)["peaks"]
    times = [peak["at_s"] for peak in peaks]
    assert len(times) == 10 and times == sorted(times)
    assert np.diff(times).min() >= 30


def test_what_is_unknown_tells_nothing() -> None:
    cut = shots(*[5] * 20)
    unknown = motion(100)
    unknown[:, 1:] = np.nan
    silent = np.full(100, -np.inf, np.float32)
    assert action(cut, unknown, silent) == pytest.approx(action(cut))
    half = np.full(40, np.nan, np.float32)  # sound ends before the picture
    half[:20] = -20
    assert np.isfinite(action(cut, motion(30), half)).all()


def test_a_title_without_shots_is_refused() -> None:
    with pytest.raises(ValueError, match="without shots"):
        pacing([])
