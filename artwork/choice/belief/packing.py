"""Features as bytes: one each, because a decision's row is to stay small."""

import numpy as np

from artwork.choice.belief.sums import I16

GRAIN = 16
"""Features are multiples of it in units of 2⁻¹⁰: a sixty-fourth is all that one tells."""


def coarse(x: I16) -> I16:
    """Numbers in [-1024, 1024] to the nearest multiple of 16."""
    return (x + GRAIN // 2) & -GRAIN  # a power of two: its multiples have no lower bits


def packed(x: I16) -> bytes:
    """Multiples of 16 in [-1024, 1024] (d,) to d + 1 or d + 2 bytes: an odd count, which tells the
    format.

    Raises:
        ValueError: for a number that is no multiple of 16.
    """
    if (x % GRAIN).any():
        raise ValueError("features are multiples of 16 in units of 2⁻¹⁰")
    head = b"\0" if len(x) % 2 == 0 else b"\1\0"
    return head + (x // GRAIN).astype(np.int8).tobytes()


def unpacked(data: bytes) -> I16:
    """The inverse; an even count of bytes is the older form, two bytes a number."""
    if len(data) % 2 == 0:
        return np.frombuffer(data, "<i2").astype(np.int16)
    return np.frombuffer(data, np.int8, offset=1 + data[0]).astype(np.int16) * GRAIN
