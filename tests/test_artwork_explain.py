"""Why a decision fell as it did."""

import pytest

from artwork.choice.belief.features import BLOCKS
from artwork.choice.events.attribution import RewardEvent
from artwork.choice.personalize import WatchEvent
from artwork.choice.probability.explain import EARNED, NAMES, explain
from artwork.choice.probability.replay import recall
from tests.choosing import TITLES, House, run


def _lived(house: House) -> str:
    for n in range(40):
        run(house.p.watch([WatchEvent(f"u{n % 5}", TITLES[n % 3], 1.0)]))
        [choice] = house.choose(TITLES[0], user=f"v{n}")
        if n % 3:
            house.refusals(RewardEvent(choice.decision_id, "watch", (n % 4) / 4))
    [last] = house.choose(TITLES[0], user="u1")
    return last.decision_id


def test_contributions_sum_to_the_score_and_probabilities_are_those_logged(house: House) -> None:
    decision_id = _lived(house)
    logged = house.p.decision(decision_id).propensities
    with house.engine.connect() as connection:
        found = recall(connection, house.p.scope, house.p._parameters, decision_id)
        told = explain(found)
    assert {arm.variant_id: arm.propensity for arm in told.arms} == logged
    assert [arm.score for arm in told.arms] == sorted((a.score for a in told.arms), reverse=True)
    for arm in told.arms:
        assert set(arm.contributions) == {*BLOCKS, EARNED} == set(NAMES)
        assert sum(arm.contributions.values()) == pytest.approx(arm.score, abs=1e-12)
        assert arm.spread > 0
    assert sum(arm.wins for arm in told.arms) == told.draws == 256
    assert sum(arm.unknown_viewer for arm in told.arms) == pytest.approx(1)
    assert told.taste and told.learned_rows == 40
    assert any(arm.unknown_viewer != arm.propensity for arm in told.arms)


def test_of_an_unknown_viewer_nothing_would_change_without_them(house: House) -> None:
    [choice] = house.choose(TITLES[0], user=None)
    with house.engine.connect() as connection:
        told = explain(recall(connection, house.p.scope, house.p._parameters, choice.decision_id))
    assert not told.taste
    assert all(arm.unknown_viewer == arm.propensity for arm in told.arms)
    assert all(arm.contributions["interplay"] == 0 for arm in told.arms)
