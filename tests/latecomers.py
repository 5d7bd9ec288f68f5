"""Titles that get their pictures late, and what is known of who watched them before."""

from collections.abc import Sequence

from artwork.choice.events.taste import read_history, taste_of
from artwork.choice.personalize import Choice, WatchEvent
from artwork.choice.probability.audit import Auditor
from artwork.choice.record.ledger import head
from samples.worlds import synthetic_embeddings
from tests.choosing import SECRET, House, run, state_of
from tests.ledger_oracle import pseudonym
from tests.renewing import afresh, replays
from tests.shelf import publish

LATER = synthetic_embeddings(3, 6, seed=31)
NEWCOMERS = [f"newcomer-{n}" for n in range(3)]


def told(house: House, *events: WatchEvent) -> None:
    assert run(house.p.watch(events)) == [None] * len(events)


def arrive(house: House, *newcomers: str) -> None:
    """Their pictures."""
    for title in newcomers:
        publish(house.engine, title, list(LATER.values())[NEWCOMERS.index(title)])


def taste(house: House, user: str, offset: int | None = None) -> tuple[int, bytes]:
    """How many events are known of a viewer at an offset, now by default, and the taste."""
    with house.engine.connect() as connection:
        upto = head(connection, "default") if offset is None else offset
        history = read_history(connection, house.p.scope, pseudonym(user), upto)
    found = taste_of(history, house.now_us)
    return len(history.values), b"" if found is None else found.tobytes()


def whole(house: House, shown: Sequence[Choice]) -> None:
    """What the ledger says is what is known, and every decision follows from it."""
    assert afresh(house) == state_of(house.p) and replays(house, list(shown))
    p = house.p
    kind = ("default", p.scope.policy_id, p._parameters, SECRET, 256)
    found = Auditor(house.engine, *kind).audit(100_000)
    assert found.mismatches == [] and found.same == found.looked_at > 0
