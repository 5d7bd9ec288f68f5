"""Calls that wait are answered together: each as if it were alone."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from artwork.choice import personalize
from artwork.choice.personalize import Choice, Context, RewardEvent
from artwork.tables import decisions, impressions, rewards
from content.errors import Invalid, Unavailable
from tests.choosing import HERE, TITLES, House, run, state_of


@contextmanager
def held(house: House) -> Iterator[None]:
    """The deciding thread is busy: what is asked meanwhile waits together."""
    go = threading.Event()
    house.p._thread.submit(go.wait)
    try:
        yield
    finally:
        go.set()


async def together(house: House, *work: object) -> list[object]:
    with held(house):
        tasks = [asyncio.ensure_future(each) for each in work]  # type: ignore[call-overload]
        await asyncio.sleep(0)
    return list(await asyncio.gather(*tasks, return_exceptions=True))


def test_many_calls_are_one_append_and_one_bad_one_leaves_the_others_be(any_house: House) -> None:
    house = any_house
    appends = []
    write = house.writer.write
    house.writer.write = lambda *of: (appends.append(1), write(*of))[1]  # type: ignore[method-assign,assignment,func-returns-value]
    places = [Context(tz="Nowhere/None"), *[HERE] * 30]
    calls = [
        house.p.choose([TITLES[n % 4], "nowhere"], "16:9", user=f"u{n % 20}", context=place)
        for n, place in enumerate(places)
    ]
    bad, *answers = run(together(house, *calls))
    assert isinstance(bad, Invalid) and bad.code == "invalid_context"
    assert len(appends) == 1
    made = [each[0].decision_id for each in answers]  # type: ignore[index]
    assert len(set(made)) == house.count(decisions) == 20  # u1 … u10 come again: their episodes
    assert house.count(impressions) == 30
    pmfs = {each: house.p.replay(each) for each in set(made)}
    for choice, _ in answers:  # type: ignore[attr-defined, has-type]
        assert pmfs[choice.decision_id][choice.variant_id] == choice.propensity
    state = state_of(house.p)
    house.crash()
    house.open()
    assert state_of(house.p) == state
    assert {each: house.p.replay(each) for each in pmfs} == pmfs


def test_a_decision_that_is_asked_for_twice_at_once_waits_for_its_append(house: House) -> None:
    calls = [
        house.p.choose([TITLES[0]], "16:9", user="ann", context=HERE, defer=True) for _ in range(2)
    ]
    ((first,), (second,)) = run(together(house, *calls))  # type: ignore[misc]
    assert first.decision_id == second.decision_id  # type: ignore[has-type]
    assert house.count(decisions) == 1 and house.count(impressions) == 0


def test_when_the_append_fails_nobody_is_answered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sa.exc.OperationalError("INSERT", None, Exception("disk full"))

    monkeypatch.setattr(personalize, "append_decisions", full)
    calls = [house.p.choose([TITLES[0]], "16:9", user="ann", context=HERE) for _ in range(5)]
    told = run(together(house, *calls))
    assert [each.code for each in told if isinstance(each, Unavailable)] == [
        "ledger_unavailable"
    ] * 5
    monkeypatch.undo()
    assert house.count(decisions) == 0
    (then,) = house.choose(TITLES[0])
    assert house.count(decisions) == 1 and then.propensity > 0


def test_when_the_read_breaks_off_what_was_decided_in_it_is_no_episode(house: House) -> None:
    def broken(_: sa.Connection) -> None:
        sa.event.remove(house.engine, "commit", broken)
        raise sa.exc.OperationalError("COMMIT", None, Exception("server closed the connection"))

    house.choose(TITLES[1])
    sa.event.listen(house.engine, "commit", broken)
    with pytest.raises(Unavailable) as refused:
        house.choose(TITLES[0])
    assert refused.value.code == "ledger_unavailable"
    assert house.count(decisions) == 1
    (then,) = house.choose(TITLES[0])
    assert house.p.decision(then.decision_id).variant_id == then.variant_id
    assert house.count(decisions) == 2


def test_rewards_that_wait_are_kept_but_for_the_one_that_spoils(any_house: House) -> None:
    house = any_house
    shown = house.choose(*TITLES)
    events = [RewardEvent(each.decision_id, "watch", 0.5, f"e{n}") for n, each in enumerate(shown)]
    spoilt = RewardEvent(shown[0].decision_id, "play", 1.0, occurred_us=float("nan"))  # type: ignore[arg-type]
    told = run(together(house, *(house.p.observe([each]) for each in (*events, spoilt, events[0]))))
    assert told[:4] == [[None]] * 4 and told[5] == [None]
    assert isinstance(told[4], Exception)
    assert house.count(rewards) == 4


def test_those_beside_one_that_spoils_are_answered_while_the_service_ends(house: House) -> None:
    [shown] = house.choose(TITLES[0])
    good = RewardEvent(shown.decision_id, "watch", 0.5)
    spoilt = RewardEvent(shown.decision_id, "play", 1.0, occurred_us=float("nan"))  # type: ignore[arg-type]

    async def ending() -> list[object]:
        with held(house):
            tasks = [asyncio.ensure_future(house.p.observe([each])) for each in (good, spoilt)]
            await asyncio.sleep(0)
            house.p._thread.shutdown(wait=False)
        return list(await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60))

    first, second = run(ending())
    assert first == [None] and isinstance(second, Exception)
    assert house.count(rewards) == 1


def test_a_caller_that_goes_away_leaves_the_others_be(house: House) -> None:
    async def go() -> object:
        with held(house):
            calls = [
                asyncio.ensure_future(
                    house.p.choose([TITLES[0]], "16:9", user=f"u{n}", context=HERE)
                )
                for n in range(3)
            ]
            await asyncio.sleep(0)
            calls[1].cancel()
        return await asyncio.gather(*calls, return_exceptions=True)

    first, gone, last = run(go())  # type: ignore[misc]
    assert isinstance(gone, asyncio.CancelledError)  # type: ignore[has-type]
    assert isinstance(first[0], Choice) and isinstance(last[0], Choice)  # type: ignore[has-type]


def test_after_the_end_a_call_is_refused_and_does_not_hang(house: House) -> None:
    house.p.close()
    for _ in range(2):
        with pytest.raises(RuntimeError):
            run(asyncio.wait_for(house.p.choose([TITLES[0]], "16:9", user=None, context=HERE), 60))
