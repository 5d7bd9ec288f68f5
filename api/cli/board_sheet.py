"""The board of a title: its pictures with all that is known of them, then what was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from api.cli.film import clock
from api.cli.paper import FAINT, INK, PANEL, PAPER, Page
from api.cli.remote import Remote, path
from api.cli.show import plain

WIDTH, MARGIN, GAP = 1600, 24, 14
LARGE = (448, 252)
TOP, LEFT = 96, MARGIN + LARGE[0] + 20
CROP_HEIGHT = 132
ROW = LARGE[1] + 44
ORDER = ("16:9", "21:9", "4:3", "1:1", "2:3", "9:16")
A_LINE = 4
SMALL_A_ROW, SMALL_MOST = 8, 48
SMALL = ((WIDTH - 2 * MARGIN + 6) // SMALL_A_ROW - 6, 106)
CAPTION = 36
VERDICTS = {"approve": ("approved", "#2f9e44"), "veto": ("vetoed", "#e03131")}
TITLE_ZONE, PROGRESS_ZONE, FOCUS, WEAK = "#ffd43b", "#4dabf7", "#ff6b6b", "#e8590c"
OVERALL = ("overall", "appeal")
"""A picture's overall score by its name today, and that of pictures from before it was kept."""


@dataclass(frozen=True)
class Artwork:
    """All that a board tells, as the service answers it."""

    title: Mapping[str, Any]
    policy: Mapping[str, Any]
    groups: Sequence[Sequence[Mapping[str, Any]]]
    """The variants of each picture; the best picture first."""
    refused: Sequence[Mapping[str, Any]]
    passed_over: int
    usual: Mapping[str, float]
    """Mean of each sub-score over all that was looked at: what is strong or weak is so by it."""

    @classmethod
    def fetch(cls, remote: Remote, title: str) -> "Artwork":
        """Raises Refused: `title_not_found`."""
        about = remote.get(path("titles", title))
        groups: dict[str, list[Mapping[str, Any]]] = {}
        for variant in remote.get(path("titles", title, "variants"))["items"]:
            groups.setdefault(variant["group_id"], []).append(variant)
        seen = list(remote.pages(path("titles", title, "candidates"), limit=200))
        ranked = sorted(groups.values(), key=lambda each: (-_overall(each), each[0]["id"]))
        return cls(
            title=about,
            policy=remote.get(path("titles", title, "artwork-policy")),
            groups=ranked,
            refused=[one for one in seen if one["verdict"] == "refused"],
            passed_over=sum(one["verdict"] == "passed_over" for one in seen),
            usual=_means([one["scores"] for one in seen]),
        )

    def telling(self, group: Sequence[Mapping[str, Any]]) -> list[tuple[str, float]]:
        """The sub-scores furthest above what is usual, then those furthest below, `A_LINE` each."""
        scores = _scores(group)
        named = [(name, value) for name, value in scores.items() if name not in OVERALL]
        named.sort(key=lambda item: (self.usual.get(item[0], 0.5) - item[1], item[0]))
        return [*named[:A_LINE], *named[A_LINE:][-A_LINE:]]


def _means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = {name for row in rows for name in row}
    each = {name: [row[name] for row in rows if name in row] for name in names}
    return {name: sum(values) / len(values) for name, values in each.items()}


def _scores(group: Sequence[Mapping[str, Any]]) -> Mapping[str, float]:
    """Of the whole picture where that is known, else of its largest crop."""
    found: Mapping[str, float] = group[0]["sub_scores"] or _largest(group)["scores"]
    return found


def _overall(group: Sequence[Mapping[str, Any]]) -> float:
    scores = _scores(group)
    return next((scores[name] for name in OVERALL if name in scores), 0.0)


