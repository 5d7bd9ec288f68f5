"""Looking back: a logged decision as it was, and its distribution computed anew."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import sqlalchemy as sa

from artwork.choice.belief.features import (
    Circumstances,
    Context,
    another_hour,
    assemble,
    circumstances,
)
from artwork.choice.belief.policy import Draw, Hyperparameters, draw, mix
from artwork.choice.belief.posterior import Scores, WideScores
from artwork.choice.belief.sums import I16, SCALE
from artwork.choice.events.rewards import RewardRow, rewards_of
from artwork.choice.events.taste import read_history, taste_of
from artwork.choice.learning.learner import Learner
from artwork.choice.modes.frozen import frozen_state
from artwork.choice.record.decisions import Decision, OfferedArms, Scope, load
from artwork.choice.record.descriptors import stored_features
from artwork.choice.record.feature_sets import known
from artwork.choice.record.ledger import activated
from artwork.choice.record.marks import last_mark
from artwork.choice.record.ways import Way
from content.errors import Conflict, Invalid, NotFound

StateAt = Callable[[sa.Connection, Scope, Hyperparameters, int], Learner]
"""What the rows up to an offset teach, as `frozen_state`."""


@dataclass(frozen=True)
class DecisionView:
    """A logged decision; `propensities` over every arm that was on offer, by variant id."""

    decision_id: str
    title_id: str
    variant_id: str
    group_id: str
    aspect: str
    propensity: float
    propensities: dict[str, float]
    policy_id: str
    feature_set: str
    ledger_offset: int
    decided_us: int
    expires_us: int
    deferred: bool
    mode: Way
    """In which way it was made: `control` is a viewer of the holdout."""
    agrees: bool | None
    """Of a decision for the incumbent: would the policy have chosen the same?"""
    active: bool
    rewards: list[RewardRow]
    context: Context


def view(connection: sa.Connection, scope: Scope, decision_id: str) -> DecisionView:
    """Raises NotFound: `decision_not_found`."""
    decision, arms = _logged(connection, scope, decision_id)
    pmf = mix(decision.counts, decision.floor)
    return DecisionView(
        decision_id=decision.id,
        title_id=decision.title_id,
        variant_id=arms.variants[decision.chosen],
        group_id=arms.groups[decision.chosen],
        aspect=arms.aspect,
        propensity=float(pmf[decision.chosen]),
        propensities=dict(zip(arms.variants, pmf.tolist(), strict=True)),
        policy_id=decision.policy_id,
        feature_set=decision.feature_set,
        ledger_offset=decision.ledger_offset,
        decided_us=decision.decided_us,
        expires_us=decision.expires_us,
        deferred=decision.deferred,
        mode=decision.way,
        agrees=decision.agrees,
        active=bool(activated(connection, scope.tenant, [decision_id])),
        rewards=rewards_of(connection, scope.tenant, decision_id),
        context=decision.context,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Recalled:
    """A decision with all that it was drawn from, made anew from the ledger up to its offset."""

    decision: Decision
    arms: OfferedArms
    state: Learner
    descriptors: I16
    """(K, n) of the pictures on offer."""
    taste: I16 | None
    here: Circumstances
    x: I16
    """(K, d)."""

    def scores(self, x: I16 | None = None) -> Scores | WideScores:
        """What was believed of the arms; with other features `x` (K, d), of those."""
        own = self.x if x is None else x
        state, title = self.state, self.decision.title_id
        return state.posterior.scores(state.sums, title, self.arms.groups, own / SCALE)

    def draw(self, scores: Scores | WideScores) -> Draw:
        """The draw of the decision's own seed from these scores."""
        draws = int(self.decision.counts.sum(dtype=np.int64))
        return draw(scores, self.decision.seed, draws=draws, floor=self.decision.floor)


def recall(
    connection: sa.Connection,
    scope: Scope,
    parameters: Hyperparameters,
    decision_id: str,
    *,
    state_at: StateAt = frozen_state,
) -> Recalled:
    """A decision's inputs, from the ledger up to its offset.

    Besides the ledger this reads only the frozen features of the pictures on offer. Features of
    an encoder used earlier are replayed, too, as long as this release makes them so.

    Raises:
        NotFound: `decision_not_found`.
        Conflict: `policy_mismatch`, when another policy or another release's features made the
            decision, its pictures got their look since (`pictures.write_looks`), its local hour is
            another by today's time zones, or rows that it knew of were taken away since.
        KeyartError: of `state_at`.
    """
    decision, arms = _logged(connection, scope, decision_id)
    if decision.feature_set != scope.feature_set:
        earlier = known(connection, scope.tenant, decision.feature_set)
        if earlier is not None and earlier.runs:
            scope = replace(scope, feature_set=decision.feature_set)
    if (decision.policy_id, decision.feature_set) != (scope.policy_id, scope.feature_set):
        raise Conflict(
            "policy_mismatch",
            f"policy {decision.policy_id} with features {decision.feature_set} decided; "
            f"this is {scope.policy_id} with {scope.feature_set}",
        )
    mark = last_mark(connection, scope.tenant, after=decision.ledger_offset)
    if mark and not (decision.way == "freeze" and mark < decision.seq):
        raise Conflict("policy_mismatch", "rows that this decision knew of were taken away since")
    state = state_at(connection, scope, parameters, decision.ledger_offset)
    taste = None
    if decision.viewer is not None:
        history = read_history(connection, scope, decision.viewer, decision.ledger_offset)
        taste = taste_of(history, decision.decided_us)
    frozen = stored_features(connection, scope, decision.title_id)
    try:
        here = circumstances(decision.context, decision.decided_us)
    except Invalid as error:
        raise Conflict("policy_mismatch", "its time zone is known no more") from error
    if all(group in frozen for group in arms.groups):
        descriptors = np.stack([frozen[group] for group in arms.groups])
        x = assemble(descriptors, taste, here)
        if not (x[decision.chosen] != decision.x).any():
            return Recalled(decision, arms, state, descriptors, taste, here, x)
        if decision.context.tz is not None and another_hour(x[decision.chosen], decision.x):
            raise Conflict("policy_mismatch", "its local hour was another by the time zones then")
    raise Conflict("policy_mismatch", "the features of its pictures were made anew since")


def replay(
    connection: sa.Connection, scope: Scope, parameters: Hyperparameters, decision_id: str
) -> dict[str, float]:
    """A decision's probabilities by variant id, computed anew. Raises as `recall`."""
    found = recall(connection, scope, parameters, decision_id)
    pmf = found.draw(found.scores()).pmf
    return dict(zip(found.arms.variants, pmf.tolist(), strict=True))


def _logged(
    connection: sa.Connection, scope: Scope, decision_id: str
) -> tuple[Decision, OfferedArms]:
    found = load(connection, scope.tenant, [decision_id]).get(decision_id)
    if found is None:
        raise NotFound("decision_not_found", f"there is no decision {decision_id!r}")
    return found
