"""What is said in a film, with times, as its sound streams by.

Only speech reaches the model: turns of speech are cut out at pauses and laid side by side into
windows of up to 28 s, for the model takes as long over one second as over thirty. Memory is one
window and one turn (3.6 MB), however long the film.

Whisper says something about any sound. Thrown away: loops, guesses, notes ("[MUSIC]"), the
farewells of its training captions unless it is sure, and languages that the model does not know.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from content.encoders.text import primary
from content.turns import LONGEST, SECOND, WINDOW, Places, Turn, Turns, Unheard
from content.types import F32

if TYPE_CHECKING:
    from content.encoders.whisper import Phrase, Whisper, Word

FAR = 470
"""Windows after which a turn is not laid beside the one before: 15 s."""
LOOP = 2.4
"""Compression above which a phrase is the model going in circles (Whisper's own gate)."""
UNLIKELY = -1.0
"""Mean log probability of a window below which its words are guesses (Whisper's own gate)."""
NO_SPEECH, SURE = 0.6, -0.4
"""Where the model hears no speech (probability above the one), it must be sure of its words (mean
log probability at least the other)."""
GUESSED = 0.4
"""Mean probability of its words below which a line is thrown away."""
FOREIGN = 0.65
"""Mean score of all lines below which an English-only model has listened to another language:
English gave 0.72 to 0.95, eleven other languages at most 0.60."""
PHANTOM_SURE = 0.8
"""Score from which on a phantom is taken for a line."""
PHANTOMS = re.compile(
    r"you|bye|bye[- ]bye|so|oh|um|mm+|hmm+|okay|that'?s it|the end|please subscribe|subtitles by .*"
    r"|thanks?( you)?( (so|very) much)?( for (watching|listening))?"
    r"|(and )?(i'?ll )?see you (next time|later|in the next (video|one))"
)
"""What Whisper says over music and noise."""
LONG_S, GAP_S = 12.0, 0.8
"""A line ends at a full stop, before a silence of `GAP_S`, or when it is `LONG_S` long."""
_ENDS = re.compile(r"[.?!…][\"')\]]*$")
_ABBREVIATIONS = re.compile(r"(?:^|\s)(Mr|Mrs|Ms|Dr|St|Prof|Jr|Sr|vs|[A-Z])\.$")
_NOTES = re.compile(r"\[[^\]]*\]?|\([^)]*\)?|\*[^*]*\*?|♪[^♪]*♪?")


@dataclass(frozen=True, slots=True)
class Line:
    """Something said, about a sentence. `score` 0..1: how sure the model is of its words."""

    start_s: float
    end_s: float
    text: str
    score: float
    language: str = "en"
    """ISO 639-1."""


class Transcriber:
    """Feed sound in order, then `finish`. One instance serves one stretch of one film."""

    def __init__(
        self,
        model: "Whisper",
        start_s: float = 0.0,
        language: str | None = None,
        before: Unheard | None = None,
    ) -> None:
        """Begin a stretch.

        Args:
            start_s: where the sound begins on the film's clock.
            language: of `spoken_in`.
            before: what `leave` gave for the sound that ends here.
        """
        self._model, self._start_s, self._language = model, start_s, language
        self._packed: list[Turn] = list(before.packed) if before is not None else []
        self._lines: list[Line] = []
        if before is not None and before.at < -1:  # sound is missing: nobody speaks on over a hole
            self._pack(Turns(before).end())
            before = None
        self._turns = Turns(before)

    def feed(self, samples: F32, speech: F32) -> None:
        """Take mono sound at 16 kHz and the speech probability of each 512 samples of it.

        Args:
            samples: float32 (n · 512,); only the last piece of a stretch may be ragged.
            speech: float32 (n,), 0..1.

        Raises:
            ValueError: the two do not belong together.
        """
        if -(-samples.size // WINDOW) != speech.size:
            raise ValueError(f"{samples.size} samples are not {speech.size} windows of {WINDOW}")
        whole = np.zeros((speech.size, WINDOW), np.float32)
        whole.reshape(-1)[: samples.size] = samples
        for window, probability in zip(whole, speech.tolist(), strict=True):
            # A copy: a view would keep the whole piece alive.
            self._pack(self._turns.take(window.copy(), probability))

    def finish(self) -> list[Line]:
        """Everything said that is believed, in order of time."""
        self._pack(self._turns.end())
        self._hear()
        return without_loops(self._lines)

    def leave(self, next_s: float) -> tuple[list[Line], Unheard]:
        """The lines so far, and what is left to the stretch that begins at `next_s`.

        A sentence may go on over the border, and what is heard together depends on what follows:
        both are told by the next stretch, as if there were no border.
        """
        windows = (next_s - self._start_s) * SECOND
        return without_loops(self._lines), self._turns.leave(windows, self._packed)

    def _pack(self, turn: Turn | None) -> None:
        if turn is None:
            return
        if self._packed:
            length = sum(len(other) for other in self._packed) + len(turn)
            if length > LONGEST or turn.begin - self._packed[-1].end > FAR:
                self._hear()
        self._packed.append(turn)

    def _hear(self) -> None:
        if not self._packed:
            return
        sound = np.concatenate([window for turn in self._packed for window in turn.windows])
        places = Places(self._packed, self._start_s)
        self._packed = []
        phrases = self._model.hear(sound, self._language)
        words = [word for phrase in phrases if believable(phrase) for word in phrase.words]
        if words:
            self._lines += lines_of(words, places, phrases[0].language)


def spoken_in(language: str | None, english_only: bool) -> str | None:
    """The language to listen in: a title's `en-GB` is `en`; None when none is given.

    Raises:
        LookupError: the model cannot transcribe it; nothing is to be transcribed.
    """
    if language is None:
        return None
    spoken = primary(language)
    if english_only and spoken != "en":
        raise LookupError(f"the model reads English only, not {spoken}")
    return spoken


def transcript_of(lines: Sequence[Line], language: str | None, english_only: bool) -> list[Line]:
    """The lines of a whole film that are believed, or none of them.

    An English-only model makes English of every language, unsurely. When nobody says what is
    spoken (`language` None), its lines count only if their mean score, weighted by the number of
    characters, is at least `FOREIGN`.
    """
    kept = without_loops(lines)
    if language is None and english_only and kept:
        lengths = [len(line.text) for line in kept]
        if np.average([line.score for line in kept], weights=lengths) < FOREIGN:
            return []
    return kept


def without_loops(lines: Iterable[Line]) -> list[Line]:
    """Lines without runs: of three or more alike in a row none is believed."""
    runs: list[list[Line]] = []
    for line in lines:
        if runs and _bare(runs[-1][0].text) == _bare(line.text):
            runs[-1].append(line)
        else:
            runs.append([line])
    return [line for run in runs if len(run) < 3 for line in run]


def believable(phrase: "Phrase") -> bool:
    """Neither a loop nor a guess, and speech."""
    if phrase.compression > LOOP or phrase.log_probability < UNLIKELY:
        return False
    return phrase.no_speech <= NO_SPEECH or phrase.log_probability >= SURE


def lines_of(words: Iterable["Word"], places: Places, language: str) -> list[Line]:
    """Words of one window as lines on the film's clock, without guesses, notes and phantoms."""
    found: list[Line | None] = []
    begun: list[tuple[float, float, Word]] = []
    for word in words:
        start_s, end_s = places.span(word.start_s, word.end_s)
        if begun and (start_s - begun[-1][1] >= GAP_S or end_s - begun[0][0] > LONG_S):
            found.append(_line(begun, language))
            begun = []
        begun.append((start_s, end_s, word))
        if _ENDS.search(word.text) and not _ABBREVIATIONS.search(word.text):
            found.append(_line(begun, language))
            begun = []
    if begun:
        found.append(_line(begun, language))
    return [line for line in found if line is not None]


def _line(words: Sequence[tuple[float, float, "Word"]], language: str) -> Line | None:
    text = " ".join(_NOTES.sub(" ", "".join(word.text for _, _, word in words)).split())
    score = float(np.mean([word.probability for _, _, word in words]))
    bare = _bare(text)
    if not bare or score < GUESSED or (score < PHANTOM_SURE and PHANTOMS.fullmatch(bare)):
        return None
    return Line(words[0][0], words[-1][1], text, round(score, 3), language)


def _bare(text: str) -> str:
    return re.sub(r"[^\w' -]", "", text).strip(" '-").lower()
