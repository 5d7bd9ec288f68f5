"""`keyart submit` and `keyart reindex`: what makes jobs."""

import json
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import wrap_file

from api.cli import show
from api.cli.bulk import Sent, send_catalog
from api.cli.forecast import tell_forecast
from api.cli.generations import go_back
from api.cli.remote import DEFAULT_URL, Key, Refused, Remote, Url
from api.cli.show import AsJson
from api.cli.waiting import wait

BUSY_TRIES = 60
LISTED = 10
"""Names that one line tells; a catalogue may have thousands."""
COMPLAINTS, ANNOUNCED = 20, 100
"""Refused titles, and jobs, that are told one a line."""
UNCHANGED = "unchanged, not understood again (use --again)"
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
        typer.Option(
            exists=True, dir_okay=False, help="Titles: one JSON object a line (NDJSON), or CSV."
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False, help="Write which titles of the catalogue were refused there (NDJSON)."
        ),
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
    again: Annotated[
        bool, typer.Option("--again", help="Understand anew even what has not changed.")
    ] = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Submit files, or a catalogue of titles, to be understood."""
    if bool(files) == bool(catalog):
        raise typer.BadParameter("give FILEs or --catalog, one of them")
    if report is not None and catalog is None:
        raise typer.BadParameter("--report goes with --catalog")
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
        sent = send_catalog(remote, catalog, again=again, report=report, quiet=as_json)
    else:
        named = {"id": title_id, "name": name, "synopsis": synopsis, **facts}
        drafts = [_file_draft(file, named, by_path=by_path) for file in files or []]
        if again:
            drafts = [replace(draft, title={**draft.title, "again": True}) for draft in drafts]
        sent = _send_all(remote, drafts, quiet=as_json)
    ended = wait(remote, sent.jobs, quiet=as_json) if wait_for and sent.jobs else []
    _conclude(sent, ended, as_json=as_json)


def reindex(
    *,
    rollback: Annotated[
        str | None,
        typer.Option(metavar="JOB", help="Go back to the generation that this job replaced."),
    ] = None,
    titles: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Only these: a file of ids, one a line."),
    ] = None,
    genre: Annotated[str | None, typer.Option(help="Only titles of this genre.")] = None,
    language: Annotated[str | None, typer.Option(help="Only titles in this language.")] = None,
    stale: Annotated[
        bool, typer.Option("--stale", help="Only titles with vectors of an earlier encoder.")
    ] = False,
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="AGE|DATE",
            help="Only titles understood last so long ago (30d, 12h, 6w), or before (2026-11-01).",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be done and may take; begin nothing.")
    ] = False,
    wait_for: Wait = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Rebuild every title's vectors beside the ones in use, then switch.

    With --titles, --genre, --language, --stale or --older-than these titles alone are understood
    anew, in place, all that is given holding.
    """
    remote = Remote(url, key)
    ids = None if titles is None else _ids_in(titles)
    asked = {"titles": ids, "genre": genre, "language": language, "stale": stale or None}
    asked["older_than"] = older_than
    part = {name: value for name, value in asked.items() if value is not None}
    if rollback is not None:
        if dry_run or part:
            other = min(part, default="dry_run").replace("_", "-")
            raise typer.BadParameter(f"--rollback goes back as a whole, without --{other}")
        go_back(remote, rollback, as_json=as_json)
        return
    if dry_run:
        tell_forecast(remote, part, as_json=as_json)
        return
    started = remote.post("/v1/titles:reindex", part) if part else remote.post("/v1/reindex")
    if not wait_for:
        show.print_json(started) if as_json else show.fields(started)
        return
    jobs = {started["job_id"]: started["generation"] or "reindex"}
    _conclude(Sent(jobs), wait(remote, jobs, quiet=as_json), as_json=as_json)


def _ids_in(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8-sig").split()
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"--titles: {file} is no text in UTF-8") from error


def _file_draft(file: Path, named: dict[str, Any], *, by_path: bool) -> Draft:
    stem = file.stem
    title = {name: value for name, value in named.items() if value is not None}
    title.setdefault("id", re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:128] or "title")
    title.setdefault("name", stem)
    title.setdefault("synopsis", title["name"])
    if by_path:
        return Draft({**title, "media": str(file.resolve())})
    return Draft(title, file)


def _send_all(remote: Remote, drafts: Iterable[Draft], *, quiet: bool) -> Sent:
    """Submit each; one that is refused does not keep the others out."""
    sent = Sent()
    for draft in drafts:
        try:
            answer = _send(remote, draft, quiet=quiet)
        except Refused as error:
            sent.refused.append({"title": draft.label, "code": error.code, "detail": error.detail})
        else:
            sent.jobs[answer["job_id"]] = answer["title_id"]
            if not answer["created"]:
                sent.unchanged.append(answer["title_id"])
    return sent


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
    if size == 0:  # the service would know the upload only by a name of its own
        detail = f"{draft.file.name!r} holds no bytes"
        raise Refused(422, {"code": "media_empty", "detail": detail})
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


def _conclude(sent: Sent, ended: list[Any], *, as_json: bool) -> None:
    """Say what became of it; exit 1 if anything was refused or failed."""
    failed = [job for job in ended if job["state"] != "done"]
    if as_json:
        items = [{"job_id": job_id, "title_id": title} for job_id, title in sent.jobs.items()]
        refused, unchanged = sent.refused, sent.unchanged
        show.print_json({"items": ended or items, "refused": refused, "unchanged": unchanged})
    else:
        if not ended:
            _announce(sent.jobs)
        if sent.unchanged:
            show.complain("", f"{_listed(sent.unchanged)}: {UNCHANGED}")
        _complain_of(sent.refused)
        for job in failed:
            error = job["error"] or {"code": job["state"], "detail": "it did not finish"}
            show.complain(error["code"], f"{sent.jobs[job['id']]}: {error['detail']}")
    if sent.refused or failed:
        raise typer.Exit(1)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")


def _complain_of(refused: Sequence[dict[str, Any]]) -> None:
    for each in refused[:COMPLAINTS]:
        where = f" (line {each['line']})" if "line" in each else ""
        show.complain(each["code"], f"{each['title']}: {each['detail']}{where}")
    if (more := len(refused) - COMPLAINTS) > 0:
        show.complain("", f"{more} more were refused; --report FILE has them all")


def _announce(jobs: dict[str, str]) -> None:
    if len(jobs) > ANNOUNCED:
        show.out().print(f"{len(jobs)} titles submitted; `keyart status` shows their jobs")
    elif jobs:
        rows = show.table("title", "job", whole=["job"])
        for job_id, title in jobs.items():
            rows.add_row(escape(title), job_id)
        show.out().print(rows)
