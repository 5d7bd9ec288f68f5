"""Pictures and sounds that are searched for: from an uploaded file to a vector."""

from pathlib import Path

from artwork.images.decoding import PictureLimits, decoded
from content.decode import DecodeLimits, listen
from content.errors import Invalid, PermanentError, TransientError
from content.ids import new_id
from content.types import F32, Vector
from workers.settings import Settings
from workers.words import Words

LIMITS = PictureLimits(min_side_px=32, kept_side_px=480)
"""A small copy of a frame finds it, too; the encoder looks at 224 or so px a side."""
HEARD_S = 120.0
"""Of a longer piece of sound the beginning is heard."""
SOUND_LIMITS = DecodeLimits(wall_s=30.0, memory_bytes=2**30, cpu_s=20)


class Senses:
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

    def hear(self, file: Path) -> Vector:
        """What the sound of a file, a clip's too, is like, in the space `audio`.

        Raises:
            Invalid: as `heard`; `sound_silent`. Unavailable: `sounds_unavailable`.
        """
        vector = self._words.encode_sound(heard(file))
        if vector is None:
            raise Invalid("sound_silent", "less than half a second of the sound can be heard")
        return vector


def heard(file: Path) -> F32:
    """The first two minutes of a file's sound, mono at 16 kHz, decoded in a child without rights.

    Raises:
        Invalid: `sound_format_refused`, `sound_missing`, `sound_unreadable`.
    """
    try:
        return listen(file, HEARD_S, SOUND_LIMITS)
    except PermanentError as error:
        codes = {
            "media_format_refused": "sound_format_refused",
            "media_no_sound": "sound_missing",
        }
        raise Invalid(codes.get(error.code, "sound_unreadable"), error.detail) from error
    except TransientError as error:  # the file killed its decoder
        raise Invalid("sound_unreadable", error.detail) from error
