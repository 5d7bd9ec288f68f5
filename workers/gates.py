"""What a generation must pass before readers see it, and what is told of it.

* `vectors`: no space has lost more titles than `KEYART_REINDEX_LOSS` lets go.
* `recall`: approximate search finds `RECALL_MIN` of the exact ten nearest, in every space.
* `golden`: golden queries find no less than in the generation before, less a margin.

That every title is there, in its version, is seen to by `reindex.verify`, before and once more at
the switch itself. How much the neighbours of titles are the same as before is told, not judged.
"""

import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from content.errors import Cancelled, Conflict, NotFound
from content.types import Space, Vector, Vectors
from indexes.graph import BUILD_FROM, RECALL_AT, RECALL_MIN, is_due
from indexes.schema import SIMILAR_SPACES, GenerationInfo, SimilarSpace
from workers import golden
from workers.golden import Found, Golden
from workers.jobs import JobRecord
from workers.pace import Pace
from workers.parts import Parts
from workers.pool import Pool

SAMPLE = 100
"""Titles whose neighbours are looked at."""
BUILD_POLL_S = 1.0
WORDS: tuple[Space, ...] = ("synopsis", "concept", "visual", "audio")
"""Spaces that words may be looked for in."""


@dataclass(slots=True)
class Failing:
    """Gates that are not passed, and why."""

    gates: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)

    def add(self, gate: str, why: str) -> None:
        if gate not in self.gates:
            self.gates.append(gate)
        self.why.append(why)


