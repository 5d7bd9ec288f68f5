"""Title cards, drawn when they are asked for: what stands in where the rules leave no picture.

A card's link holds a token that only this deployment can make, so that whoever has no key learns no
title's name. Nothing of a card is stored: it goes with its title.
"""

import hmac
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image

from artwork.images.cuts import narrowed
from artwork.images.store import LADDER, MEDIA_TYPES, Format, Rendition, encode
from content.catalog import Catalog
from content.entries import moods_of
from content.errors import Invalid, NotFound
from content.ids import DEFAULT_TENANT
from content.types import U8, Aspect

KEPT, DRAWN = 512, 6
"""Encoded cards, and drawn ones (some 3 MB each), in memory."""


class Cards:
    """Safe to share between threads.

    Args:
        key: the deployment's, 32 bytes.
    """

    def __init__(self, catalog: Catalog, key: bytes, tenant: str = DEFAULT_TENANT) -> None:
        self._catalog, self._key, self._tenant = catalog, key, tenant
        self._encoded: OrderedDict[tuple[Any, ...], Rendition] = OrderedDict()
        self._drawn: OrderedDict[tuple[Any, ...], U8] = OrderedDict()
        self._lock = Lock()

    def token(self, title_id: str) -> str:
        """What a link to the title's card must hold: 32 hexadecimal digits."""
        message = f"card\x1f{self._tenant}\x1f{title_id}".encode()
        return hmac.digest(self._key, message, "sha256").hex()[:32]

    def titled(
        self, title_id: str, token: str, aspect: Aspect, fmt: Format, width: int | None
    ) -> Rendition:
        """The card with a title's name. Raises as `plain`."""
        if not hmac.compare_digest(token.encode(), self.token(title_id).encode()):
            raise _missing()
        try:
            record = self._catalog.get(title_id)
        except NotFound as error:
            raise _missing() from error
        if record.version is None:
            raise _missing()
        profile: Mapping[str, Any] = record.profile or {}
        told = {
            "name": record.name,
            "colours": tuple(one["hex"] for one in profile.get("palette") or ()),
            "moods": tuple(moods_of(profile)),
            "language": record.language,
        }
        return self._rendition(told, aspect, fmt, width)

    def plain(self, aspect: Aspect, fmt: Format, width: int | None) -> Rendition:
        """The card that tells nothing.

        Raises:
            Invalid: `invalid_width`. NotFound: `image_not_found`.
        """
        return self._rendition({"name": None}, aspect, fmt, width)

    def _rendition(
        self, told: dict[str, Any], aspect: Aspect, fmt: Format, width: int | None
    ) -> Rendition:
        if width is not None and width not in LADDER:
            rungs = ", ".join(map(str, LADDER))
            raise Invalid("invalid_width", f"w is one of {rungs}, or left out")
        key = (aspect, *told.values())
        with self._lock:  # one at a time: drawing takes a core for a third of a second
            made = self._encoded.get((fmt, width, *key))
            if made is None:
                picture = narrowed(Image.fromarray(self._draw(key, told, aspect)), width)
                data = encode(picture, fmt)
                made = Rendition(data, MEDIA_TYPES[fmt], f'"{sha256(data).hexdigest()[:32]}"')
                _keep(self._encoded, (fmt, width, *key), made, KEPT)
        return made

    def _draw(self, key: tuple[Any, ...], told: dict[str, Any], aspect: Aspect) -> U8:
        from artwork.compose.card import card  # typefaces and OpenCV, for this alone

        drawn = self._drawn.get(key)
        if drawn is None:
            drawn = np.ascontiguousarray(card(aspect=aspect, **told))
            _keep(self._drawn, key, drawn, DRAWN)
        return drawn


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
    kept[key] = value
    if len(kept) > most:
        kept.popitem(last=False)


def _missing() -> NotFound:
    return NotFound("image_not_found", "there is no such card")
