"""Is the process alive; can it answer?"""

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from api.admission import AdmittedRoute
from api.errors import MEDIA_TYPE, document, problems
from api.services import House

router = APIRouter(tags=["operations"], route_class=AdmittedRoute)


@router.head("/healthz", include_in_schema=False)  # what load balancers probe with
@router.get("/healthz")
async def alive() -> dict[str, str]:
    """The process is alive."""
    return {"status": "ok"}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", response_model=dict[str, Any], responses=problems("not_ready"))
def ready(house: House) -> Response:
    """Every part that an answer needs works: the records and the index. (The policy is loaded
    before the first request is taken.)"""
    parts = dict(house.readiness())
    if all(parts.values()):
        return JSONResponse({"status": "ready", "parts": parts})
    down = ", ".join(name for name, works in parts.items() if not works)
    body = document(503, "not_ready", f"not ready: {down}", parts=parts)
    return JSONResponse(body, 503, {"Retry-After": "2"}, media_type=MEDIA_TYPE)
