"""The taste space in the service: maps kept as files, titles placed by them, and their fitting.

`{data}/taste/{sha}.msgpack` is the map that a fingerprint `taste@…:{sha}` names. Which one is in
use is what the live generation says. A title's taste vector is not stored among the records: it is
made from them, and from the map, whenever a point is.
"""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgpack
import numpy as np

from artwork.choice.events.watched import co_watched
from artwork.choice.record.ledger import head
from artwork.choice.record.marks import watches_gone
from content.errors import Conflict, Invalid, NotFound
from content.ids import now_us
from content.records import snapshot
from content.types import Space
from indexes.schema import GenerationInfo, TitlePoint, fitting
from indexes.taste.contents import Content, year_of
from indexes.taste.model import TasteMap, fingerprint_of
from workers.parts import Parts

log = logging.getLogger("keyart.jobs")

PAGE = 1000
TRIES = 3
MOVED = ("fingerprint_mismatch", "unknown_generation")
"""What a point meets whose generation was cut over from, or dropped, while it was placed."""


def fit(parts: Parts, seed: int, on_progress: Callable[[float], None]) -> dict[str, Any]:
    """Learn a map from the catalogue and the watch events, and keep it beside those in use.

    Returns:
        `fingerprint`; `figures` and `gains` of titles left out whole, `worse_than` (see
        `indexes.taste.fit`); `map`: what it was learned from and how.

    Raises:
        Conflict: `taste_too_little_watched`.
    """
    from scipy import sparse

    from indexes.taste.fit import fit as learn

    with snapshot(parts.engine).connect() as connection:
        offset = head(connection, parts.tenant)
        pairs = co_watched(connection, parts.tenant)
    contents = catalogue(parts)
    number = {content.title_id: n for n, content in enumerate(contents)}
    known = [(viewer, number[title]) for viewer, title in pairs if title in number]
    viewers = {viewer: n for n, viewer in enumerate(dict.fromkeys(viewer for viewer, _ in known))}
    cells = ([viewers[viewer] for viewer, _ in known], [title for _, title in known])
    shape = (len(viewers), len(contents))
    watched = sparse.csc_matrix((np.ones(len(known)), cells), shape=shape)
    found = learn(contents, watched, parts.index.weights(), seed, on_progress)
    return {
        "fingerprint": keep(parts, found.map, offset),
        "figures": found.figures,
        "gains": found.gains,
        "worse_than": found.worse_than,
        "map": dict(found.map.told),
    }


def catalogue(parts: Parts) -> list[Content]:
    """Of every published title, in order of id."""
    found: list[Content] = []
    after = None
    while batch := parts.catalog.published(after=after, limit=PAGE):
        found += [c for item in batch.items() if (c := content_of(parts, *item)) is not None]
        after = max(batch)
    return found


def content_of(parts: Parts, title_id: str, version: int) -> Content | None:
    """What a version tells without being watched; None where it is gone."""
    row = parts.catalog.version(title_id, version)
    if row is None:
        return None
    title = row.title
    return Content(
        title_id,
        parts.catalog.vectors(title_id, version),
        title.genres,
        year_of(title.released),
        title.language,
        title.country,
        title.maturity,
    )


def placed(parts: Parts, point: TitlePoint, fingerprint: str | None) -> TitlePoint:
    """The point with its vector of the taste space that is asked for; None: with none."""
    if fingerprint is None:
        return point
    taste_map = loaded(parts, fingerprint)
    content = content_of(parts, point.title_id, point.version)
    if taste_map is None or content is None:
        return point
    vector = taste_map.vector(content, fingerprint)
    return replace(point, vectors={**point.vectors, "taste": vector})


def publish(parts: Parts, *points: TitlePoint) -> None:
    """Put points into the live generation, those being built and the one that is kept, each with
    its own taste.

    The last write stays, as with `upsert`. Where generations came or went meanwhile, once more.
    """
    for _ in range(TRIES - 1):
        try:
            _publish(parts, points)
        except (Conflict, NotFound) as error:
            if error.code not in MOVED:
                raise
        else:
            return
    _publish(parts, points)


