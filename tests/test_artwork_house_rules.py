"""The change budget, rules of the catalogue, and what stands in where they leave nothing."""

import pytest

from artwork.choice.belief.features import Context
from artwork.choice.page import Fallback
from artwork.rules.guardrails import ArtworkPolicy
from artwork.rules.house import CatalogueRules, rules_of, set_rules
from artwork.rules.limits import Cap, Limits, PictureRules
from artwork.rules.review import policy_of
from artwork.tables import artwork_policies, decisions
from content.errors import Invalid, NotFound
from content.records import writing
from tests.choosing import EPISODE_S, TITLES, House, run
from tests.limited import TITLE, VECTORS, A, offered, put, rule, seen
from tests.shelf import publish


@pytest.fixture
def groups(house: House) -> dict[str, str]:
    return publish(house.engine, TITLE, VECTORS)


# ---- the change budget ---------------------------------------------------------------------------


def test_a_viewer_s_picture_changes_once_in_a_while(any_house: House) -> None:
    """An expired episode is decided anew on the incumbent alone while the budget is spent."""
    publish(any_house.engine, TITLE, VECTORS)
    every_s = 20 * EPISODE_S
    rule(any_house, change_every_s=every_s)
    [last] = any_house.choose(TITLE)
    since, changes, held = any_house.now_us, 0, 0
    for n in range(60):
        any_house.later(EPISODE_S + 1)
        if n % 9 == 4:
            any_house.crash()  # who has what is read from the ledger
            any_house.open()
        [choice] = any_house.choose(TITLE)
        offer = any_house.p.decision(choice.decision_id).propensities
        assert choice.decision_id != last.decision_id
        if any_house.now_us < since + every_s * 1_000_000:
            assert choice.group_id == last.group_id
            assert offer == {choice.variant_id: 1.0} and choice.propensity == 1.0
            held += 1
        else:
            assert len(offer) == 4
        if choice.group_id != last.group_id:
            since, changes = any_house.now_us, changes + 1
        last = choice
    assert changes >= 1 and held > 20
    assert any_house.choose(TITLE, user=None)[0].propensity < 1


def test_a_rule_forces_a_change_whatever_the_budget(house: House, groups: dict[str, str]) -> None:
    rule(house, change_every_s=1e6)
    [first] = house.choose(TITLE)
    rule(house, change_every_s=1e6, veto=(first.group_id,))
    [second] = house.choose(TITLE)
    assert second.group_id != first.group_id
    house.later(EPISODE_S + 1)
    assert house.choose(TITLE)[0].group_id == second.group_id


def test_the_catalogue_s_budget_holds_until_a_title_says_another(
    house: House, groups: dict[str, str]
) -> None:
    put(house, change_every_s=1e6)
    house.choose(TITLE)
    house.later(EPISODE_S + 1)
    assert house.choose(TITLE)[0].propensity == 1.0
    rule(house, change_every_s=0.0)
    house.later(EPISODE_S + 1)
    assert house.choose(TITLE)[0].propensity < 1.0


# ---- rules of the catalogue, and what stands in --------------------------------------------------


def test_rules_of_the_catalogue_hold_from_the_next_choice_on(any_house: House) -> None:
    groups = publish(any_house.engine, TITLE, VECTORS, told={A: {"origin": "uploaded"}})
    assert offered(any_house) == 4
    put(any_house, review_required=True)
    assert seen(any_house, 3) == {groups[A]}
    put(any_house, origins=("frame",))
    assert offered(any_house) == 3
    any_house.crash()
    any_house.open()
    assert offered(any_house) == 3
    rules = CatalogueRules(limits=Limits(allow=("DE",), until_us=2), cap=Cap(share=0.5))
    with writing(any_house.engine).begin() as connection:
        first = set_rules(connection, rules, 7, "default")[1]
        again = set_rules(connection, rules, 7, "default")[1]
        assert again > first and rules_of(connection, "default") == (rules, again)


def test_a_card_stands_in_and_is_no_decision(house: House, groups: dict[str, str]) -> None:
    put(house, fallback="title_card")
    publish(house.engine, "grim", VECTORS, maturity="18")
    publish(house.engine, "bare", {})
    rule(house, veto=tuple(groups.values()))
    asked = [TITLE, "grim", "bare", "zork", TITLES[0]]
    context = Context(maturity_max="13")
    answers = run(house.p.choose(asked, "16:9", user="ann", context=context))
    card, plain, bare, unknown, choice = answers
    assert isinstance(card, Fallback) and card.name == "title_card" and "4 vetoed" in card.reason
    assert isinstance(plain, Fallback) and plain.name == "plain_card"
    assert "above the ceiling 13" in plain.reason
    assert isinstance(bare, Fallback) and bare.name == "title_card"
    assert isinstance(unknown, NotFound) and unknown.code == "title_not_found"
    assert house.count(decisions) == 1 and choice.title_id == TITLES[0]
    rule(house, veto=tuple(groups.values()), fallback="none")
    [answer] = run(house.p.choose([TITLE], "16:9", user="ann", context=context))
    assert isinstance(answer, NotFound)


def test_policies_from_before_say_nothing_of_limits(house: House, groups: dict[str, str]) -> None:
    old = {"pin": groups[A], "veto": [], "origins": ["frame"], "review_required": False}
    with house.engine.begin() as connection:
        row = {"tenant": "default", "title_id": TITLE, "policy": {**old, "generated_share": None}}
        connection.execute(artwork_policies.insert(), {**row, "updated_us": 1})
        policy = policy_of(connection, TITLE, "default")
    assert policy == ArtworkPolicy(pin=groups[A], origins=("frame",))


def test_a_policy_says_each_picture_once(house: House, groups: dict[str, str]) -> None:
    [choice] = house.choose(TITLE)
    twice = {choice.variant_id: PictureRules(), choice.group_id: PictureRules(cap=Cap(in_all=1))}
    with pytest.raises(Invalid) as error:
        rule(house, pictures=twice)
    assert error.value.code == "picture_twice"
    named = rule(house, pictures={choice.variant_id: PictureRules(cap=Cap(in_all=1))})
    assert list(named.pictures) == [choice.group_id]
    with pytest.raises(NotFound):
        rule(house, pictures={"zork": PictureRules()})
