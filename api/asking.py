"""What may be asked of similarity in a query: of what, how weighed, which titles, which page."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import Field, TypeAdapter, ValidationError

from api.checks import Country, Language, Short, Time, TitleId
from api.paging import LIMIT_MAX, Cursor, Limit, decode, encode, refusal
from api.schemas.common import Page
from api.schemas.search import Like
from content.errors import Invalid
from content.ids import from_iso
from content.types import Maturity
from content.wording import worded
from indexes.conditions import AllOf, AnyOf, Condition, Equals, HasField, Not, Range
from indexes.grammar import LENGTH_MAX, parse
from indexes.question import Continuation, HitPage, Question
from indexes.ranking import DEPTH_PER_RESULT
from indexes.schema import Filter, SimilarSpace

NAMES_MAX = 200
"""Titles in one `exclude`."""
Year = Annotated[int, Field(ge=1, le=9999)]
FilterText = Annotated[
    str | None,
    Query(
        max_length=LENGTH_MAX,
        description="`genre:drama AND (year:1990..2000 OR NOT language:de)`; see docs/similar.md.",
    ),
]
_TITLE_IDS = TypeAdapter(list[TitleId])

CODES = (
    "invalid_request",
    "invalid_text",
    "invalid_title_id",
    "invalid_limit",
    "invalid_cursor",
    "invalid_diversity",
    "invalid_filter",
    "invalid_time",
    "invalid_weights",
    "unknown_space",
    "space_not_fitted",
    "cursor_expired",
    "no_generation",
    "index_failed",
    "index_unavailable",
)
"""What a question may be refused with."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which titles may be answered: all that is given must hold."""

    genre: Annotated[Short | None, Query(description="Only titles of this genre.")] = None
    language: Annotated[Language | None, Query(description="Only titles in this language.")] = None
    country: Annotated[Country | None, Query(description="Only titles made there.")] = None
    maturity_max: Annotated[
        Maturity | None, Query(description="Only titles up to this rating.")
    ] = None
    year_from: Annotated[Year | None, Query(description="Only titles released then or later.")] = (
        None
    )
    year_to: Annotated[Year | None, Query(description="Only titles released then or before.")] = (
        None
    )
    available_at: Annotated[
        Time | None, Query(description="Only titles that viewers may have at this moment.")
    ] = None
    territory: Annotated[
        Country | None, Query(description="Only titles that viewers may have in this country.")
    ] = None
    filter: FilterText = None

    def chosen(self) -> Filter:
        """As the index takes it.

        Raises:
            Invalid: `invalid_filter`, `invalid_time`.
        """
        asked = list(self._conditions())
        condition = AllOf(tuple(asked)) if asked else None
        return Filter(self.genre, self.language, self.maturity_max, condition)

    def _conditions(self) -> "list[Condition]":
        asked: list[Condition] = []
        if self.country is not None:
            asked.append(Equals("country", self.country.upper()))
        if (self.year_from, self.year_to) != (None, None):
            asked.append(Range("year", gte=self.year_from, lte=self.year_to))
        if self.available_at is not None:
            at_us = from_iso(self.available_at)
            asked.append(_unless_told("available_from", Range("available_from", lte=at_us)))
            asked.append(_unless_told("available_until", Range("available_until", gt=at_us)))
        if self.territory is not None:
            here = Equals("territories", self.territory.upper())
            asked.append(_unless_told("territories", here))
        if self.filter is not None:
            asked.append(parse(self.filter))
        return asked


Narrow = Annotated[Narrowing, Depends()]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which part of the answers is wanted."""

    exclude: Annotated[
        str | None,
        Query(max_length=NAMES_MAX * 129, description="Not these titles: ids joined by commas."),
    ] = None
    limit: Limit = 20
    cursor: Cursor = None

    def excluded(self) -> tuple[str, ...]:
        """The titles of `exclude`.

        Raises:
            Invalid: `invalid_title_id`, `invalid_request`.
        """
        given = [] if self.exclude is None else [each for each in self.exclude.split(",") if each]
        if len(given) > NAMES_MAX:
            raise Invalid("invalid_request", f"exclude names at most {NAMES_MAX} titles")
        try:
            return tuple(_TITLE_IDS.validate_python(given))
        except ValidationError as error:
            raise Invalid("invalid_title_id", f"exclude: {worded(error.errors()[0])}") from error


Listed = Annotated[Listing, Depends()]


@dataclass(frozen=True, slots=True)
class Manner(Listing):
    """How titles are compared and listed."""

    space: Annotated[SimilarSpace, Query(description="What to compare.")] = "fused"
    weights: Annotated[
        str | None,
        Query(
            max_length=200,
            description="How much each space counts in `fused`, this once: `visual:2,audio:1`.",
        ),
    ] = None
    diversity: Annotated[
        float,
        Query(ge=0, le=1, description="0: by score alone; towards 1: the less alike, the better."),
    ] = 0.0
    because: Annotated[bool, Query(description="Whether each answer says why.")] = False

    def question(self, narrow: Narrowing, **asked: Any) -> Question:
        """What the index is asked.

        Raises:
            Invalid: `invalid_weights`, `invalid_cursor`, and as `excluded` and `Narrowing.chosen`.
        """
        return Question(
            space=self.space,
            weights=None if self.weights is None else weights_of(self.weights),
            limit=self.limit,
            filter=narrow.chosen(),
            diversity=self.diversity,
            because=self.because,
            after=after(self.cursor),
            **{**asked, "leaving_out": (*asked.get("leaving_out", ()), *self.excluded())},
        )


Ask = Annotated[Manner, Depends()]


def weights_of(text: str) -> dict[str, float]:
    """`visual:2,audio:1` as numbers; which of them mean something the index decides.

    Raises:
        Invalid: `invalid_weights`.
    """
    found: dict[str, float] = {}
    for each in text.split(","):
        space, _, number = (part.strip() for part in each.partition(":"))
        try:
            value = float(number)
        except ValueError as error:
            raise Invalid(
                "invalid_weights", "weights are SPACE:NUMBER joined by commas: visual:2,audio:1"
            ) from error
        if space in found:
            raise Invalid("invalid_weights", f"{space!r} is given two weights")
        found[space] = value
    return found


def after(cursor: str | None) -> Continuation | None:
    """Where a page begins.

    Raises:
        Invalid: `invalid_cursor`.
    """
    key = decode(cursor)
    if key is None:
        return None
    try:
        found = _CONTINUATION.validate_json(key)
    except ValidationError as error:
        raise refusal() from error
    found.check()  # before it travels: the wire knows no number of a hundred digits
    if found.depth > DEPTH_PER_RESULT * LIMIT_MAX:
        raise refusal()
    return found


def before(following: Continuation | None) -> str | None:
    """The cursor of the page that begins there; None where there is none."""
    return None if following is None else encode(_CONTINUATION.dump_json(following).decode())


def paged(answer: HitPage) -> Page[Like]:
    """An answer of the index as a page."""
    return Page(items=[Like.of(hit) for hit in answer.hits], next=before(answer.following))


def _unless_told(field: str, condition: Condition) -> Condition:
    """A title of which nothing is told is had always and everywhere."""
    return AnyOf((Not(HasField(field)), condition))


_CONTINUATION: TypeAdapter[Continuation] = TypeAdapter(Continuation)
