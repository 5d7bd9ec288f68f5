"""Rules of the whole catalogue: told, put, and tried on its titles before they are put."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from api.bodies import ContextBody
from api.body import JsonRoute
from api.checks import Body, Time
from api.errors import problems
from api.paging import Cursor, Limit, decode, page
from api.rulebook import RulesBody
from api.schemas.rules import Rules, RulesChecked, RulesWarning, TitleOffer
from api.services import House
from artwork.choice.offer.preview import Spectator
from content.ids import from_iso, now_us
from content.types import Aspect

router = APIRouter(tags=["review"], route_class=JsonRoute)

_BODY = (
    "invalid_json",
    "body_too_large",
    "unsupported_media_type",
    "invalid_request",
    "invalid_text",
)


class AudienceBody(ContextBody):
    """Viewers to look at rules with; `at` is when they ask, now where it is left out."""

    at: Time | None = None

    def spectator(self, now: int) -> Spectator:
        return Spectator(self.context(), now if self.at is None else from_iso(self.at))


class RulesCheckBody(Body):
    """Rules to be tried; those in force where they are left out."""

    rules: RulesBody | None = None
    audiences: Annotated[list[AudienceBody], Field(min_length=1, max_length=50)]
    aspect: Aspect = "16:9"


@router.get("/v1/rules", response_model=Rules)
def get_rules(house: House) -> Rules:
    """The rules of the whole catalogue."""
    return Rules.of(*house.rules.get())


@router.put("/v1/rules", response_model=Rules, responses=problems(*_BODY, "contradictory_rules"))
def put_rules(body: RulesBody, house: House) -> Rules:
    """Put rules in the place of the earlier ones; the next choice obeys them.

    They come on top of KEYART_ORIGINS and KEYART_GENERATED_SHARE, and beside every title's policy.
    """
    return Rules.of(*house.rules.set(body.rules()))


@router.post(
    "/v1/rules/check",
    response_model=RulesChecked,
    responses=problems(
        *_BODY, "contradictory_rules", "invalid_time", "invalid_context", "unknown_aspect",
        "invalid_limit", "invalid_cursor",
    ),
)  # fmt: skip
def check_rules(
    body: RulesCheckBody, house: House, limit: Limit = 50, cursor: Cursor = None
) -> Any:
    """What rules would leave of each title for each audience. Nothing is changed or counted.

    `warnings` has what the rules themselves say in vain, whatever the titles.
    """
    titles = house.catalog.list(after=decode(cursor), limit=limit + 1)
    now = now_us()
    shown = page(titles, limit, lambda record: record.id, lambda record: record.id)
    rules = None if body.rules is None else body.rules.rules()
    spectators = [one.spectator(now) for one in body.audiences]
    found = house.rules.preview(shown.items, body.aspect, spectators, rules)
    return RulesChecked(
        items=[TitleOffer.of(one) for one in found],
        next=shown.next,
        warnings=RulesWarning.all_of(house.rules.get()[0] if rules is None else rules),
    )
