"""Chunks, themes, sentiment, and the facts of what is said and told."""

import itertools
import json
import time
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from content.describe import describe_words
from content.encoders.models import Models
from content.sentiment import arc, line_sentiment, sentiment
from content.synopsis import chunks, encode_synopsis
from content.theme_vocabulary import THEMES
from content.themes import evidence, theme_scores
from content.transcript import Line
from content.types import Shot
from content.words import said_in, shot_words, title_words, words_facts

MODELS = Models(transcript="off")
WAR = "Young soldiers march to the front. Most of them fall in the first battle of the war."
GLAD, SAD = "What a wonderful, happy day!", "This is a horrible, terrible disaster."


def test_chunks_are_whole_sentences() -> None:
    sentences = [f"In year {k} the old king of the hills sent his son to sea." for k in range(60)]
    found = chunks(" ".join(sentences), MODELS)
    assert len(found) > 2
    assert all(chunk.startswith("In year") and chunk.endswith("to sea.") for chunk in found)
    assert " ".join(found) == " ".join(sentences)
    assert all(len(MODELS.text.chunks(chunk)) == 1 for chunk in found)
    assert all(len(MODELS.text.chunks(f"{a} {b}")) > 1 for a, b in itertools.pairwise(found))


def test_a_sentence_too_long_is_cut_between_tokens() -> None:
    found = chunks("A start. " + "word " * 600 + "end.", MODELS)
    assert len(found) == 4 and sum(chunk.count("word") for chunk in found) == 600
    assert chunks(" \n ", MODELS) == []


def test_a_long_synopsis_is_the_mean_of_its_chunks_by_length() -> None:
    text = "The old king of the hills sent his son to sea. " * 60 + "A whale."
    pieces = chunks(text, MODELS)
    rows, weights = MODELS.text.encode(pieces), [len(piece) for piece in pieces]
    expected = sum(w * r for w, r in zip(weights, rows, strict=True))
    vector = encode_synopsis(text, MODELS)
    assert vector is not None
    assert vector.data == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)


def test_the_vocabulary_is_whole() -> None:
    assert len(THEMES) >= 40
    assert all(len(sentences) == 3 for sentences in THEMES.values())
    sentences = [text for three in THEMES.values() for text in three]
    assert len(set(sentences)) == len(sentences)


def test_evidence_is_nearness_less_the_usual_by_hand() -> None:
    flat = MODELS.text.encode([text for three in THEMES.values() for text in three])
    query = MODELS.text.encode([WAR])
    k = list(THEMES).index("war")
    own = np.sort(flat[3 * k : 3 * k + 3] @ query[0])[1:].mean()
    near = np.sort(flat.reshape(-1, 3, 384) @ flat.T, axis=1)[:, 1:].mean(1)  # (themes, sentences)
    others = [np.delete(near[t], [3 * t, 3 * t + 1, 3 * t + 2]) for t in range(len(THEMES))]
    spread = np.mean([values.std() for values in others])
    expected = (own - others[k].mean()) / spread
    assert evidence(query, MODELS.text)[0, k] == pytest.approx(expected, abs=1e-4)


def test_themes_of_plain_stories() -> None:
    found = theme_scores(MODELS.text.encode([WAR]), MODELS.text)
    assert found[0]["theme"] == "war" and found[0]["score"] > 0.5
    assert len(found) <= 5
    assert all(a["score"] >= b["score"] for a, b in itertools.pairwise(found))
    assert theme_scores(MODELS.text.encode(["Chapter two, page 14."]), MODELS.text) == []
    assert theme_scores(np.zeros((0, 384), np.float32), MODELS.text) == []


def test_themes_of_works_not_tuned_on() -> None:
    """Measured 0.69 at three of 44 (0.14 by chance)."""
    works = json.loads(Path("samples/themes.json").read_text("utf-8"))
    works = [work for work in works if work["half"] == "held_out"]
    assert len(works) >= 30
    order = np.argsort(-evidence(MODELS.text.encode([w["synopsis"] for w in works]), MODELS.text))
    names = list(THEMES)
    hits = [
        bool({names[k] for k in row[:3]} & set(work["themes"]))
        for row, work in zip(order, works, strict=True)
    ]
    assert np.mean(hits) >= 0.6


