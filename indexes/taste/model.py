"""The taste map as it is kept: what places a title, in one file that its fingerprint names."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np
import numpy.typing as npt

from content.errors import Invalid
from content.types import F32, Space, Vector
from indexes.taste.contents import Content
from indexes.taste.design import Design, SpaceBlock, WordBlock, YearBlock
from indexes.taste.learner import Learned, Parameters
from indexes.taste.mapping import stretched
from indexes.taste.places import placed

FORMAT = 1
NAME = "taste"


@dataclass(frozen=True, slots=True, eq=False)
class TasteMap:
    """A pure function of the data, the seed and the parameters that it was fitted with.

    `coefficients` are float32 (d, dim), `constant` float32 (dim,), `length` the one that mapped
    factors are brought nearer to; `own` the factors, float32 (dim,), of titles with viewers enough.
    """

    design: Design
    coefficients: F32
    constant: F32
    length: float
    own: Mapping[str, F32]
    told: Mapping[str, Any]
    """JSON-ready: the seed, the parameters, the digest of the data."""

    @classmethod
    def of(
        cls, learned: Learned, title_ids: list[str], parameters: Parameters, told: Mapping[str, Any]
    ) -> "TasteMap":
        """`title_ids` are those of all titles learned from, in their order."""
        names = (title_ids[i] for i in learned.having)
        return cls(
            learned.design,
            learned.mapped.coefficients.astype(np.float32),
            learned.mapped.constant.astype(np.float32),
            parameters.stretch * learned.mapped.length,
            dict(zip(names, learned.own.astype(np.float32), strict=True)),
            told,
        )

    @property
    def inputs(self) -> dict[Space, str]:
        """Of each content space that it reads, the fingerprint of its encoder."""
        return {space: block.fingerprint for space, block in self.design.spaces.items()}

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.to_bytes(), len(self.constant))

    def vector(self, content: Content, fingerprint: str) -> Vector:
        """Where a title lies, (dim + 1,): by its viewers if it has a factor, else by content.

        Args:
            fingerprint: this map's, which is costly to make.
        """
        if (own := self.own.get(content.title_id)) is not None:
            return Vector(placed(own.astype(np.float64)[None])[0], fingerprint)
        row = self.design.rows([content]) @ self.coefficients + self.constant
        return Vector(placed(stretched(row, self.length))[0], fingerprint)

    def to_bytes(self) -> bytes:
        """msgpack; the same map gives the same bytes."""
        design = self.design
        year = design.year
        document = {
            "format": FORMAT,
            "told": self.told,
            "spaces": {
                space: [block.fingerprint, _out(block.mean), _out(block.basis)]
                for space, block in design.spaces.items()
            },
            "words": [
                [list(b.words), _out(b.offset), b.scale] for b in (design.genres, design.facts)
            ],
            "year": [_out(year.knots), _out(year.offset), year.scale],
            "map": [_out(self.coefficients), _out(self.constant), self.length],
            "own": [list(self.own), _out(np.array(list(self.own.values()), np.float32))],
        }
        data: bytes = msgpack.packb(document)
        return data

    @classmethod
    def from_bytes(cls, data: bytes) -> "TasteMap":
        """The inverse of `to_bytes`.

        Raises:
            Invalid: `taste_format`, for the file of another release.
        """
        document = msgpack.unpackb(data)
        if document.get("format") != FORMAT:
            raise Invalid(
                "taste_format", f"taste map format {document.get('format')}: fit it again"
            )
        spaces = {
            space: SpaceBlock(made_by, _in(mean), _in(basis))
            for space, (made_by, mean, basis) in document["spaces"].items()
        }
        genres, facts = (
            WordBlock(tuple(words), _in(offset), scale)
            for words, offset, scale in document["words"]
        )
        knots, offset, scale = document["year"]
        coefficients, constant, length = document["map"]
        names, factors = document["own"]
        return cls(
            Design(spaces, genres, facts, YearBlock(_in(knots), _in(offset), scale)),
            *(_in(coefficients), _in(constant), length),
            dict(zip(names, _in(factors), strict=True)),
            document["told"],
        )


def fingerprint_of(data: bytes, dim: int) -> str:
    """Of a map's bytes; its vectors have one number more than its factors."""
    return f"{NAME}@{FORMAT}:{dim + 1}:{hashlib.sha256(data).hexdigest()[:12]}"


def _out(array: npt.NDArray[np.float32]) -> list[Any]:
    return [list(array.shape), array.astype("<f4").tobytes()]


def _in(stored: list[Any]) -> F32:
    shape, data = stored
    return np.frombuffer(data, "<f4").astype(np.float32).reshape(shape)
