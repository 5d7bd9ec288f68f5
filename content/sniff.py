"""Opening a media file safely: what it is not, decided before any decoder sees it."""

import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

from content.errors import PermanentError

_PLAYLISTS = (
    b"#extm3u", b"ffconcat", b"<mpd", b"<?xml", b"[playlist]", b"[reference]", b"<asx", b"<smil",
    b"rtsptext", b"v=0",
)  # fmt: skip
"""What text files that name *other* files or addresses begin with, in lower case."""


def open_media(path: Path) -> int:
    """A read-only descriptor of the regular, non-empty file at `path`; the caller closes it.

    The descriptor, not the path, is handed on, so that what was checked is what is decoded.
    Never blocks, not even on a FIFO. The path's last part may not be a symbolic link.

    Raises:
        PermanentError: `media_not_a_file`, `media_empty`, `media_format_refused` (a playlist),
            `media_truncated` (an mp4 that ends before its index).
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise PermanentError(
            "media_not_a_file", f"cannot open the media file: {error.strerror}"
        ) from error
    try:
        _check(fd)
    except PermanentError:
        os.close(fd)
        raise
    return fd


def _check(fd: int) -> None:
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise PermanentError("media_not_a_file", "media must be a regular file")
    if status.st_size == 0:
        raise PermanentError("media_empty", "the media file has no bytes")
    head = os.pread(fd, 64, 0).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith(_PLAYLISTS):
        raise PermanentError(
            "media_format_refused", "this is a playlist; submit the media file that it names"
        )
    if _lacks_index(fd, status.st_size):
        raise PermanentError(
            "media_truncated", "the mp4 ends before its index (moov): the copy is incomplete"
        )


def _lacks_index(fd: int, size: int) -> bool:
    """Whether an ISO base media file (ISO/IEC 14496-12) ends early and holds no moov."""
    boxes = list(_boxes(fd, size))
    kinds = [kind for kind, _ in boxes]
    return kinds[:1] == [b"ftyp"] and b"moov" not in kinds and boxes[-1][1] > size


def _boxes(fd: int, size: int, limit: int = 1000) -> Iterator[tuple[bytes, int]]:
    """(kind, end offset) of the top-level boxes; the last one's end may lie beyond the file."""
    at = 0
    while at + 8 <= size and limit:
        length, kind = struct.unpack(">I4s", os.pread(fd, 8, at))
        if length == 1:  # a 64-bit length follows
            wide = os.pread(fd, 8, at + 8)
            length = struct.unpack(">Q", wide)[0] if len(wide) == 8 else 16
        elif length == 0:  # up to the end of the file
            length = size - at
        if length < 8:
            return
        at += length
        limit -= 1
        yield kind, at
