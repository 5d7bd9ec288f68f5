"""Moments: are planted scenes found, and where they are?

Four made films of scenes of some four seconds, cut hard, in an order by chance. *Seen*: a picture
of Tux Paint's stamps on a coloured ground, asked for by what it shows. *Said*: a sentence read
aloud, asked for by some of its words, or by its meaning. *Written*: a line on the screen, asked
for without its small words. All films are searched at once; a scene is found where the first
moment is of its film and overlaps it by half (intersection over union).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import cv2
import numpy as np

from content import publication
from content.decode import DecodeLimits
from content.encoders.models import Models
from content.extract import extract
from content.migrate import upgrade
from content.records import writing
from content.types import F32, U8, TitleInput
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from indexes.taste.places import F64
from samples.stamps import Stamp, fetch_stamps
from tests.bench.mood import wilson
from tests.bench.onscreen import PHRASES, written
from tests.bench.stamps import on_ground
from tests.photographs import SCENES, shipped
from tests.speech import HZ, recorded
from tests.synth import RATE_HZ, write_clip
from workers import removal
from workers.finding import Finding, FoundMoment
from workers.parts import Parts
from workers.settings import Settings

SEEN = (
    "frog", "brown hen", "ostrich", "peacock", "pelican", "penguin", "pink flamingo", "toucan",
    "owl", "spiny lobster", "happy snail", "bee", "butterfly", "dragonfly", "ladybug", "airplane",
    "fire truck", "garbage truck", "teapot", "hammer", "banana", "strawberry", "pineapple", "lemon",
)  # fmt: skip
"""Asked for in a word or two; of each the first stamp whose caption has it."""
SAID = (
    ("john dashwood consider prudently", "what he could sensibly give them"),
    ("ill disposed young man", "he did not mean badly"),
    ("cold hearted selfish", "someone without feelings who thinks of himself alone"),
    ("married amiable woman respectable", "a better wife would have improved him"),
    ("himself amiable", "he could have become a kind person"),
)
"""By its words and by its meaning, for each sentence of `tests.speech.recorded`."""
SMALL = {"the", "a", "are", "you", "by", "on", "i", "that", "to", "be", "don't", "never", "where"}
FILMS, SIZE, FPS = 4, (480, 270), 12
SCENE_S = 4.0
OVERLAP = 0.5
LETTERS_PX = 24
BAR = 0.8
SEED = 20261130

Row = dict[str, object]


@dataclass(frozen=True)
class Scene:
    """What is planted, and how it is asked for: by kind."""

    picture: U8
    queries: tuple[tuple[str, str], ...]
    sound: F32 | None = None

    @property
    def seconds(self) -> float:
        """A whole number of frames."""
        said_s = 0.0 if self.sound is None else self.sound.size / RATE_HZ + 0.5
        return round(max(SCENE_S, said_s) * FPS) / FPS


def run() -> list[Row]:
    """R@1 at half an overlap by kind of query; brackets: 95 % (Wilson 1927)."""
    films = _films(_scenes())
    found: dict[str, list[float]] = {}
    with TemporaryDirectory() as folder:
        for kind, overlap in _asked(films, Path(folder)):
            found.setdefault(kind, []).append(overlap)
    found["all"] = [overlap for overlaps in found.values() for overlap in overlaps]
    return [_row(kind, np.array(overlaps)) for kind, overlaps in found.items()]


def _row(kind: str, overlaps: F64) -> Row:
    right = int((overlaps >= OVERLAP).sum())
    bar = "met" if right >= BAR * len(overlaps) else "missed"
    return {
        "asked by": kind,
        "queries": len(overlaps),
        f"first one overlaps by {OVERLAP}": wilson(right, len(overlaps)),
        "at all": f"{(overlaps > 0).mean():.1%}",
        "mean overlap": f"{overlaps.mean():.2f}",
        f"bar {BAR:.0%}": bar if kind == "all" else "",
    }


# ---- what is planted -----------------------------------------------------------------------------


def _scenes() -> list[Scene]:
    stamps = [s for s in fetch_stamps(Path(".cache/samples").resolve()) if s.picture]
    rng = np.random.default_rng(SEED)
    scenes = []
    for what in SEEN:
        scenes.append(Scene(_on_colour(_first(stamps, what), rng), (("what is seen", what),)))
    plain = [_on_colour(s, rng) for s in stamps if s.category == "naturalforces"]
    grounds = [*plain, *(cv2.resize(shipped(*each), SIZE) for each in SCENES)]
    sound, sentences = recorded()
    for n, (start_s, end_s, _) in enumerate(sentences):
        part = sound[round(start_s * HZ) : round(end_s * HZ)]
        loud = np.interp(np.arange(0, part.size, HZ / RATE_HZ), np.arange(part.size), part)
        asked = tuple(zip(("words that are said", "what is meant"), SAID[n], strict=True))
        scenes.append(Scene(grounds[n % len(grounds)], asked, loud.astype(np.float32)))
    for n, line in enumerate(PHRASES):
        picture = written(grounds[n % len(grounds)], line, LETTERS_PX)
        scenes.append(Scene(picture, (("what is written", _large_words(line)),)))
    return scenes


def _first(stamps: Sequence[Stamp], what: str) -> Stamp:
    named = re.compile(rf"\b{what}\b", re.IGNORECASE)
    return next(stamp for stamp in stamps if named.search(stamp.caption))


def _on_colour(stamp: Stamp, rng: np.random.Generator) -> U8:
    """In the middle of a picture of SIZE, four fifths of its height or width."""
    assert stamp.picture is not None
    ground = tuple(int(each) for each in rng.integers(90, 230, 3))
    drawn = on_ground(stamp.picture, ground)
    scale = 0.8 * min(SIZE[0] / drawn.shape[1], SIZE[1] / drawn.shape[0])
    small = cv2.resize(drawn, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    whole = np.full((SIZE[1], SIZE[0], 3), ground, np.uint8)
    y, x = (SIZE[1] - small.shape[0]) // 2, (SIZE[0] - small.shape[1]) // 2
    whole[y : y + small.shape[0], x : x + small.shape[1]] = small
    return whole


def _large_words(line: str) -> str:
    kept = [word for word in re.findall(r"[\w']+", line.lower()) if word not in SMALL]
    return " ".join(kept)


@dataclass(frozen=True)
class Planted:
    """One scene in one film."""

    film: int
    start_s: float
    scene: Scene


def _films(scenes: Sequence[Scene]) -> list[Planted]:
    """Every scene in a film, in an order by chance."""
    order = np.random.default_rng(SEED).permutation(len(scenes))
    planted, ends = [], [0.0] * FILMS
    for n, which in enumerate(order):
        planted.append(Planted(n % FILMS, ends[n % FILMS], scenes[which]))
        ends[n % FILMS] += scenes[which].seconds
    return planted


# ---- how it is asked for -------------------------------------------------------------------------


def _asked(planted: Sequence[Planted], folder: Path) -> Iterator[tuple[str, float]]:
    """Each query's kind, and how far the first moment overlaps the scene."""
    models = Models()
    parts = Parts.open(Settings(data=folder))
    index = IndexService(folder / "index", EdgeStores())
    index.ensure(parts.fingerprints)
    upgrade(parts.engine)
    for film in range(FILMS):
        _publish(parts, index, models, f"f{film}", [p for p in planted if p.film == film])
    finding = Finding(parts.catalog, cast(Any, index))
    for each in planted:
        for kind, text in each.scene.queries:
            found = finding.moments(
                models.query(text), text=text, mood=None, title_id=None, min_s=0.0, limit=1
            )
            yield kind, _overlap(each, found[0]) if found else 0.0
    index.close()
    parts.close()


