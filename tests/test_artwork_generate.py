"""Generated pictures: what is asked, what a model is told, and what is let in."""

from typing import Any

import numpy as np
import pytest

from artwork.candidates.emphasis import TAGS, repainted
from artwork.generate.brief import EMPHASIS, LOOKS, Brief, parse
from artwork.generate.likeness import LEAST, MOST, NEAR, Likeness, floor
from artwork.generate.plan import attempts
from artwork.generate.prompt import prompt
from content.errors import Invalid
from content.types import F32

PROFILE: dict[str, Any] = {
    "look": {
        "medium": "animation",
        "palette": [{"name": "dark brown"}, {"name": "gold"}, {"name": "gold"}],
    },
    "mood": {"top": "tense"},
    "words": {"themes": [{"theme": "friendship", "score": 0.6}, {"theme": "war", "score": 0.1}]},
}


def test_a_brief_is_read() -> None:
    assert parse("") == Brief()
    text = " mood:eerie, emphasis:place,look:noir,change:bold,extend:2:3"
    assert parse(text) == Brief("eerie", "place", "noir", "bold", "2:3")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mood:sleepy", "mood is tense, "),
        ("actor:somebody", "KEY mood, emphasis, look, change or extend"),
        ("mood", "expected KEY:VALUE"),
        ("mood:eerie,mood:tense", "stands twice"),
        ("extend:16:9", "extend is 2:3 or 9:16"),
    ],
)
def test_a_bad_brief_is_refused_by_what_there_is(text: str, words: str) -> None:
    with pytest.raises(Invalid, match="invalid_brief") as error:
        parse(text)
    assert words in error.value.detail


def test_the_prompt_is_written_from_profile_and_brief() -> None:
    told = prompt(parse("emphasis:place"), PROFILE, ["Fantasy", "Ada Lovelace"])
    assert told == (
        "still of an animated film, the place itself, establishing shot, tense atmosphere, "
        "fantasy film, palette of dark brown, gold, a story of friendship, "
        "cinematic composition, detailed"
    )
    asked = prompt(parse("mood:eerie,look:noir"), PROFILE)
    assert "eerie atmosphere" in asked and LOOKS["noir"] in asked and "palette" not in asked
    assert prompt(Brief(), {}) == "film still, cinematic composition, detailed"


def frame(name: str, *, overall: float = 0.5, tags: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"id": name, "origin": "frame", "scores": {"overall": overall}, "emphasis": tags}


def test_the_frames_that_fit_come_first_and_every_picture_has_its_seed() -> None:
    sources = [
        frame("good", overall=0.9),
        frame("place", overall=0.1, tags=("place",)),
        frame("both", overall=0.1, tags=("place", "mood:eerie")),
        frame("made") | {"origin": "composed"},
    ]
    made = attempts(parse("mood:eerie,emphasis:place"), sources, 4, 7)
    assert [each.source["id"] for each in made] == ["both", "place", "good", "both"]
    assert [each.seed for each in made] == [7, 8, 9, 10]
    assert [each.strength for each in made] == [0.4, 0.433, 0.467, 0.5]
    assert attempts(parse("extend:2:3"), sources, 1, 7)[0].strength == 1.0
    assert attempts(Brief(), [sources[-1]], 4, 7) == []


# ----- is it of this title?


def unit(*rows: list[float]) -> F32:
    found = np.array(rows, dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_the_floor_is_what_the_titles_own_frames_keep_and_strangers_do_not() -> None:
    nobody = np.zeros((0, 3), np.float32)
    alike = unit([1, 0, 0], [1, 0.1, 0], [1, 0, 0.1])
    assert floor(alike, nobody) == MOST, "a film of one look may not ask for all but itself"
    assert floor(np.eye(3, dtype=np.float32), nobody) == LEAST
    assert floor(alike[:1], nobody) == LEAST, "one frame tells nothing of its likeness"
    varied = unit([1, 0, 0], [0.6, 0.8, 0], [0, 0, 1], [0, 0.8, 0.6])
    own = np.sort([0.6, 0.64, 0.6, 0.64])
    assert floor(varied, nobody) == pytest.approx(np.quantile(own, 0.25), abs=1e-3)
    near = unit([0.62, -0.785, 0])
    assert floor(varied, near) == pytest.approx(0.62, abs=1e-3), "strangers come nearer"
    assert floor(alike, unit([1, 0, 0])) == NEAR, "a title with the same footage bars nothing"


def test_a_strange_picture_and_a_strange_face_are_refused() -> None:
    people = np.zeros((1, 128), np.float32)
    title = Likeness(unit([1, 0, 0]), 0.6, people)
    close, far = unit([1, 0.2, 0])[0], unit([0.2, 1, 0])[0]
    known, strange = people + 0.04, people + 0.06  # 0.45 and 0.68 away
    assert title.reasons(close, known) == []
    assert [reason for reason, _ in title.reasons(far, known)] == ["unrepresentative"]
    [(reason, detail)] = title.reasons(close, np.concatenate([known, strange]))
    assert (reason, detail) == ("unknown_face", "1 of 2 faces are nobody's in the title's frames")
    empty = Likeness(unit([1, 0, 0]), 0.6, np.zeros((0, 128), np.float32))
    assert [reason for reason, _ in empty.reasons(close, known)] == ["unknown_face"]


def test_a_painted_frame_keeps_what_its_shot_told_but_the_mood_asked_for() -> None:
    frame = ("character", "action", "day", "mood:joyful")
    assert repainted(("place", "night"), frame, None) == ("place", "action", "night", "mood:joyful")
    assert repainted(("wide",), frame, "eerie") == ("wide", "action", "mood:eerie")
    assert repainted(("wide",), (), None) == ("wide",)


def test_every_emphasis_can_be_asked_for() -> None:
    assert set(EMPHASIS) == set(TAGS)
    for tag, words in EMPHASIS.items():
        assert words in prompt(Brief(emphasis=tag), PROFILE)
