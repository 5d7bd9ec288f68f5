"""Why a picture was shown: its decision taken apart, and why others were not on offer."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from artwork.choice.belief.features import Lens
from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.learner import Learner, rows_to_fold
from artwork.choice.modes.frozen import frozen_state
from artwork.choice.offer.narrowings import told
from artwork.choice.offer.shelves import Shelves
from artwork.choice.probability.explain import Explanation, explain
from artwork.choice.probability.replay import Recalled, StateAt, recall
from artwork.choice.record.decisions import Scope
from artwork.choice.record.ways import HELD
from artwork.rules.guardrails import HouseRules, above, withheld
from content.records import snapshot

NEAR = 25_000
"""Rows of the ledger that are folded in this process: more than lie between two checkpoints."""
ALONE = "nothing now: the incumbent was the only one on offer"
NOTHING = "nothing now: it came later, or a rule was another then"


@dataclass(frozen=True, slots=True)
class Absent:
    """A picture of the title in that aspect that was not on offer, and why: what the rules that
    stand now say of that moment, or what was noted of the decision."""

    variant_id: str
    group_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explained:
    explanation: Explanation
    absent: tuple[Absent, ...]


class Explaining:
    """`scope` is asked each time: a reindex changes it. `beside` makes states for which more than
    `NEAR` rows are to be folded; without it they are made here, too."""

    def __init__(
        self,
        engine: sa.Engine,
        scope: Callable[[], Scope],
        parameters: Hyperparameters,
        *,
        lens: Lens,
        house: HouseRules,
        beside: StateAt | None = None,
    ) -> None:
        self._engine, self._scope, self._parameters = engine, scope, parameters
        self._lens, self._house, self._beside = lens, house, beside

    def explain(self, decision_id: str) -> Explained:
        """Computed anew from the ledger; the live state is neither read nor changed.

        Raises:
            NotFound: `decision_not_found`. Conflict: `policy_mismatch`. KeyartError: of `beside`.
        """
        scope = self._scope()
        with snapshot(self._engine).connect() as connection:
            parts = (connection, scope, self._parameters, decision_id)
            found = recall(*parts, state_at=self._state_at)
            return Explained(explain(found), self._absent(connection, scope, found))

    def _state_at(
        self, connection: sa.Connection, scope: Scope, parameters: Hyperparameters, offset: int
    ) -> Learner:
        far = rows_to_fold(connection, scope, offset) > NEAR
        make = self._beside if far and self._beside is not None else frozen_state
        return make(connection, scope, parameters, offset)

    def _absent(
        self, connection: sa.Connection, scope: Scope, found: Recalled
    ) -> tuple[Absent, ...]:
        title_id, context = found.decision.title_id, found.decision.context
        shelves = Shelves(scope, self._lens, self._house).read(connection, [title_id])
        shelf = shelves.get(title_id)
        if shelf is None:
            return ()
        audience = shelf.audience(context, at_us=found.decision.decided_us)
        rest = told(found.decision.narrowed) or NOTHING
        if found.decision.way in HELD:
            rest = ALONE
        if above(shelf.maturity, context.maturity_max):
            rest = f"its title is above the ceiling {context.maturity_max}"
        return tuple(
            Absent(
                arm.variant_id,
                arm.group_id,
                shelf.barred.get(arm.group_id)
                or withheld(shelf.pictures[arm.group_id], audience)
                or rest,
            )
            for arm in shelf.arms.get(found.arms.aspect, ())
            if arm.group_id not in found.arms.groups
        )
