"""BM25F: a title's words by field, as one sparse vector (Robertson, Zaragoza & Taylor 2004).

A term's frequency is the sum over the fields of its count, weighed by the field and divided by how
long the field is beside the usual; it saturates by `K1`. How rare the term is multiplies it in
the engine, when it is asked for: that changes with every title.
"""

import hashlib
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

import Stemmer

from indexes.lexical.analysis import terms_of, variants, words_of
from indexes.lexical.languages import STEMMERS, STOPPED, is_function_word, languages_of
from indexes.sparse import Sparse

VERSION = 2
"""Of the code that makes terms and names' trigrams: raise it with every change of what they are."""
K1 = 1.2

Field = Literal["name", "synopsis", "genres", "themes", "said", "written"]


class Weight(NamedTuple):
    """How a field counts."""

    weight: float
    usual: int
    """Words of it in a usual title: constants, so that a vector does not depend on others."""
    b: float
    """How far its length counts, 0..1."""


WEIGHTS: Mapping[Field, Weight] = {
    "name": Weight(3.0, 3, 0.3),
    "synopsis": Weight(1.0, 50, 0.5),
    "genres": Weight(1.5, 2, 0.3),
    "themes": Weight(0.5, 4, 0.3),
    "said": Weight(0.4, 2000, 0.5),
    "written": Weight(0.4, 60, 0.5),
}
"""`said` and `written` (on the screen) are heard and read by models, with errors."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a title's text; `language` None where it is not known."""

    field: Field
    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A query's words that count, each with the terms that it may be stored as."""

    words: tuple[str, ...]

    @property
    def vector(self) -> Sparse:
        """Every term with value 1."""
        return Sparse.of({number(t): 1.0 for word in self.words for t in variants(word)})

    def share_in(self, stored: Sparse) -> float:
        """The part of the words that a title has, 0..1."""
        there = set(stored.indices)
        found = sum(any(number(t) in there for t in variants(word)) for word in self.words)
        return found / len(self.words) if self.words else 0.0


@dataclass(frozen=True, slots=True)
class Match:
    """A word of the query and the fields of a title that have it."""

    word: str
    fields: tuple[Field, ...]


@cache
def fingerprint() -> str:
    """Names all that makes sparse vectors: two of them never share a generation."""
    constants = repr((K1, sorted(WEIGHTS.items()), sorted(STEMMERS.items())))
    digest = hashlib.sha256(constants.encode()).hexdigest()[:12]
    return f"bm25f@{VERSION}-snowball-{Stemmer.version()}:{digest}"


def document(texts: Sequence[Text]) -> Sparse:
    """The sparse vector of a title's texts."""
    lengths: Counter[Field] = Counter()
    counts: dict[Field, Counter[str]] = {}
    for piece in texts:
        terms = terms_of(piece.text, piece.language)
        lengths[piece.field] += len(terms)
        counts.setdefault(piece.field, Counter()).update(terms)
    frequency: Counter[int] = Counter()
    for field, found in counts.items():
        weight, usual, b = WEIGHTS[field]
        scale = weight / (1 - b + b * lengths[field] / usual)
        for term, count in found.items():
            frequency[number(term)] += scale * count  # type: ignore[assignment]
    return Sparse.of({index: (K1 + 1) * f / (K1 + f) for index, f in frequency.items()})


def asked(text: str) -> Asked:
    """The words of a query without function words of its language, unless it has no others.

    Its language is told by those words; where several fit, words of any of them are left out.
    """
    words = list(dict.fromkeys(words_of(text)))
    spoken = languages_of(words, least=1)
    telling = [w for w in words if not any(is_function_word(w, code) for code in spoken)]
    return Asked(tuple(telling or words))


def matches(query: Asked, texts: Sequence[Text]) -> list[Match]:
    """Which words of the query are in which fields, in the order of the query."""
    terms: dict[Field, set[str]] = {}
    for piece in texts:
        terms.setdefault(piece.field, set()).update(terms_of(piece.text, piece.language))
    found = []
    for word in query.words:
        stored_as = variants(word)
        fields = tuple(field for field in WEIGHTS if stored_as & terms.get(field, set()))
        if fields:
            found.append(Match(word, fields))
    return found


def number(term: str) -> int:
    """The dimension of a term: a hash, so that no vocabulary need be kept."""
    return zlib.crc32(term.encode())


assert set(STOPPED) <= set(STEMMERS)
