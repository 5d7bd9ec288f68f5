"""Forgetting a viewer in a house that keeps certificates (fixture `kept`): what its tests share."""

from pathlib import Path
from typing import Any

from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.learner import Learner
from artwork.choice.people.proof import search
from tests.choosing import House, run
from tests.ledger_oracle import pseudonym

USERS = ["ann", "bob", "cy", None]
QUICK = Hyperparameters(rebuild_every=16)


def reopen(house: House, folder: Path) -> None:
    house.crash()
    house.open(certificates=folder / "forgotten", parameters=QUICK)


def forget(house: House, user: str, *, proven: bool = True) -> Any:
    return run(house.p.people.forget(user, proven=proven))


def from_nothing(house: House) -> bytes:
    """What the ledger alone teaches: no checkpoint."""
    learner = Learner(QUICK)
    with house.engine.connect() as connection:
        learner.catch_up(connection, house.p.scope, house.p.offset)
    return learner.packed()


def held(house: House, user: str) -> int:
    with house.engine.connect() as connection:
        return sum(search(connection, "default", pseudonym(user), 2**62)[1].values())
