"""Modes: whose choice is answered, with exact probabilities, across restarts and under rules."""

import asyncio
from itertools import pairwise

import numpy as np
import pytest
import sqlalchemy as sa

from artwork.choice.belief.policy import mix
from artwork.choice.events.attribution import RewardEvent
from artwork.choice.events.taste import viewer_of
from artwork.choice.learning.learner import KEPT_CHECKPOINTS
from artwork.choice.modes.steering import Guard
from artwork.choice.personalize import Choice, Context, WatchEvent
from artwork.choice.record.mode import in_control
from artwork.rules.guardrails import ArtworkPolicy
from artwork.rules.review import judge, set_policy
from artwork.tables import checkpoints, decisions, image_groups, mode_changes
from content.errors import Conflict, NotFound, Unavailable
from tests.choosing import EMBEDDINGS, HERE, SECRET, TITLES, House, run, state_of
from tests.shelf import publish


def lived(house: House, viewers: int = 30) -> None:
    for n in range(viewers):
        run(house.p.watch([WatchEvent(f"u{n % 5}", TITLES[n % 3], 1.0)]))
        [choice] = house.choose(TITLES[0], user=f"v{n}")
        if n % 3:
            house.refusals(RewardEvent(choice.decision_id, "watch", (n % 4) / 4))


def incumbents(house: House, **policy: str) -> str:
    """The picture with the best score of TITLES[0], after a policy is set; its group."""
    with house.engine.begin() as connection:
        groups = connection.scalars(
            sa.select(image_groups.c.id)
            .where(image_groups.c.title_id == TITLES[0])
            .order_by(image_groups.c.id)
        ).all()
        for n, group in enumerate(groups):
            score = {"overall": 0.9 if n == 7 else 0.1}
            mine = image_groups.c.id == group
            connection.execute(sa.update(image_groups).where(mine).values(scores=score))
        set_policy(connection, TITLES[0], ArtworkPolicy(**policy), 2, "default")
    return str(groups[7])


# ---- learn, explore ------------------------------------------------------------------------------


def test_exploring_gives_every_picture_its_even_share(any_house: House) -> None:
    lived(any_house)
    assert any_house.p.steering.set("explore", share=0.6, by="ada").change.by == "ada"
    [choice] = any_house.choose(TITLES[0], user="new")
    view = any_house.p.decision(choice.decision_id)
    assert view.mode == "explore"
    with any_house.engine.connect() as connection:
        row = connection.execute(
            sa.select(decisions.c.counts, decisions.c.floor).where(
                decisions.c.id == choice.decision_id
            )
        ).one()
    assert row.floor == 0.6
    expected = mix(np.frombuffer(row.counts, "<u2").astype(np.uint16), 0.6)
    assert list(view.propensities.values()) == expected.tolist()
    assert min(view.propensities.values()) >= 0.6 / 12
    assert any_house.p.replay(choice.decision_id) == view.propensities
    any_house.p.steering.set("explore", share=0.001)
    [choice] = any_house.choose(TITLES[1], user="new")
    least = min(any_house.p.decision(choice.decision_id).propensities.values())
    assert least >= 0.02 / 12, "the floor of the settings holds beside"


def test_a_mode_outlives_the_process_and_is_told_once(any_house: House) -> None:
    steering = any_house.p.steering
    assert steering.view().change.mode == "learn"
    steering.set("explore", share=0.5)
    steering.set("explore")
    steering.set("learn")
    any_house.crash()
    any_house.open()
    assert any_house.p.steering.view().change.mode == "learn"
    assert any_house.count(mode_changes) == 2


def test_another_process_follows_with_its_next_choice(any_house: House) -> None:
    other = House(any_house.engine)
    other.open()
    other.p.steering.set("shadow")
    [choice] = any_house.choose(TITLES[0])
    assert any_house.p.decision(choice.decision_id).mode == "shadow"
    other.close()


# ---- freeze --------------------------------------------------------------------------------------


def test_what_is_frozen_learns_nothing_until_it_is_let_go(any_house: House) -> None:
    lived(any_house)
    frozen = any_house.p.steering.set("freeze").offset
    assert frozen == any_house.p.offset
    lived(any_house, 40)
    run(any_house.p.watch([WatchEvent("u1", TITLES[3], 1.0)]))
    [before] = any_house.choose(TITLES[0], user="u1")
    any_house.crash()
    any_house.open()
    assert any_house.p.steering.view().offset == frozen < any_house.p.offset
    [after] = any_house.choose(TITLES[1], user="u1")
    for choice in (before, after):
        view = any_house.p.decision(choice.decision_id)
        assert (view.ledger_offset, view.mode) == (frozen, "freeze")
        assert any_house.p.replay(choice.decision_id) == view.propensities
    assert any_house.p.steering.set("learn").offset == any_house.p.offset
    [choice] = any_house.choose(TITLES[2], user="u1")
    view = any_house.p.decision(choice.decision_id)
    assert view.ledger_offset > frozen
    assert any_house.p.replay(choice.decision_id) == view.propensities


