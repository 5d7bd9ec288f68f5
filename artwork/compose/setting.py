"""A title set in lines: broken where it balances, sized to fit, drawn as coverage."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import regex
from PIL import Image, ImageDraw, ImageFont

from artwork.compose import fonts
from artwork.compose.fonts import Typeface
from artwork.compose.scripts import Direction, direction, pieces
from content.types import U8

MOST_LINES = 6
PROBE_PX = 100
"""The size at which a title is measured; type scales."""
LEADING = 0.2
"""Between the ink of one line and the next, as a share of the size."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line's ink at `PROBE_PX`, relative to where it begins on its baseline; y down."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class Setting:
    """A title in lines, without a size yet."""

    face: Typeface
    direction: Direction
    language: str | None
    lines: tuple[Line, ...]

    @property
    def width(self) -> float:
        """Of the ink at 1 px of size."""
        return max(line.width for line in self.lines) / PROBE_PX

    @property
    def height(self) -> float:
        """Of the ink at 1 px of size."""
        return (self._baselines[-1] + self.lines[-1].bottom - self.lines[0].top) / PROBE_PX

    @property
    def _baselines(self) -> list[float]:
        """Of each line below the first one's, at `PROBE_PX`; all as far apart as one pair needs."""
        needs = (above.bottom - below.top for above, below in pairwise(self.lines))
        pitch = max(needs, default=0.0) + LEADING * PROBE_PX
        return [pitch * i for i in range(len(self.lines))]

    def draw(self, size_px: int, align: float) -> U8:
        """The coverage of the letters, 0..255, cut to their ink.

        Args:
            align: 0 sets lines flush left, 0.5 in the middle, 1 flush right.
        """
        scale = size_px / PROBE_PX
        width = self.width * size_px
        pad = size_px  # marks and swashes may reach beyond what was measured at another size
        canvas = Image.new(
            "L", (int(width) + 2 * pad, int(self.height * size_px) + 2 * pad), color=0
        )
        pen = ImageDraw.Draw(canvas)
        first = pad - self.lines[0].top * scale
        for line, baseline in zip(self.lines, self._baselines, strict=True):
            x = pad + align * (width - line.width * scale) - line.left * scale
            self._write(pen, (x, first + baseline * scale), line.text, size_px)
        drawn = np.asarray(canvas)
        rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
        return drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]

    def _write(
        self, pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size_px: int
    ) -> None:
        font = _font(self.face, size_px)
        if _spaced(self, text):
            for x, letter in _letters(text, font, self, size_px):
                pen.text((at[0] + x, at[1]), letter, fill=255, font=font, anchor="ls")
        else:
            way, language = self.direction, self.language
            pen.text(at, text, 255, font, anchor="ls", direction=way, language=language)


def settings(text: str, face: Typeface, language: str | None = None) -> list[Setting]:
    """A title in 1 to `MOST_LINES` lines, as many as it has pieces for, each way balanced."""
    parts = pieces(fonts.shown(face, " ".join(text.split())))
    way = direction(text)
    found = []
    for count in range(1, min(MOST_LINES, len(parts)) + 1):
        draft = Setting(face, way, language, ())
        lines = [_measured(line, draft) for line in broken(parts, count)]
        found.append(Setting(face, way, language, tuple(lines)))
    return found


def broken(parts: Sequence[str], count: int) -> list[str]:
    """Pieces in `count` lines, the longest as short as can be, then the lines as even as can be."""
    lengths = [_extent(part) for part in parts]
    total = sum(lengths)
    # best[k][i]: the cost of the first i pieces in k lines, and where the last line begins.
    best: list[dict[int, tuple[tuple[float, float], int]]] = [{0: ((0.0, 0.0), 0)}]
    for _ in range(count):
        row: dict[int, tuple[tuple[float, float], int]] = {}
        for end in range(1, len(parts) + 1):
            for start, ((longest, uneven), _) in best[-1].items():
                if start < end:
                    # The space at a line's end is not seen.
                    length = sum(lengths[start:end]) - parts[end - 1].endswith(" ")
                    cost = (max(longest, length), uneven + (length - total / count) ** 2)
                    row[end] = min(row.get(end, ((np.inf, np.inf), 0)), (cost, start))
        best.append(row)
    lines, end = [], len(parts)
    for row in reversed(best[1:]):
        start = row[end][1]
        lines.append("".join(parts[start:end]).strip())
        end = start
    return lines[::-1]


def _extent(part: str) -> float:
    """About how wide a piece is: full-width characters count double."""
    return sum(2.0 if ord(character) >= 0x2E80 else 1.0 for character in part)


def _measured(text: str, draft: Setting) -> Line:
    font = _font(draft.face, PROBE_PX)
    if _spaced(draft, text):
        bounds = [
            (x + left, top, x + right, bottom)
            for x, letter in _letters(text, font, draft, PROBE_PX)
            for left, top, right, bottom in [font.getbbox(letter, anchor="ls")]
            if not letter.isspace()
        ]
        lefts, tops, rights, bottoms = zip(*bounds, strict=True)
        return Line(text, min(lefts), min(tops), max(rights), max(bottoms))
    box = font.getbbox(text, anchor="ls", direction=draft.direction, language=draft.language)
    return Line(text, *map(float, box))


def _spaced(setting: Setting, text: str) -> bool:
    return setting.face.tracking > 0 and not fonts.joins(text)


def _letters(
    text: str, font: ImageFont.FreeTypeFont, setting: Setting, size_px: int
) -> list[tuple[float, str]]:
    """Where each letter of a spaced line begins; pairs keep their kerning."""
    x, found = 0.0, []
    letters = regex.findall(r"\X", text)
    for letter, following in zip(letters, [*letters[1:], ""], strict=True):
        found.append((x, letter))
        x += font.getlength(letter + following) - (font.getlength(following) if following else 0)
        x += setting.face.tracking * size_px
    return found


@lru_cache(maxsize=32)
def _font(face: Typeface, size_px: int) -> ImageFont.FreeTypeFont:
    return fonts.load(face, size_px)
