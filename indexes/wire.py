"""How calls, answers and errors travel between client and index process: msgpack, no pickle.

Known dataclasses travel as their name and fields, arrays as raw little-endian float32.
"""

from dataclasses import fields, is_dataclass
from typing import Any

import msgpack
import numpy as np

from content import errors
from content.errors import KeyartError
from content.types import Availability, Vector
from indexes.calibration import Calibration
from indexes.conditions import CONDITIONS
from indexes.cuts import CutHit
from indexes.graph import Graph
from indexes.moments import MomentHit
from indexes.pictured import MediaHit, MediaPage, MediaQuestion
from indexes.question import Continuation, HitPage, Question
from indexes.schema import (
    Because,
    Comparison,
    Filter,
    GenerationInfo,
    Hit,
    Place,
    Shared,
    TitlePoint,
    Verification,
    WordsHit,
)
from indexes.shots import ShotPoint
from indexes.sparse import Sparse

METHODS = frozenset(
    {"ensure", "upsert", "upsert_into", "delete", "alike", "search", "count", "vectors"}
    | {"build", "snapshot", "begin", "verify", "cut_over", "drop", "generations"}
    | {"compare", "weights", "set_weights", "judged", "building", "roll_back", "release", "expire"}
    | {"moments", "cuts", "pictured"}
)
"""What may be called; the names are those of `service.IndexService`."""

ARRAY = 1
CALIBRATION = 2
RECORD = 3
TYPES: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        *(TitlePoint, Vector, Filter, Hit, Comparison, GenerationInfo, Verification),
        *(Graph, ShotPoint, Sparse, WordsHit, Place, MomentHit, CutHit),
        *(Availability, Graph, Question, Continuation, HitPage, Because, Shared),
        *(MediaQuestion, MediaPage, MediaHit),
        *CONDITIONS,
    )
}
ERRORS: dict[str, type[KeyartError]] = {
    cls.__name__: cls
    for cls in (
        errors.Invalid,
        errors.NotFound,
        errors.Conflict,
        errors.NoSpace,
        errors.Unavailable,
    )
}


def pack(value: object) -> bytes:
    """Encode plain values, float32 vectors, calibrations and the known dataclasses."""
    data: bytes = msgpack.packb(value, default=_encode)
    return data


def unpack(data: bytes) -> Any:
    """The inverse of `pack`; sequences come back as tuples."""
    return msgpack.unpackb(data, ext_hook=_extension, use_list=False)


def pack_error(error: KeyartError) -> bytes:
    """An error as type, code, detail and the further fields of its problem document."""
    extra = {name: value for name, value in error.extra.items() if _plain(value)}
    return pack(
        {
            "type": type(error).__name__,
            "code": error.code,
            "detail": error.detail,
            "extra": extra,
        }
    )


def unpack_error(data: bytes) -> KeyartError:
    """The error that `pack_error` was given; one of an unlisted type as Unavailable."""
    document = unpack(data)
    cls = ERRORS.get(document["type"], errors.Unavailable)
    return cls(document["code"], document["detail"], **document["extra"])


def _plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool | None)


def _encode(value: object) -> object:
    if isinstance(value, np.ndarray):
        if value.ndim != 1 or value.dtype != np.float32:
            raise errors.Invalid(
                "invalid_vector", f"a vector is {value.dtype} {value.shape}; expected float32 (n,)"
            )
        return msgpack.ExtType(ARRAY, value.astype("<f4").tobytes())
    if isinstance(value, Calibration):
        return msgpack.ExtType(CALIBRATION, value.to_bytes())
    if is_dataclass(value) and type(value).__name__ in TYPES:
        shown = {field.name: getattr(value, field.name) for field in fields(value)}
        return msgpack.ExtType(RECORD, pack((type(value).__name__, shown)))
    raise TypeError(f"{type(value).__name__} does not travel")


def _extension(code: int, data: bytes) -> Any:
    if code == ARRAY:
        return np.frombuffer(data, dtype="<f4").astype(np.float32)
    if code == CALIBRATION:
        return Calibration.from_bytes(data)
    if code == RECORD:
        name, shown = unpack(data)
        return TYPES[name](**shown)
    raise ValueError(f"unknown extension {code}")
