"""What is known of a built graph: how many points it has, how well it finds, what that took."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from indexes.durable import replace_file

NAME = "graph.json"
BUILD_FROM = 5_000
"""Points below which every search is exact: a graph would save nothing."""
INT8_FROM = 20_000
"""Points from which int8 copies of the vectors propose what the vectors themselves then score."""
DUE_SHARE = 0.2
"""Share of the points that may be outside the graph before it is built anew."""
RECALL_AT = 10
RECALL_MIN = 0.98
"""Of the exact ten nearest, in every space; what does not reach it is not taken over."""


RECALL_AIM = 0.995
"""What a builder aims at over the points that it asks: others that are asked may find a little
less, and must find `RECALL_MIN`."""


@dataclass(frozen=True, slots=True)
class Graph:
    """The graph of one generation's vectors (HNSW, Malkov & Yashunin 2018)."""

    points: int
    """When it was built; later ones are searched beside it, exactly."""
    int8: bool
    ef: int
    """Candidates looked at in a search: the fewest of those tried that reach `RECALL_AIM`, or
    the most."""
    recall: dict[str, float]
    """Space to share of the exact ten nearest that are found, over a sample of stored points."""
    seconds: float
    """What the build took, on one nice thread."""
    built_us: int

    def write(self, folder: Path) -> None:
        replace_file(folder / NAME, json.dumps(asdict(self)).encode())

    @classmethod
    def read(cls, folder: Path) -> "Graph | None":
        path = folder / NAME
        return cls(**json.loads(path.read_bytes())) if path.exists() else None


def is_due(points: int, outside: int) -> bool:
    """Should the graph of so many points, of which some are outside it, be built (anew)?"""
    return points >= BUILD_FROM and outside > DUE_SHARE * points
