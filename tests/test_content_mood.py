"""Mood: a distribution with its reasons, alone, among neighbours, and for a whole title."""

import json
import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from content.mood.cues import CUES, LIMIT, colourfulness, values
from content.mood.evidence import mood_facts, mood_of
from content.mood.film import film_moods, told_mood
from content.mood.model import FACTS, PEAK, Reading, read, shares
from content.mood.timeline import (
    by_second,
    musical_span,
    smoothed,
    surroundings,
    title_reading,
    with_music,
)
from content.mood.vocabulary import MOODS, NAMES
from content.types import Facts, Shot, ShotFacts

SAD: dict[str, Facts] = {
    "look": {"brightness": 0.15, "saturation": 0.12, "warmth": -0.1, "motion_local": 0.01},
    "sound": {"mode": "minor", "key_confidence": 0.8, "tempo_bpm": 62.0, "loudness_lufs": -32.0},
    "words": {"sentiment": -0.5},
    "pace": {"shots_per_minute": 4.0, "median_shot_s": 12.0},
}
GLAD: dict[str, Facts] = {
    "look": {"brightness": 0.65, "saturation": 0.6, "warmth": 0.1, "motion_local": 0.08},
    "sound": {"mode": "major", "key_confidence": 0.8, "tempo_bpm": 150.0, "loudness_lufs": -15.0},
    "words": {"sentiment": 0.5},
    "pace": {"shots_per_minute": 40.0, "median_shot_s": 1.5},
}
NOTHING: dict[str, Facts] = {"look": {}, "sound": {}, "words": {}, "pace": {}}


def test_the_vocabulary_is_documented_and_on_the_circumplex() -> None:
    assert len(MOODS) >= 16 and len(set(NAMES)) == len(NAMES)
    facts = {cue.fact for cue in CUES}
    for mood in MOODS:
        assert mood.meaning.endswith(".") and mood.sights
        assert -1 <= mood.valence <= 1 and -1 <= mood.arousal <= 1
        assert mood.cues and set(mood.cues) <= facts


def test_shares_sum_to_one_and_are_json() -> None:
    facts = mood_of(**SAD)
    assert math.isclose(sum(facts["moods"].values()), 1.0, abs_tol=1e-9)
    assert set(facts["moods"]) == set(NAMES)
    assert facts["top"] == max(facts["moods"], key=facts["moods"].__getitem__)
    assert -1 <= facts["valence"] <= 1 and -1 <= facts["arousal"] <= 1
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_the_shares_are_the_softmax_of_the_scores() -> None:
    scores = np.zeros(len(MOODS))
    scores[0] = math.log(3) / PEAK
    assert shares(scores)[0] == pytest.approx(3 / (len(MOODS) + 2))


def test_pushes_add_up_to_the_scores_and_to_the_odds() -> None:
    reading = read(**SAD)
    sums = [math.fsum(row) for row in reading.pushes]
    assert reading.scores == pytest.approx(sums, abs=1e-12)
    assert reading.pushes.mean(0) == pytest.approx(np.zeros(len(FACTS)), abs=1e-12)
    told = mood_of(**SAD)["moods"]
    odds = PEAK * (sums[NAMES.index("melancholic")] - sums[NAMES.index("joyful")])
    assert math.log(told["melancholic"] / told["joyful"]) == pytest.approx(odds)


def test_a_single_fact_by_hand() -> None:
    """One fact one spread below the usual pushes each mood by minus its weight about the mean."""
    cue = next(cue for cue in CUES if cue.fact == "words.sentiment")
    one = read({}, {}, {"sentiment": cue.centre - cue.scale}, {}).pushes
    two = read({}, {}, {"sentiment": cue.centre - 2 * cue.scale}, {}).pushes
    assert two == pytest.approx(2 * one)
    assert one[NAMES.index("melancholic")].sum() > 0 > one[NAMES.index("joyful")].sum()


def test_a_missing_modality_adds_nothing() -> None:
    whole = read(**SAD)
    for modality in NOTHING:
        part = read(**{**SAD, modality: {}})
        columns = [i for i, fact in enumerate(FACTS) if fact.startswith(f"{modality}.")]
        rest = [i for i in range(len(FACTS)) if i not in columns]
        assert not part.pushes[:, columns].any()
        assert (part.pushes[:, rest] == whole.pushes[:, rest]).all()


