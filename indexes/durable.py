"""Files that are either the old or the new, whatever happens in between."""

import os
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Replace `path` atomically and durably: write beside it, fsync, rename, fsync the folder."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_tree(folder: Path) -> None:
    """Make every file below `folder` durable, and their names."""
    for path in (folder, *folder.rglob("*")):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
