"""A rebuild takes effect some rows after it was begun: the bits follow from the ledger alone, in
whatever way they are come by."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork.choice.belief.empirical import fitted
from artwork.choice.belief.features import BLOCKS
from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.belief.posterior import Posterior
from artwork.choice.belief.sums import Sums
from artwork.choice.learning.folding import fold, fold_sums
from artwork.choice.learning.learner import Learner
from artwork.choice.learning.underway import lag, learn, rebuild_due
from artwork.choice.record.ledger import Appended, Entry
from tests.property.test_artwork_over_time import DAY, _entries

OFTEN = Hyperparameters(rebuild_every=8)
HALVED = Hyperparameters(rebuild_every=8, half_life_days=1.0)
_row = st.tuples(
    st.sampled_from("tu"), st.sampled_from("gh"), st.integers(0, 9), st.integers(0, 14 * DAY)
)
_rows = st.lists(_row, min_size=12, max_size=40)
_moves = st.lists(st.tuples(st.integers(0, 39), st.integers(0, 1024)), max_size=20)
_kinds = st.sampled_from([(OFTEN, None), (HALVED, 7 * DAY), (HALVED, 15 * DAY)])
_ways = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from(["run", "beside", "kill", "bulk", "follow"])),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 300), st.integers(1, 2**20))
def test_a_rebuild_counts_before_the_next_one_is_begun(every: int, near: int) -> None:
    rows = next(n for n in range(near, 2 * near + every + 1) if rebuild_due(n, every))
    behind = lag(rows, every)
    assert 0 <= behind <= max(every, rows) // 4
    steps = np.arange(rows + 1, rows + behind + 1)
    assert not any(rebuild_due(int(n), every) for n in steps[:2000])
    assert not behind or not any(rebuild_due(int(n), every) for n in steps[-2000:])


def test_the_lag_is_a_quarter_of_the_way_to_the_next_where_distances_are_even() -> None:
    due = [n for n in range(1, 70_000) if rebuild_due(n, 128)]
    ways = {n: after - n for n, after in pairwise(due)}
    assert all(lag(n, 128) == way // 4 for n, way in ways.items())
    assert (lag(128, 128), lag(1024, 128), lag(65_536, 128)) == (32, 64, 4_096)
    assert lag(15, 3) == 0  # the next one is begun at 16


@settings(max_examples=6, deadline=None)
@given(_rows, _moves)
def test_it_is_the_rebuild_of_row_n_with_the_rows_since_learned_on_it(rows, moves) -> None:
    """Said in full: until row n + lag the one before counts, from then on what was begun at n."""
    ledger = _entries(rows, moves)
    state, plain = Learner(OFTEN), Learner(Hyperparameters(rebuild_every=10**9))
    begun: tuple[int, Posterior, Learner] | None = None
    for entry in ledger:
        state.apply(entry)
        plain.apply(entry)
        if begun is not None:
            learn(begun[1], begun[2].sums, entry, 1024)
        n = plain.sums.rows
        if entry.before is None and rebuild_due(n, 8):
            side = Learner.unpacked(OFTEN, plain.packed())
            prior = fitted(side.sums, side._prior, BLOCKS)
            begun = n, Posterior.rebuild(side.sums, prior), side
        if begun is not None and n == begun[0] + lag(begun[0], 8):
            plain.posterior, begun = begun[1], None
        assert state.posterior.P.tobytes() == plain.posterior.P.tobytes()
        assert state.posterior.m.tobytes() == plain.posterior.m.tobytes()
        assert (state.underway is None) == (begun is None)


@settings(max_examples=10, deadline=None)
@given(_rows, _moves, _kinds, _ways)
def test_any_way_through_a_ledger_ends_at_the_same_bits(
    thread: ThreadPoolExecutor, rows, moves, kind, ways
) -> None:
    ledger = _entries(rows, moves)
    whole, state, at = Learner(*kind), Learner(*kind), 0
    for length, way in [*ways, (len(ledger), "run")]:
        part, at = ledger[at : at + length], at + length
        if way == "kill":  # a checkpoint just here, and whatever worked beside is lost
            state = Learner.unpacked(kind[0], state.packed())
        elif way == "beside":
            state.beside(thread)
        if way in ("bulk", "kill"):
            fold(state, part)
        elif way == "follow":
            assert state.advance(Appended(state.offset + 1, state.offset + 1, part))
        else:
            for entry in part:
                state.apply(entry)
        for entry in part:
            whole.apply(entry)
        state.offset = whole.offset
        assert state.packed() == whole.packed()


@settings(max_examples=8, deadline=None)
@given(_rows, _moves, st.data())
def test_what_is_taken_away_is_gone_from_what_is_under_way(
    thread: ThreadPoolExecutor, rows, moves, data
) -> None:
    """A removal at any row: the state is that of the rows that are left, whether or not a rebuild
    was under way, and goes on alike whoever goes on."""
    ledger = _entries(rows, moves)
    at = data.draw(st.integers(1, len(ledger)))
    doomed = data.draw(st.sampled_from("gh"))
    gone = [e for e in ledger[:at] if e.group_id == doomed]
    left = [e for e in ledger[:at] if e.group_id != doomed]
    live, anew = Learner(OFTEN), Learner(OFTEN)
    live.beside(thread)
    for entry in ledger[:at]:
        live.apply(entry)
    live.unlearn(gone)
    fold_sums(anew, left)
    anew.renew()
    assert live.underway is None and live.packed() == anew.packed()
    rest = [e for e in ledger[at:] if not _of(e, doomed, at)]
    stop = data.draw(st.integers(0, len(rest)))
    for entry in rest[:stop]:
        live.apply(entry)
    again = Learner.unpacked(OFTEN, live.packed())
    fold(again, rest[stop:])
    fold(anew, rest)
    for entry in rest[stop:]:
        live.apply(entry)
    assert live.packed() == again.packed() == anew.packed()


def _of(entry: Entry, group: str, mark: int) -> bool:
    """Is it a correction, after the mark, of what may have been taken away there?"""
    return entry.seq > mark and entry.before is not None and entry.group_id == group


def test_a_state_packed_while_one_is_under_way_holds_its_rows_and_no_more() -> None:
    rows = [("t", "g", n % 7, 0) for n in range(40)]
    state = Learner(Hyperparameters(rebuild_every=16))
    sizes = {}
    for entry in _entries(rows, []):
        state.apply(entry)
        sizes[state.sums.rows] = state.underway and len(state.underway.entries)
    assert {n: size for n, size in sizes.items() if size is not None} == {
        16: 0, 17: 1, 18: 2, 19: 3, 32: 0, 33: 1, 34: 2, 35: 3,
    }  # fmt: skip


def test_sums_copied_are_their_own() -> None:
    state = Learner(OFTEN)
    fold_sums(state, _entries([("t", "g", 1, 0), ("u", "h", 2, 0)], []))
    before = Sums.unpacked(state.sums.packed())
    one, other = state.sums.copy(), state.sums.copy()
    for sums, group in ((one, "g"), (other, "new"), (state.sums, "g")):
        sums.add("t", group, np.full(sums.dim, 16, np.int16), 1024)
    assert one == state.sums and one != other
    assert (other.titles["t"].groups, one.titles["t"].groups) == (["g", "new"], ["g"])
    other.take_away(before)
    assert other.rows == 1 and one == state.sums
    one.take_away(before)
    assert state.sums - one == before
