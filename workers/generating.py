"""What a generated picture is compared with: its own title's frames, and all other titles'."""

from typing import Any

from artwork.generate import copies
from workers.parts import Parts

STRANGERS = 512
"""Pictures of other titles that say how near one comes by chance."""


def references(parts: Parts, title_id: str, version: int) -> dict[str, bytes]:
    """`frames`: vectors of a version's shots, `strangers`: of other titles' pictures.

    float32 little-endian rows, of today's visual encoder; empty where none are.
    """
    encoder = parts.fingerprints["visual"]
    shots = parts.catalog.shot_vectors(title_id, version).get("visual")
    known = shots is not None and shots.fingerprint == encoder
    with parts.engine.connect() as connection:
        others = copies.strangers(connection, title_id, encoder, parts.tenant, most=STRANGERS)
    return {
        "frames": shots.data.astype("<f4").tobytes() if known and shots is not None else b"",
        "strangers": others.astype("<f4").tobytes() if len(others) else b"",
    }


def without_copies(parts: Parts, title_id: str, answer: dict[str, Any]) -> dict[str, Any]:
    """What a child has generated, without the near copies of other titles' pictures.

    They are told among the refused; their files stay in the job's journal, and go with it.
    """
    with parts.engine.connect() as connection:
        found = copies.copied(
            connection,
            parts.images,
            answer["groups"],
            title_id=title_id,
            encoder=parts.fingerprints["visual"],
            tenant=parts.tenant,
        )
    seeds = {group["id"]: group["made"]["seed"] for group in answer["groups"]}
    told = [
        {"reason": "near_copy", "detail": f"seed {seeds[group_id]}: {detail}"}
        for group_id, detail in found.items()
    ]
    return {
        "groups": [group for group in answer["groups"] if group["id"] not in found],
        "refused": [*answer["refused"], *told],
    }
