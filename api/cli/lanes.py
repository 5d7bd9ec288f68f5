"""A title's timeline as lines of a terminal: one lane a fact, as wide as the window."""

from collections.abc import Callable, Sequence

from rich.text import Text

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

LABEL = 10
"""Characters before each lane."""
NARROWEST = 20
BARS = " ▁▂▃▄▅▆▇█"
QUIET_LUFS, LOUD_LUFS = -50.0, -10.0
SOUND_COLOURS = {"speech": "#4cc9f0", "music": "#f72585", "effects": "#f9c74f"}


def head(film: Film) -> list[Text]:
    """The title's name, figures, palette and moods with their evidence."""
    title = film.title
    size = f"  {title['width']} × {title['height']}, {title['fps']:.6g} fps" if title["fps"] else ""
    length = clock(film.duration_s) if film.duration_s else "no media"
    lines = [Text.assemble((title["name"], "bold"), f"  {length}", (size, "dim"))]
    lines += [Text(f"{name:<{LABEL}}{words}") for name, words in facts_in_words(film)]
    palette = (film.profile["look"] or {}).get("palette") or []
    if palette:
        swatches = Text(f"{'palette':<{LABEL}}")
        for colour in palette:
            swatches.append("    ", style=f"on {colour['hex']}")
            swatches.append(f" {colour['name']} {colour['share']:.0%}  ")
        lines.append(swatches)
    moods = top_moods(film)
    return lines + [_mood_line(film, "" if i else "moods", *each) for i, each in enumerate(moods)]


def _mood_line(film: Film, label: str, mood: str, share: float) -> Text:
    line = Text(f"{label:<{LABEL}}{mood:<12}{share:>4.0%} ")
    line.append("█" * max(1, round(share * 40)), style=mood_colour(mood))
    line.append(f"  {evidence_of(film, mood)}", style="dim")
    return line


def lanes(film: Film, width: int) -> list[Text]:
    """The lanes over time, `width` characters each with their labels."""
    columns = max(NARROWEST, width - LABEL)
    made = [_axis(film, columns), _shots(film, columns), *_palette(film, columns)]
    drawn: list[tuple[str, Sequence[float | None], float, float, str]] = [
        ("camera", film.means("motion_global", columns), 0.0, 0.0, "#adb5bd"),
        ("action", film.means("motion_local", columns), 0.0, 0.0, "#ff922b"),
        ("loudness", film.peaks("loudness_lufs", columns), QUIET_LUFS, LOUD_LUFS, "#69db7c"),
    ]
    drawn += [
        (name, film.means(name, columns), 0.0, 1.0, colour)
        for name, colour in SOUND_COLOURS.items()
    ]
    drawn += [
        ("valence", film.means("valence", columns), -1.0, 1.0, "#ffd43b"),
        ("arousal", film.means("arousal", columns), -1.0, 1.0, "#ff6b6b"),
    ]
    made += [_bars(*each) for each in drawn if any(value is not None for value in each[1])]
    return made + _moods(film, columns)


def _lane(label: str) -> Text:
    return Text(f"{label:<{LABEL}}", style="bold", end="")


def _axis(film: Film, columns: int) -> Text:
    cells = [" "] * columns
    free = 0
    for at_s in ticks(film.duration_s, columns // 10):
        at, words = int(at_s / film.duration_s * columns), "╷" + clock(at_s)
        if at >= free and at + len(words) <= columns:
            cells[at : at + len(words)] = words
            free = at + len(words) + 1
    return Text.assemble(_lane(""), ("".join(cells), "dim"))


def _shots(film: Film, columns: int) -> Text:
    """A stroke where a shot begins: slanted for a gradual one, a block for several."""
    line = _lane("shots")
    leading = film.leading(columns)
    for begun, shot in zip(film.begun(columns), leading, strict=True):
        gradual = any(each["boundary"] in ("fade", "dissolve", "wipe") for each in begun)
        stroke = " " if not begun else "█" if len(begun) > 2 else "╱" if gradual else "│"
        stroke = "┃" if stroke == "│" and len(begun) == 2 else stroke
        line.append(stroke, style=f"#ffffff on {'#495057' if shot % 2 else '#343a40'}")
    return line


def _palette(film: Film, columns: int) -> list[Text]:
    """Two lines of half blocks: each column the colours of its shot by their shares."""
    stacks = [_stack(fact(film.shots[i], "look", "palette")) for i in film.leading(columns)]
    if not any(stacks):
        return []
    lines = [_lane("palette"), _lane("")]
    for stack in stacks:
        for row, line in enumerate(lines):
            if stack:
                line.append("▀", style=f"{stack[2 * row]} on {stack[2 * row + 1]}")
            else:
                line.append(" ")
    return lines


def _stack(palette: list[dict[str, object]] | None) -> list[str]:
    """Four cells from the top, each of the colour that holds its middle."""
    if not palette:
        return []
    cells, total = [], 0.0
    edges = [(total := total + float(str(colour["share"])), colour["hex"]) for colour in palette]
    for cell in range(4):
        at = (cell + 0.5) / 4 * total
        cells.append(next(str(hex_) for edge, hex_ in edges if edge >= at))
    return cells


def _bars(label: str, values: Sequence[float | None], low: float, high: float, colour: str) -> Text:
    """Bars from `low` to `high`; where these are equal from 0 to the largest value, or
    `LEAST_MOTION`."""
    known = [value for value in values if value is not None]
    top = high if high > low else max([LEAST_MOTION, *known])
    line = _lane(label)
    level = _levels(low, top)
    line.append("".join(" " if v is None else BARS[level(v)] for v in values), style=colour)
    return line


def _levels(low: float, high: float) -> Callable[[float], int]:
    steps = len(BARS) - 1

    def level(value: float) -> int:
        return min(steps, max(0, round((value - low) / (high - low) * steps)))

    return level


def _moods(film: Film, columns: int) -> list[Text]:
    moods = film.moods(columns)
    if not any(moods):
        return []
    line = _lane("mood")
    for first, last, mood in runs(moods):
        room = last - first
        if mood is None:
            line.append(" " * room)
            continue
        words = f" {mood}" if len(mood) + 1 < room else ""
        colour = mood_colour(mood)
        line.append(f"{words:<{room}}", style=f"{ink_on(colour)} on {colour}")
    legend = _lane("")
    shown = [mood for mood in moods if mood is not None]
    for mood in sorted(set(shown), key=lambda each: (-shown.count(each), each)):
        legend.append("██ ", style=mood_colour(mood))
        legend.append(f"{mood} {shown.count(mood) / len(shown):.0%}   ")
    return [line, legend]
