"""Rewards: what a decision earned."""

from itertools import compress

from fastapi import APIRouter
from starlette.responses import Response

from api.batches import CODES, taken
from api.bodies import RewardBody, Rewards
from api.body import JsonRoute
from api.consent import given
from api.errors import problems
from api.metrics import Meters
from api.schemas.common import Accepted
from api.schemas.rewards import RewardPolicy
from api.services import House

REFUSED = (
    "invalid_title_id",
    "decision_not_found",
    "decision_expired",
    "reward_conflict",
    "invalid_reward",
    "invalid_reward_kind",
    "reward_too_late",
    "implausible_time",
)
router = APIRouter(tags=["feedback"], route_class=JsonRoute)


@router.post(
    "/v1/rewards",
    status_code=202,
    response_model=Accepted,
    responses=problems(*CODES, *REFUSED),
)
async def reward(body: Rewards, house: House, meters: Meters) -> Response:
    """Take one reward, or `items` of up to 1000; answered once they are durable.

    An event that names `user` and `title_id` instead of a decision belongs to the viewer's latest
    decision for that title whose window for its kind was open. Sending one again changes nothing.
    Another value for the same kind is a conflict, unless `correct` is true: then it supersedes, and
    both stay on record. An event that names a viewer without consent is dropped as soon as it is
    read; `ignored` tells how many. When some items of a batch are refused the others are kept, and
    the problem's `items` names the refused by index; badly formed ones (`errors`) refuse it whole.
    """
    single = isinstance(body, RewardBody)
    rewards = [body] if isinstance(body, RewardBody) else body.items
    kept = [each.user is None or given(each.consent, house.settings) for each in rewards]
    known = [each.event() for each in compress(rewards, kept)]
    told = iter(await house.personalizer.observe(known) if known else ())
    outcomes = [next(told) if one else None for one in kept]
    return taken(outcomes, meters, single=single, ignored=kept.count(False))


@router.get("/v1/rewards/policy")
def reward_policy(house: House) -> RewardPolicy:
    """What each kind of event is worth here, for how long, and what is done against click-bait."""
    return RewardPolicy.of(house.worth)
