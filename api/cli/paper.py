"""Paper to draw on: an image with a pen, its colours and its letters."""

import io

from PIL import Image, ImageDraw, ImageFont, ImageOps

PAPER, INK, FAINT, PANEL = "#14161a", "#f1f3f5", "#868e96", "#1f2329"


class Page:
    """An image with a pen."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.pen = ImageDraw.Draw(image)
        self._fonts = {size: _font(size) for size in (12, 13, 26)}

    def text(self, x: float, y: float, words: str, colour: str = INK, size: int = 13) -> float:
        """Write; where the words end."""
        self.pen.text((x, y), words, fill=colour, font=self._fonts[size])
        return x + self.width(words, size)

    def width(self, words: str, size: int = 13) -> float:
        return float(self.pen.textlength(words, font=self._fonts[size]))

    def cut(self, words: str, room: float, size: int = 13) -> str:
        """As much of the words as there is room for."""
        if self.width(words, size) <= room:
            return words
        while words and self.width(words + "...", size) > room:
            words = words[:-1]
        return words.rstrip(" ,") + "..."

    def picture(self, data: bytes | None, at: tuple[int, int], size: tuple[int, int]) -> None:
        """A JPEG, whole, in the middle of its place; the bare place where there is none."""
        self.box(*at, *size, PANEL)
        if data is None:
            return
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            fitted = ImageOps.contain(picture.convert("RGB"), size)
        place = (at[0] + (size[0] - fitted.width) // 2, at[1] + (size[1] - fitted.height) // 2)
        self.image.paste(fitted, place)

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        if width > 0 and height > 0:
            self.pen.rectangle((x, y, x + max(1, width) - 1, y + max(1, height) - 1), fill=colour)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """One with the letters of most languages where the machine has it; else Pillow's own."""
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)
