"""Calibration: constants that make a space's cosines tell titles apart, frozen per generation.

Pooled ReLU features are all positive and titles share most of their sound, so every cosine is high
and differences drown ("hubness" and the common mean: Mu & Viswanath 2018, All-but-the-Top,
arXiv:1702.01417; power normalisation: Perronnin et al. 2010). Queries use the same transform.

Steps, for a raw vector x (dim,): signed power `sign(x)|x|^p`, to unit length; if `level`, its own
mean over the dimensions is subtracted (the all-ones direction is projected out), to unit length;
`x − mean`, to unit length. A scale per dimension was tried and left out: pictures of real clips
whose constants were fitted on other clips are told apart by film no better than by the mean alone
(AUC 0.894 against 0.896; raw 0.866: `make bench ARGS=understanding`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgpack
import numpy as np
import numpy.typing as npt

from content.errors import Invalid
from content.types import F32, SPACES, Space

FIT_MIN_TITLES = 16
"""Below this many titles a space keeps its default."""
SHRINKAGE = 16.0
"""Weight of the default, in titles: with n titles the fit counts n / (n + 16)."""
VANISHED = 1e-4
"""A vector shorter than this after a step was that step's constant; the step is left out."""
FORMAT = 1

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a space is treated before anything is known of the catalogue, and what is fitted.

    Power and level are for rectified features: no number in them is negative.
    """

    power: float = 1.0
    level: bool = False


# The other encoders hand over what is centred by hand (audio, style) or was learned as a
# metric (text): until there is a catalogue to centre by, they are left alone.
SHAPES: Mapping[Space, Shape] = {
    "visual": Shape(power=0.5, level=True),
    "audio": Shape(),
    "concept": Shape(),
    "synopsis": Shape(),
    "style": Shape(),
    "taste": Shape(),
}


@dataclass(frozen=True, slots=True, eq=False)
class SpaceCalibration:
    """The constants of one space: `mean` is float32 (dim,)."""

    mean: F32
    power: float = 1.0
    level: bool = False

    def apply(self, raw: F32) -> F32:
        """Raw (dim,) to calibrated (dim,), both unit float32."""
        prepared = _prepare(raw[None, :], self.power, self.level)
        calibrated: F32 = _unit(prepared - self.mean, prepared)[0].astype(np.float32)
        return calibrated


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """One `SpaceCalibration` per space."""

    spaces: Mapping[Space, SpaceCalibration]

    @classmethod
    def default(cls, dims: Mapping[Space, int]) -> "Calibration":
        """The documented constants for a catalogue that is still unknown."""
        return cls({space: _default(SHAPES[space], dim) for space, dim in dims.items()})

    @classmethod
    def fit(cls, vectors_by_space: Mapping[Space, Sequence[F32] | F32]) -> "Calibration":
        """Fit each space to raw vectors (n, dim); with n < 16 it keeps its default.

        Empty spaces are left out: `completed` gives them their defaults.
        """
        return cls(
            {
                space: _fit(space, np.asarray(rows, dtype=np.float32))
                for space, rows in vectors_by_space.items()
                if len(rows)
            }
        )

    def completed(
        self, dims: Mapping[Space, int], *, metric: Collection[Space] = ()
    ) -> "Calibration":
        """Exactly the spaces of `dims`: others are left out, missing ones get their default.

        Those of `metric` are of encoders that were trained by cosine: theirs is to do nothing.

        Raises:
            Invalid: `calibration_mismatch`, when a dimension differs.
        """
        for space, dim in dims.items():
            if space in self.spaces and self.spaces[space].mean.shape != (dim,):
                raise Invalid(
                    "calibration_mismatch",
                    f"{space} was calibrated on {self.spaces[space].mean.shape[0]} dimensions "
                    f"but its encoder has {dim}; fit it on vectors of this encoder",
                )
        return Calibration(
            {
                space: self.spaces.get(space)
                or _default(Shape() if space in metric else SHAPES[space], dim)
                for space, dim in dims.items()
            }
        )

    def apply(self, space: Space, raw: F32) -> F32:
        """Raw (dim,) to calibrated (dim,), both unit float32.

        Raises:
            Invalid: `unknown_space`, when the space was not calibrated.
        """
        if space not in self.spaces:
            raise Invalid("unknown_space", f"this calibration knows no space {space!r}")
        return self.spaces[space].apply(raw)

    def to_bytes(self) -> bytes:
        """msgpack; the same constants give the same bytes."""
        rows = {
            space: [item.power, item.level, item.mean.astype("<f4").tobytes()]
            for space in SPACES
            if (item := self.spaces.get(space)) is not None
        }
        data: bytes = msgpack.packb({"format": FORMAT, "spaces": rows})
        return data

    @classmethod
    def from_bytes(cls, data: bytes) -> "Calibration":
        """The inverse of `to_bytes`."""
        document = msgpack.unpackb(data)
        if document["format"] != FORMAT:
            raise Invalid(
                "calibration_format", f"calibration format {document['format']} is not {FORMAT}"
            )
        return cls(
            {
                space: SpaceCalibration(np.frombuffer(mean, "<f4").astype(np.float32), power, level)
                for space, (power, level, mean) in document["spaces"].items()
            }
        )


def _default(shape: Shape, dim: int) -> SpaceCalibration:
    return SpaceCalibration(np.zeros(dim, np.float32), shape.power, shape.level)


def _fit(space: Space, rows: F32) -> SpaceCalibration:
    count, dim = rows.shape
    shape = SHAPES[space] if rows.min() >= 0 else Shape()
    if count < FIT_MIN_TITLES:
        return _default(shape, dim)
    prepared = _prepare(rows, shape.power, shape.level)
    trust = count / (count + SHRINKAGE)
    mean = (prepared.mean(axis=0) * trust).astype(np.float32)
    return SpaceCalibration(mean, shape.power, shape.level)


def _prepare(rows: F32, power: float, level: bool) -> F64:
    """Power and level removal: (n, dim) raw to (n, dim) of unit length."""
    values = rows.astype(np.float64)
    values = _unit(np.sign(values) * np.abs(values) ** power, values)
    if level:
        values = _unit(values - values.mean(axis=1, keepdims=True), values)
    return values


def _unit(rows: F64, otherwise: F64) -> F64:
    """Rows to unit length; one that vanished is taken from `otherwise`."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(norms > VANISHED, rows / np.maximum(norms, VANISHED), otherwise)
