"""A page of titles: neighbours unlike in look and face, and probabilities that stay true."""

import numpy as np

from artwork.choice.belief.features import Context, Lens
from artwork.choice.offer.likeness import ALIKE, Likeness, sketches
from artwork.choice.probability.explaining import Explaining
from artwork.identities import LARGE, keyed, unkeyed
from artwork.quality.faces import FaceDetail
from artwork.rules.guardrails import ArtworkPolicy, HouseRules
from artwork.rules.house import CatalogueRules, set_rules
from artwork.rules.review import set_policy
from content.encoders import identity
from content.records import writing
from tests.choosing import House
from tests.shelf import publish

LOOKS = [*np.random.default_rng(11).gamma(0.3, size=(6, 1280)).astype(np.float32)]


def near(vector: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = vector + 0.25 * np.std(vector) * rng.normal(size=vector.size)
    return np.asarray(made / np.linalg.norm(made), np.float32)


def face(who: int) -> bytes:
    return np.random.default_rng(who).integers(-30, 31, 128).astype(np.int8).tobytes()


def test_sketches_tell_angles() -> None:
    a, b = LOOKS[:2]
    own, close, other, none, dull = sketches([a, near(a, 1), b, None, np.ones(1280, np.float32)])
    assert own is not None and none is dull is None
    assert (own ^ close).bit_count() < ALIKE < (own ^ other).bit_count()
    assert sketches([a, a[:64]])[0] == own, "each is what it is beside vectors of another length"


def test_large_faces_are_kept_small() -> None:
    vectors = np.random.default_rng(3).normal(0, 0.1, (5, 128)).astype(np.float32)
    details = [FaceDetail(0.5 - 0.1 * i, None, v) for i, v in enumerate(vectors)]
    kept = unkeyed(keyed([*details, FaceDetail(0.9, None, None)]))
    assert kept.shape == (3, identity.DIM)
    assert np.abs(kept / 256 - vectors[:3]).max() <= 1 / 512 + 1e-6
    assert keyed([FaceDetail(LARGE - 0.01, None, vectors[0])]) == b""
    assert unkeyed(None).shape == (0, 128)


def test_who_looks_like_whom() -> None:
    faces = [unkeyed(face(n)) for n in range(3)]
    likeness = Likeness.of([
        ("look", LOOKS[0], faces[0][:0]),
        ("face", LOOKS[1], np.concatenate(faces[1:])),
        ("blind", None, faces[0]),
    ])  # fmt: skip
    other = Likeness.of([("o", near(LOOKS[0], 2), faces[2])]).looks["o"]
    assert likeness.like(other) == {"look", "face"}
    assert likeness.like(likeness.looks["blind"]) == {"blind"}


def page(house: House, *titles: str, user: str | None) -> list[str]:
    choices = house.choose(*titles, user=user, context=Context(device="tv"))
    for choice in choices:
        offer = house.p.decision(choice.decision_id).propensities
        assert abs(sum(offer.values()) - 1) < 1e-12
        assert offer[choice.variant_id] == choice.propensity
        assert house.p.replay(choice.decision_id) == offer
    return [choice.group_id for choice in choices]


def furnish(house: House) -> tuple[dict[str, str], dict[str, str]]:
    """Two titles: the second has the first's looks and two of its own."""
    first = publish(house.engine, "one", {"a": LOOKS[0], "b": LOOKS[1]})
    pictures = {"a2": near(LOOKS[0], 3), "b2": near(LOOKS[1], 4), "c": LOOKS[2], "d": LOOKS[3]}
    return first, publish(house.engine, "two", pictures)


def test_neighbours_have_no_look_in_common(house: House) -> None:
    one, two = furnish(house)
    same = {(one["a"], two["a2"]), (one["b"], two["b2"])}
    for n in range(40):
        left, right = page(house, "one", "two", user=f"{n}")
        assert (left, right) not in same
        [again] = house.choose("two", user=f"{n}")
        assert again.group_id == right, "the title alone keeps its episode"
    with writing(house.engine).begin() as connection:
        set_rules(connection, CatalogueRules(distinct_neighbours=False), 1, "default")
    pairs = {tuple(page(house, "one", "two", user=f"{n}!")) for n in range(60)}
    assert pairs & same


def test_what_is_masked_for_a_neighbour_is_logged_as_not_on_offer(house: House) -> None:
    _, two = furnish(house)
    [left, right] = house.choose("one", "two", user=None)
    offer = house.p.decision(right.decision_id).propensities
    assert len(offer) == 3 and len(house.p.decision(left.decision_id).propensities) == 2
    assert len(house.p.decision(house.choose("two", user=None)[0].decision_id).propensities) == 4
    assert right.group_id in two.values()
    parts = (house.engine, lambda: house.p.scope, house.p._parameters)
    explained = Explaining(*parts, lens=Lens(), house=HouseRules()).explain(right.decision_id)
    assert [each.reason for each in explained.absent] == ["it was too like a neighbour on the page"]


def test_a_running_episode_stays_and_its_neighbour_before_it_gives_way(house: House) -> None:
    one, two = furnish(house)
    like = {two["a2"]: one["a"], two["b2"]: one["b"]}
    met = 0
    for n in range(40):
        [before] = house.choose("two", user=f"{n}")
        left, right = page(house, "one", "two", user=f"{n}")
        assert right == before.group_id
        if right in like:
            assert left != like[right]
            met += 1
    assert met


def test_the_same_face_is_not_shown_twice_in_a_row(house: House) -> None:
    told = {"a": {"faces": face(1)}, "b": {"faces": face(2)}}
    one = publish(house.engine, "one", {"a": LOOKS[0], "b": LOOKS[1]}, told=told)
    told = {"c": {"faces": face(1) + face(7)}, "d": {"faces": None}}
    two = publish(house.engine, "two", {"c": LOOKS[2], "d": LOOKS[3]}, told=told)
    pairs = {tuple(page(house, "one", "two", user=f"{n}")) for n in range(30)}
    assert (one["a"], two["c"]) not in pairs
    assert {(one["b"], two["c"]), (one["a"], two["d"])} <= pairs


def test_without_a_choice_nothing_is_masked(house: House) -> None:
    """And no mask is left over once the page is answered."""
    one, two = furnish(house)
    with writing(house.engine).begin() as connection:
        set_policy(connection, "one", ArtworkPolicy(pin=one["a"]), 1, "default")
        set_policy(connection, "two", ArtworkPolicy(pin=two["a2"]), 1, "default")
    assert page(house, "one", "two", user="ann") == [one["a"], two["a2"]]
    assert page(house, "two", "one", user=None) == [two["a2"], one["a"]]
