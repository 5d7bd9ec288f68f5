"""What may be shown: each rule refuses, and what it refuses is neither drawn nor told."""

from threading import Thread

import numpy as np
import pytest

from artwork.choice.belief.features import Context
from artwork.choice.offer.arms import Shelf
from artwork.choice.personalize import Choice
from artwork.choice.record.offers import Arm
from artwork.rules.guardrails import (
    ArtworkPolicy,
    Audience,
    HouseRules,
    Picture,
    Shares,
    Verdict,
    barred,
    readable,
    reads,
    withheld,
)
from artwork.rules.review import judge, policy_of, set_policy
from content.errors import Invalid, NotFound
from content.records import writing
from content.types import Origin
from tests.choosing import EMBEDDINGS, EPISODE_S, TITLES, House, run
from tests.shelf import publish

TITLE = "ruled"
VECTORS = dict(list(EMBEDDINGS[TITLES[0]].items())[:4])
A, B, C, D = VECTORS


def rule(house: House, **fields: object) -> None:
    with house.engine.begin() as connection:
        set_policy(connection, TITLE, ArtworkPolicy(**fields), house.now_us, "default")  # type: ignore[arg-type]


def decide(house: House, variant_id: str, verdict: Verdict) -> None:
    with writing(house.engine).begin() as connection:
        judge(connection, variant_id, verdict, house.now_us, "default")


def offered(house: House, **context: object) -> set[str]:
    """The groups of everything that a viewer nobody knows may be shown."""
    [choice] = house.choose(TITLE, user=None, context=Context(**context))  # type: ignore[arg-type]
    view = house.p.decision(choice.decision_id)
    assert sum(view.propensities.values()) == pytest.approx(1.0, rel=1e-12)
    assert choice.propensity == view.propensities[choice.variant_id] > 0
    with house.engine.connect() as connection:
        shelf = house.p._shelves.read(connection, [TITLE])[TITLE]
    return {arm.group_id for arm in shelf.arms["16:9"] if arm.variant_id in view.propensities}


def refusal(house: House, **context: object) -> str:
    with pytest.raises(NotFound) as error:
        offered(house, **context)
    assert error.value.code == "no_variants"
    return error.value.detail


# ---- the rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("picture", "policy", "verdict", "reason"),
    [
        (Picture("g"), ArtworkPolicy(), None, None),
        (Picture("g"), ArtworkPolicy(), "veto", "vetoed"),
        (Picture("g"), ArtworkPolicy(veto=("g",)), "approve", "vetoed"),
        (Picture("g"), ArtworkPolicy(pin="h"), "approve", "not the one that is pinned"),
        (Picture("g"), ArtworkPolicy(pin="g"), None, None),
        (Picture("g"), ArtworkPolicy(pin="g"), "veto", "vetoed"),
        (Picture("g"), ArtworkPolicy(pin="g", review_required=True), None, "not approved"),
        (Picture("g"), ArtworkPolicy(review_required=True), "approve", None),
        (Picture("g", "uploaded"), ArtworkPolicy(review_required=True), None, None),
        (
            Picture("g", "generated"),
            ArtworkPolicy(origins=("frame",)),
            "approve",
            "generated, which is switched off",
        ),
    ],
)
def test_what_is_barred(
    picture: Picture, policy: ArtworkPolicy, verdict: Verdict | None, reason: str | None
) -> None:
    assert barred(picture, HouseRules(), policy, verdict) == reason


def test_an_origin_that_the_house_switches_off_is_off_whatever_the_title_says() -> None:
    house = HouseRules(origins=("frame",))
    policy = ArtworkPolicy(pin="g", origins=("generated",))
    assert barred(Picture("g", "generated"), house, policy, "approve") is not None


