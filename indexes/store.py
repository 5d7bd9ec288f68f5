"""The protocol of a vector store, one per generation. Bodies: `store_edge`, `store_server`.

One contract suite (`tests/contract/test_vector_store.py`) runs over every body.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from content.errors import Invalid
from content.ids import DEFAULT_TENANT
from content.types import F32, Space
from indexes.conditions import Condition, Equals, Ids
from indexes.fields import SHOT_FIELDS, TITLE_FIELDS, Kind
from indexes.graph import Graph
from indexes.schema import NORM_TOLERANCE
from indexes.sparse import Sparse, SparseSpace, check_sparse

PAGE = 1000
"""Points read at once when all are walked through."""
SHORTER: frozenset[Space] = frozenset({"taste"})
"""Spaces in which a query may be shorter than 1 (`taste.places`): the order is the same."""
HNSW_EF = 128
OVERSAMPLING = 2.0
"""Approximate search looks at so many candidates of the graph and, where int8 proposed them, scores
twice as many as are asked for again with the vectors themselves."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredPoint:
    """A point as stored: calibrated vectors (float32, unit norm) and payload."""

    id: str
    vectors: Mapping[Space, F32]
    payload: Mapping[str, Any]
    sparse: Mapping[SparseSpace, Sparse] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a store keeps beside vectors."""

    sparse: tuple[SparseSpace, ...] = ()
    fields: Mapping[str, Kind] = field(default_factory=lambda: TITLE_FIELDS)
    """Payload fields that are indexed from the beginning."""
    on_disk: bool = False
    """Vectors are read from disk as they are needed, not kept in memory."""


TITLES = Layout(sparse=("words", "names"))
SHOTS = Layout(sparse=("words", "mood"), fields=SHOT_FIELDS, on_disk=True)


@dataclass(frozen=True, slots=True)
class Where:
    """Which points may be answered."""

    condition: Condition | None = None
    """Checked (`conditions.check`); None for every point."""
    tenant: str = DEFAULT_TENANT
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
        return must


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """The `limit` points nearest to `vector` in one space; its norm is 1, in `taste` at most 1."""

    space: Space
    vector: F32
    limit: int
    where: Where


@dataclass(frozen=True, slots=True)
class SparseQuery:
    """The `limit` points with the largest dot product with `vector`, of those above 0; in the
    spaces of `sparse.BY_RARITY` its values are weighed by how rare each dimension is."""

    space: SparseSpace
    vector: Sparse
    limit: int
    where: Where


AnyQuery = Query | SparseQuery


@dataclass(frozen=True, slots=True)
class Scored:
    """One point that has the space asked for, and its dot product with the query."""

    id: str
    score: float


def check_points(
    points: Sequence[StoredPoint], dims: Mapping[Space, int], sparse: Collection[SparseSpace]
) -> None:
    """Refuse what the engines would take: NaN, infinity, lengths other than 1.

    Raises:
        Invalid: `unknown_space`, `invalid_vector`.
    """
    for point in points:
        for name, values in point.sparse.items():
            _check_held(name, sparse, f"{name} of point {point.id}")
            check_sparse(values, f"{name} of point {point.id}")
        for space, vector in point.vectors.items():
            what = f"{space} of point {point.id}"
            norm = _checked_norm(vector, space, dims, what)
            _check_length(norm, what, shorter=False)


def check_query(
    query: AnyQuery, dims: Mapping[Space, int], sparse: Collection[SparseSpace]
) -> None:
    """Likewise, for a query.

    Raises:
        Invalid: `unknown_space`, `invalid_vector`.
    """
    what = f"the query in {query.space}"
    if isinstance(query, SparseQuery):
        _check_held(query.space, sparse, what)
        check_sparse(query.vector, what)
        return
    norm = _checked_norm(query.vector, query.space, dims, what)
    _check_length(norm, what, shorter=query.space in SHORTER)


def _check_held(space: str, held: Collection[str], what: str) -> None:
    if space not in held:
        raise Invalid(
            "unknown_space",
            f"{what}: this generation holds {', '.join(held) or 'no space'}; "
            "reindex to add a space",
        )


def _checked_norm(vector: F32, space: Space, dims: Mapping[Space, int], what: str) -> float:
    _check_held(space, dims, what)
    if vector.dtype != np.float32 or vector.shape != (dims[space],):
        raise Invalid(
            "invalid_vector",
            f"{what} is {vector.dtype} {vector.shape}; this generation holds float32 "
            f"({dims[space]},): was it made by another encoder?",
        )
    norm = float(np.linalg.norm(vector))
    if not np.isfinite(norm):
        raise Invalid("invalid_vector", f"{what} holds NaN or infinity: nothing could be near it")
    return norm


def _check_length(norm: float, what: str, *, shorter: bool) -> None:
    if norm > 1.0 + NORM_TOLERANCE or (norm < 1.0 - NORM_TOLERANCE and not shorter):
        raise Invalid("invalid_vector", f"{what} has norm {norm:.4f}; divide it by its norm")


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a store its graph covers."""

    points: int
    """Of all tenants."""
    outside: int
    """Written since it was built, as far as is known; searched beside it, exactly."""
    graph: Graph | None
    """None where there is none, or where the engine builds its own."""


