"""A house's own artwork: from decoded pixels to an image group, past the gates of all pictures."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from artwork.assess import PictureModels, TitleContext, assess, see
from artwork.candidates.emphasis import emphasis
from artwork.groups import GroupMaker
from artwork.image_groups import PictureGroup
from content.types import U8

LETTERED = ("lettering", "title_card", "credits")
"""Gates that lettering alone fails: no fault where the house says in which language it is."""
MEANT = ("eyes_shut",)
"""Gates for what a film's moment may be by chance, and a house's own picture is by intent."""


def taken_in(
    rgb: U8,
    models: PictureModels,
    maker: GroupMaker,
    request: Mapping[str, Any],
    title: TitleContext | None = None,
) -> tuple[list[PictureGroup], list[dict[str, str]]]:
    """The group of an uploaded picture, or why it is refused: the gates that all pictures pass.

    The whole picture counts, dark edges too: what a house has laid out is no film's bars. One with
    lettering is shown whole in every shape, on a ground of its own where the shape is another.

    Args:
        title: that it is for: a picture above its maturity is refused.
        request: `language` of its lettering, `note`, `sha256` of the uploaded bytes.

    Returns:
        Groups (one at most) and refusals, each a `reason` and a `detail`.
    """
    seen = replace(see(0.0, rgb, models.faces), bars=(0.0, 0.0))
    [one] = assess([seen], models, title)
    language = request.get("language")
    pardoned = (*MEANT, *(LETTERED if language is not None else ()))
    refused = [reason for reason in one.reasons if reason not in pardoned]
    if refused:
        return [], [{"reason": reason, "detail": _detail(reason)} for reason in refused]
    if language is not None:  # laid out as one: no part of it may go
        one = replace(one, words=(one.inside,))
    made = {"kind": "upload", "sha256": request["sha256"], "note": request.get("note")}
    group = maker.group(
        rgb, one, origin="uploaded", emphasis=emphasis(one), language=language, made=made
    )
    if not group.variants:
        detail = "every crop would cut a face or words; give it in the shape it is for"
        return [], [{"reason": "no_crop", "detail": detail}]
    return [group], []


def _detail(reason: str) -> str:
    if reason in LETTERED:
        return "it has lettering: say in which language, and it is shown to those who read it"
    return f"the gate {reason!r} refuses it; see docs/artwork.md"
