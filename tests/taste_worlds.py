"""Made viewers whose tastes follow titles' content, for tests of the taste space."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from content import publication
from content.catalog import Catalog
from content.encoders.choice import EMBEDDED
from content.encoders.models import Models
from content.ids import DEFAULT_TENANT
from content.migrate import upgrade
from content.records import open_engine, writing
from content.synopsis import encode_synopsis
from content.types import TitleInput, Vector
from indexes.taste.contents import Content
from workers.jobs import JobRows

PRINT = "made@1:16:abc"
CIRCLES = ("drama", "comedy", "horror", "western", "fantasy", "war")


def contents(count: int, seed: int = 0) -> list[Content]:
    """Titles of six circles; what a synopsis tells of its circle is faint and half of it noise."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(CIRCLES), 16))
    made = []
    for n in range(count):
        circle = n % len(CIRCLES)
        told = centres[circle] + 1.5 * rng.normal(size=16)
        vector = Vector((told / np.linalg.norm(told)).astype(np.float32), PRINT)
        genres = (CIRCLES[circle],) if rng.random() < 0.7 else ("short",)
        year = int(1960 + 10 * circle + rng.integers(0, 9))
        made.append(Content(f"t{n:03}", {"synopsis": vector}, genres, year, language="en"))
    return made


def watched(count: int, viewers: int = 150, seed: int = 0, *, taste: float = 0.7) -> Any:
    """(viewers, titles) sparse: each viewer has a circle and watches a dozen titles, a share
    `taste` of them in it, the others by a popularity that has nothing to do with content."""
    rng = np.random.default_rng(seed + 1)
    fame = rng.pareto(1.5, count) + 0.2
    rows = np.zeros((viewers, count))
    for viewer in range(viewers):
        mine = np.arange(count) % len(CIRCLES) == viewer % len(CIRCLES)
        chances = fame / fame.sum() * (1 - taste) + fame * mine / (fame * mine).sum() * taste
        rows[viewer, rng.choice(count, 12, replace=False, p=chances)] = 1
    return sparse.csc_matrix(rows)


def seed(data: Path, titles: Sequence[TitleInput]) -> None:
    """Put titles of words alone into the catalogue of a data folder, as if they were ingested."""
    engine = open_engine(f"sqlite:///{data / 'state.db'}")
    upgrade(engine)
    catalog, models = Catalog(engine), Models(EMBEDDED)
    for title in titles:
        vector = encode_synopsis(title.synopsis, models)
        assert vector is not None
        made = catalog.submit(title)
        which = {"tenant": DEFAULT_TENANT, "title_id": title.id, "version": made.version}
        with writing(engine).begin() as connection:
            publication.write_understanding(
                connection,
                **which,
                extraction=None,
                title_vectors={"synopsis": vector},
                keyframes={},
                told={},
            )
            publication.publish(connection, **which)
        JobRows(engine).finish(made.job_id)
    engine.dispose()
