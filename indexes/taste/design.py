"""A title's content as one row of numbers, in blocks: a block a space, genres, year, other facts.

Constants are those of the titles it is fitted to. A block has a mean square length of 1 over the
titles that have it, and is zeros (the mean of all) in a title that lacks it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from content.types import F32, SPACES, Space
from indexes.taste.contents import Content
from indexes.taste.places import F64

COMPONENTS = 96
"""Principal components kept of a space."""
LEAST = 8
"""A space, a genre or another word that fewer titles have is left out."""
KNOTS = 12
"""Of the year's piecewise linear functions, at quantiles of the titles' years."""

Words = Callable[[Content], Sequence[str]]


@dataclass(frozen=True, slots=True, eq=False)
class SpaceBlock:
    """`basis` is float32 (dim, k), scaled; `mean` float32 (dim,)."""

    fingerprint: str
    mean: F32
    basis: F32


@dataclass(frozen=True, slots=True, eq=False)
class WordBlock:
    """One column a word, `offset` float32 (k,) their shares, times `scale`."""

    words: tuple[str, ...]
    offset: F32
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class YearBlock:
    """Hat functions at `knots` (k,), ascending years."""

    knots: F32
    offset: F32
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """What turns contents into rows. `genres` and `facts` may have no word, `year` no knot."""

    spaces: Mapping[Space, SpaceBlock]
    genres: WordBlock
    facts: WordBlock
    year: YearBlock

    @classmethod
    def fit(cls, contents: Sequence[Content]) -> "Design":
        """Constants of these titles."""
        spaces = {space: _space_block(space, contents) for space in SPACES if space != "taste"}
        return cls(
            {space: block for space, block in spaces.items() if block is not None},
            _word_block(contents, _genres),
            _word_block(contents, _facts),
            _year_block(contents),
        )

    @property
    def blocks(self) -> dict[str, int]:
        """Names and widths of the blocks that have any column, in order of the columns."""
        widths: dict[str, int] = {s: block.basis.shape[1] for s, block in self.spaces.items()}
        widths |= {"genres": len(self.genres.words), "facts": len(self.facts.words)}
        widths["year"] = len(self.year.knots)
        return {name: width for name, width in widths.items() if width}

    def rows(self, contents: Sequence[Content]) -> F64:
        """(n, sum of widths)."""
        parts = [_told(space, block, contents) for space, block in self.spaces.items()]
        parts += [_worded(self.genres, contents, _genres), _worded(self.facts, contents, _facts)]
        parts.append(_dated(self.year, contents))
        return np.hstack(parts)


def _genres(content: Content) -> Sequence[str]:
    return tuple({genre.casefold() for genre in content.genres})


def _facts(content: Content) -> Sequence[str]:
    return content.facts


def _space_block(space: Space, contents: Sequence[Content]) -> SpaceBlock | None:
    """Of the encoder that most titles have; None where those are too few, or all alike."""
    from sklearn.decomposition import PCA

    prints = Counter(c.vectors[space].fingerprint for c in contents if space in c.vectors)
    if not prints or (most := prints.most_common(1)[0])[1] < LEAST:
        return None
    rows = np.stack([v.data for c in contents if (v := _of(c, space, most[0])) is not None])
    kept = min(COMPONENTS, rows.shape[1], len(rows) - 1)
    fitted = PCA(kept, svd_solver="covariance_eigh").fit(rows.astype(np.float64))
    power = float(fitted.explained_variance_.sum())
    if power < 1e-9:
        return None
    basis = (fitted.components_.T / np.sqrt(power)).astype(np.float32)
    return SpaceBlock(most[0], fitted.mean_.astype(np.float32), basis)


def _of(content: Content, space: Space, fingerprint: str) -> Any:
    vector = content.vectors.get(space)
    return vector if vector is not None and vector.fingerprint == fingerprint else None


def _told(space: Space, block: SpaceBlock, contents: Sequence[Content]) -> F64:
    rows = np.zeros((len(contents), block.basis.shape[1]))
    for i, content in enumerate(contents):
        if (vector := _of(content, space, block.fingerprint)) is not None:
            rows[i] = (vector.data - block.mean) @ block.basis
    return rows


def _word_block(contents: Sequence[Content], words: Words) -> WordBlock:
    often = Counter(word for content in contents for word in words(content))
    # What every title has tells none from another.
    kept = tuple(sorted(w for w, n in often.items() if LEAST <= n < len(contents)))
    if not kept:
        return WordBlock((), np.zeros(0, np.float32), 1.0)
    raw = _marked(kept, contents, words)[_told_of(contents, words)]
    offset = raw.mean(axis=0).astype(np.float32)
    return WordBlock(kept, offset, _scale(raw - offset))


def _told_of(contents: Sequence[Content], words: Words) -> Any:
    """(n,): whether a title has any such word; none of those kept tells something, too."""
    return np.array([bool(words(content)) for content in contents], bool)


def _marked(kept: Sequence[str], contents: Sequence[Content], words: Words) -> F64:
    column = {word: k for k, word in enumerate(kept)}
    raw = np.zeros((len(contents), len(kept)))
    for i, content in enumerate(contents):
        for word in words(content):
            if word in column:
                raw[i, column[word]] = 1.0
    return raw


def _worded(block: WordBlock, contents: Sequence[Content], words: Words) -> F64:
    raw = _marked(block.words, contents, words)
    having = _told_of(contents, words)[:, None]
    return np.where(having, (raw - block.offset) * block.scale, 0.0)


def _year_block(contents: Sequence[Content]) -> YearBlock:
    years = np.array([c.year for c in contents if c.year is not None], np.float64)
    knots = np.unique(np.quantile(years, np.linspace(0, 1, KNOTS))) if len(years) else years
    if len(knots) < 2:
        return YearBlock(np.zeros(0, np.float32), np.zeros(0, np.float32), 1.0)
    raw = _hats(knots, years)
    offset = raw.mean(axis=0).astype(np.float32)
    return YearBlock(knots.astype(np.float32), offset, _scale(raw - offset))


def _hats(knots: Any, years: Any) -> F64:
    """(n, k): 1 at its own knot, falling to 0 at the next; flat beyond the ends."""
    return np.stack([np.interp(years, knots, each) for each in np.eye(len(knots))], axis=1)


def _dated(block: YearBlock, contents: Sequence[Content]) -> F64:
    rows = np.zeros((len(contents), len(block.knots)))
    known = [i for i, content in enumerate(contents) if content.year is not None]
    if known and len(block.knots):
        raw = _hats(block.knots, np.array([contents[i].year for i in known], np.float64))
        rows[known] = (raw - block.offset) * block.scale
    return rows


def _scale(centred: F64) -> float:
    power = float(np.mean(np.sum(centred**2, axis=1)))
    return 1.0 / np.sqrt(power) if power > 1e-9 else 1.0
