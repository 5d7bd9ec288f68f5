"""Why a picture was shown: its decision taken apart, and why others were not on offer."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.offer.shelves import Shelves
from artwork.choice.probability.explain import Explanation, explain
from artwork.choice.probability.replay import Recalled, recall
from artwork.choice.record.decisions import Scope
from artwork.rules.guardrails import HouseRules, above, withheld
from content.ids import now_us
from content.records import snapshot

ALONE = "nothing now: the incumbent was the only one on offer"
NOTHING = "nothing now: it came later, a rule was another then, or it was too like a neighbour"


@dataclass(frozen=True, slots=True)
class Absent:
    """A picture of the title in that aspect that was not on offer, and what withholds it now."""

    variant_id: str
    group_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explained:
    explanation: Explanation
    absent: tuple[Absent, ...]


class Explaining:
    """`scope` is asked each time: a reindex changes it."""

    def __init__(
        self,
        engine: sa.Engine,
        scope: Callable[[], Scope],
        parameters: Hyperparameters,
        *,
        encoder: str | None,
        house: HouseRules,
        clock: Callable[[], int] = now_us,
    ) -> None:
        self._engine, self._scope, self._parameters = engine, scope, parameters
        self._encoder, self._house, self._clock = encoder, house, clock

    def explain(self, decision_id: str) -> Explained:
        """Computed anew from the ledger; the live state is neither read nor changed.

        Raises:
            NotFound: `decision_not_found`. Conflict: `policy_mismatch`.
        """
        scope = self._scope()
        with snapshot(self._engine).connect() as connection:
            found = recall(connection, scope, self._parameters, decision_id)
            return Explained(explain(found), self._absent(connection, scope, found))

    def _absent(
        self, connection: sa.Connection, scope: Scope, found: Recalled
    ) -> tuple[Absent, ...]:
        title_id, context = found.decision.title_id, found.decision.context
        shelves = Shelves(scope, self._encoder, self._house).read(connection, [title_id])
        shelf = shelves.get(title_id)
        if shelf is None:
            return ()
        audience = shelf.audience(context, at_us=self._clock())
        rest = NOTHING if found.decision.way in ("learn", "explore", "freeze") else ALONE
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