def test_nothing_known_is_no_mood_and_no_evidence() -> None:
    assert mood_of(**NOTHING) == {}
    black = ShotFacts(look={"brightness": 0.0, "contrast": 0.0, "black_fraction": 1.0})
    toward = np.ones(len(MOODS))
    one = [Shot(0.0, 9.0, 1.0)]
    assert film_moods(one, [black], [{}], [{"concept": toward}], None) == ([{}], {})
    hushed = replace(black, sound={"silence": 1.0})
    assert film_moods(one, [hushed], [{}], [{}], None) == ([{}], {})
    assert np.isnan(by_second(one, [{}], 9)["valence"]).all()


def test_a_black_film_has_the_mood_of_what_is_heard_and_told() -> None:
    black = ShotFacts(look={"brightness": 0.0, "sharpness": 0.0, "black_fraction": 1.0})
    shots = [Shot(0.0, 9.0, 1.0)]
    loud = replace(black, sound={"loudness_lufs": -9.0, "silence": 0.0})
    (shot,), title = film_moods(shots, [loud], [{}], [{}], None)
    assert {e["fact"] for e in shot["evidence"] + title["evidence"]} == {"sound.loudness_lufs"}
    toward = np.zeros(len(MOODS))
    toward[NAMES.index("epic")] = 2.5
    (shot,), title = film_moods(shots, [black], [{}], [{}], toward)
    assert shot == {} and title["top"] == "epic"


def test_words_alone_tell_no_mood_where_all_are_nearly_alike() -> None:
    toward = np.zeros(len(MOODS))
    toward[NAMES.index("epic")] = 1.0  # a share of 0.073: 1.45 times the even one
    assert told_mood(toward) == {}
    assert told_mood(2 * toward)["top"] == "epic"


def test_a_dark_picture_is_not_soft_and_flat() -> None:
    look = {"brightness": 0.05, "contrast": 0.0, "sharpness": 0.0}
    assert set(read(look, {}, {}, {}).values) == {"look.brightness"}
    assert set(read(look | {"brightness": 0.07}, {}, {}, {}).values) == {
        "look.brightness",
        "look.contrast",
        "look.sharpness",
    }


def test_null_and_unusable_facts_are_left_out() -> None:
    look = {"brightness": None, "contrast": math.nan, "palette": [], "animation": 0.9}
    sound = {"mode": None, "key_confidence": None, "tempo_bpm": None, "speech": 0.5}
    assert values({"look": look, "sound": sound}) == {"look.animation": 0.9, "sound.speech": 0.5}


def test_an_extreme_fact_is_clipped() -> None:
    for cue in CUES:
        assert abs(cue.standard(1e9)) <= LIMIT and abs(cue.standard(0.0)) <= LIMIT
    assert (read({}, {"loudness_lufs": 900.0}, {}, {}).pushes == _loud(800.0).pushes).all()


def _loud(lufs: float) -> Reading:
    return read({}, {"loudness_lufs": lufs}, {}, {})


@pytest.mark.parametrize("group", ["look", "sound", "words", "pace"])
def test_dark_minor_slow_is_sadder_than_bright_major_fast(group: str) -> None:
    for facts in ({**NOTHING, group: SAD[group]}, SAD):
        other = {**NOTHING, group: GLAD[group]} if facts is not SAD else GLAD
        sad, glad = mood_of(**facts), mood_of(**other)
        assert sad["moods"]["melancholic"] > glad["moods"]["melancholic"]
        assert sad["moods"]["energetic"] < glad["moods"]["energetic"]
        assert sad["arousal"] < glad["arousal"] or group == "words"


def test_minor_is_sadder_the_surer_the_key() -> None:
    def valence(mode: str, confidence: float) -> Any:
        return mood_of({}, {"mode": mode, "key_confidence": confidence}, {}, {})["valence"]

    falling = [valence("major", 0.9), valence("major", 0.2), valence("minor", 0.2)]
    assert falling[0] > falling[1] > falling[2] > valence("minor", 0.9)


def test_evidence_names_what_a_person_sees_and_the_largest_push_first() -> None:
    evidence = mood_of(**SAD)["evidence"]
    pushes = [entry["push"] for entry in evidence]
    assert pushes == sorted(pushes, reverse=True) and pushes[-1] > 0
    reading = read(**SAD)
    for entry in evidence:
        push = reading.pushes[NAMES.index(entry["mood"]), FACTS.index(entry["fact"])]
        assert entry["push"] == pytest.approx(push, abs=1e-4)
    said = {entry["fact"]: entry["says"] for entry in mood_of(SAD["look"], {}, {}, {})["evidence"]}
    assert said["look.warmth"] == "cold colours"


