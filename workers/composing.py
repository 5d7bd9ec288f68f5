"""Composing in a warm child: from what a job asks to groups whose files are stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from artwork.assess import PictureModels, TitleContext
from artwork.compose.composer import Composer
from artwork.compose.request import parse
from artwork.compose.sources import opened
from artwork.groups import GroupMaker
from artwork.image_groups import packed
from artwork.images.store import ImageStore
from artwork.quality.weights import DEFAULT, Weights
from content.entries import moods_of
from content.errors import Invalid, PermanentError

OPENING = 0.3
"""Of the progress, looking at the pictures that there are."""
UNTOLD = {
    "reason": "language_unknown",
    "detail": "the title's own language was never told: its lettered pictures go to everybody who "
    "has none in a language of theirs; submit the title with its `language`, or name one in "
    "`titles`, to have it otherwise",
}


def compose(
    models: PictureModels,
    on_progress: Callable[[float], None],
    *,
    weights: Weights = DEFAULT,
    request: Mapping[str, Any],
    title: Mapping[str, Any],
    sources: Sequence[Mapping[str, Any]],
    tenant: str,
    encoder: str,
    images: str,
    journal: str,
) -> dict[str, Any]:
    """`groups` as plain data, how many `pictures` they are, what was `refused`, and `warnings`;
    arguments as of `workers.making`.

    Raises:
        PermanentError: of the request, as `artwork.compose.request.parse`.
    """
    try:
        asked = parse(request, title["name"], title["language"])
    except Invalid as error:
        raise PermanentError(error.code, error.detail) from error
    store = ImageStore(Path(images), Path(journal))
    context = TitleContext(maturity=title["maturity"], weights=weights)
    found = opened(sources, store, models, context)
    on_progress(OPENING)
    composer = Composer(
        maker=GroupMaker(title["id"], tenant, store, encoder, models.figures),
        models=models,
        title=context,
        moods=moods_of(title["profile"]),
        palette=[tone["hex"] for tone in title["profile"].get("look", {}).get("palette") or ()],
    )
    done = composer.compose(found, asked, lambda part: on_progress(OPENING + (1 - OPENING) * part))
    return {
        "groups": [packed(group) for group in done.groups],
        "pictures": done.pictures,
        "refused": [asdict(one) for one in done.refused],
        "warnings": [UNTOLD] if None in asked.titles and done.groups else [],
    }
