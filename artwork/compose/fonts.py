"""Fonts of title treatments: chosen by the mood of the title, and only where they have its glyphs.

Every font comes inside a package and is under the SIL Open Font License 1.1, which allows using,
embedding and bundling; none is shipped by us.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import regex
from fontTools.ttLib import TTFont
from PIL import ImageFont

from artwork.compose.scripts import CJK, direction, script
from content.errors import Invalid, Unavailable


@dataclass(frozen=True, slots=True)
class Typeface:
    """A font file in a package, and what it says before a word is read."""

    name: str
    package: str
    """Importable name; `file` lies in its folder."""
    file: str
    voice: str
    """What it sounds like: `VOICES` says for which moods."""
    weight: int | None = None
    """On the `wght` axis of a variable font."""
    capitals: bool = False
    """Set in capitals, where the script has them."""
    tracking: float = 0.0
    """Space added between letters, as a share of the size; only for letters that do not join."""


def _google(name: str, file: str, voice: str, **more: int | bool | float) -> Typeface:
    package = f"fontpkg_{name.lower().replace(' ', '_')}"
    return Typeface(name, package, f"files/{file}", voice, **more)  # type: ignore[arg-type]


TYPEFACES: tuple[Typeface, ...] = (
    _google("Anton", "Anton-Regular.ttf", "force", capitals=True, tracking=0.01),
    _google("Bebas Neue", "BebasNeue-Regular.ttf", "suspense", capitals=True, tracking=0.05),
    _google("Oswald", "Oswald[wght].ttf", "plain", weight=600, capitals=True, tracking=0.02),
    _google("Cinzel", "Cinzel[wght].ttf", "grandeur", weight=600, capitals=True, tracking=0.04),
    _google("Playfair Display", "PlayfairDisplay[wght].ttf", "romance", weight=700),
    _google(
        "Cormorant Garamond", "CormorantGaramond[wght].ttf", "dream", weight=700, tracking=0.02
    ),
    _google("Baloo 2", "Baloo2[wght].ttf", "play", weight=700),
    _google("Noto Sans", "NotoSans[wdth,wght].ttf", "plain", weight=800),
    _google("Poppins", "Poppins-Bold.ttf", "plain"),
    _google("Amiri", "Amiri-Bold.ttf", "romance"),
    _google("Cairo", "Cairo[slnt,wght].ttf", "plain", weight=800),
    _google("Frank Ruhl Libre", "FrankRuhlLibre[wght].ttf", "romance", weight=700),
    _google("Heebo", "Heebo[wght].ttf", "plain", weight=800),
    _google("Kanit", "Kanit-SemiBold.ttf", "plain"),
    _google("Hind Siliguri", "HindSiliguri-Bold.ttf", "plain"),
    _google("Noto Sans Tamil", "NotoSansTamil[wdth,wght].ttf", "plain", weight=800),
    _google("Noto Sans Telugu", "NotoSansTelugu[wdth,wght].ttf", "plain", weight=800),
    Typeface("Noto Sans CJK", "cvttf_NotoSansCJK_Bold", "NotoSansCJKtc-Bold.otf", "plain"),
)
"""In the order of fallback."""

VOICES: dict[str, tuple[str, ...]] = {
    "force": ("angry", "energetic", "gritty"),
    "suspense": ("tense", "menacing", "bleak"),
    "grandeur": ("epic", "solemn"),
    "romance": ("romantic", "tender", "nostalgic", "melancholic"),
    "dream": ("dreamy", "eerie", "mysterious", "calm"),
    "play": ("humorous", "joyful", "whimsical"),
    "plain": ("hopeful",),
}
"""Voice -> the moods of `content.mood.vocabulary` that it suits: convention of title design."""
_KIN = {"dream": "romance", "grandeur": "romance"}
"""What stands in where no font of a voice has a script: another kind of serif."""
_NO_GLYPH = regex.compile(r"[\s\p{Cf}\p{Variation_Selector}]")
"""Spaces and marks of format need no glyph of their own."""


def installed() -> list[Typeface]:
    """Those of `TYPEFACES` whose packages are there."""
    return [face for face in TYPEFACES if _path(face) is not None]


def choose(text: str, moods: Sequence[str] = (), language: str | None = None) -> Typeface:
    """The typeface of a title: one whose voice suits the strongest mood that any suits, of those
    that have every glyph; then a plain one.

    Args:
        moods: of the title's profile, the strongest first.
        language: BCP 47; a Chinese, Japanese or Korean title has one typeface, whatever its mood.

    Raises:
        Invalid: `title_glyphs_missing`, with the characters that none has, in `characters`.
        Unavailable: `fonts_missing`, when not one font is installed.
    """
    there = installed()
    if not there:
        raise Unavailable("fonts_missing", "no font is installed; install requirements again")
    able = [face for face in there if not missing(face, text)]
    if not able:
        lacking = min((missing(face, text) for face in there), key=len)
        raise Invalid(
            "title_glyphs_missing",
            f"no font has all of this title's characters: {' '.join(lacking)}",
            characters=lacking,
        )
    if script(text) in CJK:
        return able[-1]
    voices = [voice for mood in moods for voice, suited in VOICES.items() if mood in suited][:2]
    wanted = [*voices, *(_KIN[voice] for voice in voices if voice in _KIN), "plain"]
    for voice in wanted:
        for face in able:
            if face.voice == voice:
                return face
    return able[0]


def missing(face: Typeface, text: str) -> list[str]:
    """The characters of a text that a typeface has no glyph for, each once, in their order."""
    known = _characters(face)
    shown = text.upper() if face.capitals else text
    return [
        character
        for character in dict.fromkeys(shown)
        if ord(character) not in known and not _NO_GLYPH.match(character)
    ]


def load(face: Typeface, size_px: int) -> ImageFont.FreeTypeFont:
    """The font at a size, shaped by HarfBuzz (Raqm): joined Arabic, Indic clusters, kerning.

    Raises:
        Unavailable: `fonts_missing`.
    """
    path = _path(face)
    if path is None:
        raise Unavailable("fonts_missing", f"the font {face.name} is not installed")
    font = ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.RAQM)
    if face.weight is not None:
        axes = font.get_variation_axes()
        font.set_variation_by_axes([_setting(axis, face.weight) for axis in axes])
    return font


def shown(face: Typeface, text: str) -> str:
    """A text as a typeface sets it: capitals, where it is one of capitals; ß becomes SS."""
    return text.upper() if face.capitals else text


def joins(text: str) -> bool:
    """Do its letters join or stack, so that no space may be put between them?"""
    return direction(text) == "rtl" or script(text) not in ("Latin", "Cyrillic", "Greek", "Common")


def _setting(axis: object, weight: int) -> float:
    """The weight on the weight's axis, the middle of what each other axis gives by default."""
    values = dict(axis)  # type: ignore[call-overload]
    name = values["name"]
    if (name.decode() if isinstance(name, bytes) else name) == "Weight":
        return float(min(values["maximum"], max(values["minimum"], weight)))
    return float(values["default"])


@cache
def _path(face: Typeface) -> Path | None:
    spec = find_spec(face.package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / face.file
        if path.is_file():
            return path
    return None


@cache
def _characters(face: Typeface) -> frozenset[int]:
    path = _path(face)
    if path is None:
        return frozenset()
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())
