"""Captioned pictures and sounds in categories, to measure retrieval with: Tux Paint's stamps.

The Debian package `tuxpaint-stamps-default` holds some 800 pictures, their English captions and
about 440 sounds of them, drawn and recorded by many people (its `copyright` file names each).
Fetched when asked for, never shipped.
"""

from dataclasses import dataclass
from pathlib import Path

from samples.fetch import Source, debian, fetch_source

PACKAGE = "tuxpaint-stamps-default"
ROOT = "usr/share/tuxpaint/stamps"


@dataclass(frozen=True, slots=True)
class Stamp:
    """One stamp; a modality that it lacks is None (`caption` is then empty)."""

    name: str
    category: str
    """The topmost folder: animals, food, vehicles …"""
    picture: Path | None
    sound: Path | None
    caption: str


def fetch_stamps(cache: Path) -> list[Stamp]:
    """All stamps that have a picture or a sound, by name.

    Raises:
        FootageMissing: the package cannot be fetched.
    """
    folder = stamps_folder(cache)
    names: dict[Path, set[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".png", ".ogg", ".wav") and "_desc" not in path.stem:
            names.setdefault(path.with_suffix(""), set()).add(path.suffix)
    return [_stamp(folder, stem, kinds) for stem, kinds in names.items()]


def stamps_folder(cache: Path) -> Path:
    """Where everything of the package lies: also `*_desc_LANGUAGE.ogg`, the names spoken."""
    return fetch_source(cache, Source(PACKAGE, debian(PACKAGE, f"{ROOT}/*")))


def _stamp(folder: Path, stem: Path, kinds: set[str]) -> Stamp:
    def beside(suffix: str) -> Path:
        return stem.with_name(stem.name + suffix)

    sounds = [beside(suffix) for suffix in (".ogg", ".wav") if suffix in kinds]
    text = beside(".txt")
    lines = text.read_text("utf-8", errors="replace").splitlines() if text.exists() else []
    name = stem.relative_to(folder)
    return Stamp(
        name=str(name),
        category=name.parts[0],
        picture=beside(".png") if ".png" in kinds else None,
        sound=sounds[0] if sounds else None,
        caption=lines[0].strip() if lines else "",
    )
