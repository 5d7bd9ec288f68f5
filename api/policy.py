"""The mode of the choice: told, set, promoted."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from api.body import JsonRoute
from api.checks import Body, Line
from api.errors import problems
from api.paging import Cursor, Limit, decode_int, page
from api.schemas.common import Page
from api.schemas.policy import Policy, PolicyChange
from api.services import House
from artwork.choice.record.mode import Wanted

router = APIRouter(tags=["policy"], route_class=JsonRoute)

_BODY_CODES = (
    "invalid_json",
    "body_too_large",
    "unsupported_media_type",
    "invalid_request",
    "invalid_text",
)
_PARTS = ("not_started", "learning_stopped", "ledger_unavailable")
_WRITTEN = (*_PARTS, "outcome_unknown")


class PolicyBody(Body):
    """A mode to put in force. `explore_share`: of the probability, goes with `explore` alone; left
    out, it stays as it was. `by` is kept with the change."""

    mode: Wanted
    explore_share: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    by: Line | None = None

    @field_validator("explore_share")
    @classmethod
    def _of_explore(cls, share: float | None, info: ValidationInfo) -> float | None:
        if share is not None and info.data.get("mode", "explore") != "explore":
            raise PydanticCustomError("share_unused", "this goes with the mode `explore` alone")
        return share


@router.get("/v1/policy", response_model=Policy, responses=problems(*_PARTS))
def get_policy(house: House) -> Policy:
    """How the choice is made, how often the policy would have chosen as the incumbent, and how it
    does against the control."""
    return Policy.of(house.steering.view())


@router.get(
    "/v1/policy/history",
    response_model=Page[PolicyChange],
    responses=problems("invalid_request", "invalid_limit", "invalid_cursor"),
)
def policy_history(house: House, limit: Limit = 20, cursor: Cursor = None) -> Any:
    """Every change of the mode, the newest first: what, since when, and who asked for it."""
    rows = house.steering.history(before=decode_int(cursor), limit=limit + 1)
    return page(rows, limit, PolicyChange.of, lambda row: str(row.n))


@router.put(
    "/v1/policy",
    response_model=Policy,
    responses=problems(*_BODY_CODES, *_WRITTEN),
)
def put_policy(body: PolicyBody, house: House) -> Policy:
    """Put a mode in force, from the next request on. What was in force already changes nothing but
    who stands for it."""
    return Policy.of(house.steering.set(body.mode, share=body.explore_share, by=body.by))


@router.post(
    "/v1/policy/promote",
    response_model=Policy,
    responses=problems("invalid_request", "invalid_text", *_WRITTEN, "not_in_shadow"),
)
def promote_policy(house: House, *, by: Line | None = None) -> Policy:
    """Let the policy that ran in shadow answer: from `shadow` to `learn`. `by` is kept with it."""
    return Policy.of(house.steering.promote(by=by))
