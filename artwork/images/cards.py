"""The size of a title card; `artwork.compose.card` draws it."""

from content.types import Aspect

SHORT_PX = 720
"""The shorter side."""


def card_size(aspect: Aspect) -> tuple[int, int]:
    """Width and height in px."""
    across, down = map(int, aspect.split(":"))
    ratio = across / down
    return round(SHORT_PX * max(1.0, ratio)), round(SHORT_PX / min(1.0, ratio))
