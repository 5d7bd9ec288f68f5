"""A catalogue with made vectors in a real service, and what its answers must say by numpy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from content import migrate
from content.encoders.models import Models
from content.ids import now_us
from content.records import writing
from content.synopsis import encode_synopsis
from content.tables import title_versions, titles, vectors
from content.types import F32, Space
from indexes.calibration import Calibration
from workers import removal
from workers.parts import Parts
from workers.settings import Settings

SPACES: tuple[Space, ...] = ("synopsis", "audio", "style")
NEAR = 5e-5
"""Answers are rounded to 6 decimals, and the engine computes in float32."""
REWRITTEN = 20
"""Every so many-th title is written anew by writers; readers ask of the others."""
STORIES = tuple(
    f"{who} {what} {where}."
    for who in ("A sailor", "Two sisters", "A thief", "An old king")
    for what in ("builds a boat", "hides a letter", "looks for a child")
    for where in ("by the sea", "in the snow", "on a train")
)
QUERIES = ("a ship at sea", "a letter in winter", "a king and his daughter", "night train")


def name(number: int) -> str:
    return f"s-{number:05d}"


def fixed(title_id: str) -> bool:
    """Does no writer change it?"""
    return title_id.startswith("s-") and int(title_id[2:]) % REWRITTEN != 0


@dataclass(frozen=True)
class MadeCatalogue:
    """`titles` of made vectors that have much in common, so that centring changes every score."""

    data: Path
    titles: int
    prints: Mapping[Space, str]

    @cached_property
    def raw(self) -> dict[Space, F32]:
        """(titles, dim), unit norm."""
        chance, found = np.random.default_rng(7), {}
        for space in SPACES:
            dim = int(self.prints[space].rsplit(":", 2)[1])
            common = chance.standard_normal(dim)
            rows = common + 0.8 * chance.standard_normal((self.titles, dim))
            found[space] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return found

    def fill(self, parts: Parts) -> None:
        """Into the records at once, as an ingest leaves each; before the service starts."""
        now, numbers = now_us(), range(self.titles)
        key: dict[str, Any] = {"tenant": parts.tenant, "version": 1}
        times = {"created_us": now, "published_us": now, "understood_us": now}
        told = {"genres": ["drama"], "maturity": "all", "external_ids": {}, "media_owned": False}
        rows = {
            titles: [
                {**key, "id": name(n), "latest": 1, "created_us": now, "updated_us": now}
                for n in numbers
            ],
            title_versions: [
                {**key, **times, **told, "title_id": name(n), "content_hash": "0" * 64,
                 "job_id": f"made-{n}", "name": f"Title {n}", "profile": {},
                 "synopsis": STORIES[n % len(STORIES)]}
                for n in numbers
            ],
            vectors: [
                {**key, "title_id": name(n), "space": space, "fingerprint": self.prints[space],
                 "data": self.raw[space][n].astype("<f4").tobytes()}
                for n in numbers
                for space in SPACES
            ],
        }  # fmt: skip
        with writing(parts.engine).begin() as connection:
            for table, each in rows.items():
                connection.execute(sa.insert(table), each)

    def index(self, parts: Parts) -> None:
        """Into the generation that answers, through the index process."""
        parts.index.upsert(p for p in points(parts) if p is not None)


def prepared(data: Path) -> Parts:
    """The parts of a data folder that no service has run on yet."""
    data.mkdir(parents=True)
    parts = Parts.open(Settings(data=data))
    migrate.upgrade(parts.engine)
    return parts


def points(parts: Parts) -> Iterable[Any]:
    after = None
    while page := parts.catalog.published(after=after, limit=1000):
        yield from (removal.point_of(parts, *item) for item in page.items())
        after = max(page)


@dataclass
class Truth:
    """What a generation's constants make of every vector that was ever there."""

    catalogue: MadeCatalogue
    constants: Calibration
    _made: dict[Space, F32] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for space, rows in self.catalogue.raw.items():
            self._made[space] = np.stack([self.constants.apply(space, row) for row in rows])
        models = Models(Settings().encoders)
        self._told = {q: self._applied(models.query(q)["synopsis"].data) for q in QUERIES}
        self._stories = {story: self._story(story, models) for story in STORIES}

    def _story(self, story: str, models: Models) -> F32:
        found = encode_synopsis(story, models)
        assert found is not None
        return self._applied(found.data)

    def _applied(self, raw: F32) -> F32:
        return self.constants.apply("synopsis", raw)

    def says(self, asked: Mapping[Space, F32], items: Sequence[Mapping[str, Any]]) -> bool:
        """Are all these scores of this generation? A title that writers write has had several
        vectors."""
        return all(
            any(abs(score - float(asked[s] @ row)) < NEAR for row in self._of(item["title_id"], s))
            for item in items
            for s, score in item["scores"].items()
            if s in asked
        )

    def of_title(self, title_id: str) -> dict[Space, F32]:
        """The vectors of one that nobody changes."""
        assert fixed(title_id)
        return {space: rows[int(title_id[2:])] for space, rows in self._made.items()}

    def of_story(self, story: str) -> dict[Space, F32]:
        return {"synopsis": self._stories[story]}

    def of_query(self, words: str) -> dict[Space, F32]:
        return {"synopsis": self._told[words]}

    def _of(self, title_id: str, space: Space) -> list[F32]:
        made = [self._made[space][int(title_id[2:])]] if title_id.startswith("s-") else []
        if space != "synopsis" or fixed(title_id):
            return made
        return [*made, *self._stories.values()]
