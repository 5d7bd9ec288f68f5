"""Names, found though they are misspelt.

The engine proposes by trigrams of letters, rare ones first (as PostgreSQL's pg_trgm makes them);
what it proposes is compared by edits, a swap of neighbours being one (optimal string alignment).
"""

import zlib
from collections.abc import Sequence

from rapidfuzz.distance import OSA

from indexes.lexical.analysis import fold, words_of
from indexes.sparse import Sparse

LONGEST = 100
"""Letters of a query up to which it may be a name."""
LIKE = 0.7
"""Words less alike than this are different ones."""
PART = 0.6
"""What all of a query within a longer name is worth at least, beside the whole name."""


def trigrams(name: str) -> Sparse:
    """Of each of its words, with its beginning and end; unit norm before rarity counts."""
    found = {
        zlib.crc32(padded[k : k + 3].encode())
        for word in _plain(name)
        for padded in (f"  {word} ",)
        for k in range(len(padded) - 2)
    }
    return Sparse.of(dict.fromkeys(found, len(found) ** -0.5 if found else 0.0))


def resemblance(query: str, name: str) -> float:
    """How well a query spells a name, or a part of it, 0..1; 1 for the very same words."""
    asked, known = _plain(query), _plain(name)
    if not asked or not known:
        return 0.0
    whole = OSA.normalized_similarity(" ".join(asked), " ".join(known))
    part = _covered(asked, known) * (PART + (1 - PART) * _covered(known, asked))
    return max(whole, part)


def _covered(words: Sequence[str], others: Sequence[str]) -> float:
    """The share of the letters of `words` that one of the others spells, well enough."""
    kept = 0.0
    for word in words:
        best = max(OSA.normalized_similarity(word, other) for other in others)
        kept += len(word) * (best if best >= LIKE else 0.0)
    return kept / sum(map(len, words))


def _plain(text: str) -> list[str]:
    return [fold(word) for word in words_of(text)]
