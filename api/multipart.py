"""Streaming multipart/form-data: a part of JSON into memory, a part that is a file to disk."""

import errno
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.body import JSON_MAX_BYTES
from api.errors import Malformed
from content.errors import NoSpace, TooLarge

_WRITE_BYTES = 1 << 20
_SPACE_CHECK_BYTES = 64 << 20
OVERHEAD_BYTES = JSON_MAX_BYTES + 4096
"""Of a form beside its file: the JSON part, and the headers of both."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts:
    """The names of a form's parts: one of JSON (None where there may be none) and one that is a
    file, by any of several names; which of them must be."""

    text: str | None = "title"
    files: tuple[str, ...] = ("media",)
    text_needed: bool = True
    file_needed: bool = False


TITLE = Parts()
PICTURE = Parts("artwork", ("image",), text_needed=False, file_needed=True)
SEARCHED = Parts(None, ("image", "sound"), text_needed=False, file_needed=True)


class Form:
    """One form being received. Nothing of the file is held but the chunk at hand.

    Args:
        boundary: of the parts.
        check: turns the JSON part's bytes into what the caller wants; run as soon as that part
            is complete, so that a bad title is refused before its media is received.
        path: where the file goes.
        cap: most bytes of the file.
    """

    def __init__(
        self,
        boundary: bytes,
        check: Callable[[bytes], object],
        path: Path,
        cap: int,
        parts: Parts = TITLE,
    ) -> None:
        self.text: object | None = None
        self.received_bytes = 0
        self.total_bytes = 0
        self.file: str | None = None
        """The name of the part that is the file, once it has come."""
        self._parts = parts
        self._check = check
        self._path = path
        self._cap = cap
        self._name = ""
        self._header = bytearray()
        self._value = bytearray()
        self._text = bytearray()
        self._pending = bytearray()
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_part_data": self._part_data,
                "on_part_end": self._part_end,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        self.total_bytes += len(chunk)
        if self.total_bytes > self._cap + OVERHEAD_BYTES:  # endless headers, or after the end
            raise TooLarge("upload_too_large", f"the form goes on behind {self._cap} bytes")
        self._parser.write(chunk)

    def take(self) -> bytes:
        """The file's bytes that came since the last call."""
        taken, self._pending = bytes(self._pending), bytearray()
        return taken

    @property
    def pending_bytes(self) -> int:
        return len(self._pending)

    def finish(self) -> None:
        """Raises Malformed `invalid_multipart` when the form is cut or lacks a part it needs."""
        if not self._ended:
            raise _malformed("the form ends before its closing boundary")
        parts = self._parts
        if parts.text_needed and self.text is None:
            raise _malformed(f"the form has no `{parts.text}` part")
        if parts.file_needed and self.file is None:
            raise _malformed(f"the form has no {_either(parts.files)} part")

    def _part_begin(self) -> None:
        self._name = ""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        parts = self._parts
        if self._name in parts.files and self.file is None:
            self.file = self._name
        elif self._name != parts.text or self.text is not None:
            known = [f"one {_either(parts.files)}"]
            if parts.text is not None:
                known = [f"one `{parts.text}`", *known]
            raise _malformed(
                f"unexpected part {self._name[:64]!r}: the form has {' and '.join(known)}"
            )

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == self._parts.text:
            self._text += data[start:end]
            if len(self._text) > JSON_MAX_BYTES:
                raise TooLarge("body_too_large", f"its JSON is over {JSON_MAX_BYTES} bytes")
            return
        self.received_bytes += end - start
        if self.received_bytes > self._cap:
            raise TooLarge("upload_too_large", f"the file is over {self._cap} bytes")
        self._pending += data[start:end]

    def _part_end(self) -> None:
        if self._name == self._parts.text:
            self.text = self._check(bytes(self._text))

    def _end(self) -> None:
        self._ended = True


async def receive(
    request: Request,
    path: Path,
    check: Callable[[bytes], T],
    *,
    cap: int,
    keep_free: int,
    parts: Parts = TITLE,
) -> tuple[T | None, str | None]:
    """Receive a form; its file is written to `path`.

    Args:
        check: see `Form`.
        cap: most bytes of the file.
        keep_free: bytes of the disk that must stay free.

    Returns:
        What `check` made of the JSON part (None where there is none, which `parts` must allow),
        and the name of the part that was a file, if there was one. When this raises, the caller
        removes `path`.

    Raises:
        Malformed: `invalid_multipart`. TooLarge: `upload_too_large`, `body_too_large`.
        NoSpace: `disk_full`.
    """
    texts: list[T] = []

    def keep(raw: bytes) -> bool:
        texts.append(check(raw))
        return True

    try:
        form = Form(_boundary(request), keep, path, cap, parts)
        _refuse_announced(request, cap, path, keep_free)
        with path.open("wb") as file:
            await _stream(request, form, file, keep_free)
    except FormParserError as error:
        raise _malformed(str(error)) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_space() from error
        raise
    form.finish()
    return next(iter(texts), None), form.file


async def _stream(request: Request, form: Form, file: IO[bytes], keep_free: int) -> None:
    checked = 0
    path = Path(file.name)
    async for chunk in request.stream():
        form.feed(chunk)
        if form.pending_bytes >= _WRITE_BYTES:
            # Off the loop: a slow disk must not hold up the answers to others.
            await run_in_threadpool(file.write, form.take())
        if form.received_bytes - checked >= _SPACE_CHECK_BYTES:
            checked = form.received_bytes
            _refuse_full_disk(path, 0, keep_free)
    await run_in_threadpool(file.write, form.take())


def _boundary(request: Request) -> bytes:
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise _malformed("the Content-Type names no boundary")
    return boundary


def _refuse_announced(request: Request, cap: int, path: Path, keep_free: int) -> None:
    announced = request.headers.get("content-length", "")
    size = int(announced) if announced.isdecimal() else 0
    if size > cap + OVERHEAD_BYTES:
        raise TooLarge("upload_too_large", f"the form announces {size} bytes; the cap is {cap}")
    _refuse_full_disk(path, size, keep_free)


def _refuse_full_disk(path: Path, expected: int, keep_free: int) -> None:
    if shutil.disk_usage(path.parent).free - expected < keep_free:
        raise _no_space()


def _no_space() -> NoSpace:
    return NoSpace("disk_full", "the file would leave too little disk free; delete titles first")


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def _malformed(detail: str) -> Malformed:
    return Malformed("invalid_multipart", detail)
