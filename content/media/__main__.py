"""Run as `python -m content.media PARENT_PID MODE` by `content.decode`.

The two speak `content.wire`: one request in, many messages out, the last of them `end` or `error`.
Modes: `probe`, `grab` (exact frames at full resolution), `analyse` (one pass over everything),
`listen` (the beginning of the sound alone).
"""

import importlib
import logging
import pkgutil
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, BinaryIO

import av
import av.error
import av.logging

from content import sandbox, wire
from content.errors import KeyartError
from content.media.analyse import analyse
from content.media.grab import grab
from content.media.listen import listen
from content.media.source import Container, Source
from content.process import follow_parent


def probe(source: Source, request: dict[str, Any], out: BinaryIO) -> None:
    """Answer with the facts."""
    wire.send(out, {"kind": "facts", **asdict(source.facts())})
    wire.send(out, {"kind": "end"})


MODES: dict[str, Callable[[Source, dict[str, Any], BinaryIO], None]] = {
    "probe": probe,
    "grab": grab,
    "analyse": analyse,
}
"""Of films; `listen` takes a file without pictures, too."""
THREADS = {"probe": 1, "grab": 2, "analyse": 1}
"""In a pass a second one would cost more than it gains: the other core belongs to the parent, who
waits for single frames."""


def _import_all_of_av() -> None:
    """PyAV imports parts of itself on first use; in here that would be too late."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in ("av.__main__", "av.datasets"):
            importlib.import_module(module.name)


def main(parent_pid: str, mode: str) -> None:
    follow_parent(signal.SIGKILL, int(parent_pid))
    av.logging.set_level(av.logging.ERROR)
    # Its loggers are named for codecs, below this one: what they say about a bad file is not kept.
    logging.getLogger("libav").propagate = False
    logging.getLogger("libav").addHandler(logging.NullHandler())
    _import_all_of_av()
    out = sys.stdout.buffer
    message = wire.receive(sys.stdin.buffer)
    if message is None:
        return
    request, _ = message
    sandbox.exit_on_eof()
    sandbox.give_up_rights(
        memory_bytes=request["memory_bytes"],
        cpu_s=request["cpu_s"],
        new_fds=1,  # FFmpeg's own duplicate of the one descriptor
    )
    answer(mode, request, out)


def answer(mode: str, request: dict[str, Any], out: BinaryIO) -> None:
    """Do what is asked, or say why the file does not allow it."""
    try:
        file = request["fd"], request["max_pixels"]
        if mode == "listen":
            listen(Container(*file), request, out)
        else:
            MODES[mode](Source(*file, THREADS[mode]), request, out)
    except KeyartError as error:
        wire.send(out, {"kind": "error", "code": error.code, "detail": error.detail})
    except (MemoryError, av.error.MemoryError):
        detail = f"decoding needs more than {request['memory_bytes']} bytes of memory"
        wire.send(out, {"kind": "error", "code": "media_too_large", "detail": detail})
    except av.error.FFmpegError as error:  # the bytes are the same at every further try
        detail = f"FFmpeg cannot go on: {error.strerror}"
        wire.send(out, {"kind": "error", "code": "media_unreadable", "detail": detail})


if __name__ == "__main__":
    main(*sys.argv[1:])
