"""One table: domain error -> `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from api.codes import CODES
from content import errors
from content.outages import DatabaseError, away, records_unavailable
from content.wording import worded

MEDIA_TYPE = "application/problem+json"
TYPE = "tag:keyart,2026:"  # a name, not an address: RFC 9457 §3.1.1 suggests a tag URI


class Malformed(errors.KeyartError):
    """The bytes of a request cannot be read at all (400)."""


class UnsupportedMediaType(errors.KeyartError):
    """The Content-Type is not one that the route reads (415)."""


STATUS: Mapping[type[errors.KeyartError], int] = {
    Malformed: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.Cancelled: 409,
    errors.TooLarge: 413,
    UnsupportedMediaType: 415,
    errors.Invalid: 422,
    errors.PermanentError: 422,
    errors.Busy: 429,
    errors.TransientError: 503,
    errors.Unavailable: 503,
    errors.NoSpace: 507,
    errors.KeyartError: 500,
}

_ROUTING = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}
_BY_TYPE = {"string_unicode": "invalid_text"}
_BY_FIELD = {
    "space": "unknown_space",
    "aspect": "unknown_aspect",
    "limit": "invalid_limit",
    "cursor": "invalid_cursor",
    "diversity": "invalid_diversity",
    "filter": "invalid_filter",
    "w": "invalid_width",
    "step_s": "invalid_step",
    "start_s": "invalid_range",
    "end_s": "invalid_range",
    "format": "unknown_format",
}

_log = structlog.get_logger("keyart.api")


def status_of(error: errors.KeyartError) -> int:
    """The HTTP status of a domain error: that of the nearest type in the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def document(status: int, code: str, detail: str, /, **extra: object) -> dict[str, object]:
    """A problem document. `extra` never replaces the fields of the standard."""
    phrase = HTTPStatus(status).phrase
    return {
        **extra,
        "type": f"{TYPE}{code}",
        "title": phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }


def problem(error: errors.KeyartError) -> Response:
    """The answer for a domain error, with the headers that its status asks for."""
    status = status_of(error)
    headers = {}
    if isinstance(error, errors.Busy | errors.Unavailable) and error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, errors.Unauthorized):
        headers["WWW-Authenticate"] = 'Bearer realm="keyart"'
    body = document(status, error.code, error.detail, **error.extra)
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def item(error: errors.KeyartError) -> dict[str, object]:
    """A domain error as a part of a longer answer."""
    return {"code": error.code, "detail": error.detail}


def refusal(failures: Sequence[Mapping[str, Any]]) -> errors.Invalid:
    """What pydantic refused as one error. Nothing of the input is repeated.

    Where the failure has a code of its own that is the code, else it is `invalid_request`.
    """
    fields = [{"field": _field(each["loc"]), "message": worded(each)} for each in failures]
    first = fields[0]
    detail = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return errors.Invalid(_code_of(failures[0]), detail, errors=fields)


def invalid(failures: Sequence[Mapping[str, Any]]) -> Response:
    """The answer for a request that pydantic refused."""
    error = refusal(failures)
    status = CODES[error.code].status
    body = document(status, error.code, error.detail, **error.extra)
    return JSONResponse(body, status, media_type=MEDIA_TYPE)


def _code_of(failure: Mapping[str, Any]) -> str:
    kind = str(failure["type"])
    if kind in CODES:  # raised by a check of ours, see api.checks
        return kind
    by_field = None if kind == "missing" else _BY_FIELD.get(str(failure["loc"][-1]))
    return _BY_TYPE.get(kind) or by_field or "invalid_request"


def _field(location: Sequence[int | str]) -> str:
    """`("body", "items", 3, "value")` as `items[3].value`."""
    text = ""
    for part in location[1:]:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part not in ("one", "batch", "[key]"):  # a union's branches; a name in an object
            text += f".{part}" if text else part
    return text


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI `responses` of a route that may answer with these codes."""
    by_status: dict[int | str, list[str]] = {}
    for code in codes:
        by_status.setdefault(CODES[code].status, []).append(code)
    return {status: _response(names) for status, names in sorted(by_status.items(), key=str)}


def add_problems(responses: dict[str, Any], *codes: str) -> None:
    """Let the `responses` of an operation in the OpenAPI document hold these codes too."""
    for code in codes:
        status = str(CODES[code].status)
        known = responses.get(status, {}).get("content", {}).get(MEDIA_TYPE, {})
        told = known["schema"]["allOf"][1]["properties"]["code"]["enum"] if known else []
        if code not in told:
            responses[status] = _response([*told, code])


def _response(codes: Sequence[str]) -> dict[str, Any]:
    text = "\n".join(f"- `{code}`: {CODES[code].meaning}" for code in codes)
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"type": "object", "properties": {"code": {"enum": list(codes)}}},
        ]
    }
    return {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}


def install(app: FastAPI) -> None:
    """Let every error of the app leave as a problem document."""
    app.add_exception_handler(errors.KeyartError, _domain)
    app.add_exception_handler(DatabaseError, _database)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)


async def _domain(_request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.KeyartError)
    if status_of(error) >= 500:
        _log.warning("request_failed", code=error.code, detail=error.detail)
    return problem(error)


async def _database(request: Request, error: Exception) -> Response:
    """A database that is away, on whatever route; any other error of it is a fault of ours."""
    if not away(error):
        raise error
    return await _domain(request, records_unavailable())


async def _validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return invalid(error.errors())


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _ROUTING.get(error.status_code, "invalid_request")
    body = document(error.status_code, code, CODES[code].meaning)
    return JSONResponse(body, error.status_code, error.headers, media_type=MEDIA_TYPE)


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=499)  # nobody reads it; the log shows why the request ended