@pytest.mark.parametrize(
    ("picture", "audience", "shown"),
    [
        (Picture("g", maturity="16"), Audience(ceiling="13"), False),
        (Picture("g", maturity="13"), Audience(ceiling="13"), True),
        (Picture("g", maturity="18"), Audience(), True),
        (Picture("g", maturity=None), Audience(ceiling="all"), True),
        (Picture("g", language="de"), Audience(), False),
        (Picture("g", language="de"), Audience(languages=frozenset(["de"])), True),
        (Picture("g", "generated"), Audience(generated=False), False),
        (Picture("g", "composed"), Audience(generated=False), True),
    ],
)
def test_what_is_withheld(picture: Picture, audience: Audience, shown: bool) -> None:
    assert (withheld(picture, audience) is None) == shown


@pytest.mark.parametrize(
    ("asked", "lettering", "served"),
    [
        ("en", "en-GB", True),
        ("pt-BR", "pt-PT", True),
        ("de-CH", "de", True),
        ("zh-TW", "zh-Hant", True),
        ("zh-Hans", "zh-Hant", False),
        ("uk", "ru", False),
        ("ca", "es", False),
        ("de", "en", False),
    ],
)
def test_lettering_serves_who_reads_it(asked: str, lettering: str, served: bool) -> None:
    assert reads(asked, lettering) == served


@pytest.mark.parametrize(
    ("asked", "letterings", "shown"),
    [
        ("de", {"de", "und"}, {"de"}),
        ("fr", {"de", "und"}, {"und"}),
        (None, {"de", "und"}, {"und"}),
        ("de-AT", {"de", "en", "und"}, {"de"}),
        (None, {"de"}, set()),
        ("fr", {"und"}, {"und"}),
    ],
)
def test_lettering_of_unknown_language_is_for_who_has_none_of_their_own(
    asked: str | None, letterings: set[str], shown: set[str]
) -> None:
    assert readable(asked, letterings) == shown


def test_no_language_at_all_is_refused() -> None:
    with pytest.raises(Invalid) as error:
        reads("??", "de")
    assert error.value.code == "invalid_context"


# ---- a choice under rules ------------------------------------------------------------------------


def test_an_approval_and_a_policy_at_the_same_time_both_hold(any_house: House) -> None:
    publish(any_house.engine, TITLE, VECTORS)
    [first] = any_house.choose(TITLE)
    rule(any_house, veto=(first.group_id,))
    approving = Thread(target=decide, args=(any_house, first.variant_id, "approve"))
    writer = writing(any_house.engine)
    with writer.begin() as connection:
        both = ArtworkPolicy(veto=(first.group_id,), review_required=True)
        set_policy(connection, TITLE, both, any_house.now_us, "default")
        approving.start()
        approving.join(0.3)
    approving.join()
    with any_house.engine.connect() as connection:
        policy = policy_of(connection, TITLE, "default")
    assert (policy.veto, policy.review_required) == ((), True)


def test_a_veto_takes_every_crop_away_from_the_next_choice_on(any_house: House) -> None:
    publish(any_house.engine, TITLE, VECTORS)
    [first] = any_house.choose(TITLE)
    assert any_house.choose(TITLE) == [first]
    decide(any_house, first.variant_id, "veto")
    [second] = any_house.choose(TITLE)
    assert second.group_id != first.group_id and second.decision_id != first.decision_id
    assert any_house.choose(TITLE, aspect="2:3")[0].group_id == second.group_id
    assert first.group_id not in offered(any_house) and len(offered(any_house)) == 3
    # What was decided before is still told, and earns what it earns.
    assert any_house.p.decision(first.decision_id).variant_id == first.variant_id
    any_house.crash()
    any_house.open()
    assert any_house.choose(TITLE) == [second]
    assert first.group_id not in offered(any_house)
    decide(any_house, first.group_id, "approve")  # a picture may be named itself, too
    assert first.group_id in offered(any_house)


