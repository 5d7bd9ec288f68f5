"""Questions put to a generation: examples looked up, answers ranked, paged and explained."""

import threading
from collections.abc import Mapping
from dataclasses import replace

from content.errors import Conflict, Invalid, NotFound
from indexes.because import Commonness, because
from indexes.generation import Generation
from indexes.question import Continuation, HitPage, Question
from indexes.schema import Hit, point_id
from indexes.store import StoredPoint, Where
from indexes.titles import Examples, answers, asked
from indexes.weights import Weights


class Asking:
    """Thread-safe. Keeps for each generation how common its facts are."""

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant
        self._common: dict[str, Commonness] = {}
        self._lock = threading.Lock()

    def answer(self, live: Generation, question: Question, weights: Weights) -> HitPage:
        """One page.

        Raises:
            NotFound: `title_not_indexed`. Conflict: `cursor_expired`.
            Invalid: `unknown_space`, `invalid_cursor`.
        """
        begun = _begun(live.name, question, weights)
        liked = self._stored(live, question.like, question.lenient)
        unliked = self._stored(live, question.unlike, question.lenient)
        examples = Examples(
            *([(point.vectors, weight) for point, weight in each] for each in (liked, unliked))
        )
        where = Where(question.condition(self._tenant), self._tenant)
        hits = answers(live.store, question, examples, weights, where)
        shown, following = hits[: question.limit], None
        if len(hits) > len(shown):
            last = shown[-1]
            rank = begun.rank + len(shown)
            following = replace(begun, rank=rank, score=last.score, title_id=last.title_id)
        if question.because:
            shown = self._explained(live, question, weights, [p for p, _ in liked], shown)
        return HitPage(tuple(shown), following)

    def _stored(
        self, live: Generation, wanted: Mapping[str, float], lenient: bool
    ) -> list[tuple[StoredPoint, float]]:
        keys = {point_id(title, self._tenant): title for title in wanted}
        found = live.store.get(list(keys), vectors=True)
        for key, title in keys.items():
            if key not in found and not lenient:
                raise not_stored(title)
        return [(found[key], wanted[keys[key]]) for key in sorted(found)]

    def _explained(
        self,
        live: Generation,
        question: Question,
        weights: Weights,
        liked: list[StoredPoint],
        hits: list[Hit],
    ) -> list[Hit]:
        keys = [point_id(hit.title_id, self._tenant) for hit in hits]
        stored = live.store.get(keys, vectors=False)
        common, counting = self._commonness(live), asked(question.space, weights)
        payloads = [point.payload for point in liked]
        return [
            replace(
                hit,
                because=because(
                    *(hit, counting, stored[key].payload if key in stored else {}),
                    liked=payloads,
                    common=common,
                ),
            )
            for key, hit in zip(keys, hits, strict=True)
        ]

    def _commonness(self, live: Generation) -> Commonness:
        with self._lock:
            known = self._common.get(live.name)
            if known is None or known.stale:
                known = Commonness.of(live.store, self._tenant)
                self._common = {live.name: known}
            return known


def not_stored(title_id: str) -> NotFound:
    """That the index has no such title."""
    return NotFound("title_not_indexed", f"no vectors of title {title_id!r} are stored")


def _begun(generation: str, question: Question, weights: Weights) -> Continuation:
    """Where the page begins.

    Raises:
        Conflict: `cursor_expired`. Invalid: `invalid_cursor`.
    """
    counted, asked_for = question.counted(weights), question.digest()
    first = Continuation(generation, counted, asked_for, question.depth, 0, 0.0, "")
    after = question.after
    if after is None:
        return first
    if after.question != first.question:
        raise Invalid("invalid_cursor", "this cursor is of another question: ask as for its page")
    if (after.generation, after.weights) != (first.generation, first.weights):
        raise Conflict(
            "cursor_expired",
            "since the first page the index was cut over, other weights count, or the viewer has "
            "watched more, so that scores are no longer those of the pages before: begin again "
            "without a cursor",
        )
    return after
