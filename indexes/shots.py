"""Shots as points: what the index stores of each, beside the titles of a generation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from content.ids import DEFAULT_TENANT, stable_id
from content.types import Vectors
from indexes.sparse import Sparse, SparseSpace


@dataclass(frozen=True, slots=True, eq=False)
class ShotPoint:
    """One shot as it is handed to the index; vectors are raw, as a title's are."""

    index: int
    """0 for the first of its title."""
    start_s: float
    end_s: float
    vectors: Vectors
    sparse: Mapping[SparseSpace, Sparse] = field(default_factory=dict)
    moods: tuple[str, ...] = ()
    """The strong ones, the strongest first."""
    plain: bool = False
    """Nothing to cut on: black, one colour, a card of words, or too short to be seen."""
    told: Mapping[str, float] = field(default_factory=dict)
    """`speech` 0..1, `music` 0..1, `loudness_lufs`, `faces`: of the shot, where they are known."""


def shot_id(title_id: str, index: int, tenant: str = DEFAULT_TENANT) -> str:
    """The id under which a shot is stored, the same in every generation."""
    return stable_id(tenant, title_id, "shot", str(index))


def shot_payload(shot: ShotPoint, title_id: str, version: int, tenant: str) -> dict[str, Any]:
    """What is stored beside its vectors."""
    return {
        "tenant": tenant,
        "title_id": title_id,
        "version": version,
        "shot": shot.index,
        "start_s": shot.start_s,
        "end_s": shot.end_s,
        "mood": list(shot.moods),
        "plain": "true" if shot.plain else "false",
        "told": dict(shot.told),
    }
