"""Questions of similarity that are too long for a query: several titles."""

from dataclasses import fields
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.asking import Narrowing, Year, after
from api.checks import Body, Country, Language, Short, Time, TitleId
from api.paging import CURSOR_MAX, LIMIT_MAX
from content.types import Maturity
from indexes.grammar import LENGTH_MAX
from indexes.question import Question
from indexes.schema import SimilarSpace

EXAMPLES_MAX = 64
"""Titles that are liked, or that are not, in one question."""
EXCLUDED_MAX = 1000


class QuestionBody(Body):
    """How titles are compared and which may be answered, as in the query of
    `GET /v1/titles/{title_id}/similar`; `weights` and `exclude` are an object and a list here."""

    space: SimilarSpace = "fused"
    weights: Annotated[dict[Short, float], Field(min_length=1, max_length=16)] | None = None
    exclude: Annotated[list[TitleId], Field(max_length=EXCLUDED_MAX)] = Field(default_factory=list)
    genre: Short | None = None
    language: Language | None = None
    country: Country | None = None
    maturity_max: Maturity | None = None
    year_from: Year | None = None
    year_to: Year | None = None
    available_at: Time | None = None
    territory: Country | None = None
    filter: Annotated[str, Field(max_length=LENGTH_MAX)] | None = None
    diversity: Annotated[float, Field(ge=0, le=1)] = 0.0
    because: bool = False
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 20
    cursor: Annotated[str, Field(max_length=CURSOR_MAX)] | None = None

    def asked(self, **examples: Any) -> Question:
        """What the index is asked.

        Raises:
            Invalid: `invalid_filter`, `invalid_time`, `invalid_cursor`.
        """
        told = {field.name: getattr(self, field.name) for field in fields(Narrowing)}
        named = (*examples.get("like", ()), *examples.get("unlike", ()))
        return Question(
            **examples,
            space=self.space,
            weights=self.weights,
            limit=self.limit,
            filter=Narrowing(**told).chosen(),
            leaving_out=(*named, *self.exclude),
            diversity=self.diversity,
            because=self.because,
            after=after(self.cursor),
        )


class AlikeBody(QuestionBody):
    """Titles that are liked and titles that are not; none of them is answered itself."""

    like: Annotated[list[TitleId], Field(min_length=1, max_length=EXAMPLES_MAX)]
    unlike: Annotated[list[TitleId], Field(max_length=EXAMPLES_MAX)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_way_or_the_other(self) -> Self:
        if both := set(self.like) & set(self.unlike):
            raise PydanticCustomError(
                "both_ways", "{id} is both liked and unliked", {"id": min(both)}
            )
        return self

    def question(self) -> Question:
        """As `asked`."""
        return self.asked(
            like=dict.fromkeys(self.like, 1.0), unlike=dict.fromkeys(self.unlike, 1.0)
        )
