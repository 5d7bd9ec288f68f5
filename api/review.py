"""Review: verdicts on pictures, and what may be shown of a title."""

from fastapi import APIRouter

from api.bodies import ArtworkPolicyBody
from api.body import JsonRoute
from api.checks import Short, TitleId
from api.errors import problems
from api.schemas.review import ArtworkPolicy, Verdict
from api.services import House

router = APIRouter(tags=["review"], route_class=JsonRoute)

_VERDICT_CODES = ("variant_not_found", "invalid_request", "invalid_text")


@router.post(
    "/v1/variants/{variant_id}/approve",
    response_model=Verdict,
    responses=problems(*_VERDICT_CODES),
)
def approve_variant(variant_id: Short, house: House) -> Verdict:
    """Approve a picture, in every aspect; an earlier veto is lifted.

    Named by a variant's id or by its `group_id`.
    """
    return Verdict.of(house.review.judge(variant_id, "approve"))


@router.post(
    "/v1/variants/{variant_id}/veto",
    response_model=Verdict,
    responses=problems(*_VERDICT_CODES),
)
def veto_variant(variant_id: Short, house: House) -> Verdict:
    """Withdraw a picture, in every aspect: from the next request on nobody is shown it.

    Named by a variant's id or by its `group_id`. A viewer who has it in a running episode is given
    another picture, by a new decision.
    """
    return Verdict.of(house.review.judge(variant_id, "veto"))


@router.get(
    "/v1/titles/{title_id}/artwork-policy",
    response_model=ArtworkPolicy,
    responses=problems("title_not_found", "invalid_title_id"),
)
def get_artwork_policy(title_id: TitleId, house: House) -> ArtworkPolicy:
    """What may be shown of a title."""
    return ArtworkPolicy.of(title_id, house.review.policy(title_id))


@router.put(
    "/v1/titles/{title_id}/artwork-policy",
    response_model=ArtworkPolicy,
    responses=problems(
        "title_not_found",
        "variant_not_found",
        "picture_twice",
        "contradictory_rules",
        "invalid_time",
        "invalid_json",
        "body_too_large",
        "unsupported_media_type",
        "invalid_request",
        "invalid_text",
        "invalid_title_id",
    ),
)
def put_artwork_policy(title_id: TitleId, body: ArtworkPolicyBody, house: House) -> ArtworkPolicy:
    """Say what may be shown of a title, in place of what was said before."""
    return ArtworkPolicy.of(title_id, house.review.set_policy(title_id, body.policy()))
