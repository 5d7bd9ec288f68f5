"""The ledger's order, and catching up with it."""

import numpy as np
import pytest
import sqlalchemy as sa

from artwork.choice.belief.features import DIM
from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.belief.posterior import Posterior
from artwork.choice.learning.learner import (
    KEPT_CHECKPOINTS,
    Learner,
    restore,
    save_checkpoint,
)
from artwork.choice.learning.underway import rebuild_due
from artwork.choice.record.decisions import Scope
from artwork.choice.record.ledger import Appended, Entry, head, insert_new, take_seqs
from artwork.tables import checkpoints, ledger_heads

SCOPE = Scope("default", "ts1-00000000", "fs1-00000000")


def _entry(seq: int, before: int | None = None, after: int = 0) -> Entry:
    x = np.random.default_rng(seq if before is None else 1).integers(-1024, 1025, DIM)
    return Entry(seq, "t", "g", x.astype(np.int16), before, after)


def test_seqs_are_dense_and_each_tenant_has_its_own(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        assert head(connection, "a") == 0
        assert [take_seqs(connection, "a", n) for n in (3, 1, 5)] == [1, 4, 5]
        assert take_seqs(connection, "b", 2) == 1
    with engine.begin() as connection:
        assert (head(connection, "a"), head(connection, "b")) == (9, 2)


def test_seqs_of_what_was_undone_are_given_out_again(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        with connection.begin():
            take_seqs(connection, "a", 2)
        with connection.begin() as undone:
            take_seqs(connection, "a", 5)
            undone.rollback()
        with connection.begin():
            assert take_seqs(connection, "a", 1) == 3


def test_rows_that_are_there_stay_as_they_are(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        insert_new(connection, ledger_heads, [{"tenant": "a", "seq": 7}])
        insert_new(connection, ledger_heads, [{"tenant": "a", "seq": 0}, {"tenant": "b", "seq": 1}])
        insert_new(connection, ledger_heads, [])
        assert (head(connection, "a"), head(connection, "b")) == (7, 1)


def test_rows_are_learned_once_and_in_order() -> None:
    learner = Learner(Hyperparameters())
    assert learner.advance(Appended(1, 2, [_entry(2)]))
    before = learner.packed()
    assert learner.advance(Appended(1, 2, [_entry(2)]))  # seen already
    assert not learner.advance(Appended(4, 5, [_entry(5)]))  # 3 is missing
    assert learner.packed() == before
    assert learner.advance(Appended(3, 3, []))
    assert learner.offset == 3


def test_steps_between_rebuilds_make_no_difference_that_matters() -> None:
    often, never = Learner(Hyperparameters(rebuild_every=3)), Learner(Hyperparameters())
    fitted = Learner(Hyperparameters(rebuild_every=150))
    for seq in range(1, 128):
        for learner in (often, never):
            learner.advance(Appended(seq, seq, [_entry(seq)]))
    for seq in range(1, 280):
        fitted.advance(Appended(seq, seq, [_entry(seq)]))
    assert often.sums == never.sums
    for learner in (never, fitted):
        again = Posterior.rebuild(learner.sums, learner.posterior.prior)
        np.testing.assert_allclose(learner.posterior.P, again.P, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(learner.posterior.m, again.m, rtol=1e-9, atol=1e-12)
    assert not np.array_equal(fitted.posterior.prior.scale, never.posterior.prior.scale)


def test_rebuilds_grow_rarer_as_rows_grow() -> None:
    due = [rows for rows in range(1, 2**17 + 1) if rebuild_due(rows, 512)]
    assert due[:8] == list(range(512, 4097, 512))
    assert len([rows for rows in due if 2**16 < rows <= 2**17]) == 4
    assert rebuild_due(6, 3) and not rebuild_due(7, 3)


@pytest.mark.parametrize("stop", [1, 7, 8, 9, 40])
def test_a_learner_goes_on_from_its_packed_form_with_the_same_bits(stop: int) -> None:
    parameters = Hyperparameters(rebuild_every=8)
    whole, half = Learner(parameters), Learner(parameters)
    rows = [Appended(s, s, [_entry(s)]) for s in range(1, 41)]
    for row in rows:
        whole.advance(row)
    for row in rows[:stop]:
        half.advance(row)
    again = Learner.unpacked(parameters, half.packed())
    for row in rows[stop:]:
        again.advance(row)
    assert again.packed() == whole.packed()


def test_only_the_newest_checkpoints_are_kept(engine: sa.Engine) -> None:
    parameters = Hyperparameters()
    learner = Learner(parameters)
    with engine.begin() as connection:
        for seq in range(1, KEPT_CHECKPOINTS + 4):
            learner.advance(Appended(seq, seq, [_entry(seq)]))
            for _ in range(2):  # a repeat takes the place of the first
                save_checkpoint(connection, SCOPE, seq, learner.packed(), 1)
        kept = connection.scalars(sa.select(checkpoints.c.seq)).all()
        assert sorted(kept) == [4, 5, 6]
        assert restore(connection, SCOPE, parameters, 6).packed() == learner.packed()
        # Before the oldest there is only the ledger itself; another policy sees none of them.
        assert restore(connection, SCOPE, parameters, 3).sums.rows == 0
        other = Scope("default", "ts1-11111111", "fs1-00000000")
        assert restore(connection, other, parameters, 6).sums.rows == 0
