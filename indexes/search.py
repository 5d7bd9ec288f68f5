"""Search by words: what they mean, the words themselves, and the names that they spell."""

import heapq
from collections.abc import Mapping, Sequence

import numpy as np

from content.errors import Invalid
from content.types import F32, Space, Vectors
from indexes.calibration import Calibration
from indexes.lexical.bm25 import Asked, asked
from indexes.lexical.names import LONGEST, resemblance, trigrams
from indexes.ranking import (
    DECIMALS,
    DEPTH_MIN,
    DEPTH_PER_RESULT,
    Cosines,
    candidates,
    leading,
    titles_of,
)
from indexes.schema import Place, WordsHit, check_vector
from indexes.store import AnyQuery, Query, SparseQuery, VectorStore, Where

TRUST: Mapping[Space, float] = {"synopsis": 1.0, "concept": 0.75, "visual": 2.0, "audio": 1.5}
"""How far a match in a space counts. `concept` is discounted: it knows nouns only and recognises
some of them wrongly, and its vectors resemble each other more. `visual` and `audio` are searched
only where one encoder knows pictures (or sound) and words: matches have cosines of about 0.3 there
(Radford et al. 2021; Wu et al. 2023), of about 0.6 between texts."""

OWN_WORDS: frozenset[Space] = frozenset({"visual", "audio"})
"""Spaces in which words lie apart from what they describe (the modality gap, Liang et al. 2022)."""

WORDS_WEIGHT = 0.4
NAME_WEIGHT = 0.95
"""How far shared words and a name that is spelt speak for a title. Of words 0.2 to 0.5 are as good
as each other and better than 0.6 (`make bench ARGS=search`); the other was not varied."""
NAME_FROM = 0.6
"""Names less alike than this are others."""
NAMES_READ = 50
"""Names that are compared letter by letter."""


def search(
    store: VectorStore,
    calibration: Calibration,
    words: Vectors,
    text: str | None = None,
    *,
    limit: int,
    where: Where,
    exact: bool = False,
) -> list[WordsHit]:
    """The titles that mean what the words mean, have the words themselves, or are called so.

    Args:
        words: raw vectors of the same text, float32 (dim of the space,), any length but zero;
            spaces that this generation does not search are left out.
        text: the words themselves; None where the generation knows none, or by meaning alone.

    Returns:
        The best `limit` by `together`; ties by title id.

    Raises:
        Invalid: `invalid_vector`.
    """
    depth = max(DEPTH_MIN, DEPTH_PER_RESULT * limit)
    query = asked(text) if text is not None else None
    found = candidates(
        store,
        [*_dense(calibration, words, depth, where), *_sparse(query, text, depth, where)],
        exact=exact,
    )
    meaning, said = {}, {}
    for key, scores in found.items():
        cosines = {s: cosine for s, cosine in scores.items() if s in TRUST}
        if cosines:
            meaning[key] = round(words_score(cosines), DECIMALS)  # type: ignore[arg-type]
        if "words" in scores:
            said[key] = scores["words"]
    names = _spelt(store, found, text) if text is not None else {}
    share = share_of_best(store, query, said)
    top = max(said.values(), default=0.0)
    scored = {
        key: round(
            together(
                meaning.get(key), share * said.get(key, 0.0) / top if top else 0.0, names.get(key)
            ),
            DECIMALS,
        )
        for key in found
        if key in meaning or key in said or key in names
    }
    return _hits(store, scored, found, (meaning, said, names), limit)


def together(meaning: float | None, words: float, name: float | None) -> float:
    """One score, up to 1, of what speaks for a title: each takes a part of what the others left
    open (noisy or, Pearl 1988), so that a title without shared words keeps its score by meaning.

    Args:
        meaning: the best trusted cosine, −1..1; None where the title has no space asked for.
        words: the title's BM25F as a share of the best title's, times the share of the query's
            words that the best title has; 0..1.
        name: how well the query spells the name, `NAME_FROM`..1; None where it does not.
    """
    by_meaning = meaning if meaning is not None else 0.0
    called = NAME_WEIGHT * (name - NAME_FROM) / (1 - NAME_FROM) if name is not None else 0.0
    return 1 - (1 - by_meaning) * (1 - WORDS_WEIGHT * words) * (1 - called)


