"""Lines of a body that comes in pieces."""

from typing import NamedTuple


class Line(NamedTuple):
    """One line of a body, the first being number 1, without its line feed."""

    number: int
    raw: bytes | None
    """None for one that is longer than it may be."""

    @property
    def blank(self) -> bool:
        return self.raw is not None and not self.raw.strip()


class Lines:
    """Puts lines together as the pieces come; holds one line, of `cap` bytes at most."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._held = bytearray()
        self._over = False
        self._number = 1

    @property
    def number(self) -> int:
        """Of the line that comes next, or has begun to."""
        return self._number

    def feed(self, piece: bytes) -> list[Line]:
        """The lines that end in `piece`."""
        *ends, begun = piece.split(b"\n")
        ended = []
        for end in ends:
            self._hold(end)
            ended.append(self._ended())
        self._hold(begun)
        return ended

    def finish(self) -> list[Line]:
        """The last line, where no line feed ended it."""
        return [self._ended()] if self._held or self._over else []

    def _hold(self, part: bytes) -> None:
        self._over = self._over or len(self._held) + len(part) > self._cap
        if self._over:
            self._held.clear()
        else:
            self._held += part

    def _ended(self) -> Line:
        line = Line(self._number, None if self._over else bytes(self._held))
        self._held.clear()
        self._over = False
        self._number += 1
        return line
