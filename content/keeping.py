"""An extraction on disk: one msgpack file, arrays as little-endian float32, no pickle.

The file appears whole or not at all, so a step that was killed leaves nothing half-written.
"""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import msgpack
import numpy as np

from content.errors import TransientError
from content.types import F32, Extraction, Keyframe, MediaFacts, Shot, Space, Vector

_NAME = "extraction.msgpack"
_VERSION = 1


def save(extraction: Extraction, folder: Path) -> None:
    """Write into `folder`, which is made when missing; what was there is replaced at once."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{_NAME}.{os.getpid()}"
    with partial.open("wb") as file:
        file.write(msgpack.packb(_to_plain(extraction)))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / _NAME)


def load(folder: Path) -> Extraction:
    """Read what `save` wrote, equal bit for bit.

    Raises:
        TransientError: `extraction_missing`: nothing there, or written by another version;
            extract again.
    """
    try:
        plain = msgpack.unpackb((folder / _NAME).read_bytes())
    except (FileNotFoundError, ValueError) as error:
        raise TransientError(
            "extraction_missing", "no extraction is kept; extract again"
        ) from error
    if plain.get("version") != _VERSION:
        raise TransientError("extraction_missing", "the extraction is of another version")
    return _from_plain(plain)


def saved(folder: Path) -> bool:
    """Is there a whole extraction in `folder`?"""
    return (folder / _NAME).exists()


def _to_plain(extraction: Extraction) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "facts": asdict(extraction.facts),
        "shots": [[shot.start_s, shot.end_s, shot.keyframe_s] for shot in extraction.shots],
        "keyframes": [
            {**asdict(keyframe), "embedding": _bytes(keyframe.embedding)}
            for keyframe in extraction.keyframes
        ],
        "vectors": {
            space: [_bytes(vector.data), vector.fingerprint]
            for space, vector in extraction.vectors.items()
        },
        "profile": extraction.profile,
    }


def _from_plain(plain: dict[str, Any]) -> Extraction:
    spaces: tuple[Space, ...] = get_args(Space)
    kept = plain["vectors"]
    return Extraction(
        facts=MediaFacts(**plain["facts"]),
        shots=tuple(Shot(*shot) for shot in plain["shots"]),
        keyframes=tuple(
            Keyframe(**{**keyframe, "embedding": _array(keyframe["embedding"])})
            for keyframe in plain["keyframes"]
        ),
        vectors={s: Vector(_array(kept[s][0]), kept[s][1]) for s in spaces if s in kept},
        profile=plain["profile"],
    )


def _bytes(array: F32) -> bytes:
    return array.astype("<f4").tobytes()


def _array(data: bytes) -> F32:
    return np.frombuffer(data, "<f4").astype(np.float32)
