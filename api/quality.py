"""How much each sub-score of a picture counts in its overall one, and learning it from use."""

from fastapi import APIRouter

from api.bodies import QualityFitBody
from api.body import JsonRoute
from api.errors import problems
from api.schemas.quality import QualityFit, QualityWeights
from api.services import House

router = APIRouter(tags=["artwork"], route_class=JsonRoute)

_BODY = ("invalid_json", "body_too_large", "unsupported_media_type", "invalid_request")


@router.get(
    "/v1/quality/weights",
    response_model=QualityWeights,
    responses=problems("invalid_quality_weights"),
)
def read_weights(house: House) -> QualityWeights:
    """How much each sub-score counts; the sizes sum to 1, a negative one counts what is missing."""
    return QualityWeights(weights=dict(house.quality.read()))


@router.post(
    "/v1/quality/fit",
    response_model=QualityFit,
    responses=problems(*_BODY, "too_few_decisions", "invalid_quality_weights"),
)
def fit_weights(body: QualityFitBody, house: House) -> QualityFit:
    """Learn the weights from what the pictures that were shown have earned.

    They are put to use only where they order the pictures of held-out titles better than those in
    use, beyond chance, and not for a `dry_run`; from then on for pictures that are newly assessed.
    """
    found, used = house.quality.fit(keep=not body.dry_run)
    return QualityFit.of(found, house.quality.read(), used=used)
