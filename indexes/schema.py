"""What the index stores and answers: points, filters, hits, and the checks on what comes in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from content.errors import Invalid
from content.ids import DEFAULT_TENANT, check_title_id, stable_id
from content.types import (
    ALWAYS,
    F32,
    MATURITIES,
    SPACES,
    Availability,
    Maturity,
    Space,
    Tag,
    Vector,
    Vectors,
)
from indexes.conditions import AllOf, Condition, Equals, IsAny, Range, check
from indexes.fields import Told, asked_as, stored_facts, stored_genres
from indexes.graph import Graph
from indexes.shots import ShotPoint
from indexes.sparse import Sparse, SparseSpace

GenerationState = Literal["building", "ready", "live", "kept", "retired"]
"""building: being filled. ready: verified, may be cut over. live: answers. kept: was live, has all
writes since and may be gone back to. retired: was live."""

SimilarSpace = Literal["fused", "visual", "audio", "synopsis", "style", "taste"]
SIMILAR_SPACES: tuple[SimilarSpace, ...] = get_args(SimilarSpace)

LIMIT_MAX = 1000
NORM_TOLERANCE = 1e-3

Fingerprints = Mapping[Space, str]


@dataclass(frozen=True, slots=True, eq=False)
class TitlePoint:
    """One title as it is handed to the index.

    `vectors` are raw (as the encoders made them), float32, finite, unit norm; each generation
    calibrates them itself. A modality the title lacks is a missing key.
    """

    title_id: str
    version: int
    vectors: Vectors
    genres: tuple[str, ...] = ()
    language: str | None = None
    maturity: Maturity = "all"
    tenant: str = DEFAULT_TENANT
    country: str | None = None
    year: int | None = None
    """Of release."""
    available: Availability = ALWAYS
    facts: Told = field(default_factory=dict)
    """By `fields.facts_of`."""
    external_ids: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    sparse: Mapping[SparseSpace, Sparse] = field(default_factory=dict)
    """Its words and the letters of its name, as `lexicon` made them."""
    lexicon: str | None = None
    """`lexical.bm25.fingerprint`."""
    shots: tuple[ShotPoint, ...] = ()
    """All of them in order; they come and go with the title."""
    tags: Mapping[str, Tag] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return point_id(self.title_id, self.tenant)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which titles may be answered; all given conditions must hold."""

    genre: str | None = None
    """One of the title's genres, in whatever case."""
    language: str | None = None
    maturity_max: Maturity | None = None
    """The title is for this age or milder."""
    condition: Condition | None = None
    """And whatever else is asked."""

    def conditions(self) -> Condition | None:
        """All of it as one checked condition; None where nothing is asked.

        Raises:
            Invalid: `invalid_maturity`, `invalid_filter`.
        """
        asked: list[Condition] = []
        if self.genre is not None:
            asked.append(IsAny("genres", asked_as("genres", self.genre)))
        if self.language is not None:
            [language] = asked_as("language", self.language)
            asked.append(Equals("language", language))
        if self.maturity_max is not None:
            asked.append(Range("maturity_rank", lte=maturity_rank(self.maturity_max)))
        if self.condition is not None:
            check(self.condition)
            asked.append(self.condition)
        return AllOf(tuple(asked)) if asked else None


NO_FILTER = Filter()


@dataclass(frozen=True, slots=True)
class Shared:
    """Something that both titles have, in words."""

    fact: str
    """`genres`, `country`, `year`, or `group.name` of docs/facts.md."""
    says: str


@dataclass(frozen=True, slots=True)
class Because:
    """Why a title is among the answers."""

    contributions: dict[str, float]
    """What each space adds to the score; they sum to it."""
    shared: tuple[Shared, ...] = ()
    """What both have that not every title has, the rarest first."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer. Scores are cosines in -1..1 (rounded to 6 decimals) in the calibrated spaces."""

    title_id: str
    score: float
    scores: dict[str, float] = field(default_factory=dict)
    """Cosine in every space that both sides have."""
    because: Because | None = None
    """Where it was asked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a title stands in one of the lists that an answer was put together from."""

    score: float
    rank: int
    """1 for the best."""


@dataclass(frozen=True, slots=True)
class WordsHit:
    """One title found by words; the score, up to 1, is put together as `search.together` says."""

    title_id: str
    score: float
    scores: dict[str, float] = field(default_factory=dict)
    """Cosine in every space that was searched and the title has."""
    meaning: Place | None = None
    """By what the words mean; its score is the best trusted cosine."""
    words: Place | None = None
    """By the words themselves; None where it has none of them. Its score is that of BM25F."""
    name: Place | None = None
    """By how well the query spells its name, 0..1; None where it does not."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How alike two titles are."""

    score: float | None
    """Fused, −1..1; None when one is unknown to the index or they share no space that counts."""
    scores: dict[str, float] = field(default_factory=dict)
    """Cosine in every space that both have."""


