"""The choice while its database is away, breaks off, and comes back."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from artwork.choice.belief.sums import Sums
from artwork.choice.personalize import RewardEvent
from artwork.tables import decisions, rewards
from content.errors import Unavailable
from content.outages import away
from content.receipts import Receipts
from content.records import open_engine
from tests.breaking import Breaking
from tests.choosing import TITLES, House, furnished, state_of
from tests.renewing import afresh


@pytest.fixture
def far(way: Breaking) -> Iterator[House]:
    """A house whose database is at the end of a way that breaks."""
    engine = open_engine(way.url.render_as_string(hide_password=False))
    for house in furnished(engine):
        house.close()
        house.receipts = Receipts(engine, patience_s=0.2)
        house.open()
        yield house
        way.for_good = False
        house.close()
    engine.dispose()


def refusal(house: House) -> str:
    with pytest.raises(Unavailable) as told:
        house.choose(TITLES[0])
    return told.value.code


@pytest.mark.postgres
def test_a_decision_that_was_kept_is_answered_though_the_database_did_not(
    far: House, way: Breaking
) -> None:
    way.next = "kept"
    [choice] = far.choose(TITLES[0])
    assert far.choose(TITLES[0]) == [choice]
    assert far.count(decisions) == 1 and afresh(far) == state_of(far.p)


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["kept", "lost"])
def test_what_is_not_known_to_be_kept_is_told_so_and_may_be_asked_again(
    far: House, way: Breaking, how: str
) -> None:
    [first] = far.choose(TITLES[1])
    way.next, way.for_good = how, True
    assert refusal(far) == "outcome_unknown"
    way.for_good = False
    [choice] = far.choose(TITLES[0])
    assert far.choose(TITLES[0]) == [choice]
    assert far.count(decisions) == 2
    play = RewardEvent(choice.decision_id, "play", 1.0, event_id="e")
    way.next, way.for_good = how, True
    with pytest.raises(Unavailable, match="outcome_unknown"):
        far.refusals(play)
    way.for_good = False
    assert far.refusals(play, play) == [None, None]
    assert far.choose(TITLES[1]) == [first]
    assert far.count(rewards) == 1 and afresh(far) == state_of(far.p)


@pytest.mark.postgres
def test_a_house_whose_database_is_gone_closes(far: House, way: Breaking) -> None:
    far.choose(*TITLES)
    way.next, way.for_good = "lost", True
    assert refusal(far) == "outcome_unknown"
    far.p._doubted = False  # there is something to be kept
    far.close()
    way.for_good = False
    far.open()
    assert far.p.offset and afresh(far) == state_of(far.p)


def test_what_could_not_be_read_is_read_when_the_database_is_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    [shown] = house.choose(TITLES[0])
    second = House(house.engine, house.now_us)
    second.open()
    second.choose(TITLES[1], user="bob")

    def gone(*_: object) -> None:
        raise sa.exc.OperationalError("select", {}, Exception("server closed the connection"))

    with monkeypatch.context() as broken:
        broken.setattr("artwork.choice.learning.memory.followed", gone)
        house.choose(TITLES[2])  # committed, not learned: what the other appended lies before it
        broken.setattr("artwork.choice.learning.renewal.restore", gone)
        with pytest.raises(sa.exc.OperationalError) as error:
            house.choose(TITLES[0])
        assert away(error.value)
    assert house.choose(TITLES[0]) == [shown]
    assert afresh(house) == state_of(house.p)
    second.close()


def test_choices_do_not_wait_for_a_checkpoint_to_be_packed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.choose(*TITLES)
    packing, on = threading.Event(), threading.Event()
    packed = Sums.packed

    def slowly(self: Sums) -> dict[str, object]:
        packing.set()
        assert on.wait(20)
        return packed(self)

    before = state_of(house.p)
    with monkeypatch.context() as slow:
        slow.setattr(Sums, "packed", slowly)
        kept = house.p._checkpoint()
        assert packing.wait(20)
        house.choose(*TITLES, user="bob")  # changes what is being packed
        on.set()
        kept.result(20)
    assert state_of(house.p) != before
    with house.engine.connect() as connection:
        [data] = connection.exec_driver_sql("SELECT data FROM checkpoints").scalars()
    assert data == before
