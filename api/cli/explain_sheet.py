"""The sheet of a decision: each candidate with its picture, and what its score is made of."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from api.cli.explain import contributions, summary
from api.cli.paper import FAINT, INK, PANEL, PAPER, Page
from api.cli.remote import Refused, Remote, path
from api.cli.show import plain

WIDTH, MARGIN, GAP = 1200, 24, 18
PICTURE = (284, 160)
TOP, BARS = 130, MARGIN + 284 + 24
LABEL, AXIS, REACH = 250, BARS + 250 + 180, 170
"""Where labels end; where signed bars begin, and how far they go to each side."""
LINE = 17
FOR, AGAINST, LIKELY, SHOWN = "#2f9e44", "#e03131", "#4dabf7", "#ffd43b"
SMALL, A_ROW = (148, 84), 7
LINES, BELOW = 3, 54
"""Of a reason below a small picture, and the room for them."""


def draw(told: Mapping[str, Any], remote: Remote) -> Image.Image:
    """The sheet, RGB, 1200 px wide; its pictures are fetched by their urls."""
    found = told["explanation"]
    names = contributions(found)
    row = max(PICTURE[1], (len(names) + 2) * LINE + 34) + GAP
    absent = found["withheld"]
    lines = -(-len(absent) // A_ROW)
    height = TOP + row * len(found["candidates"]) + MARGIN
    height += 34 + lines * (SMALL[1] + BELOW) if absent else 0
    page = Page(Image.new("RGB", (WIDTH, height), PAPER))
    sheet = _Sheet(page, told, names, remote, _links(told, remote))
    sheet.head()
    for rank, one in enumerate(found["candidates"]):
        sheet.candidate(one, rank + 1, TOP + row * rank)
    if absent:
        sheet.absent(absent, TOP + row * len(found["candidates"]))
    return page.image


def _links(told: Mapping[str, Any], remote: Remote) -> dict[str, str]:
    """Variant → where its picture is, of those that the title still has."""
    try:
        rows = remote.get(path("titles", told["title_id"], "variants"))["items"]
    except Refused:
        return {}
    return {row["id"]: row["url"] for row in rows}


@dataclass(frozen=True)
class _Sheet:
    page: Page
    told: Mapping[str, Any]
    names: Sequence[str]
    remote: Remote
    links: Mapping[str, str]

    def head(self) -> None:
        page = self.page
        name = f"Why this picture?  {plain(self.told['title_id'])}"
        page.text(MARGIN, 16, page.cut(name, WIDTH - 2 * MARGIN, 26), size=26)
        for n, line in enumerate(summary(self.told)):
            page.text(MARGIN, 50 + n * 18, page.cut(plain(line), WIDTH - 2 * MARGIN), FAINT)

    def candidate(self, one: Mapping[str, Any], rank: int, top: int) -> None:
        page = self.page
        shown = one["variant_id"] == self.told["variant_id"]
        self._picture(one["variant_id"], (MARGIN, top), PICTURE, 320)
        if shown:
            box = (MARGIN, top, MARGIN + PICTURE[0] - 1, top + PICTURE[1] - 1)
            page.pen.rectangle(box, outline=SHOWN, width=4)
        end = page.text(BARS, top - 5, f"{rank}.  {one['score']:.3f}", size=26)
        end = page.text(end + 12, top + 6, f"± {one['spread']:.3f}", FAINT)
        if shown:
            page.text(end + 16, top + 6, "shown", SHOWN)
        page.text(WIDTH - MARGIN - page.width(one["variant_id"], 12), top + 7, one["variant_id"],
                  FAINT, 12)  # fmt: skip
        y = top + 34
        for label, share in (
            ("propensity", one["propensity"]),
            ("for an unknown viewer", one["unknown_viewer"]),
        ):
            self._label(label, y)
            page.box(AXIS, y + 4, REACH, 9, PANEL)
            page.box(AXIS, y + 4, REACH * share, 9, LIKELY)
            page.text(AXIS + REACH + 12, y, f"{share:.3f}", FAINT, 12)
            y += LINE
        for name in self.names:
            self._signed(self.told["explanation"]["names"][name], one["contributions"][name], y)
            y += LINE

    def _label(self, words: str, y: int) -> None:
        words = self.page.cut(words, LABEL, 12)
        self.page.text(BARS, y, words, FAINT, 12)

    def _signed(self, label: str, value: float, y: int) -> None:
        """For the picture to the right of the axis, against it to the left."""
        page, length = self.page, REACH * abs(value) / self._most
        self._label(label, y)
        left = AXIS if value >= 0 else AXIS - length
        page.box(left, y + 4, length, 9, FOR if value >= 0 else AGAINST)
        page.box(AXIS, y, 1, LINE, FAINT)
        page.text(AXIS + REACH + 12, y, f"{value:+.4f}", FAINT, 12)

    @property
    def _most(self) -> float:
        rows = self.told["explanation"]["candidates"]
        return max((abs(row["contributions"][n]) for row in rows for n in self.names), default=1.0)

    def absent(self, rows: Sequence[Mapping[str, Any]], top: int) -> None:
        page = self.page
        page.text(MARGIN, top + 6, "not on offer, and why", INK)
        for n, one in enumerate(rows):
            x = MARGIN + (n % A_ROW) * (SMALL[0] + 16)
            y = top + 30 + (n // A_ROW) * (SMALL[1] + BELOW)
            self._picture(one["variant_id"], (x, y), SMALL, 320)
            lines = textwrap.wrap(one["reason"], 24, max_lines=LINES, placeholder=" ...")
            for below, words in enumerate(lines):
                page.text(x, y + SMALL[1] + 3 + 14 * below, words, FAINT, 12)

    def _picture(
        self, variant: str, at: tuple[int, int], size: tuple[int, int], width: int
    ) -> None:
        """Whole, in the middle of its place; the bare place where it is gone."""
        link = self.links.get(variant)
        self.page.picture(self.remote.picture(link, width) if link else None, at, size)
