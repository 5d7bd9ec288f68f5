"""The choice as a service: durable, sticky, repeatable, and learning from the next reward on."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pytest
import sqlalchemy as sa

from artwork.learner import Learner
from artwork.ledger import Appended, head
from artwork.personalize import (
    Choice,
    Context,
    Personalizer,
    RewardEvent,
    WatchEvent,
)
from artwork.tables import (
    checkpoints,
    decisions,
    impressions,
    offers,
    picture_features,
    rewards,
    watch_events,
)
from artwork.taste import viewer_of
from content.errors import KeyartError, NotFound, Unavailable
from content.records import Writer
from content.tables import titles
from samples.worlds import synthetic_embeddings
from tests.shelf import publish

T = TypeVar("T")
SECRET = b"0123456789abcdef0123456789abcdef"
EPISODE_S = 100.0
HERE = Context(device="tv", tz="Europe/Berlin", country="DE")


@dataclass
class House:
    """A database, and personalizers on it that come and go."""

    engine: sa.Engine
    now_us: int = 1_800_000_000_000_000
    writer: Writer = field(init=False)
    p: Personalizer = field(init=False)

    def open(self, **options: Any) -> Personalizer:
        self.writer = Writer(self.engine)
        settings: dict[str, Any] = {"secret": SECRET, "episode_s": EPISODE_S, "floor": 0.02}
        self.p = Personalizer(
            self.engine, self.writer, clock=lambda: self.now_us, **settings | options
        )
        self.p.start()
        return self.p

    def close(self) -> None:
        self.p.close()
        self.writer.close()

    def crash(self) -> None:
        """Gone without a checkpoint; what was answered is committed."""
        self.writer.close()

    def choose(self, *titles: str, user: str | None = "ann", **options: Any) -> list[Choice]:
        settings: dict[str, Any] = {"aspect": "16:9", "context": HERE} | options
        aspect = settings.pop("aspect")
        answers = run(self.p.choose(list(titles), aspect, user=user, **settings))
        for answer in answers:
            if isinstance(answer, KeyartError):
                raise answer
        return [answer for answer in answers if isinstance(answer, Choice)]

    def refusals(self, *events: RewardEvent) -> list[str | None]:
        return [e.code if e else None for e in run(self.p.observe(events))]

    def count(self, table: sa.Table) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)

    def later(self, seconds: float) -> None:
        self.now_us += round(seconds * 1_000_000)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


EMBEDDINGS = synthetic_embeddings(4, 12, seed=5)
TITLES = list(EMBEDDINGS)


@pytest.fixture
def house(engine: sa.Engine) -> Iterator[House]:
    for title in TITLES:
        publish(engine, title, EMBEDDINGS[title])
    house = House(engine)
    house.open()
    yield house
    house.writer.close()


def state_of(p: Personalizer) -> bytes:
    assert p._learner is not None
    return p._learner.packed()


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


def test_each_title_is_answered_or_refused_by_itself(house: House) -> None:
    publish(house.engine, "bare", {})
    publish(house.engine, "adult", EMBEDDINGS[TITLES[1]], maturity="18")
    publish(house.engine, "tall", EMBEDDINGS[TITLES[2]], aspects=("2:3",))
    page = [TITLES[0], "nowhere", "bare", "adult", "tall"]
    ceiling = Context(maturity_max="13")
    answers = run(house.p.choose(page, "16:9", user="ann", context=ceiling))
    assert isinstance(answers[0], Choice)
    refusals = answers[1:]
    assert all(isinstance(refusal, NotFound) for refusal in refusals)
    codes = [r.code for r in refusals if isinstance(r, KeyartError)]
    assert codes == ["title_not_found", "no_variants", "no_variants", "no_variants"]
    assert "ceiling 13" in str(answers[3])
    assert house.choose("adult")[0].title_id == "adult"


def test_a_title_that_is_still_being_made_has_no_pictures(house: House) -> None:
    with house.engine.begin() as connection:
        row = {"tenant": "default", "id": "new", "version": None, "latest": 1}
        connection.execute(titles.insert(), row | {"created_us": 1, "updated_us": 1})
    with pytest.raises(NotFound) as refusal:
        house.choose("new")
    assert refusal.value.code == "no_variants"


@pytest.mark.parametrize("text", ["a\0b", "\ud800", ""])
def test_text_that_no_database_takes_names_nothing(house: House, text: str) -> None:
    with pytest.raises(NotFound):
        house.choose(text)
    with pytest.raises(NotFound):
        house.p.decision(text)
    [choice] = house.choose(TITLES[0])
    event = RewardEvent(choice.decision_id, "play", 1.0, event_id=text)
    assert house.refusals(event, RewardEvent(text, "play", 1.0)) == [
        "invalid_reward",
        "decision_not_found",
    ]
    assert house.choose(TITLES[1], user="\ud800")


def test_without_a_user_nothing_of_the_viewer_is_kept(house: House) -> None:
    a, b = (house.choose(TITLES[0], user=None)[0] for _ in "ab")
    assert a.decision_id != b.decision_id
    with house.engine.connect() as connection:
        assert set(connection.scalars(sa.select(decisions.c.viewer))) == {None}


def test_the_user_id_is_stored_nowhere(house: House) -> None:
    user = "a-user-name-like-no-other"
    house.choose(TITLES[0], user=user)
    run(house.p.watch([WatchEvent(user, TITLES[1], 1.0)]))
    with house.engine.connect() as connection:
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


def test_an_episode_outlives_the_process(house: House) -> None:
    [first] = house.choose(TITLES[0])
    house.crash()
    house.open()
    assert house.choose(TITLES[0]) == [first]


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


def test_two_requests_at_once_share_one_decision(house: House) -> None:
    async def both() -> list[Any]:
        ask = [house.p.choose(TITLES, "16:9", user="ann", context=HERE) for _ in range(20)]
        return await asyncio.gather(*ask)

    pages = run(both())
    assert all(page == pages[0] for page in pages)
    assert house.count(decisions) == len(TITLES)
    assert house.count(impressions) == 20 * len(TITLES)


def test_a_title_asked_twice_on_a_page_is_decided_once(house: House) -> None:
    a, b = house.choose(TITLES[0], TITLES[0])
    assert a == b
    assert house.count(decisions) == 1


# ---- deferred ------------------------------------------------------------------------------------


def test_a_deferred_decision_counts_once_it_is_shown(house: House) -> None:
    [choice] = house.choose(TITLES[0], defer=True)
    before = state_of(house.p)
    assert not house.p.decision(choice.decision_id).active
    assert house.count(impressions) == 0
    assert house.refusals(RewardEvent(choice.decision_id, "impression", 1.0)) == [None]
    assert house.p.decision(choice.decision_id).active
    assert house.count(impressions) == 1
    assert state_of(house.p) != before
    assert house.p._ready().sums.rows == 1
    assert house.refusals(RewardEvent(choice.decision_id, "impression", 1.0)) == [None]
    assert house.p._ready().sums.rows == house.count(impressions) == 1


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


# ---- rewards -------------------------------------------------------------------------------------


def test_rewards_repeat_conflict_and_correct(house: House) -> None:
    [choice] = house.choose(TITLES[0])
    mine = choice.decision_id
    watch = RewardEvent(mine, "watch", 0.5)
    assert house.refusals(watch, watch) == [None, None]
    assert house.refusals(watch) == [None]
    assert house.count(rewards) == 1
    assert house.refusals(RewardEvent(mine, "watch", 0.75)) == ["reward_conflict"]
    assert house.refusals(RewardEvent(mine, "watch", 0.25, correct=True)) == [None]
    assert house.count(rewards) == 2
    assert house.p._ready().sums.q == 256 * 256 * 1024
    house.refusals(RewardEvent(mine, "play", 1.0))  # 0.3: the deepest success counts
    assert house.p._ready().sums.q == 307 * 307 * 1024
    kept = [(r.kind, r.value, r.corrects) for r in house.p.decision(mine).rewards]
    assert kept == [("watch", 0.5, False), ("watch", 0.25, True), ("play", 1.0, False)]


def test_one_bad_event_leaves_the_others_be(house: House) -> None:
    [choice] = house.choose(TITLES[0])
    good = RewardEvent(choice.decision_id, "click", 1.0)
    assert house.refusals(
        RewardEvent("nobody", "click", 1.0),
        RewardEvent(choice.decision_id, "click", float("nan")),
        RewardEvent(choice.decision_id, "click", 1.5),
        RewardEvent(choice.decision_id, "glance", 1.0),
        good,
    ) == ["decision_not_found", "invalid_reward", "invalid_reward", "invalid_reward_kind", None]
    assert house.count(rewards) == 1


def test_an_event_id_makes_a_retry_harmless(house: House) -> None:
    [a, b] = house.choose(TITLES[0], TITLES[1])
    event = RewardEvent(a.decision_id, "watch", 0.5, event_id="e1")
    assert house.refusals(event, event) == [None, None]
    assert house.refusals(event) == [None]
    assert house.refusals(RewardEvent(b.decision_id, "watch", 0.5, event_id="e1")) == [
        "event_conflict"
    ]
    assert house.count(rewards) == 1


def test_a_reward_is_visible_in_the_next_decision(house: House) -> None:
    house.close()
    house.open(draws=8192)  # so that the noise of counting is below 0.01
    [choice] = house.choose(TITLES[0])
    offset = house.p.offset
    before = house.p.decision(house.choose(TITLES[0], user="bob")[0].decision_id)
    house.refusals(RewardEvent(choice.decision_id, "watch", 1.0))
    after = house.p.decision(house.choose(TITLES[0], user="cid")[0].decision_id)
    assert after.ledger_offset == house.p.offset - 2 > before.ledger_offset == offset
    assert after.propensities[choice.variant_id] > before.propensities[choice.variant_id] + 0.03


def test_whoever_has_an_answer_finds_it_learned_however_slow_that_is(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = Learner.advance

    def slow(learner: Learner, appended: Appended) -> bool:
        time.sleep(0.05)
        return advance(learner, appended)

    monkeypatch.setattr(Learner, "advance", slow)
    for title in TITLES:
        [choice] = house.choose(title)
        assert house.p.offset == _head(house)
        house.refusals(RewardEvent(choice.decision_id, "watch", 1.0))
        assert house.p.offset == _head(house)


def _head(house: House) -> int:
    with house.engine.connect() as connection:
        return head(connection, "default")


# ---- taste ---------------------------------------------------------------------------------------


def test_watch_events_are_idempotent_and_need_a_title(house: House) -> None:
    events = [
        WatchEvent("ann", TITLES[0], 1.0, event_id="w1"),
        WatchEvent("ann", TITLES[0], 1.0, event_id="w1"),
        WatchEvent("ann", "nowhere", 1.0),
        WatchEvent("ann", TITLES[0], 2.0),
        WatchEvent("bob", TITLES[0], 1.0, event_id="w1"),
    ]
    codes = [e.code if e else None for e in run(house.p.watch(events))]
    assert codes == [None, None, "title_not_found", "invalid_event", "event_conflict"]
    assert house.count(watch_events) == 1


def test_what_was_watched_changes_the_features(house: House) -> None:
    def chosen_x(user: str) -> np.ndarray:
        [choice] = house.choose(TITLES[0], user=user)
        with house.engine.connect() as connection:
            x = connection.scalar(
                sa.select(decisions.c.x).where(decisions.c.id == choice.decision_id)
            )
        return np.frombuffer(x, "<i2")

    assert not chosen_x("bob")[21:42].any()  # interplay and match
    run(house.p.watch([WatchEvent("ann", TITLES[1], 1.0)]))
    assert chosen_x("ann")[21:42].any()


# ---- the ledger ----------------------------------------------------------------------------------


def test_a_decision_row_is_small(house: House) -> None:
    context = Context("desktop", "DE", "America/Argentina/Buenos_Aires", "16")
    house.choose(TITLES[0], context=context)
    with house.engine.connect() as connection:
        row = connection.execute(sa.select(decisions)).one()
    size = 0
    for value in row:
        size += len(value.encode()) if isinstance(value, str) else 0
        size += len(value) if isinstance(value, bytes) else 0
        size += 8 if isinstance(value, int | float) and not isinstance(value, bool) else 0
    assert size <= 400


def _live(house: House, steps: int) -> list[str]:
    """Choices, rewards, corrections, deferrals and watches, in a fixed pseudorandom order."""
    rng = np.random.default_rng(11)
    made: list[str] = []
    for _ in range(steps):
        house.later(float(rng.integers(60)))
        user = f"user {rng.integers(5)}" if rng.random() < 0.9 else None
        page = [TITLES[i] for i in rng.permutation(len(TITLES))[: rng.integers(1, 4)]]
        choices = house.choose(*page, user=user, defer=bool(rng.random() < 0.3))
        made += [choice.decision_id for choice in choices]
        events = [
            RewardEvent(
                made[rng.integers(len(made))], kind, float(rng.integers(5)) / 4, correct=True
            )
            for kind in ("impression", "play", "watch")
            if rng.random() < 0.4
        ]
        house.refusals(*events)
        if user and rng.random() < 0.3:
            run(house.p.watch([WatchEvent(user, TITLES[rng.integers(len(TITLES))], 0.75)]))
    return list(dict.fromkeys(made))


def test_replay_gives_the_same_probabilities_bit_for_bit(house: House) -> None:
    made = _live(house, 40)
    logged = {d: house.p.decision(d).propensities for d in made}
    assert all(house.p.replay(d) == logged[d] for d in made[::3])
    # Again in a new process from a checkpoint, and once more without any.
    house.close()
    house.open()
    assert all(house.p.replay(d) == logged[d] for d in made[-6:])
    with house.engine.begin() as connection:
        assert connection.execute(sa.delete(checkpoints)).rowcount == 1
    assert all(house.p.replay(d) == logged[d] for d in made[-6:])


def test_starting_again_gives_the_same_bits_as_running_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    _live(house, 15)
    house.close()  # writes a checkpoint
    house.open()
    _live(house, 15)
    running = state_of(house.p)
    house.crash()
    house.open()  # checkpoint and tail
    assert state_of(house.p) == running
    house.crash()
    with house.engine.begin() as connection:
        connection.execute(sa.delete(checkpoints))
    monkeypatch.setattr("artwork.ledger._SPAN", 7)
    house.open()  # the whole ledger
    assert state_of(house.p) == running


def test_rows_of_another_process_are_learned_in_order(house: House) -> None:
    other = House(house.engine, now_us=house.now_us)
    other.open()
    [theirs] = other.choose(TITLES[0], user="bob")
    house.choose(TITLES[1])
    other.refusals(RewardEvent(theirs.decision_id, "watch", 1.0))
    house.choose(TITLES[2])
    other.crash()
    running = state_of(house.p)
    house.crash()
    house.open()
    assert state_of(house.p) == running


def test_another_policy_does_not_pretend_to_replay(house: House) -> None:
    [choice] = house.choose(TITLES[0])
    house.close()
    house.open(draws=128)
    with pytest.raises(KeyartError) as refusal:
        house.p.replay(choice.decision_id)
    assert refusal.value.code == "policy_mismatch"
    assert house.p._ready().sums.rows == 1  # but it learned from it


def test_frozen_features_outlive_a_new_version_of_the_facts(house: House) -> None:
    [choice] = house.choose(TITLES[0])
    logged = house.p.decision(choice.decision_id).propensities
    facts = {name: {"brightness": 1.0} for name in EMBEDDINGS[TITLES[0]]}
    publish(house.engine, TITLES[0], EMBEDDINGS[TITLES[0]], facts=facts, version=2)
    stored = house.count(picture_features)
    house.choose(TITLES[0], user="bob")
    assert house.count(picture_features) == stored
    assert house.p.replay(choice.decision_id) == logged


# ---- when things go wrong ------------------------------------------------------------------------


def test_nothing_is_answered_before_the_start(engine: sa.Engine) -> None:
    writer = Writer(engine)
    p = Personalizer(engine, writer, secret=SECRET, episode_s=1, floor=0.02)
    with pytest.raises(Unavailable) as refusal:
        run(p.choose(["x"], "16:9", user=None, context=HERE))
    assert refusal.value.code == "not_started"
    p.close()
    writer.close()


def test_an_unknown_decision_is_not_found(house: House) -> None:
    look: Callable[[str], object]
    for look in (house.p.decision, house.p.replay):
        with pytest.raises(NotFound) as refusal:
            look("nobody")
        assert refusal.value.code == "decision_not_found"


def test_a_failed_append_is_no_answer_and_begins_no_episode(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sa.exc.OperationalError("insert", {}, Exception("database or disk is full"))

    with monkeypatch.context() as broken:
        broken.setattr("artwork.personalize.append_decisions", full)
        with pytest.raises(Unavailable) as refusal:
            house.choose(TITLES[0])
        assert refusal.value.code == "ledger_unavailable"
    assert house.count(decisions) == 0
    [choice] = house.choose(TITLES[0])
    assert house.p.decision(choice.decision_id).title_id == TITLES[0]


def test_full_sums_stop_the_learning_and_say_so(house: House) -> None:
    house.p._ready().sums.A[0, 0] = 2**63 - 1
    house.choose(TITLES[0])  # this one is in the ledger, but cannot be learned
    with pytest.raises(Unavailable) as refusal:
        house.choose(TITLES[1])
    assert refusal.value.code == "learning_stopped"


def test_a_caller_that_goes_away_does_not_undo_the_write(house: House) -> None:
    async def hurried() -> None:
        asking = asyncio.ensure_future(house.p.choose(TITLES, "16:9", user="ann", context=HERE))
        await asyncio.sleep(0)
        asking.cancel()

    run(hurried())
    assert len(house.choose(*TITLES)) == len(TITLES)
    assert house.count(decisions) == len(TITLES)
