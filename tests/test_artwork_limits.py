"""Where, when and how often: territories, windows, caps."""

import asyncio
from datetime import UTC, datetime

import numpy as np
import pytest
import sqlalchemy as sa

from artwork.choice.belief.features import Context
from artwork.pictures import delete_title
from artwork.rules.countries import codes, country, fault
from artwork.rules.exposure import DAY_US, Exposure
from artwork.rules.limits import Cap, Limits, PictureRules
from artwork.rules.review import policy_of
from artwork.tables import decisions, exposures
from content.errors import NotFound
from content.records import writing
from content.tables import title_versions, titles
from tests.choosing import EPISODE_S, HERE, House, run
from tests.limited import TITLE, VECTORS, A, B, C, offered, put, rule, seen
from tests.shelf import publish


@pytest.fixture
def groups(house: House) -> dict[str, str]:
    return publish(house.engine, TITLE, VECTORS)


# ---- where ---------------------------------------------------------------------------------------


def test_countries_are_those_of_the_standard() -> None:
    assert {"DE", "GB", "US"} < codes() and len(codes()) == 249
    assert country("de") == "DE" and country("ZZ") is country(None) is None
    assert fault("DE") is None and "write GB" in str(fault("UK")) and "write FR" in str(fault("fr"))
    assert "two capital letters" in str(fault("Z"))


@pytest.mark.parametrize(
    ("limits", "told", "shown"),
    [
        (Limits(allow=("DE", "AT")), "DE", True),
        (Limits(allow=("DE", "AT")), "FR", False),
        (Limits(allow=("DE", "AT")), None, False),
        (Limits(deny=("FR",)), "FR", False),
        (Limits(deny=("FR",)), "DE", True),
        (Limits(deny=("FR",)), None, False),
        (Limits(allow=("DE",), deny=("DE",)), "DE", False),
        (Limits(from_us=10, until_us=20), None, False),
        (Limits(from_us=9, until_us=10), None, False),
        (Limits(from_us=5, until_us=6), None, True),
    ],
)
def test_what_lies_outside_its_limits(limits: Limits, told: str | None, shown: bool) -> None:
    at_us = 5 if shown or limits.from_us == 10 else 10
    assert (limits.outside(told, at_us) is None) == shown


def test_a_picture_and_a_title_keep_to_their_countries(
    house: House, groups: dict[str, str]
) -> None:
    rule(house, pictures={groups[A]: PictureRules(Limits(allow=("DE",)))})
    assert offered(house, country="de") == 4
    assert offered(house, country="FR") == offered(house) == offered(house, country="ZZ") == 3
    assert groups[A] not in seen(house, country="FR")
    rule(house, limits=Limits(deny=("FR",)))
    assert offered(house, country="DE") == 4
    with pytest.raises(NotFound, match="4 not for FR") as error:
        offered(house, country="FR")
    assert error.value.code == "no_variants"
    with pytest.raises(NotFound, match="4 for certain countries, and the request tells none"):
        offered(house)


def test_a_viewer_who_travels_is_given_another_picture(
    house: House, groups: dict[str, str]
) -> None:
    [here] = house.choose(TITLE, context=HERE)
    rule(house, pictures={here.group_id: PictureRules(Limits(allow=("DE",)))})
    assert house.choose(TITLE, context=HERE) == [here]
    [there] = house.choose(TITLE, context=Context(country="FR"))
    assert there.group_id != here.group_id and there.decision_id != here.decision_id


# ---- when ----------------------------------------------------------------------------------------


def test_a_window_opens_and_closes_to_the_microsecond(house: House, groups: dict[str, str]) -> None:
    opens, closes = house.now_us + 1_000_000, house.now_us + 3_000_000
    rule(house, pictures={groups[A]: PictureRules(Limits(from_us=opens, until_us=closes))})
    assert offered(house) == 3
    house.now_us = opens - 1
    assert offered(house) == 3
    house.now_us = opens
    assert offered(house) == 4
    house.now_us = closes - 1
    assert offered(house) == 4
    house.now_us = closes
    assert offered(house) == 3


def test_an_episode_promises_no_more_than_its_window(house: House, groups: dict[str, str]) -> None:
    closes = house.now_us + 10_000_000
    rule(house, pin=groups[A], limits=Limits(until_us=closes))
    [choice] = house.choose(TITLE)
    assert choice.expires_us == closes == house.p.decision(choice.decision_id).expires_us
    house.later(9.9)
    assert house.choose(TITLE) == [choice]
    rule(house, limits=Limits(until_us=house.now_us + 1_000), pin=groups[A])
    [sooner] = house.choose(TITLE)  # the window was cut while it runs
    assert (sooner.decision_id, sooner.expires_us) == (choice.decision_id, house.now_us + 1_000)
    house.later(0.002)
    with pytest.raises(NotFound, match="not to be shown any more"):
        house.choose(TITLE)


