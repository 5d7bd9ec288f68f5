"""The answer of a dry run: what a reindex would do, and what it may take."""

from typing import Self

from pydantic import BaseModel

from workers import forecast


class Stage(BaseModel):
    """One operation. `wall_s` and `cpu_s` are null while no job here has done it."""

    operation: str
    """`extract` (a film decoded and understood), `describe` (a film understood by what was read of
    it and kept), `synopsis`, `told` (what words alone tell), `looks` (its pictures' vectors),
    `copy` (into the new generation), `gates`."""
    titles: int
    media_s: float
    """Of film."""
    wall_s: float | None
    cpu_s: float | None
    """Of the worker and its children; the index process's is not in it."""
    jobs: int
    """How many jobs the estimate is based on, and how many titles of theirs (`of_titles`)."""
    of_titles: int


class NewGeneration(BaseModel):
    """What would be built beside the generation that answers."""

    bytes: int | None
    """On this disk, estimated by the one that answers; null on a Qdrant server, or while that is
    empty. A graph being built takes as much again for a while."""
    graph: bool
    """Whether a graph would be built; every search is exact below 5,000 titles."""
    graph_s: float | None
    """By the last one built; null where there is none."""
    gates: list[str]
    """What will be asked before the switch: `vectors`, `recall`, `golden`."""
    golden_queries: int


class Forecast(BaseModel):
    titles: int
    """How many are meant."""
    anew: int
    """Of which something would be understood anew (see `stages`)."""
    copied: int
    """Of which what is stored would be used as it is."""
    media_s: float
    """Of film to be decoded."""
    others: dict[str, int]
    """Titles with vectors that other encoders than today's made, by space."""
    stages: list[Stage]
    wall_s: float | None
    """The sum of what is known, on a machine as busy as it was then; null where nothing is."""
    cpu_s: float | None
    unknown: list[str]
    """What would be done and is in no sum, because it was never done here: operations, `graph`,
    `refold` (the ledger made anew for another visual encoder), `fit_taste`."""
    generation: NewGeneration | None
    """Null of a part: its titles are understood in place."""

    @classmethod
    def of(cls, found: forecast.Forecast) -> Self:
        builds = found.builds
        return cls(
            titles=found.titles,
            anew=found.anew,
            copied=found.titles - found.anew,
            media_s=found.media_s,
            others={str(space): count for space, count in sorted(found.others.items())},
            stages=[
                Stage(
                    operation=cost.operation,
                    titles=cost.titles,
                    media_s=cost.media_s,
                    wall_s=cost.wall_s,
                    cpu_s=cost.cpu_s,
                    jobs=cost.jobs,
                    of_titles=cost.of_titles,
                )
                for cost in found.costs
            ],
            wall_s=found.wall_s,
            cpu_s=found.cpu_s,
            unknown=list(found.unknown),
            generation=None
            if builds is None
            else NewGeneration(
                bytes=builds.bytes,
                graph=builds.graph,
                graph_s=builds.graph_s,
                gates=list(builds.gates),
                golden_queries=builds.golden_queries,
            ),
        )
