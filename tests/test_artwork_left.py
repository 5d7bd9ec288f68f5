"""What was made for a feature set goes once the set was left and nothing needs it any more."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from artwork.choice.belief.features import feature_set_id
from artwork.choice.personalize import Choice
from artwork.choice.record import left
from artwork.tables import decision_features, watch_features
from tests.choosing import TITLES, House, run, state_of
from tests.renewing import (
    DAY_S,
    NEW,
    OLD,
    afresh,
    cut_over,
    live,
    look_again,
    renewed,
    replays,
)

pytestmark = pytest.mark.usefixtures("unwatched")


@pytest.fixture
def house(any_house: House) -> Iterator[House]:
    """One that has learned with an encoder and was started with another."""
    any_house.close()
    any_house.open(encoder=OLD)
    live(any_house, 4)
    any_house.close()
    any_house.open(encoder=NEW)
    yield any_house


def there_and_back(house: House, turns: int) -> list[Choice]:
    """Over to the other encoder, some pages shown there, and back; which ones."""
    look_again(house)
    cut_over(house)
    assert renewed(house.p)
    shown = live(house, turns, "in between")
    house.later(1.0)
    cut_over(house, OLD)
    assert renewed(house.p)
    return shown


def test_what_was_made_for_a_set_that_was_left_goes_once_nothing_needs_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left, "SPAN", 7)
    kept = house.p.people.retention
    shown = there_and_back(house, 2)
    made = rows_made(house, NEW)
    assert made[0] >= 16 and made[1] == 4
    live(house, 1, "back")
    house.later(6 * DAY_S)
    run(house.p.people.forget("in between 1"))
    assert kept.drop_left() == [], "it may be gone back to"
    house.later(2 * DAY_S)
    [late] = house.choose(TITLES[0], user="late")
    assert kept.drop_left() == [feature_set_id(NEW)]
    assert rows_made(house, NEW) == (0, 0) and kept.drop_left() == []
    assert rows_made(house, OLD) == (4, 1), "what is in use stays"
    assert replays(house, [late]) and afresh(house) == state_of(house.p)
    proof = run(house.p.people.forget("in between 0", proven=True)).proof
    assert proof is not None and proof.holds
    rows = house.p._ready().sums.rows
    cut_over(house)
    assert renewed(house.p), "made anew, it may be followed again"
    assert house.p._ready().sums.rows == rows and shown
    assert afresh(house) == state_of(house.p)


def test_a_set_whose_decisions_can_be_computed_again_keeps_its_rows(
    house: House,
) -> None:
    shown = there_and_back(house, 2)
    made = rows_made(house, NEW)
    house.later(400 * DAY_S)
    house.p.people.retention.tick()
    assert rows_made(house, NEW) == made and replays(house, shown)


def test_rows_half_deleted_are_made_whole_when_their_set_is_taken_up_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left, "SPAN", 7)
    there_and_back(house, 0)
    made = rows_made(house, NEW)
    with house.engine.begin() as connection:
        assert left.drop_some(connection, "default", feature_set_id(NEW)) > 0
    assert rows_made(house, NEW) < made
    cut_over(house)
    with house.engine.begin() as connection:
        assert left.drop_some(connection, "default", feature_set_id(NEW)) == 0, "it was announced"
    assert renewed(house.p)
    assert rows_made(house, NEW) == made and afresh(house) == state_of(house.p)


def rows_made(house: House, encoder: str) -> tuple[int, int]:
    """Decisions and watch events of which features were made for an encoder's set."""
    with house.engine.connect() as connection:
        found = [
            connection.scalar(
                sa.select(sa.func.count())
                .select_from(table)
                .where(table.c.feature_set == feature_set_id(encoder))
            )
            for table in (decision_features, watch_features)
        ]
    return found[0] or 0, found[1] or 0