# ---- how often -----------------------------------------------------------------------------------


def test_a_number_is_never_exceeded_not_even_in_an_episode(any_house: House) -> None:
    groups = publish(any_house.engine, TITLE, VECTORS)
    rule(any_house, pin=groups[A], cap=Cap(per_day=5, in_all=7))
    first = [any_house.choose(TITLE)[0] for _ in range(5)]
    assert len({choice.decision_id for choice in first}) == 1
    with pytest.raises(NotFound, match="1 shown as often as it may be"):
        any_house.choose(TITLE)
    any_house.crash()  # counts are those of the ledger
    any_house.open()
    with pytest.raises(NotFound):
        any_house.choose(TITLE)
    any_house.later(86_400)
    assert len([any_house.choose(TITLE, user=f"{n}") for n in range(2)]) == 2
    with pytest.raises(NotFound):
        any_house.choose(TITLE)
    with any_house.engine.connect() as connection:
        [row] = connection.execute(sa.select(exposures)).all()
    assert (row.group_id, row.shown, row.today) == (groups[A], 7, 2)
    assert row.day == datetime.fromtimestamp(any_house.now_us / 1e6, UTC).date().toordinal() - (
        datetime(1970, 1, 1, tzinfo=UTC).toordinal()
    )


def test_requests_at_once_do_not_exceed_a_cap(house: House, groups: dict[str, str]) -> None:
    rule(house, cap=Cap(in_all=3))

    async def many() -> list[object]:
        asked = (house.p.choose([TITLE], "16:9", user=f"{n}", context=HERE) for n in range(40))
        return [answer for [answer] in await asyncio.gather(*asked)]

    answers = run(many())
    assert sum(isinstance(answer, NotFound) for answer in answers) == 40 - 3 * 4
    with house.engine.connect() as connection:
        assert set(connection.scalars(sa.select(exposures.c.shown))) == {3}


def test_a_deferred_decision_counts_once(house: House, groups: dict[str, str]) -> None:
    rule(house, pin=groups[A], cap=Cap(in_all=2))
    first = [house.choose(TITLE, defer=True)[0] for _ in range(5)]
    assert len({choice.decision_id for choice in first}) == 1
    house.choose(TITLE, user="eve")
    with pytest.raises(NotFound):
        house.choose(TITLE)
    house.crash()
    house.open()
    with pytest.raises(NotFound):
        house.choose(TITLE)


def test_who_is_forgotten_has_no_picture_to_keep(house: House, groups: dict[str, str]) -> None:
    rule(house, change_every_s=1e6)
    for user in ("ann", "eve"):
        house.choose(TITLE, user=user)
    house.later(EPISODE_S + 1)
    run(house.p.people.forget("ann"))
    assert house.choose(TITLE, user="eve")[0].propensity == 1.0
    assert house.choose(TITLE, user="ann")[0].propensity < 1.0


def test_counts_go_with_their_title(house: House, groups: dict[str, str]) -> None:
    rule(house, cap=Cap(per_day=5))
    house.choose(TITLE)
    assert house.count(exposures) == 1
    with writing(house.engine).begin() as connection:
        delete_title(connection, TITLE)
    assert house.count(exposures) == 0


def test_a_title_made_again_is_counted_from_nothing(house: House, groups: dict[str, str]) -> None:
    """By the running service, too: caps and the share of generated pictures."""
    rule(house, pin=groups[A], cap=Cap(in_all=1))
    house.choose(TITLE)
    with pytest.raises(NotFound):
        house.choose(TITLE, user="eve")
    with writing(house.engine).begin() as connection:
        delete_title(connection, TITLE)
        connection.execute(sa.delete(title_versions).where(title_versions.c.title_id == TITLE))
        connection.execute(sa.delete(titles).where(titles.c.id == TITLE))
    generated = {A: {"origin": "generated"}}
    publish(house.engine, TITLE, VECTORS, told=generated)
    rule(house, cap=Cap(in_all=2), generated_share=0.5)
    with writing(house.engine).begin() as connection:
        made = sa.update(titles).where(titles.c.id == TITLE)
        connection.execute(made.values(created_us=2, updated_us=2))
    shown = [house.choose(TITLE, user=f"new {n}")[0].group_id for n in range(6)]
    assert len(shown) == 6 and shown[0] != groups[A]
    assert house.p._restraints.shares._counts[TITLE][0] == 6
    with house.engine.connect() as connection:
        assert sum(connection.scalars(sa.select(exposures.c.shown))) == 6


