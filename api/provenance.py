"""Provenance: the certificate by which the signatures of pictures are checked."""

from fastapi import APIRouter
from starlette.responses import Response

from api.admission import AdmittedRoute
from api.services import House

router = APIRouter(tags=["images"], route_class=AdmittedRoute)
_PEM = "application/x-pem-file"


@router.get(
    "/v1/provenance/root.pem",
    response_class=Response,
    responses={200: {"description": "A certificate.", "content": {_PEM: {}}}},
)
def get_root(house: House) -> Response:
    """The root certificate (PEM) of the signatures inside of every picture; no secret."""
    return Response(house.root_certificate, media_type=_PEM)
