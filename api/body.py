"""Reading request bodies: strict JSON with a cap."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.admission import AdmittedRoute
from api.errors import Malformed, UnsupportedMediaType
from content.errors import TooLarge

JSON_MAX_BYTES = 1_000_000
Model = TypeVar("Model", bound=BaseModel)


def parse_json(raw: bytes) -> Any:
    """JSON as RFC 8259 has it: UTF-8, no NaN, no Infinity, each name of an object once.

    Raises:
        Malformed: `invalid_json`.
    """
    try:
        return json.loads(
            raw.decode(), parse_constant=_refuse_constant, object_pairs_hook=_named_once
        )
    except json.JSONDecodeError as error:
        raise Malformed("invalid_json", f"the body is not JSON: {error}") from error
    except UnicodeDecodeError as error:
        raise Malformed("invalid_json", "the body is not UTF-8") from error
    except ValueError as error:  # refused below, or a number of thousands of digits
        raise Malformed("invalid_json", str(error)) from error
    except RecursionError as error:
        raise Malformed("invalid_json", "the body is nested too deeply") from error


def validated(raw: bytes, model: type[Model]) -> Model:
    """JSON that is a part of a body (of a form, a line) as `model`.

    Raises:
        Malformed: `invalid_json`. RequestValidationError: as the framework itself would.
    """
    parsed = parse_json(raw)
    try:
        return model.model_validate(parsed)
    except ValidationError as error:
        failures = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(failures) from error


async def read_capped(request: Request, cap: int = JSON_MAX_BYTES) -> bytes:
    """The body, held in memory.

    Raises:
        TooLarge: `body_too_large`, once more than `cap` bytes arrived or are announced.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > cap:
        raise _too_large(cap)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > cap:
            raise _too_large(cap)
    return bytes(body)


class _ReadRequest(Request):
    """A request whose body has been read and parsed, so that FastAPI finds nothing to refuse."""

    def __init__(self, request: Request, raw: bytes, parsed: Any) -> None:
        super().__init__(request.scope, request.receive)
        self._raw = raw
        self._parsed = parsed

    async def body(self) -> bytes:
        return self._raw

    async def json(self) -> Any:
        return self._parsed


class JsonRoute(AdmittedRoute):
    """A route that reads its body, where it takes one, as strict JSON of at most 1 MB; one that
    need not be there may also be empty, of whatever type."""

    def admitted_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().admitted_handler()
        if self.body_field is None:
            return handle
        needed = self.body_field.field_info.is_required()

        async def read_strictly(request: Request) -> Response:
            kind = media_type(request)
            if not needed and not (raw := await read_capped(request)):
                return await handle(_ReadRequest(request, raw, None))
            if kind != "application/json":
                raise UnsupportedMediaType(
                    "unsupported_media_type",
                    f"this route reads application/json, not {kind or 'a body without a type'}",
                )
            if needed:
                raw = await read_capped(request)
            return await handle(_ReadRequest(request, raw, parse_json(raw)))

        return read_strictly


def media_type(request: Request) -> str:
    """The Content-Type without its parameters, in lower case; empty when there is none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):  # whose consent, and which of two: nobody may guess
        raise ValueError("an object names something twice")
    return found


def _too_large(cap: int) -> TooLarge:
    return TooLarge("body_too_large", f"the body is over {cap} bytes")
