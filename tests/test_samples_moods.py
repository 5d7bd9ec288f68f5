"""The judged pairs are what they say they are."""

import json
from collections import Counter

from content.mood.vocabulary import NAMES
from samples.moods import JUDGED, Pair, Span, judged


def test_enough_pairs_of_enough_moods_in_both_halves() -> None:
    pairs = judged()
    assert len(set(pairs)) == len(pairs) >= 48
    assert len({pair.mood for pair in pairs}) >= 10 and {pair.mood for pair in pairs} <= set(NAMES)
    halves = Counter(pair.held_out for pair in pairs)
    assert min(halves.values()) >= 24
    assert len({pair.mood for pair in pairs if pair.held_out}) >= 10


def test_answers_are_balanced_and_give_their_reason() -> None:
    pairs = judged()
    answers = Counter(pair.answer for pair in pairs)
    assert set(answers) == {"a", "b"} and abs(answers["a"] - answers["b"]) <= 0.1 * len(pairs)
    assert all(len(entry["why"]) > 10 for entry in json.loads(JUDGED.read_text("utf-8"))["pairs"])
    # Neither a clip nor its side decides: most clips win some and lose some.
    won = Counter((pair.a if pair.answer == "a" else pair.b).file for pair in pairs)
    lost = Counter((pair.b if pair.answer == "a" else pair.a).file for pair in pairs)
    assert all(won[file] and lost[file] for file in {*won, *lost})
    assert sum(pair.a.file == pair.b.file for pair in pairs) >= 10


def test_shots_lie_in_clips_that_are_fetched() -> None:
    catalog = JUDGED.with_name("catalog.json").read_text("utf-8")
    files = {entry["file"] for entry in json.loads(catalog)}
    for pair in judged():
        for span in (pair.a, pair.b):
            assert span.file in files and 0 <= span.start_s < span.end_s
        assert pair.a != pair.b


def test_the_half_follows_from_the_question_alone() -> None:
    """The rule of the file, reckoned by `sha256sum`: the first bytes are 0xb6 and 0x29."""
    one, other = Span("one.mp4", 1.0, 2.0), Span("other.mp4", 0.5, 3.0)
    assert [Pair("tense", one, other, answer).held_out for answer in "ab"] == [False, False]
    assert Pair("joyful", one, other, "a").held_out
