"""What a reindex would do and what it may take, told before it is asked for; nothing is begun.

The cost of each operation is what the newest jobs of this very catalogue took for it, by the length
of films where it decodes them, else by title. What none has done yet is not guessed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from artwork import pictures
from content.encoders.models import Models
from content.extract import read_so
from content.ids import now_us
from content.segments_kept import maker_of
from content.standing import Standing
from content.types import Space
from indexes.graph import BUILD_FROM, is_due
from indexes.schema import GenerationInfo, dim_of
from workers import golden, taste
from workers.gates import SAMPLE
from workers.needs import needed, stale_spaces
from workers.partial import check_agreement
from workers.parts import Parts
from workers.selection import chosen, published
from workers.spent import Spent, Took

JOBS = 1000
"""The newest ones whose spendings are looked at."""
FLOAT = 4
"""Bytes of a number of a vector."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one operation; `wall_s` and `cpu_s` are None while no job here has done it."""

    operation: str
    titles: int
    media_s: float
    wall_s: float | None
    cpu_s: float | None
    """Of the worker and its children."""
    jobs: int
    """On how many jobs it is based, and on how many titles of theirs."""
    of_titles: int


@dataclass(frozen=True, slots=True)
class Built:
    """What would be built beside the generation that answers."""

    bytes: int | None
    """On this disk, by those of the one that answers; None on a Qdrant server, or while it is
    empty. A graph being built takes as much again for a while."""
    graph: bool
    graph_s: float | None
    """By the last graph, where there is one."""
    gates: tuple[str, ...]
    golden_queries: int


@dataclass(frozen=True, slots=True)
class Forecast:
    titles: int
    """All that are meant."""
    anew: int
    """Of which something is understood anew; of the others what is stored is used."""
    media_s: float
    """Of film to be decoded."""
    others: Mapping[Space, int]
    """Titles with vectors that other encoders than today's made, by space."""
    costs: Sequence[Cost]
    wall_s: float | None
    """The sum of what is known; None where nothing is."""
    cpu_s: float | None
    unknown: tuple[str, ...]
    """What is to be done and not in the sums: nothing is known of it yet."""
    builds: Built | None
    """None of a part, which is understood in place."""


def of_all(parts: Parts) -> Forecast:
    """Of `keyart reindex`.

    Raises:
        Invalid: `golden_invalid`. Unavailable: `index_unavailable`.
    """
    queries, _ = golden.read(parts.settings)
    counted = _Counted.over(parts, published(parts), anew=False)
    generations = parts.index.generations(detailed=True)
    live = next((g for g in generations if g.state == "live"), None)
    builds = _built(parts, counted, live, len(golden.answerable(queries, set(counted.ids))))
    more = {"copy": Took(len(counted.ids)), "gates": Took(min(SAMPLE, len(counted.ids)))}
    unmeasured = ["graph"] if builds.graph and builds.graph_s is None else []
    if live is not None and live.fingerprints.get("visual") != parts.fingerprints["visual"]:
        unmeasured.append("refold")
    if (now := taste.in_use(generations)) and taste.outdated(parts, now, parts.fingerprints):
        unmeasured.append("fit_taste")
    return _told(parts, counted, more, unmeasured, builds)


def of_part(parts: Parts, asked: Mapping[str, Any]) -> Forecast:
    """Of a part of the catalogue, understood anew in place.

    Raises:
        Invalid: `invalid_age`. Conflict: `fingerprint_mismatch`.
        Unavailable: `index_unavailable`.
    """
    check_agreement(parts)
    counted = _Counted.over(parts, chosen(parts, asked, now_us()), anew=True)
    return _told(parts, counted, {}, [], None)


