"""What a client needs of a picture before it has it: to lay it out, to show something meanwhile."""

from dataclasses import astuple, dataclass
from functools import lru_cache

import msgpack


@dataclass(frozen=True, slots=True)
class Display:
    """Of one variant. All but its size is None in pictures from before it was told."""

    width: int
    """px of the largest there is."""
    height: int
    focal: list[float] | None = None
    """x, y in shares."""
    safe: dict[str, list[float]] | None = None
    """name -> x, y, width, height in shares."""
    blurhash: str | None = None
    colour: str | None = None

    def packed(self) -> bytes:
        """In a fifth of the memory: a catalogue's arms are many, the one chosen is one."""
        data: bytes = msgpack.packb(astuple(self))
        return data

    @staticmethod
    @lru_cache(maxsize=4096)
    def unpacked(data: bytes) -> "Display":
        return Display(*msgpack.unpackb(data))
