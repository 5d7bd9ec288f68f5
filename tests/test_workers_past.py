"""A decision of long ago explained: what was learned by then is folded in a process of its own."""

from collections.abc import Iterator

import pytest

from artwork.choice.belief.features import Lens
from artwork.choice.learning.learner import rows_to_fold
from artwork.choice.modes.frozen import frozen_state
from artwork.choice.personalize import Choice
from artwork.choice.probability import explaining
from artwork.choice.probability.explaining import Explaining
from artwork.choice.record.ledger import head
from artwork.rules.guardrails import HouseRules
from content import migrate
from content.errors import Conflict, KeyartError, Unavailable
from content.records import open_engine
from tests.choosing import House, furnished, run
from tests.renewing import DAY_S, live, renewed
from workers import past as module
from workers.learning import parameters_of
from workers.past import Past
from workers.settings import Settings

pytestmark = pytest.mark.usefixtures("unwatched")


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data=tmp_path_factory.mktemp("data"), half_life_days=1.0)


@pytest.fixture
def served(settings: Settings) -> Iterator[tuple[House, list[Choice]]]:
    engine = open_engine(settings.records_url)
    migrate.upgrade(engine)
    for house in furnished(engine):
        house.close()
        house.open(parameters=parameters_of(settings))
        shown = live(house, 3)
        house.later(DAY_S)
        assert renewed(house.p)
        yield house, shown + live(house, 2)
    engine.dispose()


def explaining_of(house: House, past: Past | None) -> Explaining:
    p = house.p
    parts = (house.engine, lambda: p.scope, p._parameters)
    beside = None if past is None else past.at
    return Explaining(*parts, lens=Lens(), house=HouseRules(), beside=beside)


def refusal(house: House, past: Past, decision_id: str) -> str:
    with pytest.raises(KeyartError) as error:
        explaining_of(house, past).explain(decision_id)
    assert isinstance(error.value, Conflict | Unavailable)
    return error.value.code


def test_it_is_told_the_same_wherever_it_is_computed(
    settings: Settings, served: tuple[House, list[Choice]], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, shown = served
    some = [choice.decision_id for choice in (shown[0], shown[-1])]
    here = [explaining_of(house, None).explain(each) for each in some]
    asked: list[int] = []

    class Noted(Past):
        def at(self, *given):  # type: ignore[no-untyped-def]
            asked.append(given[-1])
            return super().at(*given)

    assert [explaining_of(house, Noted(settings)).explain(each) for each in some] == here
    assert asked == [], "they are near"
    monkeypatch.setattr(explaining, "NEAR", -1)
    assert [explaining_of(house, Noted(settings)).explain(each) for each in some] == here
    assert asked == [house.p.decision(each).ledger_offset for each in some]


def test_how_far_back_a_state_lies_counts_from_the_checkpoint_before_it(
    settings: Settings, served: tuple[House, list[Choice]]
) -> None:
    house, _ = served
    with house.engine.connect() as connection:
        scope, upto = house.p.scope, head(connection, "default")
        kept = house.p._checkpointed
        assert 0 < kept < upto
        assert rows_to_fold(connection, scope, upto) == upto - kept
        assert rows_to_fold(connection, scope, kept) == 0
        assert rows_to_fold(connection, scope, 5) == 5
        state = frozen_state(connection, scope, house.p._parameters, 5)
        assert Past(settings).at(connection, scope, house.p._parameters, 5).packed() == (
            state.packed()
        )


def test_what_takes_too_long_or_fails_says_so_and_the_next_may_run(
    settings: Settings, served: tuple[House, list[Choice]], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, shown = served
    monkeypatch.setattr(explaining, "NEAR", -1)
    first = shown[0].decision_id
    assert refusal(house, Past(settings, limit_s=0.01), first) == "explanation_timeout"
    with module._one_at_a_time:
        assert refusal(house, Past(settings), first) == "explanation_running"
    elsewhere = settings.model_copy(update={"database_url": "sqlite:////nowhere/state.db"})
    assert refusal(house, Past(elsewhere), first) == "explanation_failed"
    assert explaining_of(house, Past(settings)).explain(first)


def test_rows_that_go_while_it_is_folded_are_noticed(
    settings: Settings, served: tuple[House, list[Choice]], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, shown = served
    monkeypatch.setattr(explaining, "NEAR", -1)

    class Slow(Past):
        def _child(self, *named):  # type: ignore[no-untyped-def]
            run(house.p.people.forget("ann 2"))
            return super()._child(*named)

    assert refusal(house, Slow(settings), shown[0].decision_id) == "policy_mismatch"
