"""What reaches the choice that should not: numbers that are none, late and doubled events, foreign
ids, clocks that go back, titles of no picture and of ten thousand."""

import asyncio
import uuid

import numpy as np
import pytest
import sqlalchemy as sa

from artwork.choice.belief import posterior
from artwork.choice.belief.features import is_neutral
from artwork.choice.belief.policy import mix
from artwork.choice.personalize import Choice, Personalizer, RewardEvent, WatchEvent
from artwork.rules.review import judge
from artwork.tables import (
    decisions,
    image_groups,
    impressions,
    offers,
    picture_features,
    rewards,
    variants,
    watch_events,
)
from content.errors import KeyartError, NotFound
from content.records import Writer
from tests.choosing import HERE, SECRET, TITLES, House, run, state_of
from tests.shelf import publish

MANY = 10_000


def code(answer: object) -> str | None:
    return answer.code if isinstance(answer, KeyartError) else None


def test_a_vector_that_is_no_number_is_neutral(house: House) -> None:
    vectors = {name: np.full(8, np.nan, np.float32) for name in ("a", "b")}
    vectors["c"] = np.array([np.inf, 1, 2, 3, 4, 5, 6, 7], np.float32)
    publish(house.engine, "broken", vectors)
    (answer,) = house.choose("broken")
    assert 0 < answer.propensity <= 1
    assert sum(house.p.replay(answer.decision_id).values()) == pytest.approx(1)
    with house.engine.connect() as connection:
        frozen = connection.scalars(
            sa.select(picture_features.c.data).where(picture_features.c.title_id == "broken")
        ).all()
    assert len(frozen) == 3 and all(is_neutral(each) for each in frozen)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_value_that_is_no_share_is_refused_and_nothing_kept(house: House, value: float) -> None:
    (answer,) = house.choose(TITLES[0])
    before = state_of(house.p)
    good = RewardEvent(answer.decision_id, "watch", 0.5)
    bad = RewardEvent(answer.decision_id, "play", value)
    assert house.refusals(bad) == ["invalid_reward"]
    told = run(house.p.watch([WatchEvent("ann", TITLES[0], value)]))
    assert [code(each) for each in told] == ["invalid_event"]
    assert state_of(house.p) == before and house.count(rewards) == house.count(watch_events) == 0
    assert house.refusals(good, bad) == [None, "invalid_reward"]


def test_a_picture_withdrawn_meanwhile_is_still_learned_from(house: House) -> None:
    (shown,) = house.choose(TITLES[0])
    with house.engine.begin() as connection:
        judge(connection, shown.variant_id, "veto", house.now_us, "default")
    assert house.refusals(RewardEvent(shown.decision_id, "watch", 1.0)) == [None]
    learner = house.p._learner
    assert learner is not None
    sums = learner.sums.titles[TITLES[0]]
    assert sums.s[sums.groups.index(shown.group_id)] > 0
    (then,) = house.choose(TITLES[0])
    assert then.group_id != shown.group_id
    with house.engine.connect() as connection:
        assert shown.variant_id not in house.p.replay(then.decision_id)
        assert connection.scalar(sa.select(sa.func.count()).select_from(rewards)) == 1


def test_a_clock_set_back_changes_no_order(house: House) -> None:
    (before,) = house.choose(TITLES[0])
    house.later(-3600)
    again, other = house.choose(TITLES[0], TITLES[1])
    assert again.decision_id == before.decision_id  # its episode has not ended
    assert house.refusals(RewardEvent(before.decision_id, "watch", 0.5)) == [None]
    (fresh,) = house.choose(TITLES[0], user=None)
    with house.engine.connect() as connection:
        order = connection.scalars(sa.select(decisions.c.id).order_by(decisions.c.seq)).all()
    assert order == [before.decision_id, other.decision_id, fresh.decision_id]
    state, pmf = state_of(house.p), house.p.replay(fresh.decision_id)
    house.crash()
    house.open()
    assert state_of(house.p) == state and house.p.replay(fresh.decision_id) == pmf


def shelve_many(house: House, title: str, count: int) -> None:
    """`count` pictures, in one insert for each table."""
    publish(house.engine, title, {"first": np.arange(8, dtype=np.float32)})
    vectors = np.random.default_rng(3).normal(size=(count, 8)).astype("<f4")
    ids = [str(uuid.UUID(int=n + 1)) for n in range(count)]
    base = {"tenant": "default", "title_id": title, "version": 1}
    with house.engine.begin() as connection:
        connection.execute(
            image_groups.insert(),
            [
                base | {"id": g, "origin": "frame", "source_s": 1.0, "facts": {},
                        "embedding": v.tobytes(), "embedding_fingerprint": "test@1:8:0"}
                for g, v in zip(ids, vectors, strict=True)
            ],
        )  # fmt: skip
        connection.execute(
            variants.insert(),
            [
                base | {"id": g, "group_id": g, "aspect": "16:9", "sha256": "ab" * 32, "width": 16,
                        "height": 9, "crop": {}, "scores": {}}
                for g in ids
            ],
        )  # fmt: skip


