"""An extraction on disk: one msgpack file, arrays as little-endian float32, no pickle.

The file appears whole or not at all, so a step that was killed leaves nothing half-written. It
knows what it was made by: what another release or other models have made is not taken up.
"""

import os
from collections.abc import Callable
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any, get_args

import msgpack
import numpy as np

from content.errors import TransientError
from content.types import (
    F32,
    Extraction,
    Keyframe,
    MediaFacts,
    Shot,
    ShotFacts,
    ShotVectors,
    Space,
    Vector,
)

_NAME = "extraction.msgpack"
_VERSION = 5


def save(extraction: Extraction, folder: Path, made_by: str = "") -> None:
    """Write into `folder`, which is made when missing; what was there is replaced at once.

    Args:
        made_by: names the file and the models, as `extract.made_by`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{_NAME}.{os.getpid()}"
    with partial.open("wb") as file:
        # Part by part: all of a long film at once would take its size in memory again.
        packer = msgpack.Packer()
        file.write(packer.pack([_VERSION, made_by]))
        file.write(packer.pack_map_header(len(_PLAIN)))
        for name, plain in _PLAIN.items():
            file.write(packer.pack(name))
            file.write(packer.pack(plain(extraction)))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / _NAME)


def load(folder: Path) -> Extraction:
    """Read what `save` wrote, equal bit for bit.

    Raises:
        TransientError: `extraction_missing`: nothing there, or written by another release.
    """
    try:
        with (folder / _NAME).open("rb") as file:
            unpacker = msgpack.Unpacker(file, max_buffer_size=2**31 - 1)
            version, _ = unpacker.unpack()
            plain = unpacker.unpack() if version == _VERSION else None
    except (FileNotFoundError, ValueError, TypeError, msgpack.UnpackException) as error:
        raise TransientError("extraction_missing", "no extraction is kept") from error
    if plain is None:
        raise TransientError("extraction_missing", "the extraction is of another release")
    return _from_plain(plain)


def saved(folder: Path, made_by: str) -> bool:
    """Is there a whole extraction in `folder`, of this release and made so?"""
    try:
        with (folder / _NAME).open("rb") as file:
            found = msgpack.Unpacker(file).unpack()
    except (FileNotFoundError, ValueError, msgpack.UnpackException):
        return False
    return bool(found == [_VERSION, made_by])


_PLAIN: dict[str, Callable[[Extraction], Any]] = {
    "facts": lambda found: asdict(found.facts),
    "shots": lambda found: [list(astuple(shot)) for shot in found.shots],
    "keyframes": lambda found: [
        {**asdict(keyframe), "embedding": _bytes(keyframe.embedding)}
        for keyframe in found.keyframes
    ],
    "vectors": lambda found: {
        space: [_bytes(vector.data), vector.fingerprint] for space, vector in found.vectors.items()
    },
    "profile": lambda found: found.profile,
    "shot_facts": lambda found: [asdict(facts) for facts in found.shot_facts],
    "shot_vectors": lambda found: {
        space: [made.shots.astype("<i4").tobytes(), _bytes(made.data), made.fingerprint]
        for space, made in found.shot_vectors.items()
    },
    "timeline": lambda found: {name: _bytes(column) for name, column in found.timeline.items()},
    "steady": lambda found: found.steady,
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
        shot_facts=tuple(ShotFacts(**facts) for facts in plain["shot_facts"]),
        shot_vectors={
            s: _shot_vectors(*plain["shot_vectors"][s])
            for s in spaces
            if s in plain["shot_vectors"]
        },
        timeline={name: _array(column) for name, column in plain["timeline"].items()},
        steady=plain["steady"],
    )


def _shot_vectors(shots: bytes, data: bytes, fingerprint: str) -> ShotVectors:
    indices = np.frombuffer(shots, "<i4").astype(np.int32)
    # A space that no shot has a vector in has no dimension either.
    return ShotVectors(indices, _array(data).reshape(len(indices), -1 if data else 0), fingerprint)


def _bytes(array: F32) -> bytes:
    return array.astype("<f4").tobytes()


def _array(data: bytes) -> F32:
    return np.frombuffer(data, "<f4").astype(np.float32)
