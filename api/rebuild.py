"""Rebuild: is what was learned what the ledger says?"""

from fastapi import APIRouter

from api.admission import AdmittedRoute
from api.errors import problems
from api.schemas.learning import Rebuild
from api.services import House

router = APIRouter(tags=["operations"], route_class=AdmittedRoute)


@router.post(
    "/v1/rebuild",
    response_model=Rebuild,
    responses=problems(
        *("rebuild_running", "rebuild_failed", "rebuild_disturbed"),
        *("not_started", "learning_stopped"),
    ),
)
def rebuild(house: House) -> Rebuild:
    """Fold the whole ledger again beside the state in use, and compare the two bit by bit.

    In a process of its own, so that choices are answered meanwhile; nothing is changed. Takes some
    40 s of CPU for a million decisions.
    """
    return Rebuild.of(house.rebuild())
