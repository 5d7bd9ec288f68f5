"""The belief of one offset of the ledger, kept as it was."""

import sqlalchemy as sa

from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.learner import Learner, restore
from artwork.choice.record.decisions import Scope
from artwork.choice.record.marks import last_mark


def frozen_state(
    connection: sa.Connection, scope: Scope, parameters: Hyperparameters, seq: int
) -> Learner:
    """What the rows up to `seq` teach, of those that are still there.

    Where any were taken away since, the posterior is made anew of the sums: whenever this is
    asked, it is the same bits.
    """
    state = restore(connection, scope, parameters, seq)
    if last_mark(connection, scope.tenant, after=seq):
        state.renew()
    return state
