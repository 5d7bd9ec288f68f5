"""Answers and episodes: durable, sticky, counted once they are shown."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from artwork.choice.events.taste import viewer_of
from artwork.choice.personalize import (
    Choice,
    Context,
    RewardEvent,
    WatchEvent,
)
from artwork.images.display import Display
from artwork.tables import (
    decisions,
    impressions,
    offers,
    rewards,
    variants,
    watch_events,
)
from content.errors import KeyartError, NotFound
from content.tables import titles
from tests.choosing import EMBEDDINGS, EPISODE_S, HERE, SECRET, TITLES, House, run, state_of
from tests.shelf import publish

# ---- answers -------------------------------------------------------------------------------------


def test_an_answer_is_logged_with_the_probability_of_every_arm(house: House) -> None:
    [choice] = house.choose(TITLES[0])
    view = house.p.decision(choice.decision_id)
    assert view.propensities[choice.variant_id] == choice.propensity == view.propensity
    assert sum(view.propensities.values()) == pytest.approx(1.0, rel=1e-12)
    assert len(view.propensities) == 12
    assert min(view.propensities.values()) >= 0.02 / 12
    assert (view.active, view.deferred, view.rewards, view.ledger_offset) == (True, False, [], 0)
    assert view.context == HERE
    assert view.expires_us - view.decided_us == EPISODE_S * 1_000_000


def test_an_answer_tells_how_to_show_its_picture(any_house: House) -> None:
    publish(any_house.engine, "told", EMBEDDINGS[TITLES[1]])
    told = {
        "focal": [0.4, 0.3],
        "safe": {"title": [0.05, 0.1, 0.6, 0.2]},
        "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
        "colour": "#203040",
    }
    with any_house.engine.begin() as connection:
        named = (variants.c.title_id == "told") & (variants.c.aspect == "2:3")
        connection.execute(sa.update(variants).where(named).values(**told))
    [told_of] = run(any_house.p.choose(["told"], "2:3", user="ann", context=HERE))
    assert isinstance(told_of, Choice)
    assert told_of.display == Display(16, 9, **told)
    [before] = run(any_house.p.choose(["told"], "16:9", user="ann", context=HERE))
    assert isinstance(before, Choice)
    assert before.display == Display(16, 9), "a picture from before has its size alone"


def test_each_title_is_answered_or_refused_by_itself(any_house: House) -> None:
    publish(any_house.engine, "bare", {})
    publish(any_house.engine, "adult", EMBEDDINGS[TITLES[1]], maturity="18")
    publish(any_house.engine, "tall", EMBEDDINGS[TITLES[2]], aspects=("2:3",))
    page = [TITLES[0], "nowhere", "bare", "adult", "tall"]
    ceiling = Context(maturity_max="13")
    answers = run(any_house.p.choose(page, "16:9", user="ann", context=ceiling))
    assert isinstance(answers[0], Choice)
    refusals = answers[1:]
    assert all(isinstance(refusal, NotFound) for refusal in refusals)
    codes = [r.code for r in refusals if isinstance(r, KeyartError)]
    assert codes == ["title_not_found", "no_variants", "no_variants", "no_variants"]
    assert "ceiling 13" in str(answers[3])
    assert any_house.choose("adult")[0].title_id == "adult"


def test_a_title_that_is_still_being_made_has_no_pictures(house: House) -> None:
    with house.engine.begin() as connection:
        row = {"tenant": "default", "id": "new", "version": None, "latest": 1}
        connection.execute(titles.insert(), row | {"created_us": 1, "updated_us": 1})
    with pytest.raises(NotFound) as refusal:
        house.choose("new")
    assert refusal.value.code == "no_variants"


@pytest.mark.parametrize("text", ["a\0b", "\ud800", ""])
def test_text_that_no_database_takes_names_nothing(any_house: House, text: str) -> None:
    with pytest.raises(NotFound):
        any_house.choose(text)
    with pytest.raises(NotFound):
        any_house.p.decision(text)
    [choice] = any_house.choose(TITLES[0])
    event = RewardEvent(choice.decision_id, "play", 1.0, event_id=text)
    assert any_house.refusals(event, RewardEvent(text, "play", 1.0)) == [
        "invalid_reward",
        "decision_not_found",
    ]
    assert any_house.choose(TITLES[1], user="\ud800")


def test_without_a_user_nothing_of_the_viewer_is_kept(house: House) -> None:
    a, b = (house.choose(TITLES[0], user=None)[0] for _ in "ab")
    assert a.decision_id != b.decision_id
    with house.engine.connect() as connection:
        assert set(connection.scalars(sa.select(decisions.c.viewer))) == {None}


def test_the_user_id_is_stored_nowhere(any_house: House) -> None:
    user = "a-user-name-like-no-other"
    any_house.choose(TITLES[0], user=user)
    run(any_house.p.watch([WatchEvent(user, TITLES[1], 1.0)]))
    with any_house.engine.connect() as connection:
        for table in (decisions, watch_events, impressions, rewards, offers):
            assert user not in repr(connection.execute(sa.select(table)).all())
        stored = connection.scalars(sa.select(watch_events.c.viewer)).one()
    assert bytes(stored) == viewer_of(SECRET, "default", user)
    assert viewer_of(b"another", "default", user) != bytes(stored)


# ---- episodes ------------------------------------------------------------------------------------


def test_within_an_episode_the_same_decision_comes_back(house: House) -> None:
    [first] = house.choose(TITLES[0])
    house.later(EPISODE_S - 1)
    assert house.choose(TITLES[0]) == [first]
    assert house.count(decisions) == 1
    assert house.count(impressions) == 2
    house.later(2)
    assert house.choose(TITLES[0])[0].decision_id != first.decision_id


def test_an_episode_outlives_the_process(any_house: House) -> None:
    [first] = any_house.choose(TITLES[0])
    any_house.crash()
    any_house.open()
    assert any_house.choose(TITLES[0]) == [first]


@pytest.mark.parametrize("restarted", [False, True])
def test_an_episode_of_a_clock_that_was_far_ahead_is_over(house: House, restarted: bool) -> None:
    house.later(400 * 24 * 3600)
    [wrong] = house.choose(TITLES[0])
    house.later(-3600)
    assert house.choose(TITLES[0])[0].decision_id == wrong.decision_id
    house.later(-399 * 24 * 3600)
    if restarted:
        house.close()
        house.open()
    [right] = house.choose(TITLES[0])
    assert right.decision_id != wrong.decision_id
    assert right.expires_us < wrong.expires_us
    assert house.choose(TITLES[0])[0].decision_id == right.decision_id


def test_another_viewer_has_another_episode(house: House) -> None:
    assert (
        house.choose(TITLES[0])[0].decision_id != house.choose(TITLES[0], user="bob")[0].decision_id
    )


def test_another_aspect_shows_the_same_picture(house: House) -> None:
    [wide] = house.choose(TITLES[0])
    [tall] = house.choose(TITLES[0], aspect="2:3")
    assert (tall.decision_id, tall.group_id) == (wide.decision_id, wide.group_id)
    assert (tall.propensity, tall.aspect) == (wide.propensity, "2:3")
    assert tall.variant_id != wide.variant_id


def test_a_withdrawn_picture_ends_the_episode(house: House) -> None:
    [first] = house.choose(TITLES[0])
    rest = {n: v for n, v in EMBEDDINGS[TITLES[0]].items() if f"{n}-16:9" != first.sha256}
    publish(house.engine, TITLES[0], rest, version=2)
    [second] = house.choose(TITLES[0])
    assert second.decision_id != first.decision_id
    assert second.group_id != first.group_id
    assert len(house.p.decision(second.decision_id).propensities) == 11


def test_two_requests_at_once_share_one_decision(any_house: House) -> None:
    async def both() -> list[Any]:
        ask = [any_house.p.choose(TITLES, "16:9", user="ann", context=HERE) for _ in range(20)]
        return await asyncio.gather(*ask)

    pages = run(both())
    assert all(page == pages[0] for page in pages)
    assert any_house.count(decisions) == len(TITLES)
    assert any_house.count(impressions) == 20 * len(TITLES)


def test_a_title_asked_twice_on_a_page_is_decided_once(house: House) -> None:
    a, b = house.choose(TITLES[0], TITLES[0])
    assert a == b
    assert house.count(decisions) == 1


# ---- deferred ------------------------------------------------------------------------------------


def test_a_deferred_decision_counts_once_it_is_shown(any_house: House) -> None:
    [choice] = any_house.choose(TITLES[0], defer=True)
    before = state_of(any_house.p)
    assert not any_house.p.decision(choice.decision_id).active
    assert any_house.count(impressions) == 0
    assert any_house.refusals(RewardEvent(choice.decision_id, "impression", 1.0)) == [None]
    assert any_house.p.decision(choice.decision_id).active
    assert any_house.count(impressions) == 1
    assert state_of(any_house.p) != before
    assert any_house.p._ready().sums.rows == 1
    assert any_house.refusals(RewardEvent(choice.decision_id, "impression", 1.0)) == [None]
    assert any_house.p._ready().sums.rows == any_house.count(impressions) == 1


def test_a_reward_shows_that_a_deferred_decision_was_seen(house: House) -> None:
    [choice] = house.choose(TITLES[0], defer=True)
    house.refusals(RewardEvent(choice.decision_id, "play", 1.0))
    sums = house.p._ready().sums
    assert (sums.rows, house.count(impressions)) == (1, 1)
    assert sums.q == 307 * 307 * 1024


def test_a_page_shown_after_it_was_deferred_activates_it(house: House) -> None:
    [deferred] = house.choose(TITLES[0], defer=True)
    assert house.choose(TITLES[0]) == [deferred]
    assert house.p.decision(deferred.decision_id).active
