"""A title on one sheet: its keyframes in time, and below them its lanes over one time axis."""

import io
from collections.abc import Callable, Sequence

from PIL import Image, ImageOps

from api.cli.film import (
    LEAST_MOTION,
    Film,
    clock,
    evidence_of,
    fact,
    facts_in_words,
    ink_on,
    mood_colour,
    runs,
    ticks,
    top_moods,
)
from api.cli.paper import FAINT, INK, PANEL, PAPER, Page
from api.cli.remote import Remote
from api.cli.show import plain

WIDTH = 1600
MARGIN, LABELS = 24, 104
PLOT = WIDTH - 2 * MARGIN - LABELS
"""Columns of every lane, in px."""
PICTURES_A_ROW, ROWS = 8, 3
GAP = 6
PICTURE = ((WIDTH - 2 * MARGIN + GAP) // PICTURES_A_ROW - GAP, 108)

SOUND_COLOURS = {
    "speech": "#4cc9f0",
    "music": "#f72585",
    "effects": "#f9c74f",
    "silence": "#495057",
}
GRADUAL_COLOUR = "#69db7c"
GRADUAL = ("fade", "dissolve", "wipe")
CROWDED_PX = 6
"""Shots that are narrower than this on average are shown by how many there are, not each."""
QUIET_LUFS, LOUD_LUFS = -60.0, -5.0


def draw(film: Film, remote: Remote) -> Image.Image:
    """The sheet, RGB, 1600 px wide; the keyframes are fetched by their urls."""
    lanes = _lanes(film) if film.timeline is not None and film.shots else []
    moods = top_moods(film)
    chosen = chosen_shots(film)
    rows = -(-len(chosen) // PICTURES_A_ROW)
    head = 64 + 20 * max(len(facts_in_words(film)), len(moods))
    pictures = rows * (PICTURE[1] + 24) + 8
    height = head + pictures + sum(h + 14 for h, _, _ in lanes) + (54 if lanes else 0) + MARGIN
    page = Page(Image.new("RGB", (WIDTH, height), PAPER))
    _head(page, film, moods)
    _pictures(page, film, remote, chosen, head)
    y = head + pictures
    for tall, label, paint in lanes:
        page.text(MARGIN, y + tall / 2 - 7, label, FAINT)
        paint(page, y, tall)
        y += tall + 14
    if lanes:
        _axis(page, film, head + pictures, y)
        _legend(page, film, y + 26)
    return page.image


Paint = Callable[[Page, int, int], None]
"""Draws a lane: page, top in px, height in px."""
Lane = tuple[int, str, Paint]


def _head(page: Page, film: Film, moods: Sequence[tuple[str, float]]) -> None:
    # On one line: Pillow refuses some control characters, and a line break has no place here.
    called = plain(" ".join(film.title["name"].split()))
    end = page.text(MARGIN, 18, page.cut(called, WIDTH - 2 * MARGIN - 300, 26), size=26)
    about = clock(film.duration_s) if film.duration_s else "no media"
    if film.title["fps"]:
        about += f"   {film.title['width']} x {film.title['height']}   {film.title['fps']:.6g} fps"
    page.text(end + 18, 30, about, FAINT)
    half = WIDTH // 2
    for i, (name, words) in enumerate(facts_in_words(film)):
        page.text(MARGIN, 58 + 20 * i, name, FAINT)
        room = (half if i < len(moods) else WIDTH - MARGIN) - MARGIN - LABELS
        page.text(MARGIN + LABELS, 58 + 20 * i, page.cut(plain(words), room))
    for i, (mood, share) in enumerate(moods):
        y = 58 + 20 * i
        page.text(half, y, f"{mood} {share:.0%}")
        page.box(half + 130, y + 3, 160 * share / moods[0][1], 11, mood_colour(mood))
        page.text(
            half + 300, y, page.cut(evidence_of(film, mood), WIDTH - MARGIN - half - 300), FAINT
        )


def chosen_shots(film: Film) -> list[dict[str, object]]:
    """Shots whose keyframes are shown: all, or as many as there is room for, even over time."""
    shots = [shot for shot in film.shots if shot["keyframe_url"]]
    most = PICTURES_A_ROW * ROWS
    if len(shots) <= most:
        return shots
    wanted = [(i + 0.5) / most * film.duration_s for i in range(most)]
    found, at = [], 0
    for i, time_s in enumerate(wanted):
        last = len(shots) - (most - i)
        while at < last and shots[at]["end_s"] <= time_s:
            at += 1
        found.append(shots[at])
        at += 1
    return found


def _pictures(
    page: Page, film: Film, remote: Remote, chosen: Sequence[dict[str, object]], top: int
) -> None:
    width, height = PICTURE
    for i, shot in enumerate(chosen):
        x = MARGIN + (i % PICTURES_A_ROW) * (width + GAP)
        y = top + (i // PICTURES_A_ROW) * (height + 24)
        page.box(x, y, width, height, PANEL)
        data = remote.picture(str(shot["keyframe_url"]), 320)
        if data is not None:
            with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
                fitted = ImageOps.contain(picture.convert("RGB"), PICTURE)
            at = (x + (width - fitted.width) // 2, y + (height - fitted.height) // 2)
            page.image.paste(fitted, at)
        mood = fact(shot, "mood", "top")
        page.box(x, y + height, width, 3, mood_colour(mood) if mood else PANEL)
        page.text(x, y + height + 5, clock(float(str(shot["keyframe_s"]))), FAINT, 12)


def _lanes(film: Film) -> list[Lane]:
    """Those of which anything is known: height in px, label, painter."""
    lanes: list[Lane] = [(16, "shots", lambda page, y, tall: _shots(page, film, y, tall))]
    if any(fact(shot, "look", "palette") for shot in film.shots):
        lanes.append((84, "palette", lambda page, y, tall: _palette(page, film, y, tall)))
    loudness = film.peaks("loudness_lufs", PLOT)
    if any(value is not None for value in loudness):
        lanes.append((96, "sound", lambda page, y, tall: _sound(page, film, loudness, y, tall)))
        for kind in ("speech", "music"):
            lanes.append((10, kind, _band(film.means(kind, PLOT), SOUND_COLOURS[kind])))
    for name, label, colour in (
        ("motion_global", "camera", "#adb5bd"),
        ("motion_local", "action", "#ff922b"),
    ):
        values = film.means(name, PLOT)
        if any(value is not None for value in values):
            lanes.append((40, label, _area(values, colour)))
    if any(film.moods(PLOT)):
        lanes.append((30, "mood", lambda page, y, tall: _moods(page, film, y, tall)))
    curves = [
        (film.means("valence", PLOT), "#ffd43b", "valence"),
        (film.means("arousal", PLOT), "#ff6b6b", "arousal"),
    ]
    if any(value is not None for values, _, _ in curves for value in values):
        lanes.append((84, "feeling", lambda page, y, tall: _curves(page, curves, y, tall)))
    return lanes


def _left() -> int:
    return MARGIN + LABELS


def _shots(page: Page, film: Film, y: int, tall: int) -> None:
    """Each shot a cell of alternating grey; gradual beginnings in green."""
    if len(film.shots) * CROWDED_PX > PLOT:
        _cutting(page, film, y, tall)
        return
    for first, last, shot in runs(film.leading(PLOT)):
        page.box(_left() + first, y, last - first, tall, ("#343a40", "#495057")[shot % 2])
    for i, begun in enumerate(film.begun(PLOT)):
        for shot in begun:
            gradual = shot["boundary"] in GRADUAL
            page.box(_left() + i, y, 1 + gradual, tall, GRADUAL_COLOUR if gradual else INK)


def _cutting(page: Page, film: Film, y: int, tall: int) -> None:
    """The brighter, the more shots begin there."""
    counts = [len(begun) for begun in film.begun(PLOT // CROWDED_PX)]
    for i, count in enumerate(counts):
        level = 40 + round(200 * count / max(counts))
        page.box(
            _left() + i * CROWDED_PX, y, CROWDED_PX, tall, f"#{level:02x}{level:02x}{level:02x}"
        )


def _palette(page: Page, film: Film, y: int, tall: int) -> None:
    """The barcode: each column its shot's colours, stacked by their shares."""
    for first, last, shot in runs(film.leading(PLOT)):
        palette = fact(film.shots[shot], "look", "palette") or []
        total, top = sum(colour["share"] for colour in palette), 0.0
        for colour in palette:
            share = tall * colour["share"] / total
            page.box(
                _left() + first,
                y + round(top),
                last - first,
                round(top + share) - round(top),
                colour["hex"],
            )
            top += share


def _sound(page: Page, film: Film, loudness: Sequence[float | None], y: int, tall: int) -> None:
    """A strip of loudness, a value a column, about the middle, in the colour of what is heard."""
    kinds = {kind: film.means(kind, PLOT) for kind in SOUND_COLOURS}
    page.box(_left(), y, PLOT, tall, PANEL)
    for i, value in enumerate(loudness):
        if value is None:
            continue
        share = min(1.0, max(0.02, (value - QUIET_LUFS) / (LOUD_LUFS - QUIET_LUFS)))
        heard = max(kinds, key=lambda kind: kinds[kind][i] or 0.0)
        half = share * tall / 2
        page.box(_left() + i, y + tall / 2 - half, 1, 2 * half, SOUND_COLOURS[heard])
    _scale(page, y, tall, f"{LOUD_LUFS:.0f} LUFS")


def _band(values: Sequence[float | None], colour: str) -> Paint:
    def paint(page: Page, y: int, tall: int) -> None:
        page.box(_left(), y, PLOT, tall, PANEL)
        for i, value in enumerate(values):
            page.box(_left() + i, y + tall * (1 - (value or 0.0)), 1, tall * (value or 0.0), colour)

    return paint


def _area(values: Sequence[float | None], colour: str) -> Paint:
    """From 0 to the largest value, or `LEAST_MOTION`; it is written at the left."""

    def paint(page: Page, y: int, tall: int) -> None:
        most = max(LEAST_MOTION, *(value or 0.0 for value in values))
        page.box(_left(), y, PLOT, tall, PANEL)
        for i, value in enumerate(values):
            high = tall * (value or 0.0) / most
            page.box(_left() + i, y + tall - high, 1, high, colour)
        _scale(page, y, tall, f"{most:.2g}")

    return paint


def _moods(page: Page, film: Film, y: int, tall: int) -> None:
    for first, last, mood in runs(film.moods(PLOT)):
        if mood is None:
            continue
        colour = mood_colour(mood)
        page.box(_left() + first, y, last - first, tall, colour)
        if page.width(mood, 12) + 8 < last - first:
            page.text(_left() + first + 4, y + tall / 2 - 7, mood, ink_on(colour), 12)


def _curves(
    page: Page, curves: Sequence[tuple[Sequence[float | None], str, str]], y: int, tall: int
) -> None:
    """Lines within -1..1 about the middle."""
    page.box(_left(), y, PLOT, tall, PANEL)
    page.box(_left(), y + tall / 2, PLOT, 1, "#343a40")
    for row, (values, colour, name) in enumerate(curves):
        for first, last, gap in runs([value is None for value in values]):
            points = [
                (_left() + i, y + tall / 2 * (1 - (values[i] or 0.0))) for i in range(first, last)
            ]
            if not gap and len(points) > 1:
                page.pen.line(points, fill=colour, width=2)
        page.text(MARGIN, y + tall / 2 + 10 + 15 * row, name, colour, 12)


def _scale(page: Page, y: int, tall: int, words: str) -> None:
    page.text(MARGIN, y + tall / 2 + 9, words, "#495057", 12)


def _axis(page: Page, film: Film, top: int, bottom: int) -> None:
    for at_s in ticks(film.duration_s, 16):
        x = _left() + at_s / film.duration_s * PLOT
        for y in range(top, bottom, 8):
            page.box(x, y, 1, 2, "#343a40")
        words = clock(at_s)
        page.text(min(x, WIDTH - MARGIN - page.width(words, 12)), bottom, words, FAINT, 12)


def _legend(page: Page, film: Film, y: int) -> None:
    """What the colours of the sound and of the moods mean."""
    moods = [mood for mood in film.moods(PLOT) if mood is not None]
    named = sorted(set(moods), key=lambda mood: (-moods.count(mood), mood))
    entries = list(SOUND_COLOURS.items())
    entries.append(("gradual boundary", GRADUAL_COLOUR))
    entries += [(f"{m} {moods.count(m) / len(moods):.0%}", mood_colour(m)) for m in named]
    x: float = _left()
    for words, colour in entries:
        if x + 18 + page.width(words, 12) > WIDTH - MARGIN:
            return
        page.box(x, y + 2, 11, 11, colour)
        x = page.text(x + 16, y, words, FAINT, 12) + 18
