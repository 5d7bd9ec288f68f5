"""What is said and told, as facts: of each shot and of the title (docs/facts.md, `words`)."""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from content.encoders.models import Models
from content.sentiment import arc, sentiment
from content.synopsis import MAX_CHUNKS, chunks, pooled
from content.themes import theme_scores
from content.transcript import Line
from content.types import F32, Facts, Shot, ShotVectors

MAX_LINES = 4000
"""Of a title's transcript that are told with the title; about four hours of dialogue."""
LEAST_WORDS = 4
"""Said in a shot below which it has no vector: "Yes." tells nothing of a moment."""
LONGEST_LINE_S = 30.0
"""Speech is heard in windows, and no line is longer than one."""
THEME_WORDS = 12
"""Said in a shot below which it has no themes."""
SPOKEN_SHARE = 0.3
"""Of the evidence for a title's themes that the transcript has beside a synopsis. An assumption:
dialogue names its themes less than a synopsis does."""


def said_in(lines: Sequence[Line], start_s: float, end_s: float) -> list[Line]:
    """The lines that overlap `[start_s, end_s)` by half of themselves or of it, or by a second.

    `lines` are in order of their starts.
    """
    first = bisect_left(lines, start_s - LONGEST_LINE_S, key=_start_s)
    last = bisect_left(lines, end_s, key=_start_s)
    found = []
    for line in lines[first:last]:
        overlap_s = min(line.end_s, end_s) - max(line.start_s, start_s)
        half_s = min(line.end_s - line.start_s, end_s - start_s) / 2
        if overlap_s > 0 and overlap_s >= min(1.0, half_s):
            found.append(line)
    return found


def _start_s(line: Line) -> float:
    return line.start_s


def words_facts(lines: Sequence[Line], start_s: float, end_s: float) -> Facts:
    """What is said in a shot: `transcript`, `language`, `sentiment`; empty when nothing is."""
    said = said_in(lines, start_s, end_s)
    if not said:
        return {}
    return {
        "transcript": _transcript(said),
        "language": _language(said),
        "sentiment": sentiment(said),
    }


def shot_words(
    lines: Sequence[Line], shots: Sequence[Shot], models: Models
) -> tuple[list[Facts], ShotVectors | None]:
    """Facts of every shot, and synopsis-space vectors of those in which enough is said.

    Returns:
        Facts for each shot, empty where nothing is said, with `themes` of shots of at least
        `THEME_WORDS` words in a language that the text encoder knows; vectors of shots
        of at least `LEAST_WORDS`, None when there is none.
    """
    facts = [words_facts(lines, shot.start_s, shot.end_s) for shot in shots]
    texts = [_text(fact.get("transcript", [])) for fact in facts]
    spoken = [k for k, text in enumerate(texts) if len(text.split()) >= LEAST_WORDS]
    rows: dict[str, F32] = {}
    for text in dict.fromkeys(texts[k] for k in spoken):
        pieces = chunks(text, models)
        rows[text] = pooled(models.text.encode(pieces), pieces)
    for k in spoken:
        known = len(texts[k].split()) >= THEME_WORDS and models.text.knows(facts[k]["language"])
        facts[k]["themes"] = theme_scores(rows[texts[k]][None], models.text) if known else None
    if not spoken:
        return facts, None
    data = np.stack([rows[texts[k]] for k in spoken])
    fingerprint = models.text.spec.fingerprint
    return facts, ShotVectors(np.array(spoken, np.int32), data, fingerprint)


def title_words(synopsis: str, lines: Sequence[Line], duration_s: float, models: Models) -> Facts:
    """What is told and said of a title.

    Args:
        synopsis: blank where the text encoder does not know its language.

    Returns:
        `themes` from the synopsis and, with a share of `SPOKEN_SHARE`, from the lines in a
        language that the text encoder knows; and when
        something is said `transcript` (the first `MAX_LINES`), `lines` (how many there are),
        `language`, `sentiment` and its `arc`, else null and empty.
    """
    return {
        "themes": _title_themes(synopsis, lines, models),
        "transcript": _transcript(lines[:MAX_LINES]),
        "lines": len(lines),
        "language": _language(lines),
        "sentiment": sentiment(lines),
        "arc": arc(lines, duration_s),
    }


def _title_themes(synopsis: str, lines: Sequence[Line], models: Models) -> list[Facts]:
    told = chunks(synopsis, models)[:MAX_CHUNKS]
    known = [line for line in lines if models.text.knows(line.language)]
    said = chunks(" ".join(line.text for line in known), models) if _enough(known) else []
    said = [said[k] for k in _spread(len(said), MAX_CHUNKS)]
    if not told and not said:
        return []
    share = SPOKEN_SHARE if told and said else float(not told)
    weights = [*_shares(told, 1 - share), *_shares(said, share)]
    vectors = models.text.encode([*told, *said])
    return theme_scores(vectors, models.text, np.array(weights, np.float32))


def _enough(lines: Sequence[Line]) -> bool:
    """Is there a paragraph of dialogue to tell themes from?"""
    return sum(len(line.text.split()) for line in lines) >= 100


def _spread(count: int, most: int) -> list[int]:
    """At most `most` of `count` indices, evenly over all."""
    return sorted({int(k) for k in np.linspace(0, count - 1, min(count, most))})


def _shares(pieces: Sequence[str], total: float) -> list[float]:
    whole = sum(map(len, pieces))
    return [total * len(piece) / whole for piece in pieces]


def _transcript(lines: Sequence[Line]) -> list[Facts]:
    return [{"start_s": ln.start_s, "end_s": ln.end_s, "text": ln.text} for ln in lines]


def _text(transcript: Sequence[Facts]) -> str:
    return " ".join(line["text"] for line in transcript)


def _language(lines: Sequence[Line]) -> str | None:
    """The one that most characters are in."""
    totals: dict[str, int] = {}
    for line in lines:
        totals[line.language] = totals.get(line.language, 0) + len(line.text)
    return max(totals, key=lambda code: totals[code]) if totals else None