def test_an_approval_lifts_a_veto_of_either_kind(house: House) -> None:
    groups = publish(house.engine, TITLE, VECTORS)
    [choice] = house.choose(TITLE)
    decide(house, choice.variant_id, "veto")
    rule(house, veto=(choice.group_id,))
    assert choice.group_id not in offered(house)
    decide(house, choice.variant_id, "approve")
    assert offered(house) == set(groups.values())


def test_verdicts_hold_for_the_next_version_and_go_with_the_title(house: House) -> None:
    groups = publish(house.engine, TITLE, VECTORS)
    [choice] = house.choose(TITLE)
    decide(house, choice.variant_id, "veto")
    publish(house.engine, TITLE, VECTORS, version=2)
    assert offered(house) == set(groups.values()) - {choice.group_id}


def test_the_pinned_picture_is_the_only_one_with_probability_one(house: House) -> None:
    groups = publish(house.engine, TITLE, VECTORS, aspects=("16:9", "1:1"))
    [choice] = house.choose(TITLE, aspect="1:1")
    rule(house, pin=choice.variant_id)  # named by a crop: the whole picture is pinned
    assert offered(house) == {choice.group_id}
    [pinned] = house.choose(TITLE, user="eve")
    assert (pinned.group_id, pinned.propensity) == (choice.group_id, 1.0)
    rule(house)
    assert offered(house) == set(groups.values())


def test_review_required_leaves_what_was_approved_or_uploaded(house: House) -> None:
    groups = publish(house.engine, TITLE, VECTORS, told={A: {"origin": "uploaded"}})
    rule(house, review_required=True)
    assert offered(house) == {groups[A]}
    with house.engine.connect() as connection:
        [arm] = [
            arm
            for arm in house.p._shelves.read(connection, [TITLE])[TITLE].arms["1:1"]
            if arm.group_id == groups[B]
        ]
    decide(house, arm.variant_id, "approve")
    assert offered(house) == {groups[A], groups[B]}


def test_origins_maturity_and_language(house: House) -> None:
    told = {
        A: {"origin": "generated"},
        B: {"origin": "composed", "language": "pt-BR"},
        C: {"maturity": "16"},
    }
    groups = publish(house.engine, TITLE, VECTORS, told=told)
    rule(house, generated_share=1.0)
    everything = set(groups.values())
    assert offered(house, language="pt") == everything
    assert offered(house) == offered(house, language="de") == everything - {groups[B]}
    assert offered(house, maturity_max="13") == {groups[A], groups[D]}
    rule(house, origins=("frame",))
    assert offered(house, language="pt") == {groups[C], groups[D]}


def test_a_catalogue_may_switch_an_origin_off(house: House) -> None:
    groups = publish(house.engine, TITLE, VECTORS, told={A: {"origin": "generated"}})
    house.close()
    house.open(house=HouseRules(origins=("frame",), generated_share=1.0))
    assert offered(house) == set(groups.values()) - {groups[A]}


def test_a_title_with_nothing_left_says_which_rules_left_nothing(house: House) -> None:
    told = {A: {"maturity": "18"}, B: {"language": "de"}}
    groups = publish(house.engine, TITLE, VECTORS, told=told)
    rule(house, veto=(groups[C], groups[D]))
    detail = refusal(house, maturity_max="13", language="en")
    assert "2 vetoed; 1 above the ceiling 13; 1 lettered in another language" in detail
    rule(house, review_required=True)
    assert "4 not approved" in refusal(house)
    answers = run(house.p.choose([TITLE, TITLES[0]], "16:9", user="ann", context=Context()))
    assert isinstance(answers[0], NotFound) and isinstance(answers[1], Choice)


def test_a_policy_names_pictures_of_its_own_title_only(house: House) -> None:
    publish(house.engine, TITLE, VECTORS)
    [elsewhere] = house.choose(TITLES[1])
    for fields in ({"pin": elsewhere.variant_id}, {"veto": ("zork",)}):
        with pytest.raises(NotFound) as error:
            rule(house, **fields)
        assert error.value.code == "variant_not_found"
    with pytest.raises(NotFound) as error:
        decide(house, "zork", "veto")
    assert error.value.code == "variant_not_found"


