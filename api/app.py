"""The app: routers, the gate around them, and the life of the services behind them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from api import (
    artwork,
    bulk,
    candidates,
    cards,
    compose,
    errors,
    events,
    fitting,
    generate,
    health,
    images,
    jobs,
    metrics,
    moments,
    pictured,
    policy,
    provenance,
    quality,
    rebuild,
    reindex,
    review,
    rewards,
    rules,
    search,
    similar,
    similarity,
    titles,
    understanding,
    uploads,
    users,
)
from api.auth import OPEN_PATHS, OPEN_PREFIX, Keys
from api.gate import Gate
from api.schemas.common import Problem
from api.services import Services

_ROUTERS = (
    artwork,
    compose,
    policy,
    rewards,
    events,
    users,
    titles,
    bulk,
    candidates,
    understanding,
    review,
    rules,
    uploads,
    generate,
    jobs,
    search,
    pictured,
    moments,
    similar,
    similarity,
    images,
    cards,
    provenance,
    quality,
    rebuild,
    reindex,
    fitting,
    health,
    metrics,
)
_ABOUT = (
    "Understands films and series and personalises their artwork. Errors are "
    "`application/problem+json` with a stable `code`; lists are pages with an opaque `next`."
)


def create_app(services: Services) -> FastAPI:
    """The HTTP service over `services`, which it starts and closes.

    Importing this module loads no model and no decoder.
    """

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        services.start()
        yield
        await run_in_threadpool(services.close)

    app = FastAPI(
        title="Keyart",
        version=version("keyart"),
        description=_ABOUT,
        lifespan=life,
        docs_url=None,  # these pages load their scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a redirect is no problem document: such a path is not found
        openapi_url=None,  # the framework's own route has no name in the metrics
    )
    app.state.services = services
    app.state.metrics = metrics.Metrics(services.jobs.counts, services.steering.view)
    errors.install(app)
    for resource in _ROUTERS:
        app.include_router(resource.router)
    app.add_api_route("/openapi.json", lambda: JSONResponse(app.openapi()), include_in_schema=False)
    keys = Keys(services.settings.api_keys)
    app.add_middleware(Gate, keys=keys, metrics=app.state.metrics)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """OpenAPI, with the problem schema, the keys, and what every route may answer."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        components = schema.setdefault("components", {})
        problem = Problem.model_json_schema()
        components.setdefault("schemas", {})["Problem"] = {**problem, "additionalProperties": True}
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                _complete(path, operation)
        app.openapi_schema = schema
    return app.openapi_schema


def _complete(path: str, operation: dict[str, Any]) -> None:
    shared = ["internal", "records_unavailable"]
    if path not in OPEN_PATHS and not path.startswith(OPEN_PREFIX):
        shared += ["unauthorized", "forbidden_role"]
        if path.startswith("/v1/"):
            shared.append("unknown_parameter")
        operation["security"] = [{"bearer": []}, {"header": []}, {}]
    if any(each["in"] == "query" for each in operation.get("parameters", ())):
        shared.append("repeated_parameter")
    errors.add_problems(operation["responses"], *shared)
