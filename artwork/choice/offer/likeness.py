"""Which pictures of a title look like another one, or show somebody who is in that: for neighbours.

Looks are compared by 512 signs of random projections of their visual vectors (SimHash, Charikar
2002), 64 bytes a picture: the share of signs that differ is the vectors' angle over π. Faces by
`artwork.identities`.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from artwork.identities import DIM, I8, SAME
from content.types import F32

SIGNS = 512
ALIKE = 154
"""Signs that differ, at most, in two pictures of the same look: an angle of 54°, a cosine of 0.59
about the vectors' own means. Set by looking at pairs of the demo's pictures: docs/benchmarks.md."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture, as its neighbours see it. `sketch` is None where it has no comparable vector."""

    sketch: int | None
    faces: I8
    """(n, 128), n up to 3."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """The looks of a title's pictures, and all their faces as one array."""

    looks: Mapping[str, Look] = field(default_factory=dict)
    faces: I8 = field(default_factory=lambda: np.zeros((0, DIM), np.int8))
    owners: tuple[str, ...] = ()
    """Of each face its group."""
    marks: tuple[tuple[str, int], ...] = ()
    """The sketches there are, by group."""

    @classmethod
    def of(cls, pictures: Iterable[tuple[str, F32 | None, I8]]) -> "Likeness":
        """Args: pictures: group, visual vector (dim,) if it has one of today's, faces (n, 128)."""
        told = list(pictures)
        marks = sketches([vector for _, vector, _ in told])
        looks = {
            group: Look(mark, faces) for (group, _, faces), mark in zip(told, marks, strict=True)
        }
        owners = tuple(group for group, look in looks.items() for _ in look.faces)
        stack = [look.faces for look in looks.values() if len(look.faces)]
        known = tuple((g, look.sketch) for g, look in looks.items() if look.sketch is not None)
        none = np.zeros((0, DIM), np.int8)
        return cls(looks, np.concatenate(stack) if stack else none, owners, known)

    def like(self, other: Look) -> set[str]:
        """The groups that look like `other`, or show a face that it shows."""
        mark = other.sketch
        found = set()
        if mark is not None:
            found = {group for group, own in self.marks if (own ^ mark).bit_count() <= ALIKE}
        if self.owners and len(other.faces):
            apart = self.faces[:, None].astype(np.int32) - other.faces[None]
            same = (np.einsum("fod,fod->fo", apart, apart) < SAME).any(axis=1)
            found.update(self.owners[i] for i in np.flatnonzero(same))
        return found


def sketches(vectors: Sequence[F32 | None]) -> list[int | None]:
    """Of each visual vector (dim,) 512 signs about its own mean; None where it has no direction."""
    out: list[int | None] = [None] * len(vectors)
    usable = [i for i, v in enumerate(vectors) if v is not None and v.ndim == 1 and v.size > 1]
    for dim in {vectors[i].size for i in usable}:  # type: ignore[union-attr]
        at = [i for i in usable if vectors[i].size == dim]  # type: ignore[union-attr]
        stack = np.stack([vectors[i] for i in at]).astype(np.float32)  # type: ignore[misc]
        stack -= stack.mean(axis=1, keepdims=True)
        marks = np.packbits(stack @ _signs(dim).T > 0, axis=1)
        for i, row, mark in zip(at, stack, marks, strict=True):
            if np.isfinite(row).all() and row.any():
                out[i] = int.from_bytes(mark.tobytes(), "big")
    return out


@cache
def _signs(dim: int) -> F32:
    """(512, dim) of ±1: bits of a hash, as `artwork.choice.belief.looks.by_chance`."""
    raw = hashlib.shake_256(b"keyart look sketch 1").digest(-(-SIGNS * dim // 8))
    bits = np.unpackbits(np.frombuffer(raw, np.uint8)).reshape(SIGNS, dim)
    return (bits * np.float32(2) - np.float32(1)).astype(np.float32)
