"""Weights by age, rows folded at once, landmarks that move: always the same bits."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork.choice.belief.decay import Decay, epoch_end, outlived
from artwork.choice.belief.features import DIM
from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.belief.posterior import Posterior
from artwork.choice.learning.folding import fold, fold_sums
from artwork.choice.learning.learner import Learner
from artwork.choice.record.ledger import Entry

DAY = 24 * 3600 * 1_000_000
ANY = Hyperparameters(rebuild_every=4)
HALVED = Hyperparameters(rebuild_every=4, half_life_days=1.0)

_when = st.integers(0, 14 * DAY)
_row = st.tuples(st.sampled_from("tu"), st.sampled_from("gh"), st.integers(0, 9), _when)
_rows = st.lists(_row, min_size=1, max_size=30)
_moves = st.lists(st.tuples(st.integers(0, 29), st.integers(0, 1024)), max_size=12)


def _entries(rows: list[tuple[str, str, int, int]], moves: list[tuple[int, int]]) -> list[Entry]:
    """A ledger: activations, with changes of the rewards of earlier ones between them."""
    out: list[Entry] = []
    standing: dict[int, int] = {}
    waiting = list(moves)
    for n, (title, group, seed, at) in enumerate(rows):
        x = np.random.default_rng(seed).integers(-1024, 1025, DIM).astype(np.int16)
        out.append(Entry(len(out) + 1, title, group, x, None, 0, at))
        standing[n] = 0
        if waiting:
            of, after = waiting.pop()
            of %= n + 1
            old = out[[i for i, e in enumerate(out) if e.before is None][of]]
            change = (standing[of], after, old.decided_us)
            out.append(Entry(len(out) + 1, old.title_id, old.group_id, old.x, *change))
            standing[of] = after
    return out


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 400 * DAY), st.integers(0, 10**17), st.lists(st.integers(0, 10**17)))
def test_a_weight_is_its_power_of_two_whoever_computes_it(
    half_life: int, now: int, times: list[int]
) -> None:
    landmark = epoch_end(half_life, now)
    decay = Decay(half_life, landmark)
    assert decay.weight(now) >= 512 and not outlived(landmark, half_life, now)
    assert outlived(landmark, half_life, landmark)
    ages = np.array([float(landmark - at) for at in times])  # whole numbers first: exact
    exact = 1024 * np.exp2(-np.maximum(ages / half_life, 0))
    ones = [decay.weight(at) for at in times]
    assert decay.weights(np.array(times, np.int64)).tolist() == ones
    assert np.all(np.abs(np.array(ones) - exact) <= 0.5 + 1e-6)


@settings(max_examples=60, deadline=None)
@given(_rows, _moves, st.sampled_from([(ANY, None), (HALVED, 7 * DAY), (HALVED, 15 * DAY)]))
def test_rows_at_once_give_the_bits_of_rows_one_by_one(rows, moves, kind) -> None:
    ledger = _entries(rows, moves)
    one_by_one, at_once = Learner(*kind), Learner(*kind)
    for entry in ledger:
        one_by_one.apply(entry)
    fold(at_once, ledger)
    assert at_once.packed() == one_by_one.packed()


@settings(max_examples=60, deadline=None)
@given(_rows, _moves, st.data())
def test_a_state_follows_from_the_ledger_and_the_landmark_whatever_was_before(
    rows, moves, data
) -> None:
    """Running on through moves of the landmark, stopping and going on anywhere, and folding the
    ledger in one go end at the same bits."""
    ledger = _entries(rows, moves)
    bases = data.draw(st.lists(st.integers(0, len(ledger)), max_size=3).map(sorted))
    landmarks = [epoch_end(DAY, at * DAY) for at in range(len(bases) + 1)]
    live = Learner(HALVED, landmarks[0])
    done = 0
    for base, landmark in zip(bases, landmarks[1:], strict=True):
        mark = data.draw(st.integers(max(base, done), len(ledger)))
        for entry in ledger[done:mark]:
            live.apply(entry)
        side = Learner(HALVED, landmark)
        fold_sums(side, ledger[:base])
        side.rebuild()
        fold(side, ledger[base:mark])
        live, done = side, mark
    stop = data.draw(st.integers(done, len(ledger)))
    for entry in ledger[done:stop]:
        live.apply(entry)
    again = Learner.unpacked(HALVED, live.packed())
    for entry in ledger[stop:]:
        again.apply(entry)
    at_once = Learner(HALVED, landmarks[-1])
    if bases:
        fold_sums(at_once, ledger[: bases[-1]])
        at_once.rebuild()
        fold(at_once, ledger[bases[-1] :])
    else:
        fold(at_once, ledger)
    assert again.packed() == at_once.packed()


@settings(max_examples=40, deadline=None)
@given(_rows, _moves)
def test_what_is_too_old_to_count_leaves_no_trace(rows, moves) -> None:
    ledger = _entries(rows, moves)
    landmark = 22 * DAY  # rows before day 11 weigh nothing
    whole, young = Learner(HALVED, landmark), Learner(HALVED, landmark)
    fold(whole, ledger)
    fold(young, [entry for entry in ledger if entry.decided_us >= 11 * DAY])
    assert whole.packed() == young.packed()
    assert whole.sums.rows == sum(e.before is None and e.decided_us >= 11 * DAY for e in ledger)


@settings(max_examples=40, deadline=None)
@given(_rows, _moves)
def test_one_epoch_later_the_belief_is_the_same_but_less_sure(rows, moves) -> None:
    """Rows halve their weight with each epoch; against a prior of half the strength that makes
    the same mean and twice the variance: decay forgets by making unsure, not by unlearning."""
    ledger = [e for e in _entries(rows, moves) if e.decided_us < DAY]
    at, later = Learner(HALVED, 2 * DAY), Learner(HALVED, 3 * DAY)
    for learner in (at, later):
        fold_sums(learner, ledger)
    halved = later._prior
    weaker = type(halved)(halved.scale / 2, halved.tau / 2, halved.kappa / 2, halved.sigma2)
    # With one prior, not with those that each fits to its sums.
    before = Posterior.rebuild(at.sums, halved)
    exact = Posterior.rebuild(later.sums, weaker)
    # Weights are rounded to 2⁻¹⁰, so halves differ in the third digit.
    np.testing.assert_allclose(exact.m, before.m, atol=0.01)
    np.testing.assert_allclose(exact.P, 2 * before.P, rtol=0.02, atol=0.02)
