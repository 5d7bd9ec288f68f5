"""The one layer around every request: keys, headers, metrics, access log, last resort."""

import logging
import re
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import Keys, note_role
from api.errors import MEDIA_TYPE, document, problem
from api.metrics import Metrics
from content.errors import Unauthorized
from content.ids import new_id

_log = structlog.get_logger("keyart.access")
_levels = logging.getLogger("keyart.access")
SLOW_S = 1.0
"""Answers that took longer are logged even when they are good."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


_USER = re.compile(r"(/users/).*", re.DOTALL | re.IGNORECASE)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Known to the metrics by name: any other word a client may say is not worth a series."""


class Gate:
    """Pure ASGI, because it is in the way of every answer.

    The access log has what was refused or slow (at debug level, everything), and names the path
    without its query and without what follows `/users/`: user ids travel there.
    """

    def __init__(self, app: ASGIApp, *, keys: Keys, metrics: Metrics) -> None:
        self._app = app
        self._keys = keys
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        answer = _Answer(send, _request_id(headers))
        try:
            await self._admitted(scope, headers, receive, answer)
        finally:
            self._record(scope, answer, time.perf_counter() - started)

    async def _admitted(
        self, scope: Scope, headers: Headers, receive: Receive, answer: "_Answer"
    ) -> None:
        try:
            note_role(scope, self._keys.admit(scope["path"], headers))
            await self._app(scope, receive, answer.send)
        except Unauthorized as error:
            await problem(error)(scope, receive, answer.send)
        except Exception:  # the HTTP fallback: nobody above would answer
            _log.exception("fault", path=_told(scope), request_id=answer.request_id)
            if answer.status:  # the head is on its way: cutting the answer is all that is left
                raise
            detail = "a fault of the service; its log says more under this request_id"
            body = document(500, "internal", detail, request_id=answer.request_id)
            await JSONResponse(body, 500, media_type=MEDIA_TYPE)(scope, receive, answer.send)

    def _record(self, scope: Scope, answer: "_Answer", seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        status = answer.status or 499
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        self._metrics.answered(route, method, status, seconds)
        worth = status >= 400 or seconds > SLOW_S
        # Asked first: a line costs 70 µs, as much as the rest of a small request.
        if not _levels.isEnabledFor(logging.INFO if worth else logging.DEBUG):
            return
        note = _log.info if worth else _log.debug
        note(
            "request",
            method=scope["method"],
            path=_told(scope),
            status=status,
            ms=round(seconds * 1000, 2),
            request_id=answer.request_id,
        )


class _Answer:
    """An answer under way: adds the headers that every one has, notes the status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self.request_id = request_id
        self.status = 0
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._complete(message)
        await self._send(message)

    def _complete(self, message: MutableMapping[str, Any]) -> None:
        message["headers"] = [
            *message.get("headers", ()),
            (b"x-content-type-options", b"nosniff"),
            (b"x-request-id", self.request_id.encode()),
        ]


def _told(scope: Scope) -> str:
    """The path as it may be logged."""
    return _USER.sub(r"\1*", scope["path"])


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else new_id()
