"""Pictures that are searched for: from an uploaded file to a vector."""

from pathlib import Path

from artwork.images.decoding import PictureLimits, decoded
from content.ids import new_id
from content.types import Vector
from workers.settings import Settings
from workers.words import Words

LIMITS = PictureLimits(min_side_px=32, kept_side_px=480)
"""A small copy of a frame finds it, too; the encoder looks at 224 or so px a side."""


class Sight:
    """Thread-safe."""

    def __init__(self, settings: Settings, words: Words) -> None:
        self._uploads, self._words = settings.uploads, words

    def new_path(self) -> Path:
        """A fresh name in the uploads folder; whoever asks removes the file."""
        self._uploads.mkdir(parents=True, exist_ok=True)
        return self._uploads / new_id()

    def look(self, file: Path) -> Vector:
        """What the picture in a file looks like, in the space `visual`.

        Raises:
            Invalid: as `artwork.images.decoding.decoded`. Unavailable: `pictures_unavailable`.
        """
        return self._words.encode_picture(decoded(file, LIMITS))
