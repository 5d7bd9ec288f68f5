"""What every answer about a picture tells of it: where it is, and how to show it."""

from functools import lru_cache

from pydantic import BaseModel

from api.schemas.common import image_url
from artwork.images.store import LADDER


class Source(BaseModel):
    """One width of a picture: `url` gives AVIF, WebP or JPEG, as `Accept` asks."""

    url: str
    width: int


class Picture(BaseModel):
    """A picture and how to show it, alone or before it has come.

    `focal` is where to look, [x, y]; `safe` where a title and a player's progress bar may lie,
    [x, y, width, height], each missing where it may not: shares of the picture. `blurhash`
    (blurha.sh) and `colour` (dominant, `#rrggbb`) stand in for it. All four are null in pictures
    from before they were told. `srcset` is what an `img` element takes; the last is the largest.
    """

    url: str
    width: int
    height: int
    focal: list[float] | None
    safe: dict[str, list[float]] | None
    blurhash: str | None
    colour: str | None
    srcset: list[Source]


@lru_cache(maxsize=4096)
def srcset(sha256: str, width: int) -> list[Source]:
    """A picture's widths up the ladder; never more than it has."""
    return widths(image_url(sha256).rpartition(".")[0], width)


def widths(link: str, width: int) -> list[Source]:
    """The widths up the ladder of a picture at `link`, which has no extension."""
    rungs = [Source(url=f"{link}?w={rung}", width=rung) for rung in LADDER if rung < width]
    return [*rungs, Source(url=link, width=width)]
