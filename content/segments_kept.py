"""Segments on disk, one msgpack file each: what was read once is not read again after a kill.

A file appears whole or not at all. Arrays keep their type and shape; no pickle.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgpack
import numpy as np

from content.decode import End
from content.letterbox import Bars
from content.segment import Picture, Segment, Stretch
from content.transcript import Line
from content.turns import Turn, Unheard
from content.types import MediaFacts
from content.windows import Window

_VERSION = 6
"""Of the format and of what is read of a film: raise it when either changes, for the segments of
published titles are kept from release to release (`content.extract.read_by`)."""
_HEAD = 4096
"""Bytes read at a time of a file of which only its first two entries are wanted."""
_ARRAY = 1
_ITEM_TYPES = {"<f4", "<f8"}


def save_segment(segment: Segment, folder: Path, number: int, made_by: str) -> None:
    """Write `segment-NNNN.msgpack` into `folder`, which is made when missing.

    Args:
        made_by: as `content.extract.read_by`: what was made otherwise is not taken up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, number)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    plain = {"version": _VERSION, "made_by": made_by, **asdict(segment), "bars": list(segment.bars)}
    with partial.open("wb") as file:
        file.write(msgpack.packb(plain, default=_pack))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def kept_segments(folder: Path, made_by: str) -> Iterator[Segment]:
    """The segments kept in `folder` from the first on, up to one that cannot be taken up."""
    number = 0
    while (segment := _load(_path(folder, number), made_by)) is not None:
        yield segment
        number += 1


def maker_of(folder: Path) -> str | None:
    """What the first segment in `folder` was made by; None where there is none of this format."""
    try:
        with _path(folder, 0).open("rb") as file:
            plain = msgpack.Unpacker(file, read_size=_HEAD)
            plain.read_map_header()
            head = {plain.unpack(): plain.unpack() for _ in range(2)}
    except (FileNotFoundError, ValueError, TypeError, msgpack.UnpackException):
        return None
    return str(head["made_by"]) if head.get("version") == _VERSION else None


def _path(folder: Path, number: int) -> Path:
    return folder / f"segment-{number:04d}.msgpack"


def _load(path: Path, made_by: str) -> Segment | None:
    try:
        plain = msgpack.unpackb(path.read_bytes(), ext_hook=_unpack)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(plain, dict):
        return None
    if (plain.pop("version", None), plain.pop("made_by", None)) != (_VERSION, made_by):
        return None
    return Segment(
        **{
            **plain,
            "end": End(**plain["end"]),
            "facts": MediaFacts(**plain["facts"]),
            "bars": Bars(*plain["bars"]),
            "stretches": tuple(_stretch(stretch) for stretch in plain["stretches"]),
            "lines": tuple(Line(**line) for line in plain["lines"]),
            "windows": tuple(Window(**window) for window in plain["windows"]),
            "unheard": _unheard(plain["unheard"]),
        }
    )


def _stretch(plain: dict[str, Any]) -> Stretch:
    pictures = tuple(Picture(**picture) for picture in plain["pictures"])
    return Stretch(**{**plain, "pictures": pictures})


def _unheard(plain: dict[str, Any] | None) -> Unheard | None:
    if plain is None:
        return None
    turn = None if plain["turn"] is None else Turn(**plain["turn"])
    packed = tuple(Turn(**each) for each in plain["packed"])
    return Unheard(**{**plain, "turn": turn, "lead": Turn(**plain["lead"]), "packed": packed})


def _pack(value: Any) -> msgpack.ExtType:
    assert isinstance(value, np.ndarray), type(value)
    head = [value.dtype.newbyteorder("<").str, list(value.shape)]
    data = np.ascontiguousarray(value).astype(head[0]).tobytes()
    return msgpack.ExtType(_ARRAY, msgpack.packb([*head, data]))


def _unpack(_code: int, data: bytes) -> Any:
    kind, shape, values = msgpack.unpackb(data)
    if kind not in _ITEM_TYPES:
        raise ValueError(f"an array of {kind!r} is none of ours")
    return np.frombuffer(values, kind).reshape(shape).astype(np.dtype(kind).newbyteorder("="))
