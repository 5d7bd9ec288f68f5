"""Snapshots of an index's folder: taken while it serves, put back while it does not.

A snapshot is a folder of the same form: `current`, `weights.json`, `generations/{name}`. It has
its name only when it is whole; `snapshot.json`, written last, says so to whoever copies it about.
"""

import ctypes
import json
import os
import shutil
from pathlib import Path

from content.errors import Conflict, Invalid, NotFound
from content.ids import now_us
from indexes import weights
from indexes.durable import replace_file, sync_folder, sync_tree
from indexes.generation import CONSTANTS, RECORD, SHOTS_FOLDER
from indexes.generations import POINTER, Generations

MARK = "snapshot.json"
FORMAT = 1
RENAME_EXCHANGE = 2
AT_FDCWD = -100


def take(generations: Generations, source: Path, target: Path) -> int:
    """Copy all generations and which of them answers, as of one moment; points in all.

    Writers wait meanwhile, readers do not. A kill leaves a hidden folder beside `target`, which
    the next try removes.

    Raises:
        Conflict: `snapshot_exists`; `snapshot_elsewhere`. NotFound: `unknown_folder`.
        Invalid: `snapshot_inside`.
    """
    if target.resolve().is_relative_to(source.resolve()):
        raise Invalid("snapshot_inside", f"{target} lies in the index, and would go with it")
    if target.exists():
        raise Conflict("snapshot_exists", f"{target} exists already; choose another name")
    if not target.parent.is_dir():
        raise NotFound("unknown_folder", f"there is no folder {target.parent}")
    draft = target.with_name(f".{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    points = 0
    try:
        with generations.writing:
            for generation in generations.all():
                folder = draft / "generations" / generation.name
                folder.mkdir(parents=True)
                generation.store.snapshot(folder)
                if generation.shots is not None:
                    generation.shots.snapshot(folder / SHOTS_FOLDER)
                for name in (CONSTANTS, RECORD):
                    shutil.copy2(generation.folder / name, folder / name)
                points += generation.store.coverage().points
            for name in (POINTER, weights.NAME):
                if (source / name).exists():
                    shutil.copy2(source / name, draft / name)
        sync_tree(draft)
        mark = {"format": FORMAT, "taken_us": now_us(), "points": points}
        replace_file(draft / MARK, json.dumps(mark).encode())
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    sync_folder(target.parent)
    return points


def put_back(snapshot: Path, folder: Path) -> int:
    """Replace the index in `folder`, whose lock the caller holds, by a snapshot, in one switch.

    A kill leaves the old index or the new one. Points in all.

    Raises:
        Invalid: `not_a_snapshot`.
    """
    mark = snapshot / MARK
    if not mark.is_file() or json.loads(mark.read_bytes()).get("format") != FORMAT:
        raise Invalid("not_a_snapshot", f"{snapshot} holds no whole snapshot ({MARK} is missing)")
    clear(folder)
    beside = _beside(folder)
    shutil.copytree(snapshot, beside)
    (beside / MARK).unlink()
    sync_tree(beside)
    _exchange(beside, folder)  # the moment it happens
    sync_folder(folder.parent)
    clear(folder)
    return int(json.loads(mark.read_bytes())["points"])


def clear(folder: Path) -> None:
    """Remove what a killed `put_back` left: a copy of the snapshot, or the whole index before."""
    shutil.rmtree(_beside(folder), ignore_errors=True)


def _beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.restoring")


def _exchange(one: Path, other: Path) -> None:
    """Swap two names atomically (renameat2(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one))
