"""The embedded engine's shards on disk: made, opened, their payload indexed.

A generation's folder holds the shard that answers and, while a build runs, a side copy of it. The
file `active` names the one that answers (`shard` where there is no such file) and is replaced
atomically; every other is left over and goes when the folder is opened.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import qdrant_edge as edge

from content.errors import Conflict
from content.types import SPACES, Space
from indexes.durable import replace_file, sync_folder
from indexes.fields import TITLE_FIELDS, Kind
from indexes.sparse import BY_RARITY, SPARSE_SPACES, SparseSpace
from indexes.store import TITLES, Layout

FIRST = "shard"
ACTIVE = "active"


def create(folder: Path, dims: Mapping[Space, int], layout: Layout = TITLES) -> Any:
    """A new empty shard. Dot products of unit vectors: Cosine would not store what it was given."""
    path = folder / FIRST
    path.mkdir(parents=True)
    config = edge.EdgeConfig(
        vectors=dense(dims, on_disk=layout.on_disk), sparse_vectors=rare(layout.sparse)
    )
    shard = edge.EdgeShard.create(str(path), config)
    declare(shard, layout.fields)
    return shard


def dense(dims: Mapping[Space, int], *, on_disk: bool = False) -> Any:
    """The engine's parameters of dense spaces."""
    return {
        space: edge.EdgeVectorParams(size=dim, distance=edge.Distance.Dot, on_disk=on_disk or None)
        for space, dim in dims.items()
    }


def rare(spaces: Sequence[SparseSpace]) -> Any:
    """The engine's parameters of sparse spaces."""
    return {
        space: edge.EdgeSparseVectorParams(
            modifier=edge.Modifier.Idf if space in BY_RARITY else None
        )
        for space in spaces
    }


def active(folder: Path) -> Path:
    """The shard that answers."""
    pointer = folder / ACTIVE
    return folder / (pointer.read_text() if pointer.exists() else FIRST)


def activate(path: Path) -> None:
    """Let the shard at `path` answer from now on; durable on return."""
    replace_file(path.parent / ACTIVE, path.name.encode())


def side(folder: Path) -> Path:
    """Where the next side copy goes."""
    _, _, number = active(folder).name.partition("-")
    return folder / f"{FIRST}-{int(number or 0) + 1}"


def copy(path: Path, folder: Path) -> None:
    """Copy a flushed shard that nobody writes to, as the one that answers in another folder."""
    shutil.copytree(path, folder / FIRST)


def clear_others(folder: Path) -> None:
    """Remove every shard but the active one."""
    kept = active(folder)
    for path in folder.glob(f"{FIRST}*"):
        if path != kept:
            shutil.rmtree(path)
    sync_folder(folder)


def size_of(path: Path) -> int:
    """Bytes that the files under `path` take on the disk; those that go meanwhile count 0."""
    total = 0
    for file in path.rglob("*"):
        with suppress(FileNotFoundError):
            total += file.lstat().st_blocks * 512  # the engine's files are sparse
    return total


def destroy(folder: Path) -> None:
    """Remove all shards; none there is no error."""
    for path in folder.glob(f"{FIRST}*"):
        shutil.rmtree(path, ignore_errors=True)
    (folder / ACTIVE).unlink(missing_ok=True)


def load(path: Path, config: Any = None) -> Any:
    """The shard at `path`, this process being its only opener.

    Raises:
        Conflict: `index_in_use`.
    """
    try:
        return edge.EdgeShard.load(str(path), config)
    except Exception as error:  # the binding has no types of its own
        if "WouldBlock" not in str(error):
            raise
        raise Conflict(
            "index_in_use",
            f"the shard {path} is open already; stop the other process (one index process owns a "
            "data folder), or ask it instead",
        ) from error


def dims_of(path: Path) -> dict[Space, int]:
    """The spaces of a shard and their dimensions, as its folder says."""
    named = json.loads((path / "edge_config.json").read_text())["vectors"]
    return {space: int(named[space]["size"]) for space in SPACES if space in named}


def sparse_of(path: Path) -> tuple[SparseSpace, ...]:
    """The sparse spaces of a shard, as its folder says."""
    named = json.loads((path / "edge_config.json").read_text()).get("sparse_vectors") or {}
    return tuple(space for space in SPARSE_SPACES if space in named)


def on_disk(path: Path) -> bool:
    """Whether a shard reads its vectors from disk."""
    named = json.loads((path / "edge_config.json").read_text())["vectors"]
    return any(bool(params.get("on_disk")) for params in named.values())


def declare(shard: Any, fields: Mapping[str, Kind]) -> None:
    """Index those of the payload fields that are not yet, durably.

    Each costs several syncs of the disk, so an empty shard has only the title's own; up to some
    thousands of points the engine reads the others as fast from the payload.
    """
    missing = fields.keys() - shard.info().payload_schema.keys()
    for field in sorted(missing):
        shard.update(edge.UpdateOperation.create_field_index(field, _index(field, fields[field])))
    if missing:
        shard.flush()


def _index(field: str, kind: Kind) -> Any:
    # Links of the graph for each value keep it whole under a filter; facts are too many for that.
    linked = field in TITLE_FIELDS
    if kind == "keyword":
        return edge.KeywordIndexParams(enable_hnsw=linked)
    if kind == "integer":
        return edge.IntegerIndexParams(lookup=True, range=True, enable_hnsw=linked)
    return edge.FloatIndexParams(enable_hnsw=linked)
