"""History that came before the pictures, seen by one encoder after another."""

from collections.abc import Iterator
from typing import Any

import pytest

from artwork.choice.belief.features import feature_set_id
from artwork.choice.events.late import pictured
from artwork.choice.personalize import WatchEvent
from artwork.choice.record import left
from artwork.tables import (
    late_features,
)
from tests.choosing import House
from tests.latecomers import NEWCOMERS, arrive, taste, told, whole
from tests.ledger_oracle import rows_of
from tests.renewing import NEW, OLD, cut_over, live, look_again, refold, renewed
from tests.shelf import submit

pytestmark = pytest.mark.usefixtures("unwatched")


@pytest.fixture
def changing(any_house: House) -> Iterator[House]:
    """One that has learned with an encoder and was started with another; a title waits."""
    any_house.close()
    any_house.open(encoder=OLD)
    submit(any_house.engine, NEWCOMERS[0])
    told(any_house, WatchEvent("ann 0", NEWCOMERS[0], 1.0))
    live(any_house, 3)
    any_house.close()
    any_house.open(encoder=NEW)
    yield any_house


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_another_encoder_sees_it_from_the_same_moment_on(changing: House, when: str) -> None:
    house = changing
    if when == "before":
        arrive(house, NEWCOMERS[0])
        assert house.p.complete_watched() == 1
    shown = live(house, 2)
    look_again(house)
    refold(house)
    if when == "during":
        arrive(house, NEWCOMERS[0])
        assert house.p.complete_watched() == 1
    cut_over(house)
    assert renewed(house.p)
    if when == "after":
        arrive(house, NEWCOMERS[0])
        assert house.p.complete_watched() == 1
    first = min(row["seq"] for row in rows_of(house.engine, late_features))
    made = {row["anew"] for row in rows_of(house.engine, late_features)}
    assert made == ({False} if when == "after" else {False, True})
    count = taste(house, "ann 0")[0]
    assert taste(house, "ann 0", first)[0] == taste(house, "ann 0", first - 1)[0] + 1
    shown += live(house, 2)
    whole(house, shown)
    house.later(1.0)
    cut_over(house, OLD)
    assert renewed(house.p)
    assert taste(house, "ann 0")[0] == count + 1, "live() told another one"
    whole(house, shown + live(house, 1))


def test_of_a_set_that_was_left_goes_what_was_made_and_not_what_was_told(changing: House) -> None:
    house = changing
    arrive(house, NEWCOMERS[0])
    house.p.complete_watched()
    look_again(house)
    for encoder in (NEW, OLD, NEW):
        house.later(1.0)
        cut_over(house, encoder)
        assert renewed(house.p)
    before = rows_of(house.engine, late_features)
    assert [row["anew"] for row in before] == [False, True]
    with house.engine.begin() as connection:
        assert left.drop_some(connection, "default", feature_set_id(OLD)) == 0
    assert rows_of(house.engine, late_features) == before
    cut_over(house, OLD)
    assert renewed(house.p)
    with house.engine.begin() as connection:
        left.drop_some(connection, "default", feature_set_id(NEW))
    assert rows_of(house.engine, late_features) == before[:1]
    cut_over(house)
    assert renewed(house.p)
    assert rows_of(house.engine, late_features) == before


def test_what_was_read_before_a_cut_over_is_not_told_after_it(
    changing: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = changing
    look_again(house)
    arrive(house, NEWCOMERS[0])

    def meanwhile(*given: Any) -> dict[str, int]:
        found = pictured(*given)
        cut_over(house)
        assert renewed(house.p)
        return found

    with monkeypatch.context() as busy:
        busy.setattr("artwork.choice.watching.pictured", meanwhile)
        assert house.p.complete_watched() == 0
    assert house.p.complete_watched() == 1
    [row] = rows_of(house.engine, late_features)
    assert row["feature_set"] == feature_set_id(NEW) and taste(house, "ann 0")[0] == 2
