"""`keyart status`: a job, a title, or the newest jobs."""

from contextlib import suppress
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from api.cli import show
from api.cli.generations import warn_of
from api.cli.reads import Limit
from api.cli.remote import DEFAULT_URL, Key, Refused, Remote, Url, path
from api.cli.show import AsJson

PAGE = 200


def status(
    name: Annotated[
        str | None, typer.Argument(metavar="[JOB|TITLE]", help="The id of one of them.")
    ] = None,
    *,
    limit: Limit = 20,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Show a job or a title or, without a name, the newest jobs."""
    remote = Remote(url, key)
    if name is None:
        page = remote.get("/v1/jobs", limit=limit)
        if as_json:
            show.print_json(page)
        else:
            _jobs(page["items"])
            _warn(remote)
        return
    found = _job(remote, name) or _title(remote, name) or _unpublished(remote, name)
    if found is None:
        detail = f"there is no job and no title {name!r}"
        raise Refused(404, {"code": "title_not_found", "detail": detail})
    if as_json:
        show.print_json(found)
    else:
        show.fields(_job_fields(found) if "stage" in found else _title_fields(found))


def _job(remote: Remote, name: str) -> Any:
    return _get(remote, "jobs", name)


def _title(remote: Remote, name: str) -> Any:
    return _get(remote, "titles", name)


def _get(remote: Remote, kind: str, name: str) -> Any:
    """None where there is none, or where `name` cannot be the id of one."""
    try:
        return remote.get(path(kind, name))
    except Refused as error:
        if error.status not in (404, 422):
            raise
        return None


def _unpublished(remote: Remote, name: str) -> Any:
    """The newest job of a title that is not there, if it tells why: it failed or was cancelled."""
    jobs = remote.pages("/v1/jobs", limit=PAGE)
    newest = next((job for job in jobs if job["title_id"] == name), None)
    if newest is None or newest["state"] == "done":  # deleted since
        return None
    show.complain("", f"there is no title {name!r}, only this job of it:")
    return newest


def _warn(remote: Remote) -> None:
    """Of what keeps new titles out; where the index is away, the jobs are told all the same."""
    with suppress(Refused):
        warn_of(remote.get("/v1/generations")["items"])


def _jobs(items: list[Any]) -> None:
    if not items:
        show.out().print("no jobs yet; `keyart submit FILE` makes one")
        return
    console = show.out()
    rows = _job_rows(items, with_ids=True)
    if show.width_of(rows) <= console.width:
        console.print(rows)
        return
    console.print(_job_rows(items, with_ids=False))
    console.print("[dim]The jobs' ids need a wider window, or --json.[/]")


def _job_rows(items: list[Any], *, with_ids: bool) -> Table:
    rows = show.table(
        "title", "kind", "state", *(["job"] if with_ids else []), whole=["kind", "state", "job"]
    )
    for job in items:
        ids = [job["id"]] if with_ids else []
        rows.add_row(escape(job["title_id"] or "–"), job["kind"], _where(job), *ids)
    return rows


def _where(job: dict[str, Any]) -> Text:
    """The state, and what it is about: the stage of a running job, the code of a failed one."""
    told = show.state(job["state"])
    if job["error"]:
        told.append(f" {job['error']['code']}")
    elif job["state"] == "running":
        told.append(f" {job['stage']} {job['progress']:.0%}")
    return told


def _job_fields(job: dict[str, Any]) -> dict[str, Any]:
    values = {**job, "state": show.state(job["state"]), "progress": f"{job['progress']:.0%}"}
    if job["error"]:
        values["error"] = f"{job['error']['code']}: {job['error']['detail']}"
    return values


def _title_fields(title: dict[str, Any]) -> dict[str, Any]:
    values = {**title, "state": show.state(title["state"])}
    if title["duration_s"] is not None:
        size = f"{title['width']} × {title['height']}"
        values["media"] = f"{title['duration_s']:.2f} s, {size}, {title['fps']:g} fps"
    for name in ("duration_s", "width", "height", "fps"):
        del values[name]
    profile = dict(values.pop("profile") or {})
    palette = [f"{each['hex']} {each['share'] * 100:.0f} %" for each in profile.pop("palette", [])]
    figures = {name: _figures(group) for name, group in profile.items()}
    return {**values, "profile": {"palette": ", ".join(palette), **figures}}


def _figures(group: Any) -> Any:
    """A group of the profile without its lists of records, which `keyart show` draws."""
    if not isinstance(group, dict):
        return group
    return {
        name: value
        for name, value in group.items()
        if not (isinstance(value, list) and any(isinstance(each, dict) for each in value))
    }
