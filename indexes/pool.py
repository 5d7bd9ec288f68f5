"""The candidates of one question, and the pages of the list that they make."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from content.types import F32, Space
from indexes.ranking import DECIMALS, Cosines, candidates, leading, titles_of
from indexes.schema import Hit
from indexes.store import Query, VectorStore, Where


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates by point id, each scored exactly."""

    scores: Mapping[str, float]
    cosines: Mapping[str, dict[str, float]]

    @classmethod
    def of(
        cls,
        store: VectorStore,
        vectors: Mapping[Space, F32],
        score: Callable[[Cosines], float],
        *,
        depth: int,
        where: Where,
        exact: bool = False,
    ) -> "Pool":
        """The nearest `depth` of each space, all of them scored by `score` of their cosines.

        `vectors` are calibrated, unit norm; `score` sees the spaces shared with the title, at least
        one. Unless `exact`, a graph may propose the candidates; they are scored exactly either way.
        """
        queries = [Query(space, vector, depth, where) for space, vector in vectors.items()]
        cosines = candidates(store, queries, exact=exact)
        scores = {key: round(score(shared), DECIMALS) for key, shared in cosines.items()}  # type: ignore[arg-type]
        return cls(scores, cosines)

    def page(
        self, store: VectorStore, limit: int, after: tuple[float, str] | None = None
    ) -> list[Hit]:
        """The best `limit`, or those behind `after` (score and title id); ties by id."""
        scores, tied = self.scores, list[str]()
        if after is not None:
            tied = [key for key, score in scores.items() if score == after[0]]
            scores = {key: score for key, score in scores.items() if score < after[0]}
        hits = self.named(store, tied + leading(scores, limit))
        if after is not None:
            hits = [hit for hit in hits if _order(hit) > (-after[0], after[1])]
        return hits[:limit]

    def named(self, store: VectorStore, ids: Iterable[str]) -> list[Hit]:
        """Candidates as hits in their order; what was deleted meanwhile is left out."""
        known = titles_of(store, list(ids))
        hits = [Hit(title, self.scores[key], self.cosines[key]) for key, title in known.items()]
        return sorted(hits, key=_order)


def _order(hit: Hit) -> tuple[float, str]:
    return -hit.score, hit.title_id
