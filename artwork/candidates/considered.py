"""The moments that were looked at for a title, and what became of each: rows of `candidates`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import sqlalchemy as sa

from artwork.tables import candidates
from content.ids import DEFAULT_TENANT
from content.tables import matching
from content.types import Maturity

Verdict = Literal["chosen", "refused", "passed_over"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A moment of a film that was looked at."""

    at_s: float
    verdict: Verdict
    """`refused`: a gate let it not pass; `passed_over`: others serve better."""
    reasons: tuple[str, ...]
    """The gates that refused it, or why it was passed over."""
    scores: dict[str, float]
    """Name -> 0..1."""
    emphasis: tuple[str, ...]
    maturity: Maturity
    group_id: str | None = None
    """Of the image group made of it."""
    sha256: str | None = None
    """Of its small picture's master."""


@dataclass(frozen=True, slots=True)
class CandidateRow(Candidate):
    """A candidate as listed; `n` counts them in the order of the film."""

    n: int = 0


def unpacked(raw: Mapping[str, Any]) -> Candidate:
    """The candidate that `asdict` made data of; lists, too, may stand where it had tuples."""
    return Candidate(**{**raw, **{name: tuple(raw[name]) for name in ("reasons", "emphasis")}})


def write_candidates(
    connection: sa.Connection,
    title_id: str,
    version: int,
    found: Sequence[Candidate],
    tenant: str = DEFAULT_TENANT,
) -> None:
    """Replace the candidates of one version of a title; they go with its pictures."""
    key = {"tenant": tenant, "title_id": title_id, "version": version}
    connection.execute(sa.delete(candidates).where(*matching(candidates, **key)))
    rows = [key | {"n": n} | asdict(one) for n, one in enumerate(found)]
    if rows:
        connection.execute(sa.insert(candidates), rows)


def list_candidates(
    connection: sa.Connection,
    title_id: str,
    version: int,
    tenant: str = DEFAULT_TENANT,
    *,
    verdict: Verdict | None = None,
    after: int | None = None,
    limit: int,
) -> list[CandidateRow]:
    """Candidates of a version in the order of the film, those behind number `after`."""
    c = candidates.c
    query = (
        sa.select(*(c[field.name] for field in fields(CandidateRow)))
        .where(*matching(candidates, tenant=tenant, title_id=title_id, version=version))
        .order_by(c.n)
        .limit(limit)
    )
    if verdict is not None:
        query = query.where(c.verdict == verdict)
    if after is not None:
        query = query.where(c.n > after)
    rows = connection.execute(query).mappings()
    return [
        CandidateRow(**{**row, **{name: tuple(row[name]) for name in ("reasons", "emphasis")}})
        for row in rows
    ]


def small_pictures(found: Sequence[Candidate]) -> set[str]:
    """Every file of the image store that candidates name."""
    return {one.sha256 for one in found if one.sha256 is not None}