def test_every_mood_can_be_reached() -> None:
    """Facts one and a half spreads along a mood's own cues, in physical units, make it the top."""
    for mood in MOODS:
        groups: dict[str, Facts] = {"look": {}, "sound": {}, "words": {}, "pace": {}}
        for cue in CUES:
            lean = mood.valence * cue.valence + mood.arousal * cue.arousal
            lean += mood.cues.get(cue.fact, 0.0)
            wanted = cue.centre + 1.5 * cue.scale * math.tanh(3 * lean)
            group, name = cue.fact.split(".")
            if name == "mode":
                mode = {"mode": "major" if lean > 0 else "minor", "key_confidence": abs(wanted)}
                groups["sound"] |= mode
            elif name == "colourfulness":
                groups["look"]["palette"] = _palette(wanted)
            else:
                groups[group][name] = _inverse(cue, wanted)
        assert mood_of(**groups)["top"] == mood.name


def _palette(wanted: float) -> list[Facts]:
    """Red and cyan, as strong as makes their colourfulness (1.118 at most) the wanted one."""
    off = round(255 * (1 - min(1.0, max(0.0, wanted) / math.sqrt(1.25))))
    pair = f"#ff{off:02x}{off:02x}", f"#{off:02x}ffff"
    return [{"hex": colour, "share": 0.5} for colour in pair]


def _inverse(cue: Any, wanted: float) -> float:
    """The value that the cue turns into `wanted`."""
    if cue.transform is float:
        return wanted
    return max(0.0, wanted) ** 2 if cue.transform is math.sqrt else 2**wanted


def test_the_same_facts_give_the_same_bits() -> None:
    assert json.dumps(mood_of(**GLAD)) == json.dumps(mood_of(**json.loads(json.dumps(GLAD))))


def test_affinities_push_their_own_mood_and_are_checked() -> None:
    toward = np.zeros(len(MOODS))
    toward[NAMES.index("epic")] = 2.0
    plain = mood_of(**GLAD)["moods"]["epic"]
    for name in ("concept", "meaning", "match"):
        facts = mood_of(**GLAD, **{name: toward})
        assert facts["moods"]["epic"] > plain
        with pytest.raises(ValueError, match="one finite number for each"):
            mood_of(**GLAD, **{name: toward[:-1]})
        with pytest.raises(ValueError, match="one finite number for each"):
            mood_of(**GLAD, **{name: toward * math.nan})


def test_colourfulness_by_hand() -> None:
    grey = [{"hex": "#808080", "share": 1.0}]
    red_and_cyan = [{"hex": "#ff0000", "share": 0.5}, {"hex": "#00ffff", "share": 0.5}]
    assert colourfulness(grey) == 0 and colourfulness([]) is None
    # red − green is ±1, (red + green)/2 − blue ±1/2: no mean, deviations 1 and 1/2
    assert colourfulness(red_and_cyan) == pytest.approx(math.sqrt(1.25))


def test_the_pace_around_a_shot() -> None:
    edges = [*range(0, 60, 10), *range(60, 91, 2)]
    shots = [Shot(float(a), float(b), float(a)) for a, b in pairwise(edges)]
    around = surroundings(shots)
    assert around[1] == {"shots_per_minute": pytest.approx(6.0), "median_shot_s": 10.0}
    assert around[-8]["shots_per_minute"] == pytest.approx(30.0)  # its middle is 75 s
    assert around[-1]["median_shot_s"] == 2.0
    assert surroundings([]) == []


def test_tempo_and_key_of_a_short_shot_come_from_around_it() -> None:
    assert musical_span(Shot(20.0, 22.0, 21.0), 120.0) == (17.0, 25.0)
    assert musical_span(Shot(0.5, 1.5, 1.0), 120.0) == (0.0, 8.0)
    assert musical_span(Shot(20.0, 40.0, 21.0), 120.0) == (20.0, 40.0)
    assert musical_span(Shot(118.0, 120.0, 119.0), 120.0) == (112.0, 120.0)
    assert musical_span(Shot(112.0, 120.0, 119.0), 120.0) == (112.0, 120.0)
    assert musical_span(Shot(3.0, 5.0, 4.0), 5.0) == (0.0, 5.0)
    kinds = {"speech": 0.0, "music": 0.0, "effects": 1.0, "silence": 0.0}
    own = {"tempo_bpm": None, "loudness_lufs": -12.0, **kinds}
    around = {"tempo_bpm": 120.0, "loudness_lufs": -30.0, "music": 1.0, "effects": 0.0}
    # What is heard in the shot is its own: the evidence must not contradict it.
    assert with_music(own, around) == {**own, "tempo_bpm": 120.0}
    assert with_music({}, {}) == {}


