"""Answers about generations of vectors."""

from typing import Any, Literal, Self

from pydantic import BaseModel

from content.ids import iso
from indexes import schema
from indexes.graph import Graph
from workers import rollback


class GenerationSpace(BaseModel):
    """What one space of a generation holds."""

    model: str
    """Fingerprint of what makes its vectors."""
    titles: int
    """How many have one."""


class GenerationGraph(BaseModel):
    """How it is searched approximately; below 5,000 titles every search is exact."""

    points: int
    outside: int
    """Titles written since it was built, searched beside it."""
    recall: dict[str, float]
    """Share of the exact ten nearest that it finds, by space."""
    seconds: float
    built_at: str

    @classmethod
    def of(cls, graph: Graph, outside: int) -> Self:
        return cls(
            points=graph.points,
            outside=outside,
            recall=graph.recall,
            seconds=graph.seconds,
            built_at=iso(graph.built_us),
        )


class Generation(BaseModel):
    name: str
    state: Literal["building", "ready", "live", "kept", "retired"]
    """`kept`: was live, has all writes since, and may be gone back to until `kept_until`."""
    titles: int
    spaces: dict[str, GenerationSpace]
    bytes: int | None
    """On this disk; null on a Qdrant server."""
    graph: GenerationGraph | None
    quality: dict[str, Any] | None
    """What its gates measured before it was cut over to; null of the first."""
    outdated: list[str]
    """Spaces that other encoders made than today's settings name, as after a reindex that failed at
    a gate or was rolled back. Of the live one: words find nothing there by meaning, and new titles
    are refused (`fingerprint_mismatch`) until a reindex."""
    created_at: str
    previous: str | None
    """The one that was live before it, and is kept."""
    kept_until: str | None

    @classmethod
    def of(cls, info: schema.GenerationInfo, prints: schema.Fingerprints) -> Self:
        until, titles = info.kept_until_us, info.spaces or {}
        return cls(
            name=info.name,
            state=info.state,
            titles=info.points,
            spaces={
                str(space): GenerationSpace(model=made, titles=titles.get(str(space), 0))
                for space, made in info.fingerprints.items()
            },
            bytes=info.bytes,
            graph=None if info.graph is None else GenerationGraph.of(info.graph, info.outside),
            quality=info.quality,
            outdated=info.differing(prints),
            created_at=iso(info.created_us),
            previous=info.previous,
            kept_until=None if until is None else iso(until),
        )


class Generations(BaseModel):
    """The newest first."""

    items: list[Generation]


class RolledBack(BaseModel):
    generation: str
    """The one that answers again."""
    lacking: dict[str, int]
    """Titles without a vector that the other generation has, by space: they came or changed since
    the cut-over, understood by encoders that this generation is not of."""

    @classmethod
    def of(cls, found: rollback.RolledBack) -> Self:
        return cls(generation=found.generation, lacking=found.lacking)
