"""Watch events: what a viewer's taste is derived from."""

from itertools import compress

from fastapi import APIRouter
from starlette.responses import Response

from api.batches import CODES, taken
from api.bodies import WatchBody, Watches
from api.body import JsonRoute
from api.consent import given
from api.errors import problems
from api.metrics import Meters
from api.schemas.common import Accepted
from api.services import House

router = APIRouter(tags=["feedback"], route_class=JsonRoute)


@router.post(
    "/v1/events",
    status_code=202,
    response_model=Accepted,
    responses=problems(
        *CODES, "invalid_title_id", "title_not_found", "invalid_event", "implausible_time"
    ),
)
async def watched(body: Watches, house: House, meters: Meters) -> Response:
    """Take one watch event, or `items` of up to 1000; answered once they are durable.

    Those of viewers without consent are dropped as soon as they are read; `ignored` tells how many.
    """
    single = isinstance(body, WatchBody)
    events = [body] if isinstance(body, WatchBody) else body.items
    kept = [given(each.consent, house.settings) for each in events]
    known = [each.event() for each in compress(events, kept)]
    told = iter(await house.personalizer.watch(known) if known else ())
    outcomes = [next(told) if one else None for one in kept]
    return taken(outcomes, meters, single=single, ignored=kept.count(False))