def test_sentiment_is_vaders_and_english_only() -> None:
    # The figures of VADER's own documentation.
    assert line_sentiment(Line(0, 1, "VADER is smart, handsome, and funny.", 1)) == 0.8316
    assert line_sentiment(Line(0, 1, "Today SUX!", 1)) == -0.5461
    assert line_sentiment(Line(0, 1, GLAD, 1, "fr")) is None
    assert sentiment([Line(0, 1, GLAD, 1, "fr")]) is None and sentiment([]) is None


def test_sentiment_is_weighted_by_length() -> None:
    lines = [Line(0, 1, GLAD, 1), Line(1, 2, SAD, 1)]
    good, bad = (line_sentiment(line) for line in lines)
    expected = (good * len(GLAD) + bad * len(SAD)) / (len(GLAD) + len(SAD))
    assert sentiment(lines) == pytest.approx(expected, abs=1e-3)


def test_the_arc_falls_from_glad_to_sad_and_skips_silence() -> None:
    lines = [Line(t, t + 2, GLAD, 1) for t in range(0, 200, 5)]
    lines += [Line(t, t + 2, SAD, 1) for t in range(400, 600, 5)]
    points = arc(lines, 600.0)
    at = {point["at_s"]: point["sentiment"] for point in points}
    assert at[105.0] == pytest.approx(line_sentiment(lines[0]), abs=1e-3)
    assert at[505.0] == pytest.approx(line_sentiment(lines[-1]), abs=1e-3)
    assert 305.0 not in at and len(points) < 60
    assert arc([], 600.0) == [] and arc([Line(0, 1, GLAD, 1, "de")], 60.0) == []
    assert len(arc(lines, 7200.0)) <= 60


def test_the_arc_by_hand() -> None:
    lines = [Line(4, 6, GLAD, 1), Line(14, 16, SAD, 1)]
    good, bad = (line_sentiment(line) for line in lines)
    a, b = len(GLAD), len(SAD) * np.exp(-0.5)
    assert arc(lines, 20.0)[0] == {
        "at_s": 5.0,
        "sentiment": pytest.approx((a * good + b * bad) / (a + b), abs=1e-3),
    }


LINES = [
    Line(1.0, 3.0, "We must leave the burning harbour tonight.", 0.9),
    Line(9.5, 12.0, GLAD, 0.9),
]


def test_a_shot_has_what_is_said_in_it() -> None:
    assert said_in(LINES, 0.0, 4.0) == LINES[:1]
    assert said_in(LINES, 0.0, 1.5) == []  # a quarter of it
    assert said_in(LINES, 2.0, 10.0) == LINES[:1]  # one second; of the other only a half
    assert said_in(LINES, 1.4, 1.8) == LINES[:1]  # a short shot within a line
    assert said_in(LINES, 3.0, 9.5) == []
    assert words_facts(LINES, 4.0, 9.0) == {}
    assert words_facts(LINES, 9.0, 13.0) == {
        "transcript": [{"start_s": 9.5, "end_s": 12.0, "text": GLAD}],
        "language": "en",
        "sentiment": sentiment(LINES[1:]),
    }


def test_shots_with_words_have_vectors() -> None:
    shots = [Shot(0.0, 4.0, 2.0), Shot(4.0, 9.0, 6.0), Shot(9.0, 13.0, 11.0)]
    facts, vectors = shot_words([LINES[0], Line(5, 6, "Yes.", 0.9), LINES[1]], shots, MODELS)
    assert vectors is not None
    assert vectors.shots.tolist() == [0, 2] and vectors.data.shape == (2, 384)
    assert vectors.data[0] == pytest.approx(MODELS.text.encode([LINES[0].text])[0], abs=1e-6)
    assert vectors.fingerprint == encode_synopsis("x", MODELS).fingerprint
    assert facts[1]["transcript"][0]["text"] == "Yes." and "themes" not in facts[1]
    assert facts[0]["themes"] is None
    assert shot_words([], shots, MODELS) == ([{}, {}, {}], None)


def test_a_long_speech_in_a_shot_has_themes() -> None:
    facts, _ = shot_words([Line(0, 9, WAR, 0.9)], [Shot(0.0, 9.0, 4.0)], MODELS)
    assert facts[0]["themes"][0]["theme"] == "war"


