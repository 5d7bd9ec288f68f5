"""In front of every route: may this key, and are there such parameters?"""

from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from api.auth import OPEN_PREFIX, role_in
from api.roles import check, role_of
from api.services import services_of
from content.errors import Invalid

BUSTER = "_"
"""What scripts append so that no cache answers them: passed over everywhere."""
_NEAR = 0.6
_SHOWN = 40


class AdmittedRoute(APIRoute):
    """A route that is closed to keys without its role (`api.roles`) and, under `/v1`, to a query
    that says one thing twice or, but for images, names what the route does not know, unless the
    settings say otherwise."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = self.admitted_handler()
        path = self.path_format
        ours, named = path.startswith("/v1/"), not path.startswith(OPEN_PREFIX)
        known = frozenset(self._query_names())

        async def admit(request: Request) -> Response:
            role = role_in(request.scope)
            if role != "admin":
                check(role, role_of(request.method, path))
            if ours and request.scope["query_string"]:
                check_once(request.query_params, known)
                if named and _strict(request):
                    check_names(request.query_params, known)
            return await handle(request)

        return admit

    def admitted_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request that was let in."""
        return super().get_route_handler()

    def _query_names(self) -> Iterator[str]:
        """Of the handler's parameters, or of the model that it reads them by itself."""
        for each in (self.openapi_extra or {}).get("parameters", ()):
            if each["in"] == "query":
                yield each["name"]
        yield from _names(self.dependant)


def _strict(request: Request) -> bool:
    return services_of(request).settings.unknown_parameters == "refuse"


def _names(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for each in dependant.dependencies:
        yield from _names(each)


def check_once(sent: QueryParams, known: frozenset[str]) -> None:
    """No parameter is a list: of two values one would be passed over, and nobody could say which.

    Raises:
        Invalid: `repeated_parameter`.
    """
    if len(said := sent.multi_items()) == len(sent):
        return
    counts = Counter(name for name, _ in said if name in known)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise Invalid(
            "repeated_parameter", f"the query says {twice[0]!r} more than once", repeated=twice
        )


def check_names(sent: Iterable[str], known: frozenset[str]) -> None:
    """Raises Invalid: `unknown_parameter`, with the known names that are near."""
    unknown = [name for name in dict.fromkeys(sent) if name not in known and name != BUSTER]
    if unknown:
        near = get_close_matches(unknown[0], sorted(known), 3, _NEAR)
        hint = f"did you mean {' or '.join(near)}?" if near else _all(known)
        raise Invalid(
            "unknown_parameter",
            f"there is no parameter {unknown[0][:_SHOWN]!r} here; {hint}",
            unknown=[name[:_SHOWN] for name in unknown[:_SHOWN]],
            known=sorted(known),
        )


def _all(known: frozenset[str]) -> str:
    return f"there are {', '.join(sorted(known))}" if known else "this route has none"
