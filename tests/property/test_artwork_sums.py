"""Any order, batching, merging or taking away of the same rows gives the same bits."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork.choice.belief.posterior import Posterior, Prior
from artwork.choice.belief.sums import SCALE, Sums

DIM = 3
Row = tuple[str, str, tuple[int, int, int], int, int]

_unit = st.integers(-SCALE, SCALE)
_row = st.tuples(
    st.sampled_from(["t", "u"]),
    st.sampled_from(["g", "h", "i"]),
    st.tuples(_unit, _unit, _unit),
    st.integers(0, SCALE),
    st.integers(0, SCALE),
)
_rows = st.lists(_row, max_size=12)


def _folded(rows: list[Row]) -> Sums:
    sums = Sums(DIM)
    for title, group, x, r, w in rows:
        sums.add(title, group, np.array(x), r, w)
    return sums


@settings(max_examples=60, deadline=None)
@given(_rows, st.randoms(use_true_random=False))
def test_order_does_not_matter(rows: list[Row], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _folded(shuffled) == _folded(rows)


@settings(max_examples=60, deadline=None)
@given(_rows, _rows, _rows)
def test_merging_is_associative_and_the_same_as_one_pass(
    a: list[Row], b: list[Row], c: list[Row]
) -> None:
    one = _folded(a + b + c)
    assert (_folded(a) + _folded(b)) + _folded(c) == one
    assert _folded(c) + (_folded(b) + _folded(a)) == one


@settings(max_examples=60, deadline=None)
@given(_rows, _rows)
def test_taking_away_equals_never_having_added(kept: list[Row], gone: list[Row]) -> None:
    assert _folded(kept + gone) - _folded(gone) == _folded(kept)


@settings(max_examples=60, deadline=None)
@given(_rows, _rows)
def test_taking_away_in_place_leaves_no_trace_in_the_belief(
    kept: list[Row], gone: list[Row]
) -> None:
    alone, sums = _folded(kept), _folded(kept + gone)
    sums.take_away(_folded(gone))
    for each in (alone, sums):
        each.compact()
    assert sums == alone
    assert {t: s.groups for t, s in sums.titles.items()} == {
        t: s.groups for t, s in alone.titles.items()
    }
    prior = Prior(np.ones(DIM), 2.0, 3.0, 0.1)
    one, other = Posterior.rebuild(sums, prior), Posterior.rebuild(alone, prior)
    assert (one.P.tobytes(), one.m.tobytes()) == (other.P.tobytes(), other.m.tobytes())


@settings(max_examples=60, deadline=None)
@given(_rows, st.lists(st.integers(0, SCALE), min_size=1, max_size=4))
def test_corrections_in_any_steps_end_at_the_last_reward(rows: list[Row], path: list[int]) -> None:
    corrected, direct = _folded(rows), _folded(rows)
    x = np.array([5, -SCALE, 77])
    corrected.add("t", "g", x)
    for before, after in zip([0, *path], path, strict=False):
        corrected.correct("t", "g", x, before=before, after=after)
    direct.add("t", "g", x, path[-1])
    assert corrected == direct