class VectorStore(Protocol):
    """Named vectors with payload. Safe to call from many threads."""

    def upsert(self, points: Sequence[StoredPoint]) -> None:
        """Insert, or replace wholly (a vector no longer given is gone). Durable on return.

        Raises:
            Invalid: what `check_points` refuses; none of the points is stored then.
        """

    def delete(self, ids: Sequence[str]) -> None:
        """Remove points; unknown ids are no error. Durable on return."""

    def delete_where(self, where: Where) -> None:
        """Remove every point that fits. Durable on return."""

    def query(self, queries: Sequence[AnyQuery], *, exact: bool = True) -> list[list[Scored]]:
        """Answers in the order of `queries`, best first; ties in any order.

        Args:
            exact: score every point that fits; else follow a graph where there is one, and score
                what it proposes by the vectors themselves. Scores are exact either way.

        Raises:
            Invalid: what `check_query` refuses.
        """

    def get(self, ids: Sequence[str], *, vectors: bool) -> dict[str, StoredPoint]:
        """The points that exist; without their vectors when `vectors` is false."""

    def versions(self, tenant: str) -> dict[str, int]:
        """Title id to stored version, for every point of the tenant."""

    def count(self, tenant: str) -> int:
        """How many points the tenant has."""

    def having(self, tenant: str) -> dict[Space, int]:
        """How many of the tenant's points have a vector, by space."""

    def bytes(self) -> int | None:
        """What it takes on this disk; None where an engine elsewhere has it."""

    def page(
        self, after: str | None, limit: int, *, vectors: bool = True
    ) -> tuple[list[StoredPoint], str | None]:
        """Points of all tenants, in order of id.

        Args:
            after: what the page before gave; None for the first.
            vectors: whether with their vectors.

        Returns:
            The points, and where the next page begins; None at the end.
        """

    def snapshot(self, folder: Path) -> None:
        """Copy all that was acknowledged to `folder`, where `Stores.open` finds it; durable.

        Writers wait meanwhile, readers do not.

        Raises:
            Conflict: `snapshot_elsewhere`, when the engine keeps its own.
        """

    def coverage(self) -> Coverage:
        """How much the graph covers."""

    def build(self) -> Graph | None:
        """Build the graph anew, beside what answers; takes minutes, `close` stops it.

        Returns:
            What answers from now on; None when nothing was taken over, or the engine builds its
            own graphs.
        """

    def close(self) -> None:
        """Flush and release; nothing may be called afterwards."""


class Stores(Protocol):
    """Where the stores of generations live."""

    def create(
        self, name: str, folder: Path, dims: Mapping[Space, int], layout: Layout = TITLES
    ) -> VectorStore:
        """A new empty store for generation `name`, whose own folder is `folder`.

        Raises:
            Conflict: `collection_exists`, when a shared engine has one of another owner.
        """

    def open(self, name: str, folder: Path, layout: Layout = TITLES) -> VectorStore:
        """The store that `create` made; of `layout` it may lack what an earlier release did not
        have.

        Raises:
            Conflict: `index_in_use`, when another has it open.
        """

    def publish(self, name: str) -> None:
        """Let other clients of the engine find generation `name` as the live one; idempotent."""

    def destroy(self, name: str, folder: Path) -> None:
        """Remove what `create` made, whole or half; nothing there is no error."""
