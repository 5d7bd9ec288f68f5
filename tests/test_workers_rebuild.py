"""The ledger folded again in a process of its own, against a state that has run on."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.rebuild import Learned
from artwork.tables import decisions
from content import migrate
from content.errors import Conflict, Unavailable
from content.records import open_engine
from tests.choosing import House, furnished, run
from tests.renewing import DAY_S, live, renewed
from workers import rebuild as module
from workers.learning import parameters_of
from workers.rebuild import rebuild
from workers.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", half_life_days=1.0)


@pytest.fixture
def served(settings: Settings) -> Iterator[House]:
    settings.data.mkdir()
    engine = open_engine(settings.records_url)
    migrate.upgrade(engine)
    for house in furnished(engine):
        house.close()
        house.open(parameters=parameters_of(settings))
        live(house, 3)
        house.later(DAY_S)
        assert renewed(house.p)
        live(house, 2)
        yield house
    engine.dispose()


def test_the_same_ledger_gives_the_same_bits(settings: Settings, served: House) -> None:
    found = rebuild(settings, served.p.learned)
    assert found.same_sums and found.same_posterior
    assert found.again == found.live
    assert (found.again.decisions, found.again.titles) == (20, 4)
    assert found.again.landmark_us is not None


def test_a_row_that_was_changed_is_noticed(settings: Settings, served: House) -> None:
    with served.engine.begin() as connection:
        x = connection.scalar(sa.select(decisions.c.x).where(decisions.c.seq == 2))
        changed = bytes([0, 2, *x[2:]])  # 0.5 in place of 1
        connection.execute(sa.update(decisions).where(decisions.c.seq == 2).values(x=changed))
    found = rebuild(settings, served.p.learned)
    assert not found.same_sums and not found.same_posterior


def test_who_is_forgotten_meanwhile_makes_no_difference(settings: Settings, served: House) -> None:
    stale = [served.p.learned()]
    served.choose("title-00", user="leaves")
    stale.append(served.p.learned())
    run(served.p.people.forget("leaves"))
    found = rebuild(settings, lambda: stale.pop() if stale else served.p.learned())
    assert not stale and found.same_sums and found.same_posterior


def test_a_fold_that_fails_says_so_and_the_next_may_run(settings: Settings, served: House) -> None:
    elsewhere = settings.model_copy(update={"database_url": "sqlite:////nowhere/state.db"})
    with pytest.raises(Unavailable, match="rebuild_failed"):
        rebuild(elsewhere, served.p.learned)
    with module._one_at_a_time, pytest.raises(Conflict, match="rebuild_running"):
        rebuild(settings, served.p.learned)
    assert Hyperparameters(half_life_days=1.0) == parameters_of(settings)
    assert rebuild(settings, served.p.learned).same_posterior


def test_a_fold_that_dies_before_it_is_asked_says_so_too(
    settings: Settings, served: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late() -> Learned:
        time.sleep(0.2)  # by now it is gone
        return served.p.learned()

    monkeypatch.setattr("workers.rebuild.sys.executable", shutil.which("false"))
    with pytest.raises(Unavailable, match="rebuild_failed"):
        rebuild(settings, late)
