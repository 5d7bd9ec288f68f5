"""Pairs of shots judged by mood: samples/moods.json, which says how they were judged."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

JUDGED = Path(__file__).with_name("moods.json")


@dataclass(frozen=True, slots=True)
class Span:
    """A judged shot: seconds of a clip of samples/fetch.py."""

    file: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Which of two shots has more of a mood."""

    mood: str
    a: Span
    b: Span
    answer: str
    """`a` or `b`."""

    @property
    def held_out(self) -> bool:
        """By the rule that the file states."""
        spans = [f"{span.file}@{span.start_s:.2f}" for span in (self.a, self.b)]
        return hashlib.sha256(" ".join((self.mood, *spans)).encode()).digest()[0] % 2 == 1


def judged() -> list[Pair]:
    """All pairs, in the order of the file."""
    return [
        Pair(entry["mood"], Span(**entry["a"]), Span(**entry["b"]), entry["answer"])
        for entry in json.loads(JUDGED.read_text("utf-8"))["pairs"]
    ]
