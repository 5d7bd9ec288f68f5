"""The words that a diffusion model is given: from a title's profile and a brief.

Every word is of a closed vocabulary (moods, themes, colour families, media, genres, the brief's
own), and none is copied from a synopsis, a name or a transcript. So no person's name gets in,
whatever a title is called and whoever plays in it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from artwork.generate.brief import EMPHASIS, LOOKS, MOOD_NAMES, Brief
from content.palette import GREYS, NAMES
from content.theme_vocabulary import THEMES

NEGATIVE = (
    "text, letters, title, caption, watermark, logo, signature, frame, border, split screen, "
    "deformed face, extra limbs, extra fingers, blurry, low quality, nudity, gore"
)
MEDIA: Mapping[str, str] = {
    "live_action": "photographic film still, 35 mm",
    "animation": "still of an animated film",
}
GENRES = (
    *("action", "adventure", "animation", "biography", "comedy", "crime", "documentary", "drama"),
    *("family", "fantasy", "history", "horror", "music", "musical", "mystery", "nature", "noir"),
    *("romance", "science fiction", "sport", "thriller", "travel", "war", "western"),
)
COLOURS = frozenset((*NAMES, *(name for _, name in GREYS)))
LEAST_THEME = 0.3
"""Score from which a theme is told to the model: themes are hints."""


def prompt(brief: Brief, profile: Mapping[str, Any], genres: Sequence[str] = ()) -> str:
    """The positive prompt, most important first: encoders read about 50 words.

    Args:
        profile: of the title, as `docs/facts.md`; any part may be missing.
        genres: as submitted; those that are none of `GENRES` are left out.
    """
    look = profile.get("look") or {}
    mood = brief.mood or (profile.get("mood") or {}).get("top")
    parts = [
        MEDIA.get(look.get("medium") or "", "film still"),
        EMPHASIS.get(brief.emphasis or ""),
        f"{mood} atmosphere" if mood in MOOD_NAMES else None,
        LOOKS.get(brief.look or ""),
        _genres(genres),
        _palette(look, brief),
        _themes(profile),
        "cinematic composition, detailed",
    ]
    return ", ".join(filter(None, parts))


def _genres(genres: Sequence[str]) -> str:
    known = [genre.lower() for genre in genres if genre.lower() in GENRES]
    return f"{' '.join(known[:2])} film" if known else ""


def _palette(look: Mapping[str, Any], brief: Brief) -> str:
    if brief.look is not None:  # two palettes would quarrel
        return ""
    named = [colour.get("name") for colour in look.get("palette") or ()]
    known = list(dict.fromkeys(name for name in named if name in COLOURS))[:3]
    return f"palette of {', '.join(known)}" if known else ""


def _themes(profile: Mapping[str, Any]) -> str:
    found = (profile.get("words") or {}).get("themes") or ()
    strong = [t["theme"] for t in found if t["theme"] in THEMES and t["score"] >= LEAST_THEME]
    return f"a story of {strong[0]}" if strong else ""
