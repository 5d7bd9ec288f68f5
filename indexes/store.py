"""The protocol of a vector store, one per generation. Bodies: `store_edge`, `store_server`.

One contract suite (`tests/contract/test_vector_store.py`) runs over every body.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from content.ids import DEFAULT_TENANT
from content.types import F32, Space
from indexes.conditions import Condition, Equals, Ids, Not

PAGE = 1000
"""Points read at once when all are walked through."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredPoint:
    """A point as stored: calibrated vectors (float32, unit norm) and payload."""

    id: str
    vectors: Mapping[Space, F32]
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Where:
    """Which points may be answered."""

    condition: Condition | None = None
    """Checked (`conditions.check`); None for every point."""
    tenant: str = DEFAULT_TENANT
    excluding: str | None = None
    """A point id."""
    only: frozenset[str] | None = None
    """Point ids; None for all."""

    @property
    def conditions(self) -> list[Condition]:
        """All that must hold."""
        must: list[Condition] = [Equals("tenant", self.tenant)]
        if self.condition is not None:
            must.append(self.condition)
        if self.only is not None:
            must.append(Ids(tuple(self.only)))
        if self.excluding is not None:
            must.append(Not(Ids((self.excluding,))))
        return must


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """The `limit` points nearest to `vector` (unit norm) in one space."""

    space: Space
    vector: F32
    limit: int
    where: Where


@dataclass(frozen=True, slots=True)
class Scored:
    """One point that has the space asked for, and its dot product with the query."""

    id: str
    score: float


class VectorStore(Protocol):
    """Named vectors with payload. Safe to call from many threads."""

    def upsert(self, points: Sequence[StoredPoint]) -> None:
        """Insert, or replace wholly (a vector no longer given is gone). Durable on return."""

    def delete(self, ids: Sequence[str]) -> None:
        """Remove points; unknown ids are no error. Durable on return."""

    def query(self, queries: Sequence[Query], *, exact: bool = True) -> list[list[Scored]]:
        """Answers in the order of `queries`, best first; ties in any order."""

    def get(self, ids: Sequence[str], *, vectors: bool) -> dict[str, StoredPoint]:
        """The points that exist; without their vectors when `vectors` is false."""

    def versions(self, tenant: str) -> dict[str, int]:
        """Title id to stored version, for every point of the tenant."""

    def count(self, tenant: str) -> int:
        """How many points the tenant has."""

    def close(self) -> None:
        """Flush and release; nothing may be called afterwards."""


class Stores(Protocol):
    """Where the stores of generations live."""

    def create(self, name: str, folder: Path, dims: Mapping[Space, int]) -> VectorStore:
        """A new empty store for generation `name`, whose own folder is `folder`."""

    def open(self, name: str, folder: Path) -> VectorStore:
        """The store that `create` made."""

    def destroy(self, name: str, folder: Path) -> None:
        """Remove what `create` made, whole or half; nothing there is no error."""