@dataclass(slots=True)
class _Counted:
    """What the titles that are meant need."""

    ids: list[str]
    anew: int
    others: dict[Space, int]
    have: dict[Space, int]
    """Titles with a vector in each space."""
    work: dict[str, Took]
    """By operation, without what it takes."""

    @classmethod
    def over(cls, parts: Parts, titles: Iterable[Standing], *, anew: bool) -> "_Counted":
        made, prints, models = cls([], 0, {}, {}, {}), parts.fingerprints, parts.models
        with parts.engine.connect() as connection:
            seen = pictures.titles_seen_by_others(connection, prints["visual"], parts.tenant)
        for title in titles:
            made.ids.append(title.title_id)
            for space in title.made_by:
                made.have[space] = made.have.get(space, 0) + 1
            for space in stale_spaces(title, prints):
                made.others[space] = made.others.get(space, 0) + 1
            need = needed(title, prints, anew=anew)
            described = need.film and not need.opened and _readable(parts, models, title)
            wanted = {
                "extract": need.film and not described,
                "describe": described,
                "synopsis": need.words and not need.told,  # else it is a part of that
                "told": need.told,
                "looks": title.title_id in seen,
            }
            made.anew += any(wanted.values())
            for operation in (name for name, wants in wanted.items() if wants):
                media_s = title.media_s if operation in ("extract", "describe") else 0.0
                before = made.work.get(operation, Took())
                made.work[operation] = before.plus(Took(1, media_s))
        return made


def _readable(parts: Parts, models: Models, title: Standing) -> bool:
    """Is what was read of its film kept, and as today's models would read it?"""
    maker = maker_of(parts.readings.of(title.title_id, title.version))
    return maker is not None and read_so(maker, models, title.language)


def _told(
    parts: Parts,
    counted: _Counted,
    more: Mapping[str, Took],
    unmeasured: Sequence[str],
    builds: Built | None,
) -> Forecast:
    spendings = parts.rows.spendings(JOBS)
    costs = [_cost(name, work, spendings) for name, work in {**counted.work, **more}.items()]
    costs = [cost for cost in costs if cost.titles]
    walls = [cost.wall_s for cost in costs if cost.wall_s is not None]
    if builds is not None and builds.graph_s is not None:
        walls.append(builds.graph_s)
    cpus = [cost.cpu_s for cost in costs if cost.cpu_s is not None]
    return Forecast(
        titles=len(counted.ids),
        anew=counted.anew,
        media_s=round(counted.work.get("extract", Took()).media_s, 1),
        others=counted.others,
        costs=costs,
        wall_s=round(sum(walls), 1) if walls else None,
        cpu_s=round(sum(cpus), 1) if cpus else None,
        unknown=(*(cost.operation for cost in costs if cost.wall_s is None), *unmeasured),
        builds=builds,
    )


def _cost(operation: str, work: Took, spendings: Sequence[Spent]) -> Cost:
    known = [spent.by[operation] for spent in spendings if operation in spent.by]
    total = Took()
    for took in known:
        total = total.plus(took)
    by_length = work.media_s > 0 and total.media_s > 0
    done, wanted = (total.media_s, work.media_s) if by_length else (total.titles, work.titles)
    share = wanted / done if done else None
    return Cost(
        operation=operation,
        titles=work.titles,
        media_s=round(work.media_s, 1),
        wall_s=None if share is None else round(share * total.wall_s, 1),
        cpu_s=None if share is None else round(share * total.cpu_s, 1),
        jobs=len(known),
        of_titles=total.titles,
    )


def _built(parts: Parts, counted: _Counted, live: GenerationInfo | None, asked: int) -> Built:
    titles, server = len(counted.ids), parts.settings.qdrant_url is not None
    graph = is_due(titles, titles) and not server
    last = live.graph if live is not None else None
    approximate = graph or (server and titles >= BUILD_FROM)
    gates = ["vectors", *(["recall"] if approximate else []), *(["golden"] if asked else [])]
    return Built(
        bytes=_bytes(parts, counted, live),
        graph=graph,
        graph_s=round(last.seconds * titles / last.points, 1) if graph and last else None,
        gates=tuple(gates),
        golden_queries=asked,
    )


def _bytes(parts: Parts, counted: _Counted, live: GenerationInfo | None) -> int | None:
    """As many a title as the live generation has, but for vectors of another length."""
    if live is None or live.bytes is None or not live.points:
        return None
    size = live.bytes * len(counted.ids) / live.points
    for space, made in parts.fingerprints.items():
        if (before := live.fingerprints.get(space)) is not None:
            size += FLOAT * (dim_of(made) - dim_of(before)) * counted.have.get(space, 0)
    return max(0, round(size))
