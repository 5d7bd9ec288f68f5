"""A learned state in few characters: equal ones have the same bits."""

import hashlib
from dataclasses import dataclass

import msgpack
import sqlalchemy as sa

from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.learner import Image, restore
from artwork.choice.record.decisions import Scope


@dataclass(frozen=True)
class Learned:
    """`decisions` that count, and of how many `titles` and `pictures`; SHA-256 of the integer sums
    and of the posterior's floats."""

    policy_id: str
    feature_set: str
    offset: int
    landmark_us: int | None
    decisions: int
    titles: int
    pictures: int
    sums: str
    posterior: str


def learned(scope: Scope, state: Image) -> Learned:
    packed = state.sums.packed()
    floats = b"".join(each.astype("<f8").tobytes() for each in state.posterior[:2])  # P and m
    return Learned(
        policy_id=scope.policy_id,
        feature_set=scope.feature_set,
        offset=state.offset,
        landmark_us=state.landmark_us,
        decisions=state.sums.rows,
        titles=len(packed["titles"]),
        pictures=sum(len(title[1]) for title in packed["titles"]),
        sums=hashlib.sha256(msgpack.packb(packed)).hexdigest(),
        posterior=hashlib.sha256(floats).hexdigest(),
    )


def folded_again(
    connection: sa.Connection, scope: Scope, parameters: Hyperparameters, offset: int
) -> Learned:
    """The state at an offset from the ledger alone, without a checkpoint."""
    return learned(scope, restore(connection, scope, parameters, offset, afresh=True).image())
