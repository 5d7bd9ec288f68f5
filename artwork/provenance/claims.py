"""What the records say of a picture, and the C2PA manifest that says it to everybody.

Digital source types are IPTC's (cv.iptc.org/newscodes/digitalsourcetype), actions those of C2PA's
specification 2.2, §18.15. What has no standard name stands in an assertion of our own, `LABEL`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Any

import sqlalchemy as sa

from artwork.tables import candidates, image_groups, variants
from content.ids import DEFAULT_TENANT
from content.tables import matching, shots, title_versions
from content.types import Origin

LABEL = "keyart.artwork"
_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
GENERATED = f"{_IPTC}trainedAlgorithmicMedia"
PARTLY_GENERATED = f"{_IPTC}compositeWithTrainedAlgorithmicMedia"
COMPOSITE = f"{_IPTC}composite"
MEDIA: Mapping[str, str] = {
    "live_action": f"{_IPTC}digitalCapture",
    "animation": f"{_IPTC}digitalCreation",
}
"""The medium that the profile of a title tells."""
_JOINED = ("split", "two_shot")
"""Composed of several pictures."""
_MODEL = (
    *("model", "revision", "model_sha256", "controlnet_sha256", "ip_adapter_sha256"),
    *("seed", "strength", "steps", "guidance"),
)
"""Of `made`, what is told to everybody; the prompt is not."""


@dataclass(frozen=True, slots=True)
class Part:
    """A picture that one was composed of."""

    origin: Origin = "frame"
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known of a picture's making."""

    title_id: str
    name: str
    origin: Origin = "frame"
    at_s: float | None = None
    """Of the film; None for what is of no one moment."""
    aspect: str | None = None
    fit: str | None = None
    crop: Mapping[str, int] | None = None
    """x, y, width, height in px of the whole picture."""
    group_id: str | None = None
    source_sha256: str | None = None
    language: str | None = None
    made: Mapping[str, Any] = field(default_factory=dict)
    medium: str | None = None
    parts: tuple[Part, ...] = ()
    """Of a composed picture, in its order."""


def claim_of(connection: sa.Connection, sha256: str, tenant: str = DEFAULT_TENANT) -> Claim | None:
    """What the rows say of a stored picture; None where none names it.

    Two titles may show the very same picture: the first by its id is told.
    """
    for table, column in (
        (variants, variants.c.sha256),
        (image_groups, image_groups.c.source_sha256),
        (candidates, candidates.c.sha256),
        (shots, shots.c.keyframe_sha256),
    ):
        query = sa.select(table).where(table.c.tenant == tenant, column == sha256)
        ordered = query.order_by(table.c.title_id, table.c.version.desc()).limit(1)
        row = connection.execute(ordered).mappings().one_or_none()
        if row is not None:
            return _claim(connection, table, row)
    return None


def _claim(connection: sa.Connection, table: sa.Table, row: sa.RowMapping) -> Claim | None:
    key = {name: row[name] for name in ("tenant", "title_id", "version")}
    title = connection.execute(
        sa.select(title_versions.c.name, title_versions.c.profile).where(
            *matching(title_versions, **key)
        )
    ).one_or_none()
    if title is None:
        return None
    look = (title.profile or {}).get("look") or {}
    told: dict[str, Any] = {
        "title_id": row["title_id"],
        "name": title.name or row["title_id"],
        "medium": look.get("medium"),
    }
    if table is shots:
        return Claim(**told, at_s=row["keyframe_s"])
    if table is candidates:
        return Claim(**told, at_s=row["at_s"])
    if table is variants:
        told |= {name: row[name] for name in ("aspect", "fit", "crop")}
        own = image_groups.c.id == row["group_id"]
        row = (
            connection.execute(sa.select(image_groups).where(*matching(image_groups, **key), own))
            .mappings()
            .one()
        )
    made = row["made"] or {}
    parts = _parts(connection, key, made) if row["origin"] == "composed" else ()
    return Claim(
        **told,
        origin=row["origin"],
        at_s=parts[0].at_s if len(parts) == 1 else row["source_s"],
        group_id=row["id"],
        source_sha256=row["source_sha256"],
        language=row["language"],
        made=made,
        parts=parts,
    )


def _parts(
    connection: sa.Connection, key: Mapping[str, Any], made: Mapping[str, Any]
) -> tuple[Part, ...]:
    g, wanted = image_groups.c, made.get("sources", ())
    query = sa.select(g.id, g.origin, g.source_s).where(
        *matching(image_groups, **key), g.id.in_(wanted)
    )
    found = {row.id: Part(row.origin, row.source_s) for row in connection.execute(query)}
    return tuple(found[name] for name in wanted if name in found)