def test_the_frozen_state_is_the_same_bits_after_a_restart(house: House) -> None:
    lived(house)
    frozen = house.p.steering.set("freeze").offset
    kept = house.p.steering._frozen
    assert kept is not None
    assert kept.packed() == state_of(house.p)
    for _ in range(KEPT_CHECKPOINTS + 1):
        lived(house, 12)
        house.close()
        house.open()
    with house.engine.connect() as connection:
        seqs = connection.scalars(sa.select(checkpoints.c.seq)).all()
    assert frozen in seqs, "a start need not learn all from the beginning"
    assert len(seqs) <= KEPT_CHECKPOINTS + 1
    again = house.p.steering._frozen
    assert again is not None
    assert again.packed() == kept.packed()


def test_titles_that_there_are_not_do_not_have_the_frozen_state_read_again(house: House) -> None:
    lived(house, 6)
    house.p.steering.set("freeze")
    kept = house.p.steering._frozen
    with pytest.raises(NotFound):
        house.choose("nowhere")
    assert kept is not None and house.p.steering._frozen is kept
    house.choose(TITLES[0])
    assert house.p.steering._frozen is kept


def test_who_is_forgotten_leaves_what_is_frozen_too(any_house: House) -> None:
    lived(any_house)
    [mine] = any_house.choose(TITLES[0], user="gone")
    any_house.refusals(RewardEvent(mine.decision_id, "watch", 1.0))
    any_house.p.steering.set("freeze")
    [early] = any_house.choose(TITLES[1], user="stays")
    held = any_house.p.steering._frozen
    assert held is not None
    rows = held.sums.rows
    run(any_house.p.people.forget("gone"))
    kept = any_house.p.steering._frozen
    assert kept is not None
    assert kept.sums.rows == rows - 1
    [choice] = any_house.choose(TITLES[2], user="stays")
    assert any_house.p.replay(choice.decision_id) == dict(
        any_house.p.decision(choice.decision_id).propensities
    )
    with pytest.raises(Conflict) as refusal:
        any_house.p.replay(early.decision_id)
    assert refusal.value.code == "policy_mismatch"
    any_house.crash()
    any_house.open()
    again = any_house.p.steering._frozen
    assert again is not None
    assert again.packed() == kept.packed()


# ---- shadow --------------------------------------------------------------------------------------


def test_in_shadow_the_incumbent_is_answered_and_learned_from(any_house: House) -> None:
    best = incumbents(any_house)
    lived(any_house)
    before = any_house.p._ready().sums.rows
    any_house.p.steering.set("shadow")
    for n in range(12):
        [choice] = any_house.choose(TITLES[0], user=f"w{n}")
        view = any_house.p.decision(choice.decision_id)
        assert (choice.group_id, choice.propensity, view.mode) == (best, 1.0, "shadow")
        assert view.propensities == {choice.variant_id: 1.0}
        assert any_house.p.replay(choice.decision_id) == view.propensities
    assert any_house.p._ready().sums.rows == before + 12
    told = any_house.p.steering.view().tally
    with any_house.engine.connect() as connection:
        agreed = connection.scalars(
            sa.select(decisions.c.agrees).where(decisions.c.agrees.is_not(None))
        ).all()
    assert (told.compared, told.agreeing) == (12, sum(agreed))
    assert any_house.p.steering.promote().change.mode == "learn"
    with pytest.raises(Conflict) as refusal:
        any_house.p.steering.promote()
    assert refusal.value.code == "not_in_shadow"


def test_an_episode_of_the_policy_ends_where_the_incumbent_is_wanted(house: House) -> None:
    best = incumbents(house)
    shown = {house.choose(TITLES[0], user=f"v{n}")[0].group_id for n in range(8)}
    assert shown != {best}
    house.p.steering.set("shadow")
    [first] = house.choose(TITLES[0], user="v1")
    [again] = house.choose(TITLES[0], user="v1")
    assert first == again
    assert first.group_id == best
    house.crash()
    house.open()
    assert house.choose(TITLES[0], user="v1") == [first]
    house.p.steering.set("learn")
    assert house.choose(TITLES[0], user="v1") == [first], "a picture is kept for its episode"


def test_the_incumbent_is_the_one_named_else_uploaded_else_the_best(house: House) -> None:
    best = incumbents(house)
    house.p.steering.set("shadow")
    with house.engine.connect() as connection:
        others = [g for g in connection.scalars(
            sa.select(image_groups.c.id).where(image_groups.c.title_id == TITLES[0])
        ) if g != best]  # fmt: skip
    assert house.choose(TITLES[0], user="a")[0].group_id == best
    with house.engine.begin() as connection:
        mine = image_groups.c.id == others[2]
        connection.execute(sa.update(image_groups).where(mine).values(origin="uploaded"))
    incumbents(house)
    assert house.choose(TITLES[0], user="b")[0].group_id == others[2]
    incumbents(house, incumbent=others[4])
    assert house.choose(TITLES[0], user="c")[0].group_id == others[4]


