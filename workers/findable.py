"""By what a title is found: its words field by field, the letters of its name, its shots.

All of it is made from stored rows, so a reindex makes it anew without the media.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from content.catalog import Catalog
from content.entries import ShotRow, VersionRow
from content.types import Space, Vector
from indexes.fields import MOOD_SHARE
from indexes.lexical.bm25 import Text, document, fingerprint
from indexes.lexical.names import trigrams
from indexes.moments import mood_vector
from indexes.shots import ShotPoint

BLACK = 0.9
"""Share of near-black pixels from which a shot shows nothing."""
FLAT = 0.03
"""Contrast below which it is one colour."""
CARD_AREA = 0.04
"""Share of the picture that is words, from which it is a card; on black any words make one."""
CARD_BLACK = 0.5
GLIMPSE_S = 0.4


def parts_of(catalog: Catalog, row: VersionRow) -> dict[str, Any]:
    """The fields of a `TitlePoint` by which its title is found."""
    title_id, version = row.title.id, row.version
    shots = catalog.version_shots(title_id, version)
    vectors = _vectors(catalog, title_id, version)
    told = parts_of_words(row, shots)
    return {**told, "shots": shot_points(shots, vectors, row.title.language)}


def parts_of_words(row: VersionRow, shots: Sequence[ShotRow] = ()) -> dict[str, Any]:
    """The same without the shots themselves: all there is of a title without media."""
    return {
        "name": row.title.name,
        "sparse": {"words": document(texts_of(row, shots)), "names": trigrams(row.title.name)},
        "lexicon": fingerprint(),
    }


def texts_of(row: VersionRow, shots: Sequence[ShotRow]) -> list[Text]:
    """All that is told, said and written of a title, with the language of each."""
    title, words = row.title, (row.profile or {}).get("words") or {}
    themes = [each["theme"].replace("_", " ") for each in words.get("themes") or ()]
    shown = dict.fromkeys(text for shot in shots for text in written_in(shot))
    said = [line["text"] for line in words.get("transcript") or ()]
    return [
        Text("name", title.name, title.language),
        Text("synopsis", title.story, title.language),
        Text("genres", " ".join(title.genres), title.language),
        Text("themes", " ".join(themes), "en"),
        Text("said", " ".join(said), words.get("language")),
        Text("written", " ".join(shown), title.language),
    ]


def shot_points(
    shots: Sequence[ShotRow],
    vectors: Mapping[int, Mapping[Space, Vector]],
    language: str | None,
) -> tuple[ShotPoint, ...]:
    """Every shot of a version as the index stores it.

    Args:
        vectors: of each shot that has any.
        language: the title's: what is written in its pictures is taken to be in it.
    """
    return tuple(_shot(shot, vectors.get(shot.idx, {}), language) for shot in shots)


def said_in(shot: ShotRow) -> list[Mapping[str, Any]]:
    """The lines of a shot: `start_s`, `end_s`, `text`."""
    return list(_facts(shot, "words").get("transcript") or ())


def written_in(shot: ShotRow) -> list[str]:
    """The lines that are written in its picture."""
    return [line["text"] for line in _facts(shot, "look").get("text") or ()]


def written(shot: ShotRow, language: str | None = None) -> list[Text]:
    """What is written in its picture, in the language of its title."""
    return [Text("written", text, language) for text in written_in(shot)]


def spoken(shot: ShotRow) -> list[Text]:
    """What is said in it."""
    language = _facts(shot, "words").get("language")
    return [Text("said", line["text"], language) for line in said_in(shot)]


def _shot(shot: ShotRow, vectors: Mapping[Space, Vector], language: str | None) -> ShotPoint:
    moods = _facts(shot, "mood").get("moods") or {}
    strong = sorted((n for n in moods if moods[n] >= MOOD_SHARE), key=lambda n: (-moods[n], n))
    texts = [*spoken(shot), *written(shot, language)]
    told = {
        "speech": _facts(shot, "sound").get("speech"),
        "music": _facts(shot, "sound").get("music"),
        "loudness_lufs": _facts(shot, "sound").get("loudness_lufs"),
        "faces": _facts(shot, "look").get("face_count"),
    }
    return ShotPoint(
        index=shot.idx,
        start_s=shot.start_s,
        end_s=shot.end_s,
        vectors=vectors,
        sparse={"words": document(texts), "mood": mood_vector(moods)},
        moods=tuple(strong),
        plain=_plain(shot),
        told={name: float(value) for name, value in told.items() if value is not None},
    )


def _plain(shot: ShotRow) -> bool:
    look = _facts(shot, "look")
    black, contrast = look.get("black_fraction") or 0.0, look.get("contrast")
    area = look.get("text_area") or 0.0
    flat = contrast is not None and contrast < FLAT
    card = area >= CARD_AREA or (area > 0 and black >= CARD_BLACK)
    return black >= BLACK or flat or card or shot.end_s - shot.start_s < GLIMPSE_S


def _facts(shot: ShotRow, group: str) -> Mapping[str, Any]:
    return (shot.facts or {}).get(group) or {}


def _vectors(catalog: Catalog, title_id: str, version: int) -> dict[int, dict[Space, Vector]]:
    found: dict[int, dict[Space, Vector]] = {}
    for space, made in catalog.shot_vectors(title_id, version).items():
        for shot, row in zip(made.shots.tolist(), made.data, strict=True):
            found.setdefault(shot, {})[space] = Vector(row, made.fingerprint)
    return found
