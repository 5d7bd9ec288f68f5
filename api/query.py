"""A route's query as one pydantic model, for the route that must be fast.

The framework would look up and validate each parameter by itself, at about 10 µs apiece: for the
artwork route that was 170 µs of CPU a request instead of 100.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, get_type_hints

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.body import JsonRoute

Model = TypeVar("Model", bound=BaseModel)


class QuickRoute(JsonRoute):
    """A route whose endpoint takes nothing but the parameters of its path and the request is called
    without the framework's dependencies, which cost more than reading the request does."""

    def admitted_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        hints = get_type_hints(self.endpoint, include_extras=True)
        if set(hints) - {"return"} != {"request", *self.param_convertors}:
            return super().admitted_handler()
        checks = {name: TypeAdapter(hints[name]) for name in self.param_convertors}

        async def handle(request: Request) -> Response:
            path = {name: _checked(name, checks[name], request) for name in checks}
            answer: Response = await self.endpoint(request=request, **path)
            return answer

        return handle


def _checked(name: str, check: TypeAdapter[Any], request: Request) -> Any:
    try:
        return check.validate_python(request.path_params[name])
    except ValidationError as error:
        raise RequestValidationError(_failures(error, "path", name)) from error


def _failures(error: ValidationError, *where: str) -> list[dict[str, Any]]:
    return [{**each, "loc": (*where, *each["loc"])} for each in error.errors()]


def parse_query(model: type[Model], request: Request) -> Model:
    """The request's query as `model`; that no name of it occurs twice `api.admission` sees to.

    Raises:
        RequestValidationError: as the framework itself would.
    """
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise RequestValidationError(_failures(error, "query")) from error


def described(model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI `parameters` of a route that reads its query by `parse_query`."""
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return {
        "parameters": [
            {"name": name, "in": "query", "required": name in required, "schema": shape}
            for name, shape in schema["properties"].items()
        ]
    }
