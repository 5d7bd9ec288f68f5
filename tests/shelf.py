"""Rows of published titles with pictures, for the tests of the choice."""

import functools
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

import artwork.tables
from artwork.tables import image_groups, variants
from content import publication
from content.ids import stable_id
from content.packing import unpack_timeline
from content.records import metadata, open_engine, writing
from content.tables import matching, timelines, title_versions, titles
from content.types import ASPECTS, Timeline, TitleInput, Vectors
from workers.parts import Parts

assert artwork.tables  # its tables must be in the metadata before `create_all`


def fresh_engine(folder: Path, name: str | None = None) -> sa.Engine:
    """An empty SQLite database with all tables, in a file of this name."""
    path = folder / (name or f"{uuid.uuid4().hex}.db")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_empty())
    return open_engine(f"sqlite:///{path}")


@functools.cache
def _empty() -> bytes:
    """The file of such a database: to copy it costs a tenth of making it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        engine = open_engine(f"sqlite:///{path}")
        metadata.create_all(engine)
        engine.dispose()
        return path.read_bytes()


def submit(engine: sa.Engine, title_id: str, *, tenant: str = "default") -> None:
    """A title that nothing is known of yet."""
    row = {"tenant": tenant, "id": title_id, "latest": 1, "created_us": 1, "updated_us": 1}
    with engine.begin() as connection:
        connection.execute(titles.insert(), row)


def publish(
    engine: sa.Engine,
    title_id: str,
    embeddings: Mapping[str, npt.NDArray[np.float32]],
    *,
    facts: Mapping[str, Mapping[str, float]] | None = None,
    version: int = 1,
    maturity: str = "all",
    aspects: Sequence[str] = ASPECTS,
    tenant: str = "default",
    told: Mapping[str, Mapping[str, object]] | None = None,
) -> dict[str, str]:
    """Publish a version of a title with one image group for each vector: name → group id.

    `told` are further columns of a group: origin, maturity, language.
    """
    groups = {name: stable_id(tenant, title_id, name) for name in embeddings}
    with engine.begin() as connection:
        _insert_title(connection, tenant, title_id, version, maturity)
        for name, group in groups.items():
            connection.execute(
                image_groups.insert(),
                {
                    "tenant": tenant, "title_id": title_id, "version": version, "id": group,
                    "origin": "frame", "source_s": 1.0, "facts": dict((facts or {}).get(name, {})),
                    "embedding": np.asarray(embeddings[name], "<f4").tobytes(),
                    "embedding_fingerprint": "test@1:1280:0",
                    **(told or {}).get(name, {}),
                },
            )  # fmt: skip
            rows = [
                {
                    "tenant": tenant, "title_id": title_id, "version": version,
                    "id": stable_id(tenant, title_id, group, aspect), "group_id": group,
                    "aspect": aspect, "sha256": f"{name}-{aspect}", "width": 16, "height": 9,
                    "crop": {}, "scores": {},
                }
                for aspect in aspects
            ]  # fmt: skip
            connection.execute(variants.insert(), rows)
    return groups


def _insert_title(
    connection: sa.Connection, tenant: str, title_id: str, version: int, maturity: str
) -> None:
    mine = (titles.c.tenant == tenant) & (titles.c.id == title_id)
    updated = connection.execute(sa.update(titles).where(mine).values(version=version))
    if not updated.rowcount:
        connection.execute(
            titles.insert(),
            {"tenant": tenant, "id": title_id, "version": version, "latest": version,
             "created_us": 1, "updated_us": 1},
        )  # fmt: skip
    connection.execute(
        title_versions.insert(),
        {
            "tenant": tenant, "title_id": title_id, "version": version, "content_hash": "0" * 64,
            "job_id": "j", "name": title_id, "synopsis": "A test.", "genres": [],
            "maturity": maturity, "external_ids": {}, "media_owned": False,
            "created_us": version, "published_us": version,
        },
    )  # fmt: skip


def understood(parts: Parts, title: TitleInput, vectors: Vectors) -> None:
    """Publish a title as an ingest of words alone leaves it, with these vectors."""
    entry = parts.catalog.submit(title)
    key: dict[str, Any] = {"tenant": parts.tenant, "title_id": title.id, "version": entry.version}
    with writing(parts.engine).begin() as connection:
        publication.write_understanding(
            connection, **key, extraction=None, title_vectors=vectors, keyframes={}, told={}
        )
        publication.publish(connection, **key)
    parts.rows.finish(entry.job_id)


def stored_timeline(engine: sa.Engine, title_id: str, version: int) -> Timeline | None:
    """What is stored of a version, published or not; None where not even an empty one is."""
    key = {"tenant": "default", "title_id": title_id, "version": version}
    query = sa.select(timelines.c.data).where(*matching(timelines, **key))
    with engine.connect() as connection:
        data = connection.execute(query).scalar_one_or_none()
    return None if data is None else unpack_timeline(data)
