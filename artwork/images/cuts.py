"""Cuts: pictures kept as the rule that makes them of another one: nothing is encoded twice.

A *crop* is a window of the whole picture. A *bleed* is a window laid whole on a larger ground made
of itself, blurred and darkened: for shapes in which no window would do.
"""

import json
from dataclasses import dataclass

from PIL import Image, ImageEnhance, ImageFilter

VERSION = 1
"""Of the rule. A cut of another version would be another picture under another name."""
DIM = 0.45
"""Brightness of a bleed's ground, of the picture's own."""
GROUND_PX, BLUR_PX = 96, 3.0
"""Long side at which a ground is blurred, and by how much: only light and colour are left of it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """`box` (x, y, width, height) in px of `source` shown in a picture of `size` px."""

    source: str
    """SHA-256 of the whole picture's master."""
    box: tuple[int, int, int, int]
    size: tuple[int, int]

    def __post_init__(self) -> None:
        if min(*self.box[:2], *(side - 1 for side in (*self.box[2:], *self.size))) < 0:
            raise ValueError(f"no picture can be cut as {self.box} in {self.size}")

    def packed(self) -> bytes:
        """The rule as JSON; the same rule gives the same bytes."""
        rule = {"cut": VERSION, "source": self.source, "box": self.box, "size": self.size}
        return json.dumps(rule, sort_keys=True, separators=(",", ":")).encode()

    @staticmethod
    def unpacked(data: bytes) -> "Cut | None":
        """The rule that `packed` gave; None where the bytes are of no cut but of a picture."""
        if not data.startswith(b'{"'):
            return None
        rule = json.loads(data)
        return Cut(rule["source"], tuple(rule["box"]), tuple(rule["size"]))

    def of(self, whole: Image.Image, width: int | None = None) -> Image.Image:
        """The picture, from the whole one; `width` px wide if that is less, so that it costs less.

        Raises:
            ValueError: the box is not within the picture.
        """
        x, y, wide, high = self.box
        if x + wide > whole.width or y + high > whole.height:
            raise ValueError(f"{self.box} is not within {whole.size}")
        shown = whole.crop((x, y, x + wide, y + high))
        if self.size == (wide, high):
            return narrowed(shown, width)
        share = min(1.0, (width or self.size[0]) / self.size[0])
        size = (max(1, round(self.size[0] * share)), max(1, round(self.size[1] * share)))
        return _bleed(shown, size)


def narrowed(picture: Image.Image, width: int | None) -> Image.Image:
    """At most `width` px wide, its shape kept; None: as it is."""
    if width is None or width >= picture.width:
        return picture
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def inset(box: tuple[int, int], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Where a window of `box` px lies in a bleed of `size` px: x, y, width, height, in px.

    As large as fits and in the middle, for a crop therefore everywhere.
    """
    scale = min(size[0] / box[0], size[1] / box[1])
    width, height = box[0] * scale, box[1] * scale
    return (size[0] - width) / 2, (size[1] - height) / 2, width, height


def _bleed(shown: Image.Image, size: tuple[int, int]) -> Image.Image:
    cover = max(size[0] / shown.width, size[1] / shown.height)
    # A quotient may pass the side that it should give by a rounding.
    wide, high = min(shown.width, size[0] / cover), min(shown.height, size[1] / cover)
    left, top = (shown.width - wide) / 2, (shown.height - high) / 2
    small = GROUND_PX / max(size)
    ground = shown.resize(
        (max(1, round(size[0] * small)), max(1, round(size[1] * small))),
        Image.Resampling.BOX,
        (left, top, shown.width - left, shown.height - top),
    )
    ground = ImageEnhance.Brightness(ground.filter(ImageFilter.GaussianBlur(BLUR_PX))).enhance(DIM)
    ground = ground.resize(size, Image.Resampling.BICUBIC)
    x, y, width, height = (round(part) for part in inset(shown.size, size))
    lit = shown.resize((max(1, width), max(1, height)), Image.Resampling.LANCZOS)
    ground.paste(lit, (x, y))
    return ground