@dataclass(frozen=True)
class Gates:
    """Of one job's generation, beside the one that answers."""

    parts: Parts
    pool: Pool
    job: JobRecord
    cancelled: threading.Event
    pace: Pace

    def passed(self, titles: Sequence[str]) -> dict[str, Any]:
        """Measure; what was found is kept with the generation and told as the job's outcome.

        Args:
            titles: ids of all that are published.

        Raises:
            Conflict: `gate`, with the gates that are not passed and their figures.
        """
        new, old = self._infos()
        found: dict[str, Any] = {
            "titles": len(titles),
            "points": new.points,
            "against": old.name,
            **self._neighbours(titles, new, old),
            "lost": _lost(old, new),
            "golden": self._golden(titles, new, old),
        }
        failing = self._failing(found, old)
        told = {**found, "failed": failing.gates}
        outcome = self.parts.rows.get(self.job.id).outcome or {}
        if not self.parts.rows.note(self.job.id, {**outcome, "gates": told}):
            raise Cancelled
        if failing.gates:
            raise Conflict("gate", f"{'; '.join(failing.why)}: readers stay on {old.name}")
        self.parts.index.judged(new.name, found)
        return found

    def built(self) -> None:
        """Wait for the graph, where it is due: else every search would be exact after the switch.

        One that cannot be built, or finds too little, is done without, as ever.
        """
        new, _ = self._infos()
        if not is_due(new.points, new.outside) or self.parts.settings.qdrant_url is not None:
            return
        self.parts.index.build(new.name)
        while self.parts.index.building(new.name):
            if self.cancelled.wait(BUILD_POLL_S):
                raise Cancelled

    # ----- what is measured

    def _infos(self) -> tuple[GenerationInfo, GenerationInfo]:
        found = self.parts.index.generations(detailed=True)
        new = next(g for g in found if g.name == self.job.generation)
        return new, next(g for g in found if g.state == "live")

    def _neighbours(
        self, titles: Sequence[str], new: GenerationInfo, old: GenerationInfo
    ) -> dict[str, Any]:
        """`recall` of approximate search by space, None while all is exact; `overlap` of the fused
        ten nearest with those of before."""
        chance = random.Random(self.job.id)  # the same sample after a kill
        sample = chance.sample(list(titles), min(SAMPLE, len(titles)))
        shared = [self._overlap(title, new, old) for title in sample]
        known = [share for share in shared if share is not None]
        recall = {}
        if new.graph is not None or (self.parts.settings.qdrant_url and new.points >= BUILD_FROM):
            spaces: list[SimilarSpace] = [s for s in SIMILAR_SPACES if s in new.fingerprints]
            recall = {s: share for s in spaces if (share := self._recall(sample, s)) is not None}
        return {
            "sample": len(sample),
            "recall": min(recall.values()) if recall else None,
            "recall_by_space": recall,
            "overlap": round(float(np.mean(known)), 4) if known else None,
        }

    def _overlap(self, title: str, new: GenerationInfo, old: GenerationInfo) -> float | None:
        before, after = (set(self._near(title, "fused", g.name, exact=True)) for g in (old, new))
        return len(before & after) / len(before) if before else None

    def _recall(self, sample: Sequence[str], space: SimilarSpace) -> float | None:
        shares = []
        for title in sample:
            exact = set(self._near(title, space, str(self.job.generation), exact=True))
            if exact:
                found = self._near(title, space, str(self.job.generation), exact=False)
                shares.append(len(exact & set(found)) / len(exact))
        return round(float(np.mean(shares)), 4) if shares else None

    def _near(self, title: str, space: SimilarSpace, name: str, *, exact: bool) -> list[str]:
        if self.cancelled.is_set():
            raise Cancelled
        asked = {"space": space, "limit": RECALL_AT, "exact": exact, "generation": name}
        try:
            with self.pace.part():
                hits = self.parts.index.similar(title, **asked)  # type: ignore[arg-type]
        except NotFound:  # deleted meanwhile, or not there before
            return []
        return [hit.title_id for hit in hits]

    # ----- golden queries

    def _golden(
        self, titles: Sequence[str], new: GenerationInfo, old: GenerationInfo
    ) -> dict[str, Any] | None:
        """What golden queries find, by words and by titles, beside what they found before."""
        queries, file = golden.read(self.parts.settings)
        left = golden.answerable(queries, set(titles))
        if not left:
            return None
        by_words = {q.asked: self._words(q.asked) for q in left if q.kind == "words"}
        found: dict[str, Any] = {"file": file, "queries": len(left)}
        for kind in ("words", "titles"):
            own = [query for query in left if query.kind == kind]
            after = golden.judged(own, lambda q: self._answers(q, by_words, new.name))
            if after is None:
                continue
            then = None if kind == "titles" else _measured_then(old, file)
            if kind == "titles" or _same_words(old, new):
                then = golden.judged(own, lambda q: self._answers(q, by_words, old.name))
            found[kind] = {**after.plain(), "before": None if then is None else then.plain()}
        kinds = [found[kind] for kind in ("words", "titles") if kind in found]
        for figure in ("ndcg", "recall"):
            total = sum(each[figure] * each["queries"] for each in kinds)
            found[figure] = round(total / len(left), 4)
        return found

    def _answers(self, query: Golden, words: Mapping[str, Vectors], name: str) -> list[str]:
        if query.kind == "titles":
            return self._near(query.asked, "fused", name, exact=False)
        with self.pace.part():
            hits = self.parts.index.search(
                words[query.asked], text=query.asked, limit=golden.AT, generation=name
            )
        return [hit.title_id for hit in hits]

    def _words(self, text: str) -> Vectors:
        with self.pool.child() as child:
            answer = child.call("query", {"text": text}, cancelled=self.cancelled)
        return {space: Vector(np.frombuffer(d, "<f4"), p) for space, (d, p) in answer.items()}

    # ----- what is judged

    def _failing(self, found: Mapping[str, Any], old: GenerationInfo) -> Failing:
        failing, settings = Failing(), self.parts.settings
        for space, lost in found["lost"].items():
            had = (old.spaces or {})[space]
            if lost > settings.reindex_loss * had:
                failing.add("vectors", f"{space}: {lost} of {had} titles have no vector any more")
        for space, share in found["recall_by_space"].items():
            if share < RECALL_MIN:
                failing.add("recall", f"{space}: recall@{RECALL_AT} is {share}, not {RECALL_MIN}")
        for kind in ("words", "titles"):
            told = (found["golden"] or {}).get(kind)
            if told is None or told["before"] is None:
                continue
            for figure, called in (("ndcg", "nDCG"), ("recall", "recall")):
                now, then = told[figure], told["before"][figure]
                if now < then - settings.golden_margin:
                    failing.add("golden", f"golden {kind}: {called}@{golden.AT} {now} after {then}")
        return failing


def _lost(old: GenerationInfo, new: GenerationInfo) -> dict[str, int]:
    """Titles less with a vector, by space, of the spaces that both have."""
    before, after = old.spaces or {}, new.spaces or {}
    return {s: n - after[s] for s, n in before.items() if s in after and n > after[s]}


def _same_words(old: GenerationInfo, new: GenerationInfo) -> bool:
    """Do today's words know both generations?"""
    mine, theirs = new.fingerprints, old.fingerprints
    return all(mine.get(space) == theirs.get(space) for space in WORDS)


def _measured_then(old: GenerationInfo, file: str | None) -> Found | None:
    """What the old generation's own gates found by words, with the encoder of the time."""
    kept = (old.quality or {}).get("golden") or {}
    told = kept.get("words")
    if told is None or kept.get("file") != file:
        return None
    return Found(told["queries"], told["ndcg"], told["recall"])
