"""What tests do of a state that is folded anew: live, renew, change the encoder, look again."""

import sqlalchemy as sa

from artwork import pictures
from artwork.choice.belief.features import Lens
from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.anew import Anew
from artwork.choice.learning.learner import restore
from artwork.choice.personalize import Choice, Personalizer, RewardEvent, WatchEvent
from artwork.choice.record.feature_sets import announce, register
from artwork.choice.record.ledger import head
from artwork.tables import (
    image_groups,
)
from content.types import Vector
from samples.worlds import synthetic_embeddings
from tests.choosing import TITLES, House, run

DAY_S = 24 * 3600.0
HALVED = Hyperparameters(half_life_days=1.0, rebuild_every=4)
OLD, NEW = "test@1:1280:0", "another@1:1280:0"


def renewed(p: Personalizer) -> bool:
    """Fold anew what is due, at once; was anything?"""
    prepared = p._renewal.due(p._state())
    if prepared is not None:  # else its thread was faster
        p._switch(prepared)
    return prepared is not None


def live(house: House, turns: int, user: str = "ann") -> list[Choice]:
    """Some pages shown, watched, rewarded and corrected."""
    shown: list[Choice] = []
    for turn in range(turns):
        page = house.choose(*TITLES, user=f"{user} {turn % 3}")
        event = WatchEvent(f"{user} {turn % 3}", TITLES[turn % len(TITLES)], 0.5)
        assert run(house.p.watch([event])) == [None]
        told = [RewardEvent(c.decision_id, "watch", 0.25) for c in page[:2]]
        again = [RewardEvent(c.decision_id, "watch", 0.75, correct=True) for c in shown[:1]]
        assert house.refusals(*told, *again) == [None] * (len(told) + len(again))
        house.later(200.0)
        shown += page
    return shown


def replays(house: House, shown: list[Choice]) -> bool:
    return all(
        house.p.replay(c.decision_id) == house.p.decision(c.decision_id).propensities for c in shown
    )


def afresh(house: House) -> bytes:
    """The state of the ledger alone, without a checkpoint."""
    with house.engine.connect() as connection:
        upto = head(connection, "default")
        state = restore(connection, house.p.scope, house.p._parameters, upto, afresh=True)
    return state.packed()


def look_again(house: House, seed: int = 77) -> None:
    """What a reindex does to pictures: they get the vectors of the new encoder."""
    vectors = synthetic_embeddings(len(TITLES), 12, seed=seed)
    with house.engine.begin() as connection:
        for title in TITLES:
            ids = connection.scalars(
                sa.select(image_groups.c.id).where(image_groups.c.title_id == title)
            ).all()
            looks = {g: Vector(v, NEW) for g, v in zip(ids, vectors[title].values(), strict=True)}
            pictures.write_looks(connection, title, 1, looks)
        register(connection, "default", Lens(NEW))


def cut_over(house: House, encoder: str = NEW) -> None:
    """A cut-over, or going back."""
    with house.engine.begin() as connection:
        name = register(connection, "default", Lens(encoder)).id
        announce(connection, "default", name, house.now_us)


def refold(house: House) -> None:
    """What the worker does before it cuts over."""
    with house.engine.connect() as connection:
        upto = head(connection, "default")
    assert list(Anew("default", Lens(NEW)).all(house.engine, upto))[-1] == upto