@dataclass(frozen=True, slots=True)
class GenerationInfo:
    """One generation of vectors, as an operator sees it."""

    name: str
    state: GenerationState
    fingerprints: dict[Space, str]
    points: int
    created_us: int
    graph: Graph | None = None
    """None while every search is exact, or where a Qdrant server builds its own."""
    outside: int = 0
    """Points written since the graph was built."""
    lexicon: str | None = None
    """What its words were made by; None for one of an earlier release, which has none."""
    previous: str | None = None
    """The one that was live before it."""
    kept_until_us: int | None = None
    """Of a kept one: when it goes, µs UTC."""
    quality: dict[str, Any] | None = None
    """What its gates measured (`workers.gates`); None of one that had none."""
    spaces: dict[str, int] | None = None
    """Titles with a vector in each space; None unless asked for in detail."""
    bytes: int | None = None
    """On this disk, with its graph; None unless asked for in detail, or on a Qdrant server."""

    def differing(self, prints: Fingerprints) -> list[str]:
        """Spaces that other encoders make than these, in order; `taste` aside, which none makes."""
        mine = {str(s): made for s, made in self.fingerprints.items() if s != "taste"}
        others = {str(space): made for space, made in prints.items()}
        return sorted(s for s in mine.keys() | others.keys() if mine.get(s) != others.get(s))


@dataclass(frozen=True, slots=True)
class Verification:
    """A generation compared with the catalogue; title ids in order."""

    missing: tuple[str, ...]
    stale: tuple[str, ...]
    """Stored with an older version than the catalogue's."""
    extra: tuple[str, ...]
    """Stored but unknown to the catalogue that was asked about (newer titles, for example)."""

    @property
    def complete(self) -> bool:
        return not self.missing and not self.stale


def point_id(title_id: str, tenant: str = DEFAULT_TENANT) -> str:
    """The id under which a title is stored, the same in every generation."""
    return stable_id(tenant, title_id)


def maturity_rank(maturity: Maturity) -> int:
    """0 for the mildest.

    Raises:
        Invalid: `invalid_maturity`.
    """
    if maturity not in MATURITIES:
        raise Invalid("invalid_maturity", f"{maturity!r} is not one of {', '.join(MATURITIES)}")
    return MATURITIES.index(maturity)


def payload_of(point: TitlePoint) -> dict[str, Any]:
    """What is stored beside the vectors: all that filters and verification need."""
    return {
        "tenant": point.tenant,
        "title_id": point.title_id,
        "version": point.version,
        "genres": stored_genres(point.genres),
        "language": point.language,
        "maturity_rank": maturity_rank(point.maturity),
        "country": point.country,
        "year": point.year,
        "available_from": point.available.from_us,
        "available_until": point.available.until_us,
        "territories": list(point.available.territories),
        "facts": stored_facts(point.facts),
        "external_ids": dict(point.external_ids),
        "name": point.name,
        "tags": {name: _stored_tag(value) for name, value in point.tags.items()},
    }


def _stored_tag(value: Tag) -> Any:
    """Lists as JSON has them; 3.0 as 3, which the engines take for another number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return list(value) if isinstance(value, tuple) else value


def dim_of(fingerprint: str) -> int:
    """The dimension that a fingerprint `name@revision:dim:sha` states.

    Raises:
        Invalid: `invalid_fingerprint`.
    """
    parts = fingerprint.rsplit(":", 2)
    if len(parts) != 3 or not parts[1].isdecimal() or not 1 <= int(parts[1]) <= 65_535:
        raise Invalid(
            "invalid_fingerprint",
            f"{fingerprint!r} is no encoder fingerprint; expected name@revision:dim:sha",
        )
    return int(parts[1])


def fitting(vectors: Vectors, prints: Fingerprints) -> dict[Space, Vector]:
    """Those that these encoders made: nothing is compared that another one made."""
    return {s: vector for s, vector in vectors.items() if prints.get(s) == vector.fingerprint}


def check_fingerprints(fingerprints: Fingerprints) -> dict[Space, int]:
    """The dimension of each space.

    Raises:
        Invalid: `unknown_space`, `invalid_fingerprint`.
    """
    for space in fingerprints:
        if space not in SPACES:
            raise Invalid("unknown_space", f"{space!r} is not one of {', '.join(SPACES)}")
    return {space: dim_of(text) for space, text in fingerprints.items()}


def check_point(point: TitlePoint) -> None:
    """Refuse what an engine would silently take: NaN, wrong dimensions, lengths other than 1.

    Raises:
        Invalid: `invalid_title_id`, `unknown_space`, `invalid_fingerprint`, `invalid_vector`.
    """
    check_title_id(point.title_id)
    _check_vectors(point.vectors, point.title_id)
    for shot in point.shots:
        _check_vectors(shot.vectors, f"shot {shot.index} of {point.title_id}")


def _check_vectors(vectors: Vectors, whose: str) -> None:
    dims = check_fingerprints({space: vector.fingerprint for space, vector in vectors.items()})
    for space, dim in dims.items():
        data = check_vector(vectors[space].data, dim, f"{space} of {whose}")
        norm = float(np.linalg.norm(data))
        if abs(norm - 1.0) > NORM_TOLERANCE:
            raise Invalid(
                "invalid_vector", f"{space} of {whose} has norm {norm:.4f}; divide it by its norm"
            )


def check_vector(data: F32, dim: int, what: str) -> F32:
    """`data` if it is float32 (dim,) and finite.

    Raises:
        Invalid: `invalid_vector`.
    """
    if data.dtype != np.float32 or data.shape != (dim,):
        raise Invalid(
            "invalid_vector", f"{what} is {data.dtype} {data.shape}; expected float32 ({dim},)"
        )
    if not np.isfinite(data).all():
        raise Invalid("invalid_vector", f"{what} holds NaN or infinity")
    return data


def check_limit(limit: int) -> int:
    """`limit` if 1..1000.

    Raises:
        Invalid: `invalid_limit`.
    """
    if not 1 <= limit <= LIMIT_MAX:
        raise Invalid("invalid_limit", f"limit is {limit}; expected 1 to {LIMIT_MAX}")
    return limit