def _dense(calibration: Calibration, words: Vectors, depth: int, where: Where) -> list[AnyQuery]:
    spaces = [space for space in TRUST if space in calibration.spaces and space in words]
    return [Query(s, query_vector(calibration, s, words[s].data), depth, where) for s in spaces]


def _sparse(query: Asked | None, text: str | None, depth: int, where: Where) -> list[AnyQuery]:
    if query is None or text is None:
        return []
    wanted: list[AnyQuery] = [SparseQuery("words", query.vector, depth, where)]
    if len(text) <= LONGEST:
        wanted.append(SparseQuery("names", trigrams(text), depth, where))
    return [each for each in wanted if isinstance(each, SparseQuery) and each.vector.indices]


def _spelt(
    store: VectorStore, found: Mapping[str, Mapping[str, float]], text: str
) -> dict[str, float]:
    """How well a query spells the names that are nearest by trigrams; likenesses below `NAME_FROM`
    are left out. Payloads are slow to read, so that only few names are."""
    likely = [(scores["names"], key) for key, scores in found.items() if "names" in scores]
    keys = [key for _, key in heapq.nlargest(NAMES_READ, likely)]
    names = {}
    for key, point in store.get(keys, vectors=False).items():
        like = round(resemblance(text, point.payload.get("name") or ""), DECIMALS)
        if like >= NAME_FROM:
            names[key] = like
    return names


def share_of_best(store: VectorStore, query: Asked | None, said: Mapping[str, float]) -> float:
    """The part of the query's words, 0..1, that the point with the best BM25F has.

    Args:
        said: point id to BM25F.
    """
    if query is None or not said:
        return 0.0
    best = min(said, key=lambda key: (-said[key], key))
    stored = store.get([best], vectors=True)
    return query.share_in(stored[best].sparse["words"]) if best in stored else 0.0


def _hits(
    store: VectorStore,
    scored: Mapping[str, float],
    found: Mapping[str, Mapping[str, float]],
    lists: Sequence[Mapping[str, float]],
    limit: int,
) -> list[WordsHit]:
    ranks = [
        {key: n for n, key in enumerate(sorted(each, key=lambda k: (-each[k], k)), 1)}
        for each in lists
    ]
    hits = []
    for key, title_id in titles_of(store, leading(scored, limit)).items():
        places = [
            Place(each[key], rank[key]) if key in each else None
            for each, rank in zip(lists, ranks, strict=True)
        ]
        cosines = {s: cosine for s, cosine in found[key].items() if s in TRUST}
        hits.append(WordsHit(title_id, scored[key], cosines, *places))
    hits.sort(key=lambda hit: (-hit.score, hit.title_id))
    return hits[:limit]


def words_score(cosines: Cosines) -> float:
    """The best trusted cosine, in -1..1."""
    best = max(TRUST[space] * cosine for space, cosine in cosines.items())
    return min(1.0, max(-1.0, best))


def query_vector(calibration: Calibration, space: Space, words: F32) -> F32:
    """Raw words (dim,), any length but zero, as they ask in a space: unit float32.

    Raises:
        Invalid: `invalid_vector`.
    """
    check_vector(words, calibration.spaces[space].mean.shape[0], "the query vector")
    norm = float(np.linalg.norm(words))
    if norm == 0.0:
        raise Invalid("invalid_vector", "the query vector is zero: it points nowhere")
    unit = (words / norm).astype(np.float32)
    # The mean m of what is stored is none of words, so only the stored x has it taken off: the
    # score is (q·x − q·m) / |x − m|. Plain cosine ranks by the first term; the second is the same
    # for all titles; the length lifts those that stand apart from the mean.
    return unit if space in OWN_WORDS else calibration.apply(space, unit)
