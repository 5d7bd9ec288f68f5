"""How alike titles are, pair by pair, and how much each space counts in it."""

from fastapi import APIRouter

from api.bodies import PairsBody, WeightsBody
from api.body import JsonRoute
from api.errors import problems
from api.schemas.common import Page
from api.schemas.search import Alike, Weights
from api.services import House

router = APIRouter(tags=["search"], route_class=JsonRoute)

_INDEX = ("index_failed", "index_unavailable")
_BODY = ("invalid_json", "body_too_large", "unsupported_media_type", "invalid_request")


@router.post(
    "/v1/similarity",
    response_model=Page[Alike],
    responses=problems(*_BODY, "invalid_title_id", *_INDEX),
)
def compare_titles(body: PairsBody, house: House) -> Page[Alike]:
    """Score up to 1000 pairs of titles, in the order given.

    `score` is null where a title is not indexed or the two share no space that counts.
    """
    found = house.index.compare(body.pairs)
    return Page(items=[Alike.of(*each) for each in zip(body.pairs, found, strict=True)])


@router.get("/v1/similarity/weights", response_model=Weights, responses=problems(*_INDEX))
def read_weights(house: House) -> Weights:
    """How much each space counts in the fused score; the weights sum to 1."""
    return Weights.of(house.index.weights())


@router.put(
    "/v1/similarity/weights",
    response_model=Weights,
    responses=problems(*_BODY, "invalid_weights", *_INDEX),
)
def set_weights(body: WeightsBody, house: House) -> Weights:
    """Let the spaces count so from the next query on; a space that is not named counts 0.

    They are scaled to sum 1. No vector is rewritten.
    """
    return Weights.of(house.index.set_weights(body.weights))
