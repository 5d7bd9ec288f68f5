"""Going back after a reindex: the generation before is kept for a while, and kept up."""

from dataclasses import dataclass

from content.errors import Conflict
from indexes.schema import GenerationInfo
from workers import learning, taste
from workers.jobs import BUILDING, LIVE, JobRecord
from workers.parts import Parts


@dataclass(frozen=True, slots=True)
class RolledBack:
    """Which generation answers again, and how many titles' vectors it lacks."""

    generation: str
    lacking: dict[str, int]
    """By space: of titles that came or changed since, understood by encoders that it is not of."""


def keep_s(parts: Parts) -> float:
    """How long the generation that answers now is to be kept once it is replaced, in s.

    Not at all where its taste map has learned from somebody who was forgotten since.
    """
    learned = taste.in_use(parts.index.generations())
    if learned is not None and taste.forgotten_since(parts, learned) is not None:
        return 0.0
    return parts.settings.keep_generation_h * 3600.0


def roll_back(parts: Parts, job: JobRecord) -> RolledBack:
    """Let the generation answer again that a job replaced, and whoever chooses follow it.

    The switch is one and atomic; it may be repeated.

    Raises:
        Conflict: `not_a_reindex`, `reindex_running`, when the job has not ended;
            `generation_not_live`, `rollback_expired`.
        Unavailable: `index_unavailable`.
    """
    if job.kind not in BUILDING or job.generation is None:
        raise Conflict("not_a_reindex", f"job {job.id} has built no generation")
    if job.state in LIVE:
        raise Conflict(
            "reindex_running",
            f"job {job.id} has not ended; cancel it by `DELETE /v1/jobs/{job.id}`",
            job_id=job.id,
        )
    name = parts.index.roll_back(job.generation, keep_s=keep_s(parts))
    found = {g.name: g for g in parts.index.generations(detailed=True)}
    back = found[name]
    learning.follow(parts, learning.seen_by(parts, back.fingerprints["visual"]))
    return RolledBack(name, _lacking(back, found.get(job.generation)))


def sweep(parts: Parts) -> None:
    """Drop the generations whose time is over, and the taste maps that none has any more.

    Before its time one whose map has learned from somebody who was forgotten too long ago.
    """
    for each in parts.index.generations():
        learned = each.fingerprints.get("taste")
        if each.state == "kept" and learned is not None and taste.overdue(parts, learned):
            parts.index.release(each.name)
    if parts.index.expire() and not any(job.generation for job in parts.rows.live()):
        taste.sweep_unused(parts)


def _lacking(back: GenerationInfo, left: GenerationInfo | None) -> dict[str, int]:
    """Titles with a vector in the generation that was left and none in the other, by space."""
    there, here = (left.spaces or {}) if left else {}, back.spaces or {}
    return {s: n - here[s] for s, n in there.items() if s in here and n > here[s]}
