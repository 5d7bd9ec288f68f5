"""Rules that contradict one another: which are refused, and which are only told of."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from artwork.rules.contradictions import CODE, never_both, never_generated, nowhere, warnings_of
from artwork.rules.countries import codes
from artwork.rules.guardrails import ORIGINS, ArtworkPolicy, Shares
from artwork.rules.house import CatalogueRules
from artwork.rules.limits import Cap, Limits, PictureRules
from artwork.rules.review import policy_of
from content.errors import Invalid
from tests.choosing import House as Choosing
from tests.http_house import assert_problem, make_house
from tests.limited import TITLE, VECTORS, A, B, put
from tests.shelf import publish
from tests.standins import House
from workers.review import Review
from workers.rules import Rules
from workers.settings import Settings

POLICY = "/v1/titles/film/artwork-policy"
LIMITED = {
    "countries": {"allow": ["DE", "AT"]},
    "from": "2026-12-01T00:00:00Z",
    "until": "2026-12-24T00:00:00Z",
}
HERE = st.sampled_from(["DE", "AT", "FR"])
SOME = st.lists(HERE, max_size=3).map(tuple)
MOMENTS = st.none() | st.integers(0, 5)
LIMITS = st.builds(Limits, st.none() | SOME.filter(bool), SOME, MOMENTS, MOMENTS)


def picture(**limits: Any) -> dict[str, Any]:
    return {**LIMITED, "pictures": {"g1": limits}}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


@pytest.mark.parametrize("path", ["/v1/rules", POLICY])
@pytest.mark.parametrize(
    ("body", "field", "both"),
    [
        ({"countries": {"allow": ["DE"], "deny": ["FR", "DE"]}}, "countries.deny", "`allow`"),
        ({"countries": {"deny": sorted(codes())}}, "countries.deny", "every country"),
        ({"origins": []}, "origins", "`origins`"),
        ({"origins": ["generated"], "generated_share": 0}, "generated_share", "`origins`"),
        ({"origins": ["generated"], "generated_share": 0.9}, "generated_share", "`origins`"),
    ],
)
def test_rules_that_leave_nothing_are_refused(
    client: TestClient, path: str, body: Any, field: str, both: str
) -> None:
    before = client.get(path).json()
    problem = assert_problem(client.put(path, json=body), 422, CODE)
    assert problem["errors"][0]["field"] == field and both in problem["detail"]
    assert client.get(path).json() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (picture(countries={"allow": ["FR"]}), "pictures.g1.countries"),
        (picture(countries={"deny": ["DE", "AT"]}), "pictures.g1.countries"),
        (picture(**{"from": "2026-12-24T00:00:00Z"}), "pictures.g1.from"),
        (picture(until="2026-12-01T00:00:00Z"), "pictures.g1.until"),
    ],
)
def test_a_picture_that_its_title_never_lets_be_shown_is_refused(
    client: TestClient, body: Any, field: str
) -> None:
    problem = assert_problem(client.put(POLICY, json=body), 422, CODE)
    assert problem["errors"][0]["field"] == field and "its title's" in problem["detail"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/rules", {"countries": {"allow": ["DE", "AT"], "deny": ["DE"]}}),
        ("/v1/rules", {"origins": ["frame", "generated"], "generated_share": 0}),
        (POLICY, {"origins": list(ORIGINS), "generated_share": 0}),  # as it is told, sent again
        (POLICY, {"origins": ["generated"], "generated_share": 0, "pin": "g1"}),
        (POLICY, picture(countries={"deny": ["DE"]}, until="2026-12-02T00:00:00Z")),
    ],
)
def test_rules_that_leave_something_may_stand(client: TestClient, path: str, body: Any) -> None:
    assert client.put(path, json=body).is_success


@given(LIMITS, LIMITS)
def test_what_is_refused_is_shown_nowhere_and_never(wider: Limits, own: Limits) -> None:
    shown = [
        (country, at)
        for country in (*("DE", "AT", "FR"), "NL")
        for at in range(-1, 7)
        if not wider.outside(country, at) and not own.outside(country, at)
    ]
    in_order = all(
        None in (one.from_us, one.until_us) or one.from_us < one.until_us  # type: ignore[operator]
        for one in (wider, own)
    )
    if in_order and not any(nowhere(one.allow, one.deny) for one in (wider, own)):
        assert (never_both(wider, own) is None) == bool(shown)


@given(st.floats(0, 1), st.integers(1, 20))
def test_a_share_leaves_generated_pictures_alone_no_room(share: float, times: int) -> None:
    """As `Shares` counts: either the first impression has room, and all have, or none ever has."""
    shares, seen = Shares(), 0
    for _ in range(times):
        if shares.room("t", share):
            shares.count("t", generated=True)
            seen += 1
    assert (never_generated(("generated",), share) is None) == bool(seen) or share > 1 - 1e-8


def reviewing(house: Choosing, **settings: Any) -> tuple[Review, Rules]:
    """The service's own, over the house's ledger."""
    parts = SimpleNamespace(
        engine=house.engine,
        settings=Settings(**settings),
        tenant="default",
        fingerprints={"visual": "v"},
        catalog=SimpleNamespace(get=lambda _title_id: None),
    )
    return Review(parts), Rules(parts)  # type: ignore[arg-type]


def test_a_policy_is_held_against_its_pictures_and_the_catalogue(any_house: Choosing) -> None:
    groups = publish(any_house.engine, TITLE, VECTORS, told={A: {"origin": "uploaded"}})
    review, _ = reviewing(any_house)
    good = ArtworkPolicy(pin=groups[A], veto=(groups[B],), origins=("frame", "uploaded"))
    review.set_policy(TITLE, good)
    put(any_house, origins=("frame", "generated"))
    for bad, words in (
        (ArtworkPolicy(pin=groups[A], veto=(groups[A],)), "`pin` names a picture that `veto`"),
        (ArtworkPolicy(pin=groups[A], origins=("frame",)), "`pin` names a picture whose origin"),
        (ArtworkPolicy(origins=("uploaded",)), "`origins` leaves none of those"),
        (ArtworkPolicy(origins=("generated",)), "`generated_share` is 0.2"),
        (good, "the catalogue's rules and KEYART_ORIGINS leave out"),
    ):
        with pytest.raises(Invalid, match=words) as refusal:
            review.set_policy(TITLE, bad)
        assert refusal.value.code == CODE
    with any_house.engine.connect() as connection:
        assert policy_of(connection, TITLE, "default") == good
    review.set_policy(TITLE, ArtworkPolicy(origins=("generated",), generated_share=1.0))


def test_a_policy_is_not_blamed_for_what_the_house_leaves(any_house: Choosing) -> None:
    groups = publish(any_house.engine, TITLE, VECTORS)
    review, _ = reviewing(any_house, origins=("generated",))  # the default share: nothing is shown
    review.set_policy(TITLE, ArtworkPolicy(veto=(groups[A],)))
    with pytest.raises(Invalid, match=r"`generated_share` is 0\.5"):
        review.set_policy(TITLE, ArtworkPolicy(generated_share=0.5))


def test_the_catalogue_s_rules_are_held_against_the_settings(any_house: Choosing) -> None:
    _, rules = reviewing(any_house, origins=("frame", "generated"))
    for bad, words in (
        (CatalogueRules(origins=("uploaded",)), r"KEYART_ORIGINS \(frame, generated\)"),
        (CatalogueRules(origins=("generated", "uploaded")), "`generated_share` is 0.2"),
    ):
        with pytest.raises(Invalid, match=words) as refusal:
            rules.set(bad)
        assert refusal.value.code == CODE
        with pytest.raises(Invalid, match=words):
            rules.preview([], "16:9", [], bad)
    assert rules.get() == (CatalogueRules(), None)
    rules.set(CatalogueRules(origins=("frame", "uploaded")))


def test_what_rules_say_in_vain_is_told(client: TestClient) -> None:
    said = CatalogueRules(
        origins=("frame", "generated"),
        generated_share=0.0,
        limits=Limits(allow=("AT", "DE"), deny=("DE", "FR", "US")),
        cap=Cap(per_day=10, in_all=5),
    )
    found = {fields[0]: message for fields, message in warnings_of(said)[1:]}
    assert warnings_of(said)[0].message == "DE stands in `allow` and in `deny`: `deny` goes first"
    assert found["countries.deny"].startswith("FR, US stand in `deny`")
    assert found.keys() == {"countries.deny", "cap.per_day", "generated_share"}
    one = PictureRules(Limits(allow=("DE",), deny=("FR",)))
    [warning] = warnings_of(ArtworkPolicy(pictures={"g": one}))
    assert warning.fields == ("pictures.g.countries.deny", "pictures.g.countries.allow")
    assert warnings_of(CatalogueRules()) == warnings_of(ArtworkPolicy()) == []
    body = {"rules": {"cap": {"per_day": 3, "in_all": 2}}, "audiences": [{}]}
    [told] = client.post("/v1/rules/check", json=body).json()["warnings"]
    assert told["fields"] == ["cap.per_day", "cap.in_all"]
    body.pop("rules")
    assert client.post("/v1/rules/check", json=body).json()["warnings"] == []


def test_the_command_line_tells_both(keyart: Any, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('[countries]\nallow = ["DE", "AT"]\ndeny = ["DE"]\n')
    status, out, err = keyart("rules", "check", str(file))
    assert (status, "no fault" in " ".join(out.split())) == (0, True)
    assert f"{file}:3 warning: countries.deny: DE stands in `allow`" in err
    file.write_text('origins = []\n[countries]\nallow = ["DE"]\ndeny = ["DE"]\n')
    status, _, err = keyart("rules", "check", str(file))
    assert status == 1 and f"{file}:1 origins" in err and f"{file}:4 countries.deny" in err
    file.write_text("cap = {per_day = 3, in_all = 2}")
    status, _, err = keyart("policy", "film", "--file", str(file))
    assert (status, err) == (
        0, "warning cap.per_day: `per_day` is above `in_all`: it is never reached\n"
    )  # fmt: skip
    assert keyart("policy", "film")[2] == ""
    refused = keyart("policy", "film", "--origin", "generated", "--generated-share", "0.5")
    assert refused[0] == 1 and refused[2].startswith("contradictory_rules generated_share: ")