def _largest(group: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return max(group, key=lambda variant: variant["width"] * variant["height"])


def draw(artwork: Artwork, remote: Remote) -> Image.Image:
    """The board, RGB, 1600 px wide; its pictures are fetched by their urls."""
    shown = artwork.refused[:SMALL_MOST]
    rows = -(-len(shown) // SMALL_A_ROW)
    height = TOP + ROW * len(artwork.groups) + MARGIN
    height += 48 + rows * (SMALL[1] + CAPTION) if shown else 0
    board = _Board(Page(Image.new("RGB", (WIDTH, height), PAPER)), artwork, remote)
    board.head()
    for rank, group in enumerate(artwork.groups):
        board.picture(group, rank)
    if shown:
        board.refused(shown, TOP + ROW * len(artwork.groups))
    return board.page.image


def _ruled(policy: Mapping[str, Any]) -> str:
    """The policy in a line."""
    told = [f"origins: {', '.join(policy['origins']) or 'none'}"]
    told += ["only approved pictures"] if policy["review_required"] else []
    told += [f"pinned: {policy['pin']}"] if policy["pin"] else []
    told += [f"{len(policy['veto'])} vetoed by policy"] if policy["veto"] else []
    return "   ".join(told)


@dataclass(frozen=True)
class _Board:
    """The paper, what is to be told, and where its pictures come from."""

    page: Page
    artwork: Artwork
    remote: Remote

    def head(self) -> None:
        page, artwork = self.page, self.artwork
        name = plain(" ".join(artwork.title["name"].split()))
        end = page.text(MARGIN, 18, page.cut(name, WIDTH // 2, 26), size=26)
        counts = f"{len(artwork.groups)} pictures   {len(artwork.refused)} refused"
        page.text(end + 18, 30, f"{counts}   {artwork.passed_over} passed over", FAINT)
        page.text(MARGIN, 58, page.cut(_ruled(artwork.policy), WIDTH - 2 * MARGIN), FAINT)
        x = float(WIDTH - MARGIN - 330)
        for words, colour in (
            ("title", TITLE_ZONE),
            ("progress bar", PROGRESS_ZONE),
            ("focal point", FOCUS),
        ):
            page.box(x, 34, 11, 11, colour)
            x = page.text(x + 16, 31, words, FAINT) + 18

    def picture(self, group: Sequence[Mapping[str, Any]], rank: int) -> None:
        """One picture: large, with its facts, and every shape of it."""
        top = TOP + ROW * rank
        whole = group[0]["source_url"] or _largest(group)["url"]
        self._paste(whole, (MARGIN, top), LARGE, 640)
        self._ruling(group[0], top)
        self._facts(group, rank + 1, top)
        x = LEFT
        for variant in sorted(group, key=lambda one: ORDER.index(one["aspect"])):
            width = round(CROP_HEIGHT * variant["width"] / variant["height"])
            self._shape(variant, (x, top + LARGE[1] - CROP_HEIGHT), width)
            x += width + GAP

    def _ruling(self, first: Mapping[str, Any], top: int) -> None:
        """What people decided of it, on the large picture."""
        page, policy = self.page, self.artwork.policy
        verdict = "veto" if first["group_id"] in policy["veto"] else first["verdict"]
        right, bottom = MARGIN + LARGE[0], top + LARGE[1]
        if verdict in VERDICTS:
            words, colour = VERDICTS[verdict]
            page.pen.rectangle((MARGIN, top, right - 1, bottom - 1), outline=colour, width=4)
            page.box(MARGIN, top, page.width(words) + 20, 24, colour)
            page.text(MARGIN + 10, top + 4, words)
        if first["group_id"] == policy["pin"]:
            page.box(right - 74, top, 74, 24, TITLE_ZONE)
            page.text(right - 62, top + 4, "pinned", PAPER)

    def _facts(self, group: Sequence[Mapping[str, Any]], rank: int, top: int) -> None:
        """Rank, overall score, what it is, its strongest and its weakest sub-scores as bars."""
        page, first = self.page, group[0]
        scores = _scores(group)
        overall = next((f"{scores[name]:.2f}" for name in OVERALL if name in scores), "–")
        end = page.text(LEFT, top - 4, f"{rank}.  {overall}", size=26)
        about = [first["origin"]]
        about += [clock(first["source_s"])] if first["source_s"] is not None else []
        about += [f"maturity {first['maturity']}"] if first["maturity"] else []
        about += [f"lettered: {first['language']}"] if first["language"] else []
        page.text(end + 20, top + 7, "   ".join(about))
        page.text(
            WIDTH - MARGIN - page.width(first["group_id"], 12),
            top + 9,
            first["group_id"],
            FAINT,
            12,
        )
        tags = ", ".join(first["emphasis"]) or "nothing emphasised"
        page.text(LEFT, top + 32, page.cut(tags, WIDTH - MARGIN - LEFT))
        for i, (name, value) in enumerate(self.artwork.telling(group)):
            x, y = LEFT + (i % A_LINE) * 268, top + 58 + (i // A_LINE) * 20
            page.text(x, y, page.cut(name.replace("_", " "), 118, 12), FAINT, 12)
            page.box(x + 124, y + 4, 90, 8, PANEL)
            bar = INK if i < A_LINE else WEAK
            page.box(x + 124, y + 4, 90 * min(1.0, max(0.0, value)), 8, bar)
            page.text(x + 220, y, f"{value:.2f}", FAINT, 12)

    def _shape(self, variant: Mapping[str, Any], at: tuple[int, int], width: int) -> None:
        """One variant with where a title and a progress bar may lie, and where to look."""
        page, size = self.page, (width, CROP_HEIGHT)
        self._paste(variant["url"], at, size, 320)
        words = variant["aspect"] + (" bleed" if variant["fit"] == "bleed" else "")
        page.text(at[0], at[1] + CROP_HEIGHT + 3, page.cut(words, width, 12), FAINT, 12)
        for name, colour in (("title", TITLE_ZONE), ("progress", PROGRESS_ZONE)):
            if area := (variant["safe"] or {}).get(name):
                x, y, wide, high = (share * size[i % 2] for i, share in enumerate(area))
                self._zone((at[0] + x, at[1] + y, at[0] + x + wide, at[1] + y + high), colour)
        if variant["focal"]:
            x, y = (at[i] + share * size[i] for i, share in enumerate(variant["focal"]))
            page.pen.ellipse((x - 5, y - 5, x + 5, y + 5), outline=FOCUS, width=2)
            page.pen.line((x - 9, y, x + 9, y), fill=FOCUS)
            page.pen.line((x, y - 9, x, y + 9), fill=FOCUS)

    def _zone(self, box: tuple[float, float, float, float], colour: str) -> None:
        """A frame under a veil of its colour that the picture shows through."""
        left, top, right, bottom = map(round, box)
        if right > left and bottom > top:
            part = self.page.image.crop((left, top, right, bottom))
            veil = Image.new("RGB", part.size, colour)
            self.page.image.paste(Image.blend(part, veil, 0.15), (left, top))
            self.page.pen.rectangle((left, top, right - 1, bottom - 1), outline=colour, width=2)

    def refused(self, shown: Sequence[Mapping[str, Any]], top: int) -> None:
        """Small pictures of the moments that a gate refused, with its name."""
        page, (width, height) = self.page, SMALL
        more = len(self.artwork.refused) - len(shown)
        page.text(MARGIN, top + 8, f"refused{f', and {more} more' if more else ''}", FAINT)
        for i, one in enumerate(shown):
            x = MARGIN + (i % SMALL_A_ROW) * (width + 6)
            y = top + 36 + (i // SMALL_A_ROW) * (height + CAPTION)
            self._paste(one["url"], (x, y), SMALL, 320)
            end = page.text(x, y + height + 3, clock(one["at_s"]), FAINT, 12)
            reasons = page.cut(", ".join(one["reasons"]), x + width - end - 8, 12)
            page.text(end + 8, y + height + 3, reasons, INK, 12)

    def _paste(
        self, url: str | None, at: tuple[int, int], size: tuple[int, int], width: int
    ) -> None:
        """A picture, whole, in the middle of its place; the bare place where it is gone."""
        self.page.picture(self.remote.picture(url, width) if url else None, at, size)
