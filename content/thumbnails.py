"""The small pictures of keyframes, a file each: those of a long film together would fill memory."""

import io
from pathlib import Path

from content.errors import TransientError
from content.types import U8


class Thumbnails:
    """JPEGs in one folder, named by their time in the film."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, at_s: float, rgb: U8) -> None:
        """Keep (H, W, 3) as it is; what was there of that time is replaced."""
        from PIL import Image

        file = io.BytesIO()
        Image.fromarray(rgb).save(file, "JPEG", quality=82)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._path(at_s).write_bytes(file.getvalue())

    def has(self, at_s: float) -> bool:
        """Is there one of that very time?"""
        return self._path(at_s).exists()

    def get(self, at_s: float) -> bytes:
        """The JPEG of that very time.

        Raises:
            TransientError: `extraction_missing`: there is none.
        """
        try:
            return self._path(at_s).read_bytes()
        except FileNotFoundError as error:
            raise TransientError(
                "extraction_missing", f"the picture at {at_s:.3f} s is gone"
            ) from error

    def _path(self, at_s: float) -> Path:
        return self._folder / f"{round(at_s * 1e6):012d}.jpg"
