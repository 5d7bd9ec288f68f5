"""Titles: submit, read, delete; and the shots and variants of each."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import multipart
from api.bodies import TitleBody
from api.body import JsonRoute, media_type, read_capped, validated
from api.checks import TitleId
from api.errors import UnsupportedMediaType, problems
from api.paging import Cursor, Limit, decode, decode_int, page
from api.schemas.common import Page
from api.schemas.jobs import Submitted
from api.schemas.titles import Shot, Title, Variant
from api.services import House, Services
from content.entries import Submission
from content.types import Aspect

router = APIRouter(tags=["titles"], route_class=JsonRoute)


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without definitions of its own: OpenAPI looks for those elsewhere."""
    text = json.dumps({name: part for name, part in schema.items() if name != "$defs"})
    for name, part in schema.get("$defs", {}).items():
        text = text.replace(json.dumps({"$ref": f"#/$defs/{name}"}), json.dumps(part))
    inlined: dict[str, Any] = json.loads(text)
    return inlined


TITLE_SCHEMA = inlined(TitleBody.model_json_schema())
_SUBMIT_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": TITLE_SCHEMA},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["title"],
                    "properties": {
                        "title": TITLE_SCHEMA,
                        "media": {"type": "string", "format": "binary"},
                    },
                },
                "encoding": {"title": {"contentType": "application/json"}},
            },
        },
    }
}
TITLE_CODES = (
    "invalid_json",
    "invalid_request",
    "invalid_text",
    "invalid_title_id",
    "synopsis_empty",
    "synopsis_too_long",
    "media_outside_roots",
    "media_not_found",
    "media_not_a_file",
    "media_empty",
)
"""What a title by itself may be refused with."""
_SUBMIT_CODES = (
    *TITLE_CODES,
    "invalid_multipart",
    "body_too_large",
    "upload_too_large",
    "unsupported_media_type",
    "media_twice",
    "queue_full",
    "disk_full",
)


@router.post(
    "/v1/titles",
    status_code=202,
    response_model=Submitted,
    openapi_extra=_SUBMIT_BODY,
    responses=problems(*_SUBMIT_CODES),
)
async def submit_title(request: Request, house: House, response: Response) -> Submitted:
    """Submit a title as JSON, or as a form with a `title` part (JSON) and a `media` part (file).

    The same id with the same content answers with the same job (`created` is false), unless `again`
    is asked for. The same id with other content, or `again`, makes a new version, which replaces
    the old one only when it is done.
    """
    match media_type(request):
        case "application/json":
            body = validated(await read_capped(request), TitleBody)
            made = await run_in_threadpool(house.intake.submit, body.fields(), None)
        case "multipart/form-data":
            made = await _submit_form(request, house)
        case other:
            raise UnsupportedMediaType(
                "unsupported_media_type",
                f"send application/json or multipart/form-data, not {other or 'no type at all'}",
            )
    response.headers["Location"] = f"/v1/jobs/{made.job_id}"
    return Submitted(title_id=made.title_id, job_id=made.job_id, created=made.created)


async def _submit_form(request: Request, house: Services) -> Submission:
    settings = house.settings
    path = await run_in_threadpool(house.intake.new_upload_path)
    try:
        body, media = await multipart.receive(
            request,
            path,
            lambda raw: validated(raw, TitleBody),
            cap=settings.max_upload_bytes,
            keep_free=settings.min_free_bytes,
        )
    except BaseException:  # whatever ended it, a client that went away included
        path.unlink(missing_ok=True)
        raise
    if media is None:
        path.unlink(missing_ok=True)
    assert body is not None  # a form without its title is refused
    # The intake decides from here on what becomes of the file.
    upload = path if media is not None else None
    return await run_in_threadpool(house.intake.submit, body.fields(), upload)


@router.get(
    "/v1/titles", response_model=Page[Title], responses=problems("invalid_limit", "invalid_cursor")
)
def list_titles(house: House, limit: Limit = 20, cursor: Cursor = None) -> Any:
    """Titles in the order of their ids, with what of their profile does not grow with the film.

    Left out: `words.transcript`, `words.arc`, `pacing.curve`, `pacing.peaks`, `mood.evidence`,
    `look.text`; `GET /v1/titles/{id}` has them.
    """
    rows = house.catalog.list(after=decode(cursor), limit=limit + 1)
    return page(rows, limit, Title.listed, lambda row: row.id)


@router.get(
    "/v1/titles/{title_id}",
    response_model=Title,
    responses=problems("title_not_found", "invalid_title_id"),
)
def get_title(title_id: TitleId, house: House) -> Title:
    """One title: its published version or, before the first is done, the submitted one."""
    return Title.of(house.catalog.get(title_id))


@router.delete(
    "/v1/titles/{title_id}",
    status_code=204,
    responses=problems("title_not_found", "invalid_title_id"),
)
def delete_title(title_id: TitleId, house: House) -> None:
    """Delete a title: its rows, vectors and pictures; a running job of it is cancelled."""
    house.intake.delete(title_id)


@router.get(
    "/v1/titles/{title_id}/shots",
    response_model=Page[Shot],
    responses=problems("title_not_found", "invalid_title_id", "invalid_limit", "invalid_cursor"),
)
def list_shots(title_id: TitleId, house: House, limit: Limit = 20, cursor: Cursor = None) -> Any:
    """Shots in their order."""
    rows = house.catalog.shots(title_id, after=decode_int(cursor), limit=limit + 1)
    return page(rows, limit, Shot.of, lambda row: str(row.idx))


@router.get(
    "/v1/titles/{title_id}/variants",
    response_model=Page[Variant],
    responses=problems("title_not_found", "invalid_title_id", "unknown_aspect"),
)
def list_variants(
    title_id: TitleId, house: House, aspect: Annotated[Aspect | None, Query()] = None
) -> Page[Variant]:
    """Every picture of a title: a few dozen at most, so always one page."""
    house.catalog.get(title_id)  # tells an unknown title from one without pictures
    rows = house.variants(title_id, aspect=aspect)
    return Page(items=[Variant.of(row) for row in rows])
