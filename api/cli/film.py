"""A title as the command line draws it: fetched over HTTP, read at any number of columns."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.cli.remote import Refused, Remote, path

MOST_STEPS = 20_000

Colour = tuple[int, int, int]

MOOD_COLOURS = {
    "tense": "#e4572e", "menacing": "#9b2226", "eerie": "#7b5ea7", "mysterious": "#4a4e8a",
    "angry": "#d00000", "melancholic": "#4a7fb5", "bleak": "#6c757d", "solemn": "#8d7b68",
    "nostalgic": "#c9a27a", "tender": "#f4a6b7", "romantic": "#e05780", "calm": "#5fb49c",
    "dreamy": "#a3b9e6", "hopeful": "#9bd770", "joyful": "#ffd23f", "whimsical": "#b5e550",
    "humorous": "#ff9f1c", "energetic": "#f15bb5", "epic": "#c98a1b", "gritty": "#7f5539",
}  # fmt: skip
"""The same mood has the same colour in every title."""
OTHER_MOOD = "#9aa0a6"
LEAST_MOTION = 0.05
"""What a lane of movement reaches up to at least (picture widths a second; share of change), about
the usual of films: the noise of a still one is no movement."""
LINES, TEXTS, FACES = 3, 5, 8
"""Of the transcript, of the text in the pictures, and of the keyframes with faces: so many are
shown in the head."""
LINE_CHARS = 60


@dataclass(frozen=True)
class Film:
    """What the service tells of one title; `timeline` is None and `shots` empty without media."""

    title: dict[str, Any]
    profile: dict[str, Any]
    timeline: dict[str, Any] | None
    shots: list[dict[str, Any]]

    @classmethod
    def fetch(cls, remote: Remote, name: str) -> "Film":
        """Ask for all of it.

        Raises:
            Refused: `title_not_found`, `title_not_ready`.
        """
        title = remote.get(path("titles", name))
        profile = remote.get(path("titles", name, "profile"))
        step_s = max(1, math.ceil((profile["duration_s"] or 0) / MOST_STEPS))
        try:
            timeline = remote.get(path("titles", name, "timeline"), step_s=step_s)
        except Refused as error:
            if error.code != "no_timeline":
                raise
            return cls(title, profile, None, [])
        return cls(
            title, profile, timeline, [*remote.pages(path("titles", name, "shots"), limit=200)]
        )

    @property
    def duration_s(self) -> float:
        return float(self.profile["duration_s"] or 0.0)

    def means(self, fact: str, columns: int) -> list[float | None]:
        """A fact of the timeline in so many columns: the mean of the steps in each."""
        return [sum(known) / len(known) if known else None for known in self._known(fact, columns)]

    def peaks(self, fact: str, columns: int) -> list[float | None]:
        """As `means`, but the largest."""
        return [max(known, default=None) for known in self._known(fact, columns)]

    def _known(self, fact: str, columns: int) -> Iterator[list[float]]:
        items = self.timeline["items"] if self.timeline else []
        for first, last in _parts(len(items), columns):
            yield [item[fact] for item in items[first:last] if item[fact] is not None]

    def leading(self, columns: int) -> list[int]:
        """The shot in the middle of each column."""
        middles = [(i + 0.5) / columns * self.duration_s for i in range(columns)]
        found, shot = [], 0
        for at_s in middles:
            while shot + 1 < len(self.shots) and self.shots[shot]["end_s"] <= at_s:
                shot += 1
            found.append(shot)
        return found

    def begun(self, columns: int) -> list[list[dict[str, Any]]]:
        """The shots that begin in each column, without the film's first."""
        found: list[list[dict[str, Any]]] = [[] for _ in range(columns)]
        for shot in self.shots[1:]:
            at = int(shot["start_s"] / self.duration_s * columns)
            found[min(columns - 1, at)].append(shot)
        return found

    def moods(self, columns: int) -> list[str | None]:
        """The strongest mood in each column."""
        return [fact(self.shots[shot], "mood", "top") for shot in self.leading(columns)]


def fact(shot: dict[str, Any], group: str, name: str) -> Any:
    """One fact of a shot; None where it is not known."""
    return ((shot["facts"] or {}).get(group) or {}).get(name)


def runs(values: Sequence[Any]) -> Iterator[tuple[int, int, Any]]:
    """Stretches of one value: (first, behind the last, value)."""
    first = 0
    for i in range(1, len(values) + 1):
        if i == len(values) or values[i] != values[first]:
            yield first, i, values[first]
            first = i


def mood_colour(mood: str) -> str:
    return MOOD_COLOURS.get(mood, OTHER_MOOD)


def rgb(colour: str) -> Colour:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def ink_on(colour: str) -> str:
    """Black or white, whichever is read better on `colour` (luma by ITU-R BT.601)."""
    red, green, blue = rgb(colour)
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#ffffff"


