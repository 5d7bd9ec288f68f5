"""One owner of an index's folder at a time."""

import os
from pathlib import Path

from filelock import FileLock, Timeout

from content.errors import Conflict


def hold(folder: Path) -> FileLock:
    """Take the folder's lock for as long as the returned object lives.

    Raises:
        Conflict: `index_in_use`, naming the holder's pid.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(folder / "lock"), folder / "lock.pid"
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        pid = holder.read_text() if holder.exists() else "unknown"
        raise Conflict(
            "index_in_use", f"{folder} is held by the index process with pid {pid}; stop it first"
        ) from error
    holder.write_text(str(os.getpid()))
    return lock