@pytest.mark.parametrize("mode", ["learn", "explore", "freeze", "shadow"])
def test_rules_hold_in_every_mode(house: House, mode: str) -> None:
    best = incumbents(house)
    publish(house.engine, "adult", EMBEDDINGS[TITLES[1]], maturity="18")
    house.p.steering.set(mode, share=1.0)  # type: ignore[arg-type]
    with house.engine.begin() as connection:
        judge(connection, best, "veto", 3, "default")
    seen = {house.choose(TITLES[0], user=f"v{n}")[0].group_id for n in range(20)}
    assert best not in seen
    if mode == "shadow":
        assert len(seen) == 1, "the next best of those that may be shown"
    ceiling = Context(maturity_max="13")
    [refusal] = run(house.p.choose(["adult"], "16:9", user="v", context=ceiling))
    assert getattr(refusal, "code", None) == "no_variants"


# ---- holdout and guardrail -----------------------------------------------------------------------


def test_the_holdout_is_a_stable_share_of_viewers(house: House) -> None:
    viewers = [viewer_of(SECRET, "default", f"u{n}") for n in range(4_000)]
    shares = (0.0, 0.05, 0.2, 1.0)
    groups = [{v for v in viewers if in_control(v, share)} for share in shares]
    assert [len(g) / 4_000 for g in groups] == pytest.approx(shares, abs=0.02)
    assert all(smaller <= larger for smaller, larger in pairwise(groups))


def test_where_the_policy_does_harm_the_incumbent_takes_over(any_house: House) -> None:
    house = any_house
    house.close()
    house.open(guard=Guard(holdout=0.5))
    best = incumbents(house)
    house.p.steering.set("explore", share=1.0)  # which loses: viewers like the house's own
    house.p.steering.watch()

    async def crowd() -> None:
        asked = [
            house.p.choose([TITLES[0]], "16:9", user=f"v{n}", context=HERE) for n in range(600)
        ]
        shown = [choice for [choice] in await asyncio.gather(*asked) if isinstance(choice, Choice)]
        liked = [one.decision_id for one in shown if one.group_id == best]
        await house.p.observe([RewardEvent(each, "watch", 1.0) for each in liked])

    run(crowd())
    house.p.steering.watch()
    view = house.p.steering.view()
    assert (view.change.mode, view.change.by) == ("incumbent", "guardrail")
    assert view.change.why is not None
    assert view.change.why["high"] < 0
    assert view.change.why["mode"] == "explore"
    [choice] = house.choose(TITLES[0], user="later")
    assert (choice.group_id, choice.propensity) == (best, 1.0)
    house.p.steering.watch()
    assert house.p.steering.set("learn").change.mode == "learn", "a person puts it back"
    house.p.steering.watch()
    assert house.p.steering.view().change.mode == "learn", "what was before is not counted again"


def test_the_tally_goes_on_where_it_was_kept_and_forgets_who_is_forgotten(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artwork.choice.modes.steering.SAVED_EVERY", 1)
    house.close()
    house.open(guard=Guard(holdout=0.5))
    lived(house, 60)
    house.p.steering.watch()
    kept = house.p.steering.view().tally
    assert kept.policy.decisions + kept.control.decisions == 60
    house.crash()
    house.open(guard=Guard(holdout=0.5))
    tally = house.p.steering.view().tally
    assert (tally.seq, tally.packed()) == (kept.seq, kept.packed())
    run(house.p.people.forget("v1"))
    left = house.p.steering.view().tally
    assert left.policy.decisions + left.control.decisions == 59
    with house.engine.connect() as connection:
        rows = connection.execute(sa.select(decisions.c.way)).all()
    assert left.control.decisions == sum(row.way == 5 for row in rows)


def test_a_count_that_breaks_off_counts_nothing_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artwork.choice.modes.tally.SPAN", 20)
    house.close()
    house.open(guard=Guard(holdout=0.5))
    lived(house, 60)

    left = iter(range(4))

    def broken(*of: object) -> None:
        if "FROM rewards" in str(of[2]) and next(left, None) is None:
            raise sa.exc.OperationalError("SELECT", None, Exception("server closed it"))

    sa.event.listen(house.engine, "before_cursor_execute", broken)
    with pytest.raises(Unavailable, match="ledger_unavailable"):
        house.p.steering.view()
    sa.event.remove(house.engine, "before_cursor_execute", broken)
    tally = house.p.steering.view().tally
    assert tally.policy.decisions + tally.control.decisions == 60
