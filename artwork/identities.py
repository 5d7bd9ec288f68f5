"""Whom a picture shows large, kept small: enough to see that two pictures show the same face.

Of each face the identity vector of `content.encoders.identity` in steps of 1/256, 128 bytes. It is
compared with those of other pictures of the same catalogue alone, and names nobody.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from content.types import F32

I8 = npt.NDArray[np.int8]
DIM = 128
"""As `content.encoders.identity.DIM` (a test compares), without loading OpenCV."""
LARGE = 0.1
"""Height over the picture's from which a face is one of those that a picture is of, as for the tag
`character`."""
MOST = 3
_STEPS = 256
SAME = (0.5 * _STEPS) ** 2
"""Squared distance of two kept faces below which they are one person's. Nearer than within a title
(0.6): over a whole catalogue the small, veiled and drawn faces are within 0.6 of everybody."""


class Known(Protocol):
    """What is needed of `artwork.quality.faces.FaceDetail`."""

    @property
    def height(self) -> float: ...
    @property
    def identity(self) -> F32 | None: ...


def keyed(faces: Sequence[Known]) -> bytes:
    """The large faces of a picture, the largest first: int8, 128 numbers each."""
    large = [one.identity for one in faces if one.height >= LARGE and one.identity is not None]
    if not large:
        return b""
    steps = np.rint(np.stack(large[:MOST]) * _STEPS)
    return np.clip(steps, -127, 127).astype(np.int8).tobytes()


def unkeyed(data: bytes | None) -> I8:
    """(n, 128) of what `keyed` kept; none of a picture from before it was."""
    return np.frombuffer(data or b"", np.int8).reshape(-1, DIM)
