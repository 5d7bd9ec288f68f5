"""Which published titles are meant: of the whole catalogue, or of a part by what is asked of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from artwork import pictures
from content import ids
from content.standing import Standing, standings
from content.types import Space
from workers.needs import Need, needed, stale_spaces
from workers.parts import Parts

PAGE = 1000


def published(parts: Parts) -> Iterator[Standing]:
    """How every published title stands, in order of id."""
    after = None
    while page := standings(parts.engine, after=after, limit=PAGE, tenant=parts.tenant):
        yield from page
        after = page[-1].title_id


def outdated(parts: Parts, after: str | None, most: int) -> tuple[list[Standing], str | None]:
    """Of the titles behind id `after` the next ones of which something is not of today, so many at
    most; and the id up to which there are no others, None behind the last title.

    A title of today costs its share of two queries, and no write.
    """
    page = standings(parts.engine, after=after, limit=PAGE, tenant=parts.tenant)
    if not page:
        return [], None
    prints = parts.fingerprints
    with parts.engine.connect() as connection:
        seen = pictures.titles_seen_by_others(connection, prints["visual"], parts.tenant)
    due = [t for t in page if needed(t, prints) != Need() or t.title_id in seen]
    if len(due) > most:
        return due[:most], due[most - 1].title_id
    return due, page[-1].title_id


def chosen(parts: Parts, asked: Mapping[str, Any], asked_us: int) -> Iterator[Standing]:
    """Those that meet all that is asked: `titles`, `genre`, `language`, `stale`, `older_than`.

    Args:
        asked_us: when it was asked, µs UTC: an age counts from then.

    Raises:
        Invalid: `invalid_age`.
    """
    prints = parts.fingerprints
    wanted = None if asked.get("titles") is None else set(asked["titles"])
    age = asked.get("older_than")
    before_us = None if age is None else ids.before(age, asked_us)
    for title in published(parts):
        named = wanted is None or title.title_id in wanted
        if named and _fits(title, asked, prints) and _older(title, before_us):
            yield title


def _fits(title: Standing, asked: Mapping[str, Any], prints: Mapping[Space, str]) -> bool:
    genres = {genre.casefold() for genre in title.genres}
    if asked.get("genre") is not None and asked["genre"].casefold() not in genres:
        return False
    if asked.get("language") is not None and asked["language"] != title.language:
        return False
    return not asked.get("stale") or bool(stale_spaces(title, prints))


def _older(title: Standing, before_us: int | None) -> bool:
    """Was it understood before then? One of which that is not known was, long ago."""
    return before_us is None or (title.understood_us or 0) < before_us