def manifest(claim: Claim, size: tuple[int, int], **more: Any) -> dict[str, Any]:
    """The manifest definition of a rendition of `size` (width, height in px).

    `more` is added to our own assertion.
    """
    ours = {
        "title_id": claim.title_id,
        "title": claim.name,
        "origin": claim.origin,
        "at_s": claim.at_s,
        "aspect": claim.aspect,
        "crop": dict(claim.crop) if claim.crop else None,
        "group_id": claim.group_id,
        "source_sha256": claim.source_sha256,
        "language": claim.language,
        "made": _told(claim.made) or None,
        **more,
    }
    assertions = [
        {"label": "c2pa.actions.v2", "data": {"actions": _actions(claim, size)}},
        {"label": LABEL, "data": {name: v for name, v in ours.items() if v is not None}},
    ]
    return {
        "claim_generator_info": [{"name": "Keyart", "version": _version()}],
        "title": claim.name,
        "ingredients": _ingredients(claim),
        "assertions": assertions,
    }


def source_type(claim: Claim) -> str | None:
    """IPTC's name of how the picture came to be; None where that is not known."""
    match claim.origin:
        case "generated":
            return PARTLY_GENERATED if claim.made.get("kind") == "extension" else GENERATED
        case "composed" if claim.made.get("kind") in _JOINED:
            return COMPOSITE
        case "uploaded":
            return None
        case "composed" if any(part.origin == "uploaded" for part in claim.parts):
            return None
    return MEDIA.get(claim.medium or "")


def _ingredients(claim: Claim) -> list[dict[str, str]]:
    # What is made anew takes the film as its input; everything else is the film, edited.
    relation = "inputTo" if _anew(claim) else "parentOf"
    return [
        {"title": name, "relationship": relation, "label": label, "instance_id": label}
        for label, name in _sources(claim).items()
    ]


def _sources(claim: Claim) -> dict[str, str]:
    """Label -> what it is, of each ingredient."""
    names = []
    for part in claim.parts or (Part(claim.origin, claim.at_s),):
        if part.origin == "uploaded":
            names.append("artwork of the house")
        else:
            names.append(claim.name + ("" if part.at_s is None else f", at {part.at_s:.3f} s"))
    return {f"source {n}" if n > 1 else "source": name for n, name in enumerate(names, 1)}


def _anew(claim: Claim) -> bool:
    return claim.origin == "generated" or claim.made.get("kind") in _JOINED


def _actions(claim: Claim, size: tuple[int, int]) -> list[dict[str, Any]]:
    first: dict[str, Any] = {
        "action": "c2pa.created" if _anew(claim) else "c2pa.opened",
        "parameters": {"ingredientIds": list(_sources(claim)), **_told(claim.made)},
    }
    if (kind := source_type(claim)) is not None:
        first["digitalSourceType"] = kind
    if "model" in claim.made:
        first["softwareAgent"] = {"name": claim.made["model"]}
    edits = [first, *_edits(claim)]
    if claim.crop and claim.crop.get("width", size[0]) != size[0]:
        edits.append({"action": "c2pa.resized.proportional", "parameters": _wide(size)})
    return [*edits, {"action": "c2pa.transcoded"}]


def _edits(claim: Claim) -> list[dict[str, Any]]:
    edits: list[dict[str, Any]] = []
    made = claim.made
    if made.get("look"):
        edits.append({"action": "c2pa.adjustedColor", "description": f"look: {made['look']}"})
    if claim.origin == "composed" and made.get("kind") == "extension":
        edits.append({"action": "c2pa.edited", "description": "extended to a higher shape"})
    if claim.crop:
        crop = {"action": "c2pa.cropped", "parameters": dict(claim.crop)}
        edits.append(crop | {"description": f"to {claim.aspect}"})
    if claim.fit == "bleed":
        edits.append({"action": "c2pa.edited", "description": "laid on a ground of its own"})
    if claim.language:
        edits.append({"action": "c2pa.addedText", "description": f"title, {claim.language}"})
    return edits


def _told(made: Mapping[str, Any]) -> dict[str, Any]:
    return {name: made[name] for name in _MODEL if made.get(name) is not None}


def _wide(size: Sequence[int]) -> dict[str, int]:
    return {"width": size[0], "height": size[1]}


@cache
def _version() -> str:
    return version("keyart")