@pytest.mark.parametrize("share", [0.25, 0.3, 0.5, 0.9])
def test_no_picture_has_more_than_its_share(
    house: House, groups: dict[str, str], share: float
) -> None:
    rule(house, cap=Cap(share=share))
    counts = dict.fromkeys(groups.values(), 0)
    for n in range(1, 81):
        [choice] = house.choose(TITLE, user=f"{n}")
        counts[choice.group_id] += 1
        assert max(counts.values()) <= np.ceil(share * n - 1e-9)


def test_a_share_yields_where_nothing_else_is_left(house: House, groups: dict[str, str]) -> None:
    rule(house, pin=groups[A], cap=Cap(share=0.1))
    assert seen(house, 10) == {groups[A]}


def test_a_picture_s_cap_goes_before_its_title_s_before_the_catalogue_s(
    house: House, groups: dict[str, str]
) -> None:
    put(house, cap=Cap(in_all=1, per_day=9))
    own = {groups[A]: PictureRules(cap=Cap(in_all=5))}
    policy = rule(house, cap=Cap(in_all=2), pictures=own, pin=groups[A])
    with house.engine.connect() as connection:
        assert policy_of(connection, TITLE, "default") == policy
    assert len([house.choose(TITLE, user=f"{n}") for n in range(5)]) == 5
    rule(house, cap=Cap(in_all=2), pin=groups[B])
    assert len([house.choose(TITLE, user=f"{n}") for n in range(2)]) == 2
    rule(house, pin=groups[C])
    house.choose(TITLE)
    with pytest.raises(NotFound):
        house.choose(TITLE)


def test_a_clock_set_back_gives_no_day_twice() -> None:
    exposure = Exposure("default")
    caps = {"g": Cap(per_day=2)}
    exposure.count("t", "g", 5 * DAY_US + 1)
    exposure.count("t", "g", 5 * DAY_US - 1)
    assert exposure.spent("t", caps, 5 * DAY_US + 2) == exposure.spent("t", caps, 4 * DAY_US)
    assert exposure.spent("t", caps, 6 * DAY_US) == frozenset()
    exposure.count("t", "g", 5 * DAY_US, times=-1)
    assert exposure.spent("t", caps, 5 * DAY_US) == frozenset()


def test_what_a_clock_far_ahead_counted_is_of_another_day(
    house: House, groups: dict[str, str]
) -> None:
    """Nor is a picture kept until then, because it was first shown then."""
    rule(house, pin=groups[A], cap=Cap(per_day=2), change_every_s=1e6)
    house.later(400 * 24 * 3600)
    for user in ("ann", "bob"):
        house.choose(TITLE, user=user)
    house.later(-400 * 24 * 3600)
    for restarted in (False, True):
        if restarted:
            house.close()
            house.open()
            rule(house, pin=groups[B], cap=Cap(per_day=2), change_every_s=1e6)
        for user in ("ann", "bob"):
            assert house.choose(TITLE, user=user)
        with pytest.raises(NotFound):
            house.choose(TITLE, user="eve")
    rule(house, change_every_s=1e6)
    house.later(400 * 24 * 3600)
    house.choose(TITLE, user="dan")
    house.later(-400 * 24 * 3600)
    assert house.choose(TITLE, user="dan")[0].propensity < 1.0


def test_what_was_not_written_was_not_shown(house: House, groups: dict[str, str]) -> None:
    rule(house, pin=groups[A], cap=Cap(in_all=1), change_every_s=1000.0)
    with house.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE impressions RENAME TO gone"))
    [answer] = run(_tried(house))
    assert isinstance(answer, Exception)
    with house.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE gone RENAME TO impressions"))
    assert house.choose(TITLE)[0].group_id == groups[A]
    assert house.count(decisions) == 1


async def _tried(house: House) -> list[object]:
    asked = house.p.choose([TITLE], "16:9", user="ann", context=HERE)
    return await asyncio.gather(asked, return_exceptions=True)


def test_a_cap_is_told_only_where_it_took_a_picture(house: House, groups: dict[str, str]) -> None:
    """Of a picture that may be shown to nobody here anyway it has taken nothing."""
    capped = PictureRules(Limits(allow=("DE",)), Cap(in_all=1))
    rule(house, pin=groups[A], pictures={groups[A]: capped})
    house.choose(TITLE, user=None, context=HERE)

    def narrowed(**there: str) -> int:
        [choice] = house.choose(TITLE, user=None, context=Context(**there))
        with house.engine.connect() as connection:
            found = sa.select(decisions.c.narrowed).where(decisions.c.id == choice.decision_id)
            return connection.scalar(found) or 0

    rule(house, pictures={groups[A]: capped})
    assert narrowed(country="DE") == 8
    assert narrowed(country="FR") == 0
    rule(house, veto=(groups[A],), pictures={groups[A]: capped})
    assert narrowed(country="DE") == 0
