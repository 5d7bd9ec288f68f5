"""Which of the moments looked at are taken: good ones, unlike each other, covering the title."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from artwork.assess import Assessed
from artwork.candidates.choosing import ENOUGH, MAX_GROUPS, MIN_GROUPS, Look, judge
from artwork.candidates.coverage import coverage, recurring, shots_at, strong_moods
from artwork.candidates.emphasis import emphasis, emphasis_facts
from artwork.candidates.selection import likeness_of_vectors, most_telling
from artwork.framing.crops import Box
from artwork.quality.faces import FaceDetail
from artwork.quality.measures import Quality
from content.types import F32, U8, Extraction, MediaFacts, Shot, ShotFacts, Vector

INSIDE = Box(0, 0, 160, 90)


def seen(
    n: int,
    overall: float = 0.8,
    gates: tuple[str, ...] = (),
    people: Sequence[F32] = (),
    **changes: Any,
) -> Assessed:
    """A picture that is like no other: a direction and a sketch of its own."""
    random = np.random.default_rng(n)
    return replace(
        Assessed(
            at_s=10.0 * n,
            inside=INSIDE,
            faces=(),
            words=(),
            quality=Quality(*[0.3] * 10),
            face=0.0,
            mass=np.full((9, 16), 1 / 144, np.float32),
            held=0.7,
            sketch=random.normal(0, 20, (9, 16, 3)).astype(np.float32),
            embedding=np.eye(64, dtype=np.float32)[n],
            scores={"overall": overall},
            reasons=gates,
            maturity="all",
            face_details=tuple(FaceDetail(0.3, None, one) for one in people),
        ),
        **changes,
    )


def look(n: int, picture: U8 | None = None, **changes: Any) -> Look:
    random = np.random.default_rng(n)
    own = random.integers(0, 255, (90, 160, 3), np.uint8) if picture is None else picture
    return Look(seen(n, **changes), random.random(64) > 0.5, own)


def film(shots: int, moods: Sequence[str | None] = ()) -> Extraction:
    """Shots of 10 s, of which each has its mood."""
    facts = MediaFacts(10.0 * shots, 25.0, 160, 90, False, "test")
    told = tuple(
        ShotFacts(mood={"top": mood, "moods": {mood: 0.3}} if mood else {}) for mood in moods
    )
    return Extraction(
        facts,
        tuple(Shot(10.0 * n, 10.0 * n + 10, 10.0 * n) for n in range(shots)),
        (),
        {"visual": Vector(np.zeros(2, np.float32), "test")},
        shot_facts=told,
    )


def verdicts(looks: Sequence[Look], extraction: Extraction) -> list[tuple[str, list[str]]]:
    return [(one.verdict, one.reasons) for one in judge(looks, extraction)]


def test_a_set_by_hand() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], np.float32)
    like = likeness_of_vectors(vectors)
    # The best (1), then its opposite (2), then what is between; its double (0) tells nothing new.
    assert most_telling([0.9, 1.0, 0.9, 0.9], like, 4) == [1, 2, 3]
    # Adding to log det: -0.6 for 2 (cosine 0: 1 - e^(-2/0.45) is 0.99), -1.2 - 0.19 for 3.
    assert most_telling([0.9, 1.0, 0.9, 0.8], like, 4, least=-1.0) == [1, 2]
    assert most_telling([0.9, 1.0, 0.9, 0.9], like, 2, cover=[frozenset({3})]) == [3, 1]
    assert most_telling([0.5, 0.5], np.eye(2), 1) == [0], "equal ones go by index"
    assert most_telling([], np.zeros((0, 0)), 3) == []


def test_the_good_and_unlike_are_chosen_in_the_order_of_the_film() -> None:
    looks = [look(n) for n in range(5)]
    worse = replace(looks[1].seen, at_s=50.0, scores={"overall": 0.79})
    looks.append(replace(looks[1], seen=worse))
    assert verdicts(looks, film(6)) == [("chosen", [])] * 5 + [("passed_over", ["duplicate"])]


@pytest.mark.parametrize("kept", ["embedding", "sketch", "phash"])
def test_one_thing_alike_makes_two_pictures_alike(kept: str) -> None:
    looks = [look(n, overall=0.9 - 0.01 * n) for n in range(7)]
    other = look(7, overall=0.8)
    if kept == "phash":
        looks.append(replace(other, phash=looks[0].phash))
    else:
        same = {kept: getattr(looks[0].seen, kept)}
        looks.append(replace(other, seen=replace(other.seen, **same)))
    assert verdicts(looks, film(8))[7] == ("passed_over", ["duplicate"])


def test_no_more_than_enough_are_chosen_of_many() -> None:
    told = verdicts([look(n) for n in range(40)], film(40))
    assert sum(verdict == "chosen" for verdict, _ in told) == MAX_GROUPS
    assert {tuple(why) for verdict, why in told if verdict != "chosen"} == {("outranked",)}


def test_a_gate_refuses_with_all_its_reasons() -> None:
    looks = [look(0), look(1, gates=("dark", "blurred")), look(2)]
    assert verdicts(looks, film(3))[1] == ("refused", ["dark", "blurred"])


def lettered(rgb: U8, ink: float) -> U8:
    """The picture with words over it that are so far there, 0..1."""
    written = Image.fromarray(rgb)
    ImageDraw.Draw(written).text((30, 40), "THE HARBOUR", (255, 255, 255), font_size=16)
    share = ink * (np.asarray(written).astype(float) - rgb)
    return np.asarray(rgb + share, np.uint8)


def test_words_refuse_the_moments_in_which_they_are_half_seen_and_no_others() -> None:
    random = np.random.default_rng(0)
    ground = cv2.resize(random.integers(40, 160, (9, 16, 3), np.uint8), (160, 90))
    words = (Box(28, 40, 112, 20),)
    for ink, told in ((0.0, "chosen"), (0.1, "refused"), (0.5, "refused")):
        near = look(2, lettered(ground, ink), at_s=10.9)
        looks = [look(0), look(1, lettered(ground, 1.0), gates=("lettering",), words=words), near]
        assert verdicts(looks, film(4))[2][0] == told, ink
    after = replace(near, seen=replace(near.seen, at_s=14.0))
    assert verdicts([*looks[:2], after], film(4))[2][0] == "chosen", "too late to be their fading"


def test_a_blurred_face_does_not_lead_where_the_film_has_a_clear_one() -> None:
    def facing(n: int, focus: float, overall: float) -> Look:
        made = seen(n, faces=(Box(60, 20, 30, 40),), people=[np.full(128, float(n), np.float32)])
        return look(
            n,
            faces=made.faces,
            face_details=made.face_details,
            scores={"overall": overall, "face_focus": focus},
        )

    others = [look(n) for n in range(10, 10 + MIN_GROUPS)]
    blurred, clear = facing(0, 0.3, 0.95), facing(1, 0.9, 0.8)
    told = verdicts([blurred, clear, *others], film(21))
    assert told[:2] == [("passed_over", ["soft_face"]), ("chosen", [])]
    lost = facing(0, 0.05, 0.95)
    assert verdicts([lost, clear, *others], film(21))[0] == ("refused", ["blurred"])
    assert verdicts([lost, *others], film(21))[0] == ("chosen", []), "it has nothing better"
    assert verdicts([facing(0, 0.6, 0.95), clear, *others], film(21))[0] == ("chosen", [])


def test_a_place_over_which_the_camera_moves_is_one_picture() -> None:
    def drifting(n: int, at_s: float, tone: int, people: Sequence[F32] = ()) -> Look:
        picture = np.full((90, 160, 3), (tone, 150, 60), np.uint8)
        along = np.zeros(64, np.float32)
        along[0], along[n] = 0.83, np.sqrt(1 - 0.83**2)  # cosine of two: 0.69
        return look(n, picture, at_s=at_s, embedding=along, people=people, overall=0.9 - n / 100)

    ann, bea = np.zeros(128, np.float32), np.full(128, 0.1, np.float32)
    cases = (
        (drifting(1, 11.0, 200), drifting(2, 15.0, 200), "passed_over"),
        (drifting(1, 11.0, 200), drifting(2, 25.0, 200), "chosen"),  # another shot
        (drifting(1, 11.0, 200), drifting(2, 15.0, 90), "chosen"),  # another light
        (drifting(1, 11.0, 200, [ann]), drifting(2, 15.0, 200, [bea]), "chosen"),
        (drifting(1, 11.0, 200, [ann]), drifting(2, 15.0, 200), "chosen"),
        (drifting(1, 11.0, 200, [ann]), drifting(2, 15.0, 200, [ann]), "passed_over"),
    )
    rest = [look(n, at_s=30.0 + n) for n in range(20, 20 + MIN_GROUPS)]
    for one, other, told in cases:
        assert verdicts([one, other, *rest], film(6))[1][0] == told


def test_a_film_that_is_soft_throughout_has_pictures_and_a_dark_one_none() -> None:
    soft = [look(n, gates=("blurred",)) for n in range(3)]
    assert [verdict for verdict, _ in verdicts(soft, film(3))] == ["chosen"] * 3
    dark = [look(n, gates=("blurred", "dark")) for n in range(3)]
    assert [verdict for verdict, _ in verdicts(dark, film(3))] == ["refused"] * 3
    assert judge([], film(1)) == []


def test_the_weak_are_taken_only_where_there_are_few() -> None:
    strong = [look(n) for n in range(MIN_GROUPS)]
    weak = look(20, overall=0.6, at_s=100.0)
    assert verdicts([*strong, weak], film(21))[-1] == ("passed_over", ["weak"])
    assert verdicts([*strong[:4], weak], film(21))[-1] == ("chosen", [])
    poor = look(20, overall=0.3, at_s=100.0)
    assert verdicts([*strong[:4], poor], film(21))[-1] == ("passed_over", ["weak"])
    lost = look(20, held=0.3, at_s=100.0)
    assert verdicts([*strong, lost], film(21))[-1] == ("passed_over", ["no_subject"])
    assert verdicts([*strong[: ENOUGH - 1], lost], film(21))[-1] == ("chosen", [])


def test_a_face_that_the_frame_cuts_is_passed_over() -> None:
    strong = [look(n) for n in range(MIN_GROUPS)]
    for x, told in ((0, "passed_over"), (130, "passed_over"), (60, "chosen")):
        cut = look(20, faces=(Box(x, 20, 30, 40),), at_s=100.0)
        assert verdicts([*strong, cut], film(21))[-1][0] == told
    assert verdicts([*strong, look(20, faces=(Box(0, 20, 30, 40),), at_s=100.0)], film(21))[-1][
        1
    ] == ["cut_face"]


def test_everyone_who_recurs_is_shown_though_others_are_better() -> None:
    ann, bea = np.zeros(128, np.float32), np.ones(128, np.float32)
    looks = [look(n, people=(ann,)) for n in range(30)]
    for n in (5, 6, 7):
        looks[n] = look(n, overall=0.6, people=(bea,))
    told = verdicts(looks, film(30))
    assert sum(told[n][0] == "chosen" for n in (5, 6, 7)) == 1
    once = [*looks[:5], look(5, overall=0.6, people=(bea,)), *looks[8:]]
    assert verdicts(once, film(30))[5] == ("passed_over", ["weak"]), "seen once is no recurring"


def test_who_recurs_is_seen_in_two_shots_and_told_apart_by_distance() -> None:
    ann, bea = np.zeros(128, np.float32), np.zeros(128, np.float32)
    bea[0] = 0.7
    near = ann + np.float32(0.5 / np.sqrt(128))
    faces = [[ann], [near, bea], [ann], [bea], []]
    assert recurring(faces, [0, 0, 1, 1, 2]) == [frozenset({0, 1, 2})]
    assert recurring(faces, [0, 0, 0, 1, 2]) == [], "all of it in one shot"
    assert recurring([[], [ann]], [0, 1]) == []


def test_strong_moods_and_both_ends_are_wanted() -> None:
    extraction = film(10, ["tense"] * 4 + ["joyful"] * 3 + ["calm"] + [None] * 2)
    assert strong_moods(extraction) == ["tense", "joyful"]
    at_s = [5.0, 45.0, 95.0]
    assert shots_at(at_s, extraction) == [0, 4, 9]
    assert coverage(at_s, [], extraction) == [
        frozenset({0}),  # tense
        frozenset({1}),  # joyful
        frozenset({0}),  # early
        frozenset({2}),  # late
    ]


def test_a_late_picture_is_among_many_better_early_ones() -> None:
    looks = [look(n, overall=0.9) for n in range(28)] + [look(29, overall=0.6)]
    told = verdicts(looks, film(30))
    late = [n for n, one in enumerate(looks) if one.seen.at_s >= 200]
    assert any(told[n][0] == "chosen" for n in late)
    early = [look(n, at_s=float(n)) for n in range(28)] + [look(29, overall=0.6)]
    assert verdicts(early, film(30))[-1] == ("chosen", [])


def test_emphasis_tells_people_light_movement_and_mood() -> None:
    face = Box(60, 20, 30, 40)
    fast = ShotFacts(
        look={"motion_local": 0.3, "motion_global": 0.0},
        mood={"top": "tense", "moods": {"tense": 0.4}, "arousal": 0.5},
    )
    near = seen(0, faces=(face,), face=0.44)
    assert emphasis(near, fast) == ("character", "close_up", "action", "mood:tense")
    assert emphasis(near) == ("character", "close_up"), "of no shot no movement and no mood"
    small = Box(10, 10, 8, 10)
    pair = seen(0, faces=(face, small), face=0.44)
    assert emphasis(pair)[0] == "two_shot"
    assert emphasis(seen(0, faces=(face, small, small), face=0.44))[0] == "group"
    assert emphasis(seen(0)) == ("wide", "place"), "even mass is a place"
    still = ShotFacts(look={"motion_local": 0.01, "motion_global": 0.0}, mood={"arousal": -0.3})
    assert emphasis(seen(0), still) == ("wide", "place", "calm")
    faint = ShotFacts(mood={"top": "tense", "moods": {"tense": 0.06}})
    assert emphasis(seen(0), faint) == ("wide", "place"), "a mood of many is not told"
    bright = replace(seen(0).quality, brightness=0.6)
    assert "day" in emphasis(seen(0, quality=bright))
    assert "night" in emphasis(seen(0, quality=replace(bright, brightness=0.1)))


def test_emphasis_as_facts() -> None:
    facts = emphasis_facts(("two_shot", "action", "mood:tense"), "composed")
    assert facts == {
        "emph_group": 1.0,
        "emph_action": 1.0,
        "emph_place": 0.0,
        "mood_valence": 0.3,
        "mood_arousal": 0.8,
        "origin_composed": 1.0,
        "origin_generated": 0.0,
    }
    neutral = emphasis_facts((), "frame")
    assert neutral["mood_valence"] == neutral["mood_arousal"] == neutral["emph_action"] == 0.5
