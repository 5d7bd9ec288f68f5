"""Logged decisions computed again from the ledger: one pass of a learner over it.

The seed comes from the decision's id and the deployment's key, the state from the rows up to the
decision's offset, without a checkpoint; what the row says of the outcome (counts, the chosen arm,
its features) is only compared. Reads alone, a page at a time: it may run beside the service.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import sqlalchemy as sa

from artwork.choice.belief.features import BLOCKS, another_hour, assemble, circumstances
from artwork.choice.belief.policy import Hyperparameters, draw, mix, seed_of
from artwork.choice.belief.posterior import F64
from artwork.choice.belief.sums import I16, SCALE
from artwork.choice.events.late import told_within
from artwork.choice.events.taste import Tastes
from artwork.choice.learning.learner import Learner, restore
from artwork.choice.probability.frequencies import SIGNIFICANT, Served, Tested
from artwork.choice.record.decisions import Decision, OfferedArms, Scope, read_page
from artwork.choice.record.descriptors import stored_features
from artwork.choice.record.feature_sets import known
from artwork.choice.record.folds import marks_within
from artwork.choice.record.ledger import Entry, entries, head
from artwork.choice.record.marks import last_mark, removals_within
from artwork.tables import decisions, watch_events
from content.errors import Invalid

PAGE = 2_000
OTHER_POLICY = "made by another policy"
OTHER_RELEASE = "made with features of another release"
LOOK_SINCE = "its picture got its look since"
REMOVED = "rows that it knew of were removed since"
NOT_IN_ORDER = "decided at an earlier offset than one before it"
GONE = "the features of a picture are gone"
OTHER_HOUR = "the time zone database tells another local hour by now"

Known = tuple[Decision, OfferedArms]
Logged = tuple[int, Decision, OfferedArms]
"""With its seq."""


@dataclass(frozen=True)
class Mismatch:
    """`what` was not the same: seed, features, counts or chosen."""

    decision_id: str
    what: str


@dataclass
class Audited:
    """What was found. `left_out`: decisions that cannot be computed again, by reason.

    `others`: where the newest decision was made by another policy, its name and the one used here.
    """

    looked_at: int = 0
    same: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    served: Served = field(default_factory=Served)
    tests: list[Tested] = field(default_factory=list)
    others: tuple[str, str] | None = None

    @property
    def fine(self) -> bool:
        """All that could be computed again is the same, and that is something."""
        least = min((test.holm for test in self.tests), default=1.0)
        some = self.same > 0 or self.looked_at == 0
        return some and not self.mismatches and least > SIGNIFICANT


@dataclass(frozen=True)
class Auditor:
    """Of one tenant and one policy.

    Args:
        secret: the deployment's key.
    """

    engine: sa.Engine
    tenant: str
    policy_id: str
    parameters: Hyperparameters
    secret: bytes
    draws: int

    def audit(self, last: int) -> Audited:
        """Compute the last so many decisions again."""
        found = Audited()
        with self.engine.connect() as connection:
            upto = head(connection, self.tenant)
            low = self._first(connection, last)
            newest = self._newest(connection)
            kinds = self._kinds(connection, low, upto)
        if newest not in (None, self.policy_id):
            found.others = newest, self.policy_id
        for policy, feature_set, count in kinds:
            found.looked_at += count
            if policy != self.policy_id:
                found.left_out[OTHER_POLICY] += count
            elif not self._runs(feature_set):
                found.left_out[OTHER_RELEASE] += count
            else:
                scope = Scope(self.tenant, policy, feature_set)
                _Pass(self, scope, found).run(low, upto)
        return found

    def _first(self, connection: sa.Connection, last: int) -> int:
        d = decisions.c
        query = sa.select(d.seq).where(d.tenant == self.tenant).order_by(d.seq.desc())
        return connection.scalar(query.offset(last - 1).limit(1)) or 0

    def _newest(self, connection: sa.Connection) -> str | None:
        """The policy of the newest decision."""
        d = decisions.c
        query = sa.select(d.policy_id).where(d.tenant == self.tenant)
        return connection.scalar(query.order_by(d.seq.desc()).limit(1))

    def _kinds(self, connection: sa.Connection, low: int, upto: int) -> list[tuple[str, str, int]]:
        d = decisions.c
        kind = (d.policy_id, d.feature_set)
        query = (
            sa.select(*kind, sa.func.count())
            .where(d.tenant == self.tenant, d.seq >= low, d.seq <= upto)
            .group_by(*kind)
            .order_by(*kind)
        )
        return [(row[0], row[1], row[2]) for row in connection.execute(query)]

    def _runs(self, feature_set: str) -> bool:
        with self.engine.connect() as connection:
            found = known(connection, self.tenant, feature_set)
        return found is not None and found.runs


class _Pass:
    """Over the decisions of one feature set."""

    def __init__(self, auditor: Auditor, scope: Scope, found: Audited) -> None:
        self._auditor, self._scope, self._found = auditor, scope, found
        self._learner: Learner | None = None
        self._reached = self._at = 0
        self._tastes = Tastes(scope)
        self._frozen: dict[str, dict[str, I16]] = {}

    def run(self, low: int, upto: int) -> None:
        after = low - 1
        while True:
            with self._auditor.engine.connect() as connection:
                page = read_page(connection, self._scope, after, upto, PAGE)
                if not page:
                    return
                intact = self._intact(connection, page)
                if intact:
                    self._page(connection, intact)
            after = page[-1][0]

    def _intact(self, connection: sa.Connection, page: Sequence[Logged]) -> list[Known]:
        """Those that can be computed again: made since the newest removal there is by now. Of the
        others it is only tested how often they were served."""
        removed = last_mark(connection, self._scope.tenant)
        intact = []
        for _, decision, arms in page:
            if decision.ledger_offset >= removed:
                intact.append((decision, arms))
                continue
            self._found.left_out[REMOVED] += 1
            self._serve(mix(decision.counts, decision.floor), decision, arms)
        return intact

    def _serve(self, pmf: F64, decision: Decision, arms: OfferedArms) -> None:
        where = (decision.title_id, arms.aspect, arms.groups)
        self._found.served.add(pmf, decision.chosen, *where)

    def _page(self, connection: sa.Connection, page: Sequence[Known]) -> None:
        first, last = page[0][0].ledger_offset, max(d.ledger_offset for d, _ in page)
        parts = (connection, self._scope, self._auditor.parameters)
        if self._learner is None:
            self._learner, self._reached = restore(*parts, first, afresh=True), first
        span = (self._reached, last)
        folded = marks_within(connection, self._scope, *span)
        removed = removals_within(connection, self._scope.tenant, *span)
        marks = deque(sorted([*folded, *removed]))
        rows = deque(self._rows(connection, self._reached, last))
        for decision, arms in page:
            while marks and marks[0] <= decision.ledger_offset:
                self._reached = marks.popleft()
                self._learner = restore(*parts, self._reached, afresh=True)
            while rows and rows[0].seq <= decision.ledger_offset:
                self._learn(rows.popleft())
            self._audit(connection, decision, arms)
            self._at = max(self._at, decision.ledger_offset)
        for row in rows:
            self._learn(row)
        self._reached = max(self._reached, last)

    def _rows(self, connection: sa.Connection, low: int, high: int) -> list["Entry | _Watched"]:
        """What was learned and watched between two offsets, in order."""
        w = watch_events.c
        watched = connection.execute(
            sa.select(w.seq, w.viewer).where(
                w.tenant == self._scope.tenant, w.seq > low, w.seq <= high
            )
        )
        found: list[Entry | _Watched] = [_Watched(row.seq, bytes(row.viewer)) for row in watched]
        found += [_Watched(seq, None) for seq in told_within(connection, self._scope, low, high)]
        found += entries(connection, self._scope, low, high)
        return sorted(found, key=lambda row: row.seq)

    def _learn(self, row: "Entry | _Watched") -> None:
        assert self._learner is not None
        if isinstance(row, _Watched):
            if row.viewer is None:
                self._tastes.clear()
            else:
                self._tastes.forget(row.viewer)
        elif row.seq > self._reached:  # else a mark has taken it in already
            self._learner.apply(row)

    def _audit(self, connection: sa.Connection, decision: Decision, arms: OfferedArms) -> None:
        assert self._learner is not None
        if decision.ledger_offset < self._at:
            self._found.left_out[NOT_IN_ORDER] += 1
            return
        x = self._features(connection, decision, arms)
        if isinstance(x, str):
            self._found.left_out[x] += 1
            return
        seed = seed_of(self._auditor.secret, decision.id)
        state = self._learner
        scores = state.posterior.scores(state.sums, decision.title_id, arms.groups, x / SCALE)
        drawn = draw(scores, seed, draws=self._auditor.draws, floor=decision.floor)
        same = {
            "seed": seed == decision.seed,
            "features": x[decision.chosen].tobytes() == decision.x.tobytes(),
            "counts": drawn.counts.tobytes() == decision.counts.tobytes(),
            "chosen": drawn.chosen == decision.chosen,
        }
        wrong = next((what for what, holds in same.items() if not holds), None)
        if wrong is None:
            self._found.same += 1
        else:
            self._found.mismatches.append(Mismatch(decision.id, wrong))
        self._serve(drawn.pmf, decision, arms)

    def _features(
        self, connection: sa.Connection, decision: Decision, arms: OfferedArms
    ) -> I16 | str:
        """(K, d), or why they cannot be made again."""
        title = decision.title_id
        if any(group not in self._frozen.get(title, {}) for group in arms.groups):
            self._frozen[title] = stored_features(connection, self._scope, title)
        frozen = self._frozen[title]
        if any(group not in frozen for group in arms.groups):
            return GONE
        taste = None
        if decision.viewer is not None:
            at = (decision.viewer, decision.ledger_offset, decision.decided_us)
            taste = self._tastes.at(connection, *at)
        try:
            here = circumstances(decision.context, decision.decided_us)
        except Invalid:  # a time zone that there is no more
            return OTHER_HOUR
        x = assemble(np.stack([frozen[group] for group in arms.groups]), taste, here)
        if decision.context.tz is not None and another_hour(x[decision.chosen], decision.x):
            return OTHER_HOUR
        look = BLOCKS["projection"]
        if x[decision.chosen, look].any() and not decision.x[look].any():
            return LOOK_SINCE
        return x


@dataclass(frozen=True, slots=True)
class _Watched:
    seq: int
    viewer: bytes | None
    """None: of whoever watched a title before it had pictures."""
