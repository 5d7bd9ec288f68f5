"""Points with made vectors for the index's tests: small, seeded, unit norm."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from qdrant_client import QdrantClient

from content.types import F32, Space, Vector, Vectors
from indexes.schema import TitlePoint
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from indexes.store_server import ServerStores

DIMS: dict[Space, int] = {"visual": 24, "concept": 16, "audio": 12, "synopsis": 16, "style": 10}
FINGERPRINTS: dict[Space, str] = {space: f"made@1:{dim}:abc" for space, dim in DIMS.items()}
OTHER_FINGERPRINTS: dict[Space, str] = {s: f"made@2:{dim}:def" for s, dim in DIMS.items()}


BODIES = ("edge", "memory")


def opened(folder: Path, body: str) -> Iterator[IndexService]:
    """An index on one body of the store, ready for points; closed at the end."""
    stores = EdgeStores() if body == "edge" else ServerStores(QdrantClient(":memory:"))
    service = IndexService(folder, stores)
    service.ensure(FINGERPRINTS)
    yield service
    service.close()


def unit(values: F32) -> F32:
    return (values / np.linalg.norm(values)).astype(np.float32)


def vectors(
    seed: int, spaces: Iterable[Space] = tuple(DIMS), fingerprints: dict[Space, str] = FINGERPRINTS
) -> Vectors:
    rng = np.random.default_rng(seed)
    made = {space: unit(rng.normal(size=dim).astype(np.float32)) for space, dim in DIMS.items()}
    return {space: Vector(made[space], fingerprints[space]) for space in spaces}


def point(
    seed: int,
    spaces: Iterable[Space] = tuple(DIMS),
    *,
    version: int = 1,
    fingerprints: dict[Space, str] = FINGERPRINTS,
    **payload: object,
) -> TitlePoint:
    return TitlePoint(f"t{seed:04d}", version, vectors(seed, spaces, fingerprints), **payload)  # type: ignore[arg-type]


def catalogue(count: int) -> list[TitlePoint]:
    """Every space missing somewhere; genres, languages and maturities mixed."""
    spaces: list[tuple[Space, ...]] = [
        ("visual", "concept", "audio", "synopsis"),
        ("synopsis",),
        ("visual", "concept"),
        ("visual", "concept", "synopsis"),
        ("audio", "synopsis"),
    ]
    return [
        point(
            i,
            spaces[i % 5],
            genres=(("drama",), ("comedy", "drama"), ("horror",))[i % 3],
            language=("en", "fr", None)[i % 3 if i % 2 else 0],
            maturity=("all", "7", "13", "16", "18")[i % 5],
        )
        for i in range(count)
    ]


def words(data: F32) -> Vectors:
    """A query of one text encoder: the same vector for what is told and what is shown."""
    return {space: Vector(data, FINGERPRINTS[space]) for space in ("synopsis", "concept")}
