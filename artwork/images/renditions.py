"""Renditions kept on disk, up to a size: those longest unused go first.

    folder/ab/ab12…/640.avif

Several processes may share a folder. What is sent was read into memory before, so a file may go at
any time. Its access time says when it was used last; it is set here, because many file systems
are mounted without it.
"""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

FRESH_S = 60.0
"""A use is noted when the last one noted is older: a popular picture costs no write a request."""
SLACK = 0.05
"""Share of the cap that a process writes between two looks at the whole, and four times of which a
sweep frees: so several processes stay under it."""
DRAFT = ".tmp-"
DRAFT_S = 3600.0
"""What still has a draft's name after this long was left by a killed process."""


class Renditions:
    """Files under one folder, `cap` bytes of them at most."""

    def __init__(self, folder: Path, cap: int) -> None:
        self._folder = folder
        self._cap = cap
        self._unseen = cap  # the first write looks: others may have filled the folder before
        self._lock = threading.Lock()

    def path(self, sha256: str, name: str) -> Path:
        return self._folder / sha256[:2] / sha256 / name

    def get(self, path: Path) -> bytes | None:
        """The bytes, noted as used; None where there are none."""
        data = read(path)
        if data is not None:
            self._note(path)
        return data

    def put(self, path: Path, data: bytes) -> bytes:
        """Keep bytes; others may go for them. What alone is over the cap is not kept.

        Returns:
            What is there now: of two that are made at once the first is kept, since signed bytes
            are never the same twice.
        """
        if len(data) > self._cap * (1 - 4 * SLACK):
            return data
        kept = write(path, data)
        with self._lock:
            self._unseen += len(data)
            due = self._unseen > SLACK * self._cap
            if due:
                self._unseen = 0
        if due:
            self.sweep()
        return kept

    def sweep(self) -> None:
        """Take away the longest unused ones until `4 * SLACK` of the cap are free, if it is near.

        One process at a time: where another is at it, this one goes on.
        """
        try:
            with FileLock(self._folder / ".sweep.lock", timeout=0):
                self._sweep()
        except Timeout:
            return

    def _sweep(self) -> None:
        found = sorted(self._files())
        total = sum(size for _, size, _ in found)
        if total <= self._cap * (1 - 2 * SLACK):
            return
        for _, size, path in found:
            if total <= self._cap * (1 - 4 * SLACK):
                break
            path.unlink(missing_ok=True)
            total -= size

    def _files(self) -> Iterator[tuple[int, int, Path]]:
        """Last use in ns, size and path of each; folders stay, somebody may be writing there."""
        young = time.time() - DRAFT_S
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = Path(folder, name)
                try:
                    stat = path.stat()
                except FileNotFoundError:  # its picture was deleted meanwhile
                    continue
                ours = not name.startswith(".") or (
                    name.startswith(DRAFT) and stat.st_mtime < young
                )
                if ours:
                    yield stat.st_atime_ns, stat.st_size, path

    def _note(self, path: Path) -> None:
        try:
            stat = path.stat()
            if time.time() - stat.st_atime > FRESH_S:
                os.utime(path, ns=(time.time_ns(), stat.st_mtime_ns))
        except FileNotFoundError:  # swept since it was read
            return


def read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def write(path: Path, data: bytes) -> bytes:
    """Atomically: readers see all of it or nothing, after a power cut too.

    Returns:
        What is there now: `data`, or what another wrote first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=DRAFT)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # unlike a rename, it never replaces what is there
    except FileExistsError:
        return read(path) or data
    finally:
        Path(temporary).unlink(missing_ok=True)
    return data
