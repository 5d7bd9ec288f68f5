"""Keeping an index: snapshots of it, putting one back, moving it to a Qdrant server."""

from collections.abc import Callable
from pathlib import Path

from content.errors import Conflict
from indexes.client import IndexClient
from indexes.cluster import Cluster
from indexes.holding import hold
from indexes.moving import Moved, move
from indexes.snapshots import put_back
from indexes.store_edge import EdgeStores
from indexes.store_server import ServerStores
from workers.settings import Settings


def snapshot(settings: Settings, folder: Path) -> int:
    """Have the index process copy itself to `folder`; how many points that has.

    Raises:
        Conflict: `snapshot_exists`, `snapshot_elsewhere`. NotFound: `unknown_folder`.
        Invalid: `snapshot_inside`.
        Unavailable: `index_unavailable`.
    """
    client = IndexClient(settings.index_socket)
    try:
        return client.snapshot(folder.resolve())
    finally:
        client.close()


def restore(settings: Settings, folder: Path) -> int:
    """Replace the index of a service that does not run; how many points it has now.

    Raises:
        Conflict: `index_in_use`, when it runs; `snapshot_elsewhere`, with a Qdrant server.
        Invalid: `not_a_snapshot`.
    """
    if settings.qdrant_url is not None:
        raise Conflict("snapshot_elsewhere", "the vectors are in a Qdrant server: restore it there")
    lock = hold(settings.index_folder)
    try:
        return put_back(folder.resolve(), settings.index_folder)
    finally:
        lock.release()


def cluster(settings: Settings, url: str) -> Cluster:
    """The Qdrant server at `url`, reached and laid out as the settings say."""
    return Cluster(
        url,
        settings.qdrant_api_key,
        settings.qdrant_ca,
        settings.qdrant_prefer_grpc,
        settings.qdrant_shards,
        settings.qdrant_replicas,
        settings.qdrant_write_consistency,
        settings.qdrant_quantization,
    )


def migrate(
    settings: Settings, target: ServerStores, progress: Callable[[str, int], None]
) -> list[Moved]:
    """Move the index of a service that does not run to a Qdrant server.

    Raises:
        Conflict: `index_in_use`, when it runs. KeyartError: `move_differs`.
        Unavailable: `index_unavailable`.
    """
    lock = hold(settings.index_folder)
    try:
        return move(EdgeStores(), target, settings.index_folder, progress)
    finally:
        lock.release()
