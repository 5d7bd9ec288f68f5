"""What the rows of a ledger teach, told without the code that learns: for tests of forgetting."""

import json
import random
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from artwork.choice.belief.packing import unpacked
from artwork.choice.belief.sums import Sums
from artwork.choice.events.taste import viewer_of
from artwork.choice.personalize import Personalizer, RewardEvent, WatchEvent
from artwork.tables import decisions, impressions, offers, rewards, watch_events
from tests.choosing import SECRET, TITLES, House, run

LEDGER = (decisions, impressions, rewards, watch_events)


def pseudonym(user: str) -> bytes:
    return viewer_of(SECRET, "default", user)


def rows_of(engine: sa.Engine, table: sa.Table) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(table)).mappings())


def taught(engine: sa.Engine, without: Iterable[str] = ()) -> Sums:
    """The sums of the ledger as if these viewers had never been there."""
    gone = {pseudonym(user) for user in without}
    groups = {row["id"]: json.loads(row["arms"]) for row in rows_of(engine, offers)}
    active = {row["decision_id"] for row in rows_of(engine, impressions) if row["first"]}
    last: dict[str, int] = {}
    for row in sorted(rows_of(engine, rewards), key=lambda row: row["seq"]):
        last[row["decision_id"]] = row["after"]
    sums = Sums(len(unpacked(rows_of(engine, decisions)[0]["x"])))
    for row in rows_of(engine, decisions):
        if row["id"] in active and (row["viewer"] is None or bytes(row["viewer"]) not in gone):
            x = unpacked(row["x"])
            group = groups[row["offer_id"]][row["chosen"]][1]
            sums.add(row["title_id"], group, x, last.get(row["id"], 0))
    return sums


def traffic(house: House, chance: random.Random, users: list[str | None], events: int) -> None:
    """Viewers choose, see again, earn, correct and watch, in any order."""
    made: list[str] = []
    for _ in range(events):
        user = chance.choice(users)
        house.later(chance.uniform(0, 60))
        act = chance.random()
        if act < 0.5 or not made:
            titles = chance.sample(TITLES, chance.randint(1, 3))
            some = house.choose(*titles, user=user, defer=chance.random() < 0.2)
            made += [choice.decision_id for choice in some]
        elif act < 0.85:
            kind = chance.choice(["click", "play", "watch"])
            value = chance.randrange(5) / 4
            house.refusals(RewardEvent(chance.choice(made), kind, value, correct=True))
        elif user is not None:
            event = WatchEvent(user, chance.choice(TITLES), chance.randrange(1, 5) / 4)
            assert run(house.p.watch([event])) == [None]


def sums_of(p: Personalizer) -> Sums:
    return p._ready().sums