def clock(at_s: float) -> str:
    """`1:02:03` or `2:03`."""
    minutes, seconds = divmod(round(at_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def ticks(duration_s: float, most: int) -> list[float]:
    """Round times from 0 on, at most `most` of them."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
    step = next((s for s in steps if duration_s / s <= most), math.ceil(duration_s / most))
    return [i * float(step) for i in range(int(duration_s / step) + 1)]


def facts_in_words(film: Film) -> list[tuple[str, str]]:
    """The figures of the head, as (name, words); only what is known."""
    groups = {name: film.profile[name] or {} for name in ("look", "sound", "words", "pacing")}
    said = [
        ("pacing", _pacing(groups["pacing"])),
        ("picture", _picture(groups["look"])),
        ("sound", _sound(groups["sound"])),
        ("music", _music(groups["sound"])),
        ("themes", _themes(groups["words"])),
        ("said", _said(groups["words"])),
        ("written", _written(film)),
        ("faces", _faces(film)),
    ]
    return [(name, words) for name, words in said if words]


def _pacing(known: dict[str, Any]) -> str:
    return _joined(
        (known.get("shots_per_minute"), "{:.1f} shots a minute"),
        (known.get("median_shot_s"), "median {:.1f} s"),
        (known.get("longest_shot_s"), "longest {:.1f} s"),
    )


def _picture(known: dict[str, Any]) -> str:
    aspect = known.get("aspect")
    medium = (known.get("medium") or "").replace("_", " ")
    return _joined(
        (medium or None, "{}"),
        ("black-and-white" if known.get("monochrome") else None, "{}"),
        (aspect, "{:.2f}:1"),
        (known.get("brightness"), "brightness {:.2f}"),
        (known.get("saturation"), "saturation {:.2f}"),
    )


def _sound(known: dict[str, Any]) -> str:
    return _joined(
        (known.get("speech"), "speech {:.0%}"),
        (known.get("music"), "music {:.0%}"),
        (known.get("loudness_lufs"), "{:.1f} LUFS"),
        (known.get("loudness_range_lu"), "range {:.1f} LU"),
    )


def _music(known: dict[str, Any]) -> str:
    key = known.get("key")
    return _joined(
        (key and f"{key} {known.get('mode') or ''}".strip(), "{}"),
        (known.get("tempo_bpm"), "{:.0f} BPM"),
    )


def _themes(known: dict[str, Any]) -> str:
    return ", ".join(f"{each['theme']} {each['score']:.2f}" for each in known.get("themes") or [])


def _said(known: dict[str, Any]) -> str:
    """The first lines with their times, and how many there are."""
    lines = known.get("transcript") or []
    first = [f"{clock(line['start_s'])} {_line(line['text'])}" for line in lines[:LINES]]
    return _listed(first, known.get("lines") or len(lines), "lines")


def _written(film: Film) -> str:
    """What is written in the keyframes, each writing where it is seen first."""
    found: dict[str, float] = {}
    for shot in film.shots:
        for text in fact(shot, "look", "text") or []:
            found.setdefault(_line(text["text"]), shot["keyframe_s"])
    first = [f"{clock(at_s)} {words}" for words, at_s in [*found.items()][:TEXTS]]
    return _listed(first, len(found), "texts")


def _faces(film: Film) -> str:
    """How many each keyframe shows."""
    seen = [
        (shot["keyframe_s"], count)
        for shot in film.shots
        if (count := fact(shot, "look", "face_count"))
    ]
    first = [f"{count:.0f} at {clock(at_s)}" for at_s, count in seen[:FACES]]
    return _listed(first, len(seen), f"of {len(film.shots)} keyframes")


def _line(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= LINE_CHARS else words[: LINE_CHARS - 1] + "…"


def _listed(first: Sequence[str], count: int, name: str) -> str:
    return f"{' · '.join(first)}{' …' * (count > len(first))} ({count} {name})" if first else ""


def _joined(*parts: tuple[Any, str]) -> str:
    return ", ".join(form.format(value) for value, form in parts if value is not None)


def top_moods(film: Film, most: int = 6) -> list[tuple[str, float]]:
    """The title's strongest moods with their shares."""
    moods: dict[str, float] = (film.profile["mood"] or {}).get("moods") or {}
    return sorted(moods.items(), key=lambda each: (-each[1], each[0]))[:most]


def evidence_of(film: Film, mood: str) -> str:
    """What speaks for a mood, the strongest first, then what speaks against it."""
    given = (film.profile["mood"] or {}).get("evidence") or []
    return ", ".join(
        f"{each.get('says') or each['fact']} {_figure(each['value'])} ({each['push']:+.2f})"
        for each in given
        if each["mood"] == mood
    )


def _figure(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _parts(items: int, columns: int) -> Iterator[tuple[int, int]]:
    """Which items lie in each column; at least one, so that few items are stretched."""
    for i in range(columns):
        first = min(items - 1, i * items // columns) if items else 0
        yield first, max(first + 1, (i + 1) * items // columns)
