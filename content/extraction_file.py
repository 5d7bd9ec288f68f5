"""An extraction as one file: msgpack, vectors as raw little-endian float32."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgpack
import numpy as np

from content.types import Extraction, Keyframe, MediaFacts, Shot, Vector

NAME = "extraction.msgpack"


def save(extraction: Extraction, folder: Path) -> None:
    """Write into `folder` (made when missing); there wholly or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "facts": asdict(extraction.facts),
        "shots": [asdict(shot) for shot in extraction.shots],
        "keyframes": [
            {**asdict(k), "embedding": k.embedding.astype("<f4").tobytes()}
            for k in extraction.keyframes
        ],
        "vectors": {
            space: [vector.data.astype("<f4").tobytes(), vector.fingerprint]
            for space, vector in extraction.vectors.items()
        },
        "profile": extraction.profile,
    }
    draft = folder / f"{NAME}.draft"
    draft.write_bytes(msgpack.packb(document))
    draft.replace(folder / NAME)


def load(folder: Path) -> Extraction:
    """What `save` wrote, bit for bit.

    Raises:
        FileNotFoundError: nothing was saved there.
    """
    document: dict[str, Any] = msgpack.unpackb((folder / NAME).read_bytes())
    return Extraction(
        facts=MediaFacts(**document["facts"]),
        shots=tuple(Shot(**shot) for shot in document["shots"]),
        keyframes=tuple(
            Keyframe(**{**k, "embedding": np.frombuffer(k["embedding"], "<f4")})
            for k in document["keyframes"]
        ),
        vectors={
            space: Vector(np.frombuffer(data, "<f4"), fingerprint)
            for space, (data, fingerprint) in document["vectors"].items()
        },
        profile=document["profile"],
    )


def saved(folder: Path) -> bool:
    """Is there a whole extraction in `folder`?"""
    return (folder / NAME).exists()
