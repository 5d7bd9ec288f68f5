"""What was understood of a title: its profile, and how it runs in time."""

from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request

from api.admission import AdmittedRoute
from api.checks import TitleId
from api.errors import problems
from api.schemas.titles import Moment, Profile, Timeline
from api.services import House, Services
from content import timeline
from content.entries import TitleRecord
from content.errors import Conflict

router = APIRouter(tags=["titles"], route_class=AdmittedRoute)

Format = Literal["json", "otio"]
_OTIO = {
    "content": {
        "application/json": {
            "schema": {
                "oneOf": [
                    {"$ref": "#/components/schemas/Timeline"},
                    {
                        "type": "object",
                        "title": "OpenTimelineIO",
                        "description": "`Timeline.1` of OpenTimelineIO, for `format=otio`.",
                    },
                ]
            }
        }
    }
}


@router.get(
    "/v1/titles/{title_id}/profile",
    response_model=Profile,
    responses=problems("title_not_found", "invalid_title_id", "title_not_ready"),
)
def get_profile(title_id: TitleId, house: House) -> Profile:
    """What the title looks, sounds, reads and feels like; docs/facts.md explains every figure.

    A group of which nothing is known is null: a title without media has `words` and `mood` alone.
    """
    row = house.catalog.get(title_id)
    if row.version is None:
        raise Conflict(
            "title_not_ready",
            f"{title_id!r} is still being understood: see GET /v1/jobs/{row.job_id}",
        )
    return Profile.of(row)


@router.get(
    "/v1/titles/{title_id}/timeline",
    response_model=Timeline,
    responses={
        200: _OTIO,
        **problems(
            "title_not_found",
            "invalid_title_id",
            "title_not_ready",
            "no_timeline",
            "invalid_step",
            "invalid_range",
            "unknown_format",
            "invalid_request",
        ),
    },
)
def get_timeline(
    title_id: TitleId,
    house: House,
    request: Request,
    *,
    step_s: Annotated[
        float, Query(description="Seconds a record, 1 to 3600.", examples=[1.0])
    ] = 1.0,
    start_s: Annotated[float, Query(description="Where to begin.")] = 0.0,
    end_s: Annotated[
        float | None, Query(description="Where to end; by default with the film.")
    ] = None,
    format: Annotated[
        Format, Query(description="`otio`: the whole title as OpenTimelineIO.")
    ] = "json",
) -> Any:
    """How the title runs in time: a record for each step, or all shots as OpenTimelineIO.

    A record holds means over its step, the largest loudness, and of the shot with the largest part
    in it the mood and the palette. `format=otio` takes neither a step nor a range.
    """
    if format == "otio":
        _refuse_part(request)
    run = house.catalog.run(title_id)
    if format == "otio":
        from content import otio  # its library takes long to load

        name = f'attachment; filename="{title_id}.otio"'
        return Response(
            otio.document(run, _media_name(house, run.title)),
            media_type="application/json",
            headers={"Content-Disposition": name},
        )
    items = timeline.steps(run, step_s=step_s, start_s=start_s, end_s=end_s)
    assert run.title.facts is not None and run.title.version is not None
    told = Timeline(
        title_id=title_id,
        version=run.title.version,
        duration_s=run.title.facts.duration_s,
        step_s=step_s,
        items=[Moment.model_construct(**item) for item in items],
    )
    # Made here, of values made here: to check them again would take as long as to make them.
    return Response(told.model_dump_json(), media_type="application/json")


def _refuse_part(request: Request) -> None:
    """Raise RequestValidationError where a part or step of an export is asked for."""
    given = [name for name in ("step_s", "start_s", "end_s") if name in request.query_params]
    if given:
        why = "format=otio exports the whole title, shot by shot: leave this out"
        raise RequestValidationError(
            [{"loc": ("query", name), "msg": why, "type": "invalid_request"} for name in given]
        )


def _media_name(house: Services, title: TitleRecord) -> str | None:
    """The file's name as its owner knows it; an upload has none that would mean anything."""
    if title.media_path is None:
        return None
    path = Path(title.media_path)
    return None if path.parent == house.settings.uploads.resolve() else path.name
