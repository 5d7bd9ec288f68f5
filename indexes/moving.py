"""Moving an index from the embedded engine to a Qdrant server.

A point that is there already in the same words and numbers is not sent again: a move that was
interrupted goes on by being started again, and one that is done changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from content.errors import KeyartError
from content.types import Space
from indexes.generation import SHOTS_FOLDER, Record
from indexes.generations import OF_SHOTS, POINTER, shots_of
from indexes.schema import check_fingerprints
from indexes.store import SHOTS, TITLES, Layout, StoredPoint, Stores, VectorStore
from indexes.store_server import ServerStores

PAGE = 256


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved of one generation."""

    name: str
    points: int
    sent: int
    """Those that were not there yet."""
    removed: int
    """Those that were there and should not be."""


def move(
    source: Stores,
    target: ServerStores,
    folder: Path,
    progress: Callable[[str, int], None] = lambda _name, _points: None,
) -> list[Moved]:
    """Bring every generation of the index in `folder` to the server, and verify each point.

    The caller holds the folder's lock. The embedded shards stay as they are.

    Args:
        progress: told generation and points looked at so far, after each page.

    Raises:
        KeyartError: `move_differs`, when a point does not come back as it was sent.
        Unavailable: `index_unavailable`.
    """
    moved, between = [], (source, target)
    for record in sorted((folder / "generations").glob("*/generation.json")):
        home = record.parent
        known = Record.read(home)
        dims = check_fingerprints(known.fingerprints)
        sparse = TITLES if known.lexicon is not None else Layout()
        moved.append(_store(known.name, home, dims, sparse, between, progress))
        if (home / SHOTS_FOLDER).is_dir():
            seen = {space: dim for space, dim in dims.items() if space in OF_SHOTS}
            name, own = shots_of(known.name), home / SHOTS_FOLDER
            moved.append(_store(name, own, seen, SHOTS, between, progress))
    pointer = folder / POINTER
    if pointer.exists():
        target.publish(pointer.read_text())
    return moved


def _store(  # noqa: PLR0917
    name: str,
    home: Path,
    dims: Mapping[Space, int],
    layout: Layout,
    between: tuple[Stores, ServerStores],
    progress: Callable[[str, int], None],
) -> Moved:
    source, target = between
    given = source.open(name, home, layout)
    try:
        return _moved(name, given, target.resume(name, home, dims, layout), progress)
    finally:
        given.close()


def _moved(
    name: str, given: VectorStore, taken: VectorStore, progress: Callable[[str, int], None]
) -> Moved:
    seen: set[str] = set()
    sent, after = 0, None
    while True:
        page, after = given.page(after, PAGE)
        sent += _carried(name, page, taken)
        seen.update(point.id for point in page)
        progress(name, len(seen))
        if after is None:
            return Moved(name, len(seen), sent, _cleaned(taken, seen))


def _carried(name: str, page: list[StoredPoint], taken: VectorStore) -> int:
    """How many of a page had to be sent; all of it is there on return."""
    missing = _differing(page, taken)
    if missing:
        taken.upsert(missing)
    if wrong := _differing(missing, taken):
        raise KeyartError(
            "move_differs",
            f"point {wrong[0].id} of generation {name} did not come back as it was sent; "
            "nothing was switched",
        )
    return len(missing)


def _differing(page: list[StoredPoint], taken: VectorStore) -> list[StoredPoint]:
    there = taken.get([point.id for point in page], vectors=True) if page else {}
    return [p for p in page if p.id not in there or not _same(p, there[p.id])]


def _same(one: StoredPoint, other: StoredPoint) -> bool:
    if one.vectors.keys() != other.vectors.keys() or one.sparse != other.sparse:
        return False
    if _plain(one.payload) != _plain(other.payload):
        return False
    return all(np.array_equal(one.vectors[s], other.vectors[s]) for s in one.vectors)


def _plain(payload: Any) -> Any:
    """A payload without what is null: engines differ in whether they keep that."""
    if isinstance(payload, dict):
        return {name: _plain(value) for name, value in payload.items() if value is not None}
    return payload


def _cleaned(taken: VectorStore, wanted: set[str]) -> int:
    """Remove what the source does not have, from a move before it went on."""
    extra: list[str] = []
    after = None
    while True:
        page, after = taken.page(after, PAGE)
        extra += [point.id for point in page if point.id not in wanted]
        if after is None:
            break
    if extra:
        taken.delete(extra)
    return len(extra)
