"""`keyart submit` and `keyart reindex`: what makes jobs."""

import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import wrap_file

from api.cli import show
from api.cli.catalog import read_catalog
from api.cli.remote import DEFAULT_URL, Key, Refused, Remote, Url
from api.cli.show import AsJson
from api.cli.waiting import wait

BUSY_TRIES = 60
Wait = Annotated[bool, typer.Option("--wait", help="Show the progress until it is done.")]


@dataclass(frozen=True, slots=True)
class Draft:
    """A title to submit and, unless it goes by path or has no media, the file to upload."""

    title: dict[str, Any]
    file: Path | None = None

    @property
    def label(self) -> str:
        return str(self.title.get("id") or self.title.get("name") or self.file)


def submit(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="To be uploaded."),
    ] = None,
    *,
    catalog: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Titles: one JSON object a line (NDJSON)."),
    ] = None,
    wait_for: Wait = False,
    by_path: Annotated[
        bool, typer.Option("--by-path", help="The file lies under a media root: send its path.")
    ] = False,
    title_id: Annotated[
        str | None, typer.Option("--id", help="Of one file; made from its name if left out.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Its name; the file's if left out.")] = None,
    synopsis: Annotated[
        str | None, typer.Option(help="What it is about; its name if left out.")
    ] = None,
    genre: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    maturity: Annotated[str, typer.Option(help="all, 7, 13, 16 or 18.")] = "all",
    language: Annotated[str | None, typer.Option(help="Such as en or pt-BR.")] = None,
    country: Annotated[str | None, typer.Option(help="Two letters.")] = None,
    released: Annotated[str | None, typer.Option(help="Year, month or day.")] = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Submit files, or a catalogue of titles, to be understood."""
    if bool(files) == bool(catalog):
        raise typer.BadParameter("give FILEs or --catalog, one of them")
    if files and len(files) > 1 and (title_id or name):
        raise typer.BadParameter("--id and --name fit one file only; use --catalog for several")
    facts = {
        "genres": genre or None,
        "maturity": maturity,
        "language": language,
        "country": country,
        "released": released,
    }
    remote = Remote(url, key)
    if catalog is not None:
        drafts = [Draft(title) for title in read_catalog(catalog)]
    else:
        named = {"id": title_id, "name": name, "synopsis": synopsis, **facts}
        drafts = [_file_draft(file, named, by_path=by_path) for file in files or []]
    jobs, refused = _send_all(remote, drafts, quiet=as_json)
    ended = wait(remote, jobs, quiet=as_json) if wait_for and jobs else []
    _conclude(jobs, ended, refused, as_json=as_json)


def reindex(
    *, wait_for: Wait = False, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = ""
) -> None:
    """Rebuild every title's vectors beside the ones in use, then switch."""
    remote = Remote(url, key)
    started = remote.post("/v1/reindex")
    if not wait_for:
        show.print_json(started) if as_json else show.fields(started)
        return
    jobs = {started["job_id"]: started["generation"] or "reindex"}
    _conclude(jobs, wait(remote, jobs, quiet=as_json), [], as_json=as_json)


def _file_draft(file: Path, named: dict[str, Any], *, by_path: bool) -> Draft:
    stem = file.stem
    title = {name: value for name, value in named.items() if value is not None}
    title.setdefault("id", re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:128] or "title")
    title.setdefault("name", stem)
    title.setdefault("synopsis", title["name"])
    if by_path:
        return Draft({**title, "media": str(file.resolve())})
    return Draft(title, file)


def _send_all(
    remote: Remote, drafts: Iterable[Draft], *, quiet: bool
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Submit each; one that is refused does not keep the others out."""
    jobs: dict[str, str] = {}
    refused: list[dict[str, Any]] = []
    for draft in drafts:
        try:
            answer = _send(remote, draft, quiet=quiet)
        except Refused as error:
            refused.append({"title": draft.label, "code": error.code, "detail": error.detail})
        else:
            jobs[answer["job_id"]] = answer["title_id"]
    return jobs, refused


def _send(remote: Remote, draft: Draft, *, quiet: bool) -> Any:
    """Submit one; a full queue is waited for."""
    for _ in range(BUSY_TRIES):
        try:
            return _send_once(remote, draft, quiet=quiet)
        except Refused as error:
            if error.status != 429:
                raise
            refusal = error
            time.sleep(error.retry_after_s or 1.0)
    raise refusal


def _send_once(remote: Remote, draft: Draft, *, quiet: bool) -> Any:
    if draft.file is None:
        return remote.post("/v1/titles", draft.title)
    size = draft.file.stat().st_size
    with draft.file.open("rb") as file:
        if quiet:
            return remote.upload(json.dumps(draft.title), draft.file.name, file)
        label = f"uploading {draft.label}"
        console = show.out()
        with wrap_file(
            file,
            size,
            description=label,
            console=console,
            transient=True,
            disable=not console.is_terminal,  # it would leave an empty line
        ) as counted:
            return remote.upload(json.dumps(draft.title), draft.file.name, counted)


def _conclude(
    jobs: dict[str, str], ended: list[Any], refused: list[dict[str, Any]], *, as_json: bool
) -> None:
    """Say what became of it; exit 1 if anything was refused or failed."""
    failed = [job for job in ended if job["state"] != "done"]
    if as_json:
        sent = [{"job_id": job_id, "title_id": title} for job_id, title in jobs.items()]
        show.print_json({"items": ended or sent, "refused": refused})
    else:
        if not ended:
            _announce(jobs)
        for each in refused:
            show.complain(each["code"], f"{each['title']}: {each['detail']}")
        for job in failed:
            error = job["error"] or {"code": job["state"], "detail": "it did not finish"}
            show.complain(error["code"], f"{jobs[job['id']]}: {error['detail']}")
    if refused or failed:
        raise typer.Exit(1)


def _announce(jobs: dict[str, str]) -> None:
    if jobs:
        rows = show.table("title", "job", whole=["job"])
        for job_id, title in jobs.items():
            rows.add_row(escape(title), job_id)
        show.out().print(rows)
