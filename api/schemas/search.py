"""Answers about similarity."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from content.types import Space
from indexes.lexical.bm25 import Match
from indexes.schema import Because, Comparison, Hit, Place, WordsHit


class Found(BaseModel):
    """A title with its score and the cosine in each space that counted."""

    title_id: str
    score: float
    scores: dict[str, float]

    @classmethod
    def of(cls, hit: Hit) -> "Found":
        return cls(title_id=hit.title_id, score=hit.score, scores=dict(hit.scores))


class Placed(BaseModel):
    """A title's score and rank (1: the best) in one of the lists that were put together."""

    score: float
    rank: int

    @classmethod
    def of(cls, place: Place | None) -> "Placed | None":
        return None if place is None else cls(score=place.score, rank=place.rank)


class MatchedWord(BaseModel):
    """A word of the query and the fields that have it: `name`, `synopsis`, `genres`, `themes`,
    `said`, `written`."""

    word: str
    fields: list[str]


class Explanation(BaseModel):
    """Why a title was found: by `meaning` (the best trusted cosine), by the `words` themselves
    (BM25F) and by its `name` (how well it is spelt, 0..1); null where it is not in that list.
    Ranks are among all that were looked at."""

    meaning: Placed | None
    words: Placed | None
    name: Placed | None
    matched: list[MatchedWord]

    @classmethod
    def of(cls, hit: WordsHit, matched: Sequence[Match]) -> "Explanation":
        return cls(
            meaning=Placed.of(hit.meaning),
            words=Placed.of(hit.words),
            name=Placed.of(hit.name),
            matched=[MatchedWord(word=each.word, fields=list(each.fields)) for each in matched],
        )


class FoundByWords(Found):
    """A title found by words; `explain` only where it was asked for."""

    explain: Explanation | None = None

    @classmethod
    def said(cls, hit: WordsHit, why: Explanation | None) -> "FoundByWords":
        return cls(title_id=hit.title_id, score=hit.score, scores=dict(hit.scores), explain=why)


class Both(BaseModel):
    """Something that both have: the fact of docs/facts.md (or `genres`, `country`, `year`), and how
    a person would say it."""

    fact: str
    says: str


class Reason(BaseModel):
    """Why a title is among the answers.

    `contributions`: what each space that counts adds to `score`; they sum to it. `shared`: what it
    has in common with most of what is liked, the rarest in the catalogue first; what more than half
    of the titles have is left out. `text` is `shared` in one line.
    """

    contributions: dict[str, float]
    shared: list[Both]
    text: str

    @classmethod
    def of(cls, because: Because) -> "Reason":
        shared = [Both(fact=each.fact, says=each.says) for each in because.shared]
        told = ", ".join(each.says for each in shared)
        return cls(
            contributions=dict(because.contributions),
            shared=shared,
            text=f"both: {told}" if told else "",
        )


class Like(Found):
    """A title that is like others; `because` is null unless it was asked for."""

    because: Reason | None

    @classmethod
    def of(cls, hit: Hit) -> "Like":
        why = None if hit.because is None else Reason.of(hit.because)
        scores = dict(hit.scores)
        return cls(title_id=hit.title_id, score=hit.score, scores=scores, because=why)


class Alike(BaseModel):
    """How alike two titles are: fused, and the cosine in each space that both have."""

    title_ids: tuple[str, str]
    score: float | None
    scores: dict[str, float]

    @classmethod
    def of(cls, pair: tuple[str, str], found: Comparison) -> "Alike":
        return cls(title_ids=pair, score=found.score, scores=dict(found.scores))


class Weights(BaseModel):
    """How much each space counts in the fused score; they sum to 1."""

    weights: dict[str, float]

    @classmethod
    def of(cls, weights: Mapping[Space, float]) -> "Weights":
        return cls(weights={str(space): weight for space, weight in weights.items()})
