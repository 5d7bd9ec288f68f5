"""What is asked of similarity, and what comes back: one question for one title or several.

What is like one title, like several, or like what a viewer watched: the same question with other
examples.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from content.errors import Invalid
from content.ids import DEFAULT_TENANT
from content.types import Space
from indexes.conditions import Condition, sparing
from indexes.ranking import DEPTH_MIN, DEPTH_PER_RESULT
from indexes.schema import LIMIT_MAX, NO_FILTER, Filter, Hit, SimilarSpace, check_limit

DEPTH_MAX = DEPTH_PER_RESULT * LIMIT_MAX


@dataclass(frozen=True, slots=True)
class Continuation:
    """Where in the list of a question's answers a page begins."""

    generation: str
    weights: str
    """A digest of what counted: weights, and a viewer's titles."""
    question: str
    """A digest of what was asked."""
    depth: int
    """How many candidates each space proposes: that of the first page, so that the pages of one
    list are of one list."""
    rank: int
    """How many answers came before."""
    score: float
    title_id: str
    """Of the last of them."""

    def check(self) -> None:
        """Raises Invalid: `invalid_cursor`."""
        fits = DEPTH_MIN <= self.depth <= DEPTH_MAX and 0 < self.rank <= 5 * DEPTH_MAX
        if not (fits and math.isfinite(self.score)):
            raise Invalid("invalid_cursor", "use the `next` of the page before, unchanged")


@dataclass(frozen=True, slots=True)
class Question:
    """Which titles are asked for: those like some and unlike others."""

    like: Mapping[str, float] = field(default_factory=dict)
    """Title id to weight, finite and above 0."""
    unlike: Mapping[str, float] = field(default_factory=dict)
    space: SimilarSpace = "fused"
    weights: Mapping[str, float] | None = None
    """How much each space counts, this once; None: as set. For `fused` alone."""
    limit: int = 20
    filter: Filter = NO_FILTER
    leaving_out: tuple[str, ...] = ()
    """Titles that are not answered; the examples are answered unless they are named here."""
    diversity: float = 0.0
    """0: in the order of the scores; up to 1: the less alike among themselves (`diversity`)."""
    because: bool = False
    """Whether the answers say why."""
    lenient: bool = False
    """Titles that are not stored have no say, instead of being refused."""
    after: Continuation | None = None
    exact: bool = False
    """No graph proposes what is scored."""
    generation: str | None = None
    """The one asked; None for the live one."""

    def check(self) -> None:
        """Raises Invalid: `invalid_limit`, `invalid_diversity`, `invalid_cursor`,
        `invalid_weights`, `invalid_filter`, `invalid_maturity`."""
        check_limit(self.limit)
        if not 0 <= self.diversity <= 1:  # false for NaN too
            raise Invalid("invalid_diversity", "diversity is a number from 0 to 1")
        if self.after is not None:
            self.after.check()
        if self.weights is not None and self.space != "fused":
            raise Invalid("invalid_weights", f"weights are of `fused`; {self.space} has one alone")
        self.filter.conditions()

    @property
    def depth(self) -> int:
        """How many candidates each space proposes."""
        if self.after is not None:
            return self.after.depth
        return max(DEPTH_MIN, DEPTH_PER_RESULT * self.limit)

    def condition(self, tenant: str = DEFAULT_TENANT) -> Condition | None:
        """All that must hold of an answer."""
        return sparing(self.filter.conditions(), self.leaving_out, tenant)

    def digest(self) -> str:
        """16 hexadecimal digits; alike for the pages of one list."""
        named = () if self.lenient else self._named()
        return _digest((*named, self.space, self.filter, self.diversity, self.lenient))

    def counted(self, weights: Mapping[Space, float]) -> str:
        """The same of what may change from page to page though the question does not: the weights,
        and the titles of a viewer, who may watch one more."""
        return _digest((sorted(weights.items()), *(self._named() if self.lenient else ())))

    def _named(self) -> tuple[object, ...]:
        return sorted(self.like.items()), sorted(self.unlike.items()), sorted(self.leaving_out)


def _digest(parts: tuple[object, ...]) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class HitPage:
    """One page."""

    hits: tuple[Hit, ...]
    following: Continuation | None = None
    """Where the next begins; None on the last."""


def like_one(
    title_id: str,
    space: SimilarSpace,
    limit: int,
    filter: Filter,
    *,
    exact: bool = False,
    generation: str | None = None,
) -> Question:
    """What is most like one title, which is not answered itself."""
    return Question(
        like={title_id: 1.0},
        space=space,
        limit=limit,
        filter=filter,
        leaving_out=(title_id,),
        exact=exact,
        generation=generation,
    )