def _publish(parts: Parts, points: Sequence[TitlePoint]) -> None:
    generations = parts.index.generations()
    live = in_use(generations)
    parts.index.upsert([placed(parts, point, live) for point in points])
    for each in generations:
        own = each.fingerprints.get("taste")
        if own == live or each.state not in ("building", "ready", "kept"):
            continue
        fits = [placed(parts, point, own) for point in points]
        if each.state == "kept":  # of what its encoders know
            fits = [replace(f, vectors=fitting(f.vectors, each.fingerprints)) for f in fits]
        parts.index.upsert_into(each.name, fits, copied=False)


def in_use(generations: list[GenerationInfo]) -> str | None:
    """The map of the live generation; None where there is no taste space."""
    return next((g.fingerprints.get("taste") for g in generations if g.state == "live"), None)


def outdated(parts: Parts, fingerprint: str, prints: dict[Space, str]) -> bool:
    """Can a map not go along: does it read another encoder than today's, has what it learned from
    been forgotten since, or is it lost?"""
    taste_map = loaded(parts, fingerprint)
    if taste_map is None:
        return True
    others = any(prints.get(space) != made for space, made in taste_map.inputs.items())
    return others or forgotten_since(parts, fingerprint) is not None


def forgotten_since(parts: Parts, fingerprint: str) -> int | None:
    """When watch events that a map may have learned from were first taken away, in µs UTC."""
    path = _path(parts, fingerprint)
    offset = msgpack.unpackb(path.read_bytes())["offset"] if path.exists() else 0
    with parts.engine.connect() as connection:
        return watches_gone(connection, parts.tenant, offset)


def due(parts: Parts) -> bool:
    """Must the map in use be fitted again, because somebody was forgotten so long ago?"""
    fingerprint = in_use(parts.index.generations())
    return fingerprint is not None and overdue(parts, fingerprint)


def overdue(parts: Parts, fingerprint: str) -> bool:
    """Was somebody whom this map may have learned from forgotten so long ago?"""
    hours = parts.settings.taste_refit_h
    if hours <= 0:
        return False
    since = forgotten_since(parts, fingerprint)
    return since is not None and now_us() - since >= hours * 3600 * 1_000_000


def keep(parts: Parts, taste_map: TasteMap, offset: int) -> str:
    """Write a map with the ledger's offset that it was learned at; its fingerprint."""
    data = taste_map.to_bytes()
    fingerprint = fingerprint_of(data, len(taste_map.constant))
    path = _path(parts, fingerprint)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    with draft.open("wb") as file:
        file.write(msgpack.packb({"offset": offset, "map": data}))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return fingerprint


def loaded(parts: Parts, fingerprint: str) -> TasteMap | None:
    """The map of a fingerprint; None, and a line in the log, where it cannot be read."""
    try:
        return _read(_path(parts, fingerprint))
    except (OSError, Invalid, ValueError, msgpack.UnpackException) as error:
        log.warning("the taste map %s cannot be read: %s", fingerprint, error)
        return None


def sweep(parts: Parts, fingerprints: set[str]) -> None:
    """Delete the maps that are none of these."""
    kept = {_path(parts, fingerprint) for fingerprint in fingerprints}
    for path in parts.settings.taste_folder.glob("*"):
        if path not in kept:
            path.unlink(missing_ok=True)


def sweep_unused(parts: Parts) -> None:
    """Delete the maps that no generation names; not while one is being fitted."""
    generations = parts.index.generations()
    sweep(parts, {p for each in generations if (p := each.fingerprints.get("taste"))})


def _path(parts: Parts, fingerprint: str) -> Path:
    return parts.settings.taste_folder / f"{fingerprint.rsplit(':', 1)[-1]}.msgpack"


@lru_cache(maxsize=4)
def _read(path: Path) -> TasteMap:
    # A fingerprint names the bytes, so what was read once holds.
    return TasteMap.from_bytes(msgpack.unpackb(path.read_bytes())["map"])
