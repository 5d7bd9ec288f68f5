"""A rebuild of the posterior that was begun at one row and takes effect at a later one.

It is begun from the sums at row n and takes the place of the posterior in use once n + lag rows are
learned, whatever the clock says, having learned the entries between one by one. So it may be made
beside the choices, and the state at every offset is a function of the ledger all the same.
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np

from artwork.choice.belief.decay import Decay
from artwork.choice.belief.empirical import fitted
from artwork.choice.belief.features import BLOCKS, DIM
from artwork.choice.belief.posterior import Posterior, Prior
from artwork.choice.belief.sums import SCALE, Sums
from artwork.choice.learning.folding import add_all
from artwork.choice.record.ledger import Entry

AT_ONCE = 16
"""Entries handed over at once: a switch finds about so many left, less than a millisecond."""


def distance(rows: int, every: int) -> int:
    """Between rebuilds about this many rows: `every`, later ever more.

    A rebuild goes some dozen times through every title and picture, for it fits the
    hyperparameters, too. The distance grows to between an eighth and a quarter of the rows, so
    that its share of a row stays the same however large the catalogue is.
    """
    return max(every, 1 << max(0, rows.bit_length() - 3))


def rebuild_due(rows: int, every: int) -> bool:
    """Whether a rebuild is begun from the sums of this many rows."""
    return rows % distance(rows, every) == 0


def lag(rows: int, every: int) -> int:
    """After how many more rows the rebuild begun at `rows` takes effect: a quarter of the distance,
    and always before the next one is begun."""
    edge = 1 << rows.bit_length()  # from here on the distance may be another
    return min(distance(rows, every) // 4, edge - 1 - rows)


def learn(posterior: Posterior, sums: Sums, entry: Entry, weight: int) -> None:
    """Move a posterior, then its sums, by one entry of this weight (1..1024)."""
    x, w = entry.x / SCALE, weight / SCALE
    where = (entry.title_id, entry.group_id)
    if entry.before is None:
        posterior.fold(sums, *where, x, r=entry.after / SCALE, w=w)
        sums.add(*where, entry.x, entry.after, weight)
    else:
        delta = (entry.after - entry.before) / SCALE
        posterior.correct(sums, *where, x, delta=delta, w=w)
        sums.correct(*where, entry.x, before=entry.before, after=entry.after, w=weight)


class Underway:
    """The rebuild begun at `rows` rows, to take effect at `until` rows.

    Without an executor all of it is done when it takes effect. With one its threads do it from the
    beginning on, and learn the entries as they come. `entries` are those of a weight above 0.

    Args:
        sums: as they are after the entries that are known already.
    """

    def __init__(
        self, sums: Sums, prior: Prior, decay: Decay, every: int, known: Sequence[Entry] = ()
    ) -> None:
        self.rows = sums.rows - sum(entry.before is None for entry in known)
        self.until = self.rows + lag(self.rows, every)
        self.entries = list(known)
        self._sums, self._prior, self._decay = sums.copy(), prior, decay
        self._known = len(known)
        self._learned = 0
        self._posterior: Posterior | None = None
        self._executor: Executor | None = None
        self._working = threading.Lock()

    def beside(self, executor: Executor) -> None:
        """Work in a thread of this executor from now on."""
        self._executor = executor
        executor.submit(self._work)

    def add(self, entry: Entry) -> None:
        """What was learned next of the ledger."""
        self.entries.append(entry)
        if self._executor is not None and len(self.entries) % AT_ONCE == 0:
            self._executor.submit(self._work)

    def finished(self, before: Posterior) -> Posterior:
        """The posterior after all entries, in place of the one before; waits for what is being
        worked at.

        Raises:
            OverflowError, ValueError: as `Sums.add`.
        """
        self._work()
        assert self._posterior is not None
        if self._executor is not None:
            self._executor.submit(self._let_go, before)
        return self._posterior

    def _work(self) -> None:
        """Whatever there is to do by now."""
        with self._working:
            posterior = self._posterior or self._begun()
            self._posterior = posterior
            while self._learned < len(self.entries):
                entry = self.entries[self._learned]
                learn(posterior, self._sums, entry, self._decay.weight(entry.decided_us))
                self._learned += 1

    def _begun(self) -> Posterior:
        """Made of the sums at row n."""
        if self._known:  # back to row n: integers, so exactly
            theirs, known = Sums(self._sums.dim), self.entries[: self._known]
            times = np.array([entry.decided_us for entry in known], np.int64)
            add_all(theirs, known, self._decay.weights(times))
            self._sums.take_away(theirs)
            self._sums.compact()
        return Posterior.rebuild(self._sums, fitted(self._sums, self._prior, BLOCKS))

    def _let_go(self, before: Posterior) -> None:
        """Free the sums of row n, title by title, as `Posterior.let_go`."""
        before.let_go()
        while self._sums.titles:
            self._sums.titles.popitem()


def packed_entries(rows: Sequence[Entry]) -> dict[str, Any]:
    """The entries of a rebuild under way, as plain values for msgpack; the sums that it was begun
    from follow from those of the learner."""
    return {
        "where": [[entry.title_id, entry.group_id] for entry in rows],
        "x": b"".join(entry.x.astype("<i2").tobytes() for entry in rows),
        "change": [[entry.before, entry.after, entry.decided_us] for entry in rows],
    }


def unpacked_entries(data: Mapping[str, Any]) -> list[Entry]:
    """The entries that `packed_entries` wrote, but for their seqs: nothing is read of them."""
    xs = np.frombuffer(data["x"], "<i2").astype(np.int16).reshape(-1, DIM)
    return [
        Entry(0, title, group, x, *change)
        for (title, group), x, change in zip(data["where"], xs, data["change"], strict=True)
    ]