def test_ten_thousand_pictures_are_on_offer_each_with_its_probability(house: House) -> None:
    shelve_many(house, "crowd", MANY)
    (answer,) = house.choose("crowd")
    assert house.refusals(RewardEvent(answer.decision_id, "watch", 1.0)) == [None]
    (then,) = house.choose("crowd", user="bob")
    pmf = house.p.replay(then.decision_id)
    assert len(pmf) == MANY + 1 and sum(pmf.values()) == pytest.approx(1)
    assert pmf[then.variant_id] == then.propensity and min(pmf.values()) > 0
    with house.engine.connect() as connection:
        row = connection.execute(sa.select(decisions).order_by(decisions.c.seq.desc())).first()
    assert row is not None
    counts = np.frombuffer(row.counts, "<u2")
    assert int(counts.sum()) == 256
    np.testing.assert_array_equal(sorted(mix(counts, row.floor)), sorted(pmf.values()))


def test_many_arms_are_drawn_from_the_same_belief(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        for answer in house.choose(*TITLES, user=None):
            house.refusals(RewardEvent(answer.decision_id, "watch", 0.5))
    learner = house.p._learner
    assert learner is not None
    groups = [*learner.sums.titles[TITLES[0]].groups, "never seen", "nor this"]
    x = np.random.default_rng(1).uniform(-1, 1, (len(groups), learner.sums.dim))
    parts = (learner.sums, TITLES[0], groups, x)
    narrow = learner.posterior.scores(*parts)
    monkeypatch.setattr(posterior, "WIDE", 1)
    wide = learner.posterior.scores(*parts)
    assert isinstance(narrow, posterior.Scores) and isinstance(wide, posterior.WideScores)
    np.testing.assert_array_equal(wide.mean, narrow.mean)
    cov = wide.factor @ wide.factor.T + np.diag(wide.noise**2)
    np.testing.assert_allclose(cov, narrow.cov, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(wide.spread, narrow.spread, rtol=1e-9)
    moved = wide.moves(np.random.default_rng(2), 20_000)
    np.testing.assert_allclose(np.cov(moved.T), narrow.cov, atol=0.05 * narrow.cov.max())


def test_a_title_of_no_picture_leaves_the_others_be(house: House) -> None:
    publish(house.engine, "empty", {})
    answers = run(house.p.choose(["empty", TITLES[0], "nowhere"], "16:9", user="ann", context=HERE))
    assert [code(each) for each in answers] == ["no_variants", None, "title_not_found"]
    assert house.count(decisions) == 1
    assert run(house.p.choose([], "16:9", user="ann", context=HERE)) == []


def test_an_id_of_nobody_s_or_of_another_tenant_s_earns_nothing(house: House) -> None:
    publish(house.engine, "theirs", {"a": np.ones(8, np.float32)}, tenant="other")
    writer = Writer(house.engine)
    other = Personalizer(
        house.engine, writer, secret=SECRET, episode_s=60, floor=0.02, tenant="other"
    )
    other.start()
    (theirs,) = run(other.choose(["theirs"], "16:9", user="ann", context=HERE))
    assert isinstance(theirs, Choice)
    (ours,) = house.choose(TITLES[0])
    near = uuid.UUID(ours.decision_id)
    ids = [
        theirs.decision_id,
        str(uuid.UUID(int=near.int + 1)),
        str(uuid.uuid4()),
        ours.decision_id.upper(),
        "\x00",
        "x" * 100_000,
        "'; DROP TABLE decisions; --",
    ]
    before = state_of(house.p)
    assert house.refusals(*(RewardEvent(each, "watch", 1.0) for each in ids)) == [
        "decision_not_found"
    ] * len(ids)
    for each in ids:
        with pytest.raises(NotFound, match="decision"):
            house.p.decision(each)
    assert state_of(house.p) == before and house.count(rewards) == 0
    other.close()
    writer.close()


def test_one_event_many_times_at_once_is_one_row(any_house: House) -> None:
    house = any_house

    async def many() -> list[object]:
        choices = await asyncio.gather(
            *(house.p.choose([TITLES[0]], "16:9", user="ann", context=HERE) for _ in range(40))
        )
        ((answer,), *_) = choices
        assert isinstance(answer, Choice)
        assert {each.decision_id for (each,) in choices if isinstance(each, Choice)} == {
            answer.decision_id
        }
        event = RewardEvent(answer.decision_id, "watch", 0.5, event_id="once")
        watched = WatchEvent("ann", TITLES[0], 0.5, event_id="watched once")
        told = await asyncio.gather(
            *(house.p.observe([event]) for _ in range(40)),
            *(house.p.watch([watched]) for _ in range(40)),
        )
        return [outcome for outcomes in told for outcome in outcomes]

    assert run(many()) == [None] * 80
    assert [house.count(table) for table in (decisions, impressions, rewards, watch_events)] == [
        1,
        40,
        1,
        1,
    ]
    assert house.count(offers) == 1
    state = state_of(house.p)
    house.crash()
    house.open()
    assert state_of(house.p) == state
