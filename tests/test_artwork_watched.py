"""What viewers watched, by title."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from artwork.choice.events.taste import HALF_LIFE_US
from artwork.choice.events.watched import co_watched, liking
from artwork.tables import watch_events
from tests.shelf import fresh_engine

ADA, BOB = b"a" * 16, b"b" * 16


def row(
    seq: int,
    viewer: bytes,
    title_id: str,
    value: float,
    at_us: int = 0,
    received_us: int | None = None,
) -> dict[str, object]:
    what = {"tenant": "default", "seq": seq, "viewer": viewer, "title_id": title_id}
    how = {"kind": "watch", "value": value, "feature_set": "f", "features": None}
    times = {"occurred_us": at_us, "received_us": at_us if received_us is None else received_us}
    return {**what, **how, "event_id": None, **times}


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    made = fresh_engine(tmp_path)
    rows = [
        row(1, ADA, "film", 1.0),
        row(2, ADA, "film", 0.5, HALF_LIFE_US),
        row(3, ADA, "tried", 0.1, HALF_LIFE_US),
        row(4, BOB, "film", 0.3),
        row(5, ADA, "left", 0.0, HALF_LIFE_US),
    ]
    with made.begin() as connection:
        connection.execute(watch_events.insert(), rows)
    return made


def test_each_pair_once_and_what_was_tried_not_at_all(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        assert co_watched(connection, "default") == [(ADA, "film"), (BOB, "film")]
        assert co_watched(connection, "another") == []


def test_a_liking_fades_and_adds_up(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        found = liking(connection, "default", ADA)
        assert found.weights == {"film": 1.0, "tried": 0.1}  # 1.0 faded to its half, and 0.5
        assert found.watched == ("left", "tried", "film")
        nobody = liking(connection, "default", b"c" * 16)
    assert (dict(nobody.weights), nobody.watched) == ({}, ())


def test_a_players_clock_that_is_ahead_lets_nothing_else_fade(engine: sa.Engine) -> None:
    ahead = row(6, ADA, "ahead", 1.0, 1000 * HALF_LIFE_US, received_us=HALF_LIFE_US)
    with engine.begin() as connection:
        connection.execute(watch_events.insert(), [ahead])
        found = liking(connection, "default", ADA)
    assert found.weights == {"film": 1.0, "tried": 0.1, "ahead": 1.0}