# ---- the share of generated pictures -------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 1 / 3, 1.0])
def test_generated_pictures_never_have_more_than_their_share(house: House, share: float) -> None:
    """Every viewer is new, so there is no repeat: the cap holds after each single impression."""
    groups = publish(house.engine, TITLE, VECTORS, told={A: {"origin": "generated"}})
    publish(
        house.engine,
        TITLE,
        VECTORS,
        version=2,
        told={n: {"origin": "generated"} for n in (A, B, C)},
    )
    rule(house, generated_share=share)
    made = {groups[name] for name in (A, B, C)}
    generated = 0
    for n in range(1, 81):
        [choice] = house.choose(TITLE, user=f"viewer {n}")
        generated += choice.group_id in made
        assert generated <= share * n + 1e-9
    assert (generated > 0) == (share > 0)


def test_repeats_are_counted_but_end_no_episode(house: House) -> None:
    publish(house.engine, TITLE, VECTORS, told={A: {"origin": "generated"}})
    rule(house, origins=("frame",))
    for n in range(9):
        house.choose(TITLE, user=f"viewer {n}")
    # Frames that were shown while none was rationed are not counted: nothing is owed for them.
    publish(house.engine, TITLE, {A: VECTORS[A]}, version=2, told={A: {"origin": "generated"}})
    rule(house, generated_share=0.5)
    assert "1 generated, and those have had their share" in refusal(house)
    rule(house, generated_share=1.0)
    [kept] = house.choose(TITLE)
    publish(house.engine, TITLE, VECTORS, version=3, told={A: {"origin": "generated"}})
    rule(house, generated_share=0.5)
    assert [house.choose(TITLE)[0] for _ in range(4)] == [kept] * 4
    assert house.p._restraints.shares.room(TITLE, 0.5) is False
    house.later(EPISODE_S + 1)
    assert house.choose(TITLE)[0].group_id != kept.group_id


def test_a_pinned_picture_has_no_share_to_keep(house: House) -> None:
    groups = publish(house.engine, TITLE, VECTORS, told={A: {"origin": "generated"}})
    rule(house, pin=groups[A], generated_share=0.1)
    assert [house.choose(TITLE, user=f"{n}")[0].group_id for n in range(5)] == [groups[A]] * 5


def test_what_is_taken_back_leaves_the_counts_as_they_were() -> None:
    shares = Shares()
    assert not shares.room("t", 0.5)
    shares.count("t", generated=False)
    assert shares.room("t", 0.5)
    shares.count("t", generated=True)
    assert not shares.room("t", 0.5)
    shares.count("t", generated=True, times=-1)
    assert shares.room("t", 0.5)


def test_the_same_arms_are_the_same_offer() -> None:
    names = ("a", "b")
    arms = [Arm(f"v{name}", name, name, b"") for name in names]
    origins: dict[str, Origin] = {"a": "frame", "b": "generated"}
    shelf = Shelf(
        "default",
        "t",
        "all",
        {"16:9": arms},
        {name: Picture(name, origins[name]) for name in names},
        features=dict.fromkeys(names, np.zeros(20, np.int16)),
        share=0.5,
    )
    assert shelf.rationed
    alone = shelf.offer("16:9", Audience(generated=False))
    assert [arm.group_id for arm in alone.arms] == ["a"]
    assert shelf.offer("16:9", Audience(generated=False)) is alone
    assert shelf.offer("16:9", Audience()).id != alone.id
    assert shelf.offer("16:9", Audience(ceiling="all")).id == shelf.offer("16:9", Audience()).id


def test_the_language_of_a_decision_is_logged_with_it(house: House) -> None:
    for here in (Context(language="pt-BR"), Context(device="tv"), Context()):
        [choice] = house.choose(TITLES[0], user=None, context=here)
        assert house.p.decision(choice.decision_id).context == here