class Polyglot(Models):
    """The embedded models, but their text encoder is taken to read any language."""

    @property
    def text(self):
        encoder = copy(MODELS.text)
        encoder.knows = lambda language: True
        return encoder


TALK = [Line(k, k + 1, "The pirates buried their treasure on an island.", 0.9) for k in range(20)]


def test_one_rule_for_the_languages_that_are_read() -> None:
    shots, foreign = [Shot(0.0, 20.0, 4.0)], [replace(line, language="de") for line in TALK]
    assert MODELS.text.knows(None) and MODELS.text.knows("en-GB") and not MODELS.text.knows("de_AT")
    assert shot_words(foreign, shots, MODELS)[0][0]["themes"] is None
    assert title_words("", foreign, 20.0, MODELS)["themes"] == []
    assert title_words(WAR, foreign, 20.0, MODELS)["themes"][0]["theme"] == "war"
    reader = Polyglot(transcript="off")
    for found in (shot_words(foreign, shots, reader)[0][0], title_words("", foreign, 20.0, reader)):
        assert found["themes"][0]["theme"] == "pirates and the sea"


def test_a_synopsis_in_a_language_that_is_not_read_tells_nothing() -> None:
    for language in (None, "en", "en-US"):
        told = describe_words(WAR, MODELS, language)
        assert told["words"]["themes"][0]["theme"] == "war" and told["mood"]["evidence"]
    assert describe_words("Lecture 3", MODELS)["mood"] == {}  # no feeling is named
    foreign = describe_words("Junge Soldaten ziehen an die Front.", MODELS, "de")
    assert (foreign["words"]["themes"], foreign["mood"]) == ([], {})


def test_many_shots_and_lines_are_not_all_compared() -> None:
    lines = [Line(2.0 * k, 2.0 * k + 1.5, f"Line {k}.", 0.9) for k in range(3000)]
    shots = [Shot(3.0 * k, 3.0 * k + 3, 3.0 * k) for k in range(2000)]
    assert said_in(lines, 3000.0, 3003.0) == lines[1500:1502]
    begun = time.process_time()
    found = [said_in(lines, shot.start_s, shot.end_s) for shot in shots]
    assert time.process_time() - begun < 0.3  # 2 s when every shot reads every line
    assert found[:3] == [
        [line for line in lines if _overlap(line, shot) >= 0.75] for shot in shots[:3]
    ]


def _overlap(line: Line, shot: Shot) -> float:
    return min(line.end_s, shot.end_s) - max(line.start_s, shot.start_s)


def test_a_line_is_scored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from content.sentiment import _analyzer

    scored: list[str] = []
    polarity = _analyzer().polarity_scores
    monkeypatch.setattr(
        _analyzer(), "polarity_scores", lambda text: scored.append(text) or polarity(text)
    )
    lines = [Line(k, k + 1, f"A wonderful day number {k}!", 0.9) for k in range(9)]
    shot_words(lines, [Shot(0.0, 9.0, 1.0)], MODELS)
    title_words("", lines, 9.0, MODELS)
    assert scored == [line.text for line in lines]


def test_a_titles_words() -> None:
    facts = title_words(WAR, LINES, 20.0, MODELS)
    assert facts["themes"] == theme_scores(MODELS.text.encode([WAR]), MODELS.text)
    assert [line["text"] for line in facts["transcript"]] == [line.text for line in LINES]
    assert (facts["lines"], facts["language"]) == (2, "en")
    assert facts["sentiment"] == sentiment(LINES) and facts["arc"] == arc(LINES, 20.0)
    silent = title_words(WAR, [], 20.0, MODELS)
    assert (silent["language"], silent["sentiment"], silent["arc"]) == (None, None, [])
    json.dumps(facts)


def test_much_dialogue_has_its_share_in_the_themes() -> None:
    without = {t["theme"] for t in title_words(WAR, [], 60.0, MODELS)["themes"]}
    with_talk = {t["theme"]: t["score"] for t in title_words(WAR, TALK, 60.0, MODELS)["themes"]}
    alone = title_words("", TALK, 60.0, MODELS)["themes"]
    assert "pirates and the sea" not in without
    assert alone[0]["theme"] == "pirates and the sea"
    assert with_talk["war"] > with_talk.get("pirates and the sea", 0.0)