def _overlap(each: Planted, found: FoundMoment) -> float:
    if found.title_id != f"f{each.film}":
        return 0.0
    end_s = each.start_s + each.scene.seconds
    both = min(end_s, found.end_s) - max(each.start_s, found.start_s)
    either = max(end_s, found.end_s) - min(each.start_s, found.start_s)
    return max(0.0, both / either)


def _publish(
    parts: Parts, index: IndexService, models: Models, title_id: str, planted: Sequence[Planted]
) -> None:
    """As an ingestion does, but for pictures to choose from."""
    path = parts.settings.data / f"{title_id}.mp4"
    sound = np.concatenate([_sounding(each.scene) for each in planted])
    write_clip(path, _frames(planted), fps=FPS, size=SIZE, sound=sound)
    extraction = extract(path, models, limits=DecodeLimits(), on_progress=lambda *_: None)
    made = parts.catalog.submit(TitleInput(id=title_id, name=title_id, synopsis="Scenes."))
    which = {"tenant": parts.tenant, "title_id": title_id, "version": made.version}
    with writing(parts.engine).begin() as connection:
        publication.write_understanding(
            connection,
            **which,
            extraction=extraction,
            title_vectors=extraction.vectors,
            keyframes={},
        )
        publication.publish(connection, **which)
    point = removal.point_of(parts, title_id)
    assert point is not None
    index.upsert([point])


def _frames(planted: Sequence[Planted]) -> Iterator[U8]:
    """Each scene comes slowly nearer."""
    for each in planted:
        count = round(each.scene.seconds * FPS)
        for n in range(count):
            turn = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), 0.0, 1 + 0.1 * n / count)
            yield np.asarray(cv2.warpAffine(each.scene.picture, turn, SIZE), np.uint8)


def _sounding(scene: Scene) -> F32:
    samples = round(scene.seconds * RATE_HZ)
    if scene.sound is None:
        return np.zeros(samples, np.float32)
    return np.pad(scene.sound, (0, samples))[:samples]