def test_neighbours_have_a_little_say_and_near_ones_more() -> None:
    shots = [Shot(4.0 * i, 4.0 * i + 4, 4.0 * i) for i in range(6)]
    sad, glad = read(**SAD), read(**GLAD)
    mixed = smoothed(shots, [sad, sad, sad, glad, glad, glad])
    column = NAMES.index("melancholic")
    along = [reading.scores[column] for reading in mixed]
    assert along == sorted(along, reverse=True)
    assert along[0] > along[2] > 0.5 * along[0]  # still its own mood at the border
    assert mixed[2].values == sad.values
    alone = smoothed(shots[:1], [sad])[0]
    assert (alone.pushes == sad.pushes).all()
    assert all((m.pushes == pytest.approx(sad.pushes)) for m in smoothed(shots, [sad] * 6))


def test_a_title_weighs_by_screen_time_and_keeps_what_is_distinct() -> None:
    sad, glad = read(**SAD), read(**GLAD)
    shots = [Shot(0.0, 90.0, 0.0), Shot(90.0, 100.0, 90.0)]
    column = NAMES.index("melancholic")
    title = title_reading(shots, [glad, sad])
    mean = 0.9 * glad.scores[column] + 0.1 * sad.scores[column]
    assert title.scores[column] > mean  # the one sad scene is heard
    assert title.scores.mean() == pytest.approx(0, abs=1e-12)
    assert title.values["look.brightness"] == pytest.approx(0.9 * 0.65 + 0.1 * 0.15)
    assert mood_facts(title)["top"] == mood_of(**GLAD)["top"]
    same = title_reading(shots, [sad, sad])
    assert same.scores == pytest.approx(sad.scores)
    toward = np.zeros(len(MOODS))
    toward[NAMES.index("epic")] = 2.0
    synopsis = read({}, {}, {}, {}, meaning=toward)
    told = title_reading(shots, [glad, sad], synopsis)
    assert told.scores == pytest.approx(title.scores + synopsis.scores)
    assert told.affinities["words.meaning"][NAMES.index("epic")] == 2.0
    with pytest.raises(ValueError, match="at least one shot"):
        title_reading([], [])


def test_the_timeline_holds_each_seconds_shot() -> None:
    shots = [Shot(0.0, 2.4, 0.0), Shot(2.4, 4.2, 2.4)]
    moods = [mood_of(**SAD), mood_of(**GLAD)]
    columns = by_second(shots, moods, 5)
    expected = [moods[i]["valence"] for i in (0, 0, 1, 1, 1)]
    assert columns["valence"].tolist() == pytest.approx(expected)
    assert columns["arousal"].dtype == np.float32 and columns["arousal"].shape == (5,)


def test_meaning_ranks_sentences_by_their_mood() -> None:
    from content.encoders.models import Models
    from content.mood.meaning import meaning_by

    models = Models()
    text, meaning = models.text, meaning_by(models)
    said = {
        "joyful": "Everyone laughs and dances at the wedding party.",
        "melancholic": "Since she died I sit here alone every evening and weep.",
        "romantic": "I love you, kiss me again, my darling.",
        "eerie": "There are voices in the empty house at midnight, and the dead walk.",
    }
    for mood, sentence in said.items():
        affinity = meaning.of_words(text.encode([sentence]))
        assert affinity.shape == (len(MOODS),) and np.isfinite(affinity).all()
        assert NAMES.index(mood) in np.argsort(-affinity)[:4]
    seen = meaning.of_picture(text.encode(["a photo of a church"])[0])["concept"]
    assert NAMES.index("solemn") in np.argsort(-seen)[:2]
    assert meaning_by(models) is meaning
    told = meaning.of_text("A haunted house, and the dead walk at midnight.")
    assert told is not None and NAMES.index("eerie") in np.argsort(-told)[:4]
    assert meaning.of_text("  ") is None
