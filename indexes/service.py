"""The index within one process: what `client.IndexClient` offers, without the socket."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from content.errors import Conflict
from content.ids import DEFAULT_TENANT, now_us
from content.types import F32, Space, Vectors
from indexes import snapshots, weights
from indexes.asking import Asking, not_stored
from indexes.builds import Builds
from indexes.calibration import Calibration
from indexes.conditions import AllOf, Equals
from indexes.cuts import CutHit, cuts
from indexes.generation import Generation
from indexes.generations import Generations
from indexes.lexical.bm25 import fingerprint
from indexes.moments import MomentHit, find
from indexes.pictured import MediaPage, MediaQuestion, answer
from indexes.question import HitPage, Question, like_one
from indexes.schema import (
    NO_FILTER,
    Comparison,
    Filter,
    Fingerprints,
    GenerationInfo,
    Hit,
    SimilarSpace,
    TitlePoint,
    Verification,
    WordsHit,
    check_limit,
    check_point,
    fitting,
    point_id,
)
from indexes.search import search
from indexes.store import StoredPoint, Stores, Where
from indexes.titles import compare


class IndexService:
    """Thread-safe: writes one at a time, reads at any time.

    The caller holds the lock of `folder`; closing waits for readers.
    """

    def __init__(self, folder: Path, stores: Stores, *, tenant: str = DEFAULT_TENANT) -> None:
        snapshots.clear(folder)
        self._generations = Generations(folder, stores)
        self._folder = folder
        self._tenant = tenant
        self._weights = weights.read(folder)
        self._builds = Builds(self._generations)
        self._asking = Asking(tenant)

    def ensure(self, fingerprints: Fingerprints) -> str:
        """The live generation's name; makes the first when there is none."""
        with self._generations.writing:
            return self._generations.ensure(fingerprints)

    def upsert(self, points: Sequence[TitlePoint]) -> None:
        """Store in the live generation, in every one being built and in the one that is kept;
        durable on return.

        The last write stays, also one that takes a title back to an older version. A generation
        being built with other encoders goes without (and is no longer `ready`): its job has to
        make those vectors again. A kept one has the title with what vectors fit it.

        Raises:
            Conflict: `no_generation`, `fingerprint_mismatch` (the live one refuses).
            Invalid: what `schema.check_point` refuses. All or none of the points are stored.
        """
        for point in points:
            check_point(point)
        with self._generations.writing:
            live = self._generations.live()
            live.check(points)
            for generation in self._generations.filling():
                fitting = [point for point in points if generation.refusal(point) is None]
                if len(fitting) < len(points):
                    generation.become("building")
                generation.write(fitting)
            for generation in self._generations.kept():
                generation.put_fitting(points)
            live.put(points)

    def upsert_into(
        self, generation: str, points: Iterable[TitlePoint], *, copied: bool = True
    ) -> None:
        """Store in one generation.

        Args:
            copied: a point older than the one stored there is left out, and one of a title that was
                written or deleted since the last `verify` found it missing; else the last stays.

        Raises:
            NotFound: `unknown_generation`.
            Conflict: `fingerprint_mismatch`.
            Invalid: what `schema.check_point` refuses.
        """
        points = list(points)
        for point in points:
            check_point(point)
        with self._generations.writing:
            target = self._generations.get(generation)
            if copied:
                target.put_unless_newer(points)
            else:
                target.write(points)

    def delete(self, title_ids: Sequence[str]) -> None:
        """Remove from every generation; unknown titles are no error."""
        with self._generations.writing:
            for generation in self._generations.all():
                generation.remove(title_ids, self._tenant)

    def alike(self, question: Question) -> HitPage:
        """See `titles.answers`; a cursor's list is that of its generation and weights.

        Raises:
            NotFound: `title_not_indexed`, `unknown_generation`.
            Conflict: `space_not_fitted`, `cursor_expired`.
            Invalid: `unknown_space`, `invalid_weights`, and what `Question.check` refuses.
        """
        question.check()
        with self._generations.reading(question.generation) as live:
            if live is None:
                for title_id in () if question.lenient else (*question.like, *question.unlike):
                    raise not_stored(title_id)
                return HitPage(())
            _check_fitted(live, question.space)
            counting = self._weights
            if question.weights is not None:
                counting = weights.checked(question.weights)
                _check_fitted(live, "taste" if counting["taste"] else "fused")
            return self._asking.answer(live, question, counting)

    def similar(
        self,
        title_id: str,
        *,
        space: SimilarSpace,
        limit: int,
        filter: Filter = NO_FILTER,
        exact: bool = False,
        generation: str | None = None,
    ) -> list[Hit]:
        """The titles most like a stored one, never itself; see `alike`."""
        asked = like_one(title_id, space, limit, filter, exact=exact, generation=generation)
        return list(self.alike(asked).hits)

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[Comparison]:
        """How alike the titles of each pair are, by the live generation, in the order given."""
        with self._generations.reading() as live:
            if live is None:
                return [Comparison(None) for _ in pairs]
            keys = {title: point_id(title, self._tenant) for pair in pairs for title in pair}
            found = live.store.get(list(keys.values()), vectors=True)
            return [self._compared(found.get(keys[a]), found.get(keys[b])) for a, b in pairs]

    def weights(self) -> dict[Space, float]:
        """How much each space counts in the fused score; they sum to 1."""
        return dict(self._weights)

    def set_weights(self, wanted: Mapping[str, float]) -> dict[Space, float]:
        """Let the spaces count so from now on, scaled to sum 1; durable on return.

        Raises:
            Invalid: `invalid_weights`.
        """
        chosen = weights.checked(wanted)
        with self._generations.writing:
            weights.write(self._folder, chosen)
            self._weights = chosen
        return dict(chosen)

    def search(
        self,
        words: Vectors,
        *,
        text: str | None = None,
        limit: int,
        filter: Filter = NO_FILTER,
        exact: bool = False,
        generation: str | None = None,
    ) -> list[WordsHit]:
        """See `search.search`; before the first `ensure` nothing is found.

        Only spaces whose encoder is the generation's count, and words as this release makes them:
        after a change the others wait for the reindex.

        Args:
            generation: the one asked; None for the live one.

        Raises:
            NotFound: `unknown_generation`.
            Invalid: `invalid_vector`, `invalid_limit`, `invalid_filter`.
        """
        check_limit(limit)
        with self._generations.reading(generation) as live:
            if live is None:
                return []
            where = Where(filter.conditions(), self._tenant)
            known = live.record.lexicon == fingerprint()
            return search(
                live.store,
                live.calibration,
                fitting(words, live.record.fingerprints),
                text if known else None,
                limit=limit,
                where=where,
                exact=exact,
            )

    def moments(
        self,
        words: Vectors,
        *,
        text: str | None,
        mood: str | None,
        title_id: str | None,
        limit: int,
    ) -> list[MomentHit]:
        """See `moments.find`; nothing is found in a generation of an earlier release.

        Args:
            mood: only shots in which it is strong.
            title_id: only its shots.

        Raises:
            Invalid: `invalid_vector`, `invalid_limit`.
        """
        check_limit(limit)
        with self._generations.reading() as live:
            if live is None or live.shots is None:
                return []
            prints, known = live.record.fingerprints, live.record.lexicon == fingerprint()
            asked = {"title_id": title_id, "mood": mood}
            wanted = [Equals(name, value) for name, value in asked.items() if value is not None]
            return find(
                live.shots,
                live.calibration,
                fitting(words, prints),
                text if known else None,
                mood,
                limit=limit,
                where=Where(AllOf(tuple(wanted)) if wanted else None, self._tenant),
            )

    def cuts(self, title_id: str, *, limit: int) -> list[CutHit]:
        """See `cuts.cuts`.

        Raises:
            Invalid: `invalid_limit`.
        """
        check_limit(limit)
        with self._generations.reading() as live:
            if live is None or live.shots is None:
                return []
            return cuts(live.shots, title_id, self._tenant, limit=limit)

    def pictured(self, question: MediaQuestion) -> MediaPage:
        """See `pictured.answer`.

        Raises:
            Conflict: `fingerprint_mismatch`, `cursor_expired`.
            Invalid: what `MediaQuestion.check` refuses.
        """
        question.check()
        with self._generations.reading() as live:
            return MediaPage(()) if live is None else answer(live, question, self._tenant)

    def begin(
        self, generation: str, fingerprints: Fingerprints, calibration: Calibration | None
    ) -> None:
        """See `Generations.begin`."""
        with self._generations.writing:
            self._generations.begin(generation, fingerprints, calibration)

    def verify(self, generation: str, expected: Mapping[str, int]) -> Verification:
        """Compare with the catalogue (title id to version); when complete it may be cut over.

        Raises:
            NotFound: `unknown_generation`.
        """
        with self._generations.writing:
            target = self._generations.get(generation)
            found = target.compare(expected, self._tenant)
            if target.state in ("building", "ready"):
                target.become("ready" if found.complete else "building")
            return found

    def judged(self, generation: str, quality: Mapping[str, Any]) -> None:
        """Keep with a generation what was measured of it, durably; plain data.

        Raises:
            NotFound: `unknown_generation`.
        """
        with self._generations.writing:
            self._generations.get(generation).note(quality=dict(quality))

    def cut_over(self, generation: str, *, keep_s: float = 0.0) -> None:
        """See `Generations.cut_over`."""
        with self._generations.writing:
            self._generations.cut_over(generation, keep_s=keep_s)

    def roll_back(self, generation: str, *, keep_s: float) -> str:
        """See `Generations.roll_back`."""
        with self._generations.writing:
            return self._generations.roll_back(generation, keep_s=keep_s)

    def release(self, generation: str) -> None:
        """See `Generations.release`."""
        with self._generations.writing:
            self._generations.release(generation)

    def expire(self) -> list[str]:
        """See `Generations.expire`."""
        with self._generations.writing:
            return self._generations.expire(now_us())

    def build(self, generation: str) -> None:
        """Have the generation's graph built soon, though it may not be due.

        Raises:
            NotFound: `unknown_generation`.
        """
        with self._generations.writing:
            self._generations.get(generation)
        self._builds.ask(generation)

    def building(self, generation: str) -> bool:
        """Is a graph of the generation asked for, or being built?"""
        return self._builds.busy(generation)

    def snapshot(self, folder: str) -> int:
        """See `snapshots.take`; how many points it has."""
        return snapshots.take(self._generations, self._folder, Path(folder))

    def drop(self, generation: str) -> None:
        """See `Generations.drop`."""
        with self._generations.writing:
            self._generations.drop(generation)

    def generations(self, *, detailed: bool = False) -> list[GenerationInfo]:
        """Oldest first."""
        with self._generations.writing:
            return [g.info(self._tenant, detailed=detailed) for g in self._generations.all()]

    def count(self) -> int:
        """Titles in the live generation."""
        with self._generations.reading() as live:
            return live.store.count(self._tenant) if live is not None else 0

    def vectors(self, title_id: str) -> dict[Space, F32]:
        """The calibrated vectors of a title, as the live generation holds them.

        Raises:
            NotFound: `title_not_indexed`.
        """
        with self._generations.reading() as live:
            _, title = self._stored(live, title_id)
            return dict(title.vectors)

    def close(self) -> None:
        """Finish writes and reads, flush, close."""
        self._builds.close()
        with self._generations.writing:
            self._generations.close()
        self._builds.join()

    def _stored(self, live: Generation | None, title_id: str) -> tuple[Generation, StoredPoint]:
        if live is not None:
            key = point_id(title_id, self._tenant)
            if (point := live.store.get([key], vectors=True).get(key)) is not None:
                return live, point
        raise not_stored(title_id)

    def _compared(self, title: StoredPoint | None, other: StoredPoint | None) -> Comparison:
        if title is None or other is None:
            return Comparison(None)
        return compare(title, other, self._weights)


def _check_fitted(generation: Generation, space: SimilarSpace) -> None:
    """Raises Conflict: `space_not_fitted`."""
    if space == "taste" and space not in generation.record.fingerprints:
        raise Conflict(
            "space_not_fitted", "the taste space has not been fitted; run `keyart fit-space`"
        )
