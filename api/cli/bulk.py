"""A whole catalogue sent: some hundred titles a request, each told of, from where it stopped on."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import httpx
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.cli import catalog, show
from api.cli.catalog import Entry
from api.cli.remote import Refused, Remote

AT_ONCE = 200
"""Titles in one request: what a broken connection leaves unknown is little."""
TRIES = 60
"""How often a full queue is waited for while no title gets in."""
WAIT_S = 1.0


@dataclass(slots=True)
class Sent:
    """What the service answered: job id -> title, what it refused, what it knew already."""

    jobs: dict[str, str] = field(default_factory=dict)
    refused: list[dict[str, Any]] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def send_catalog(
    remote: Remote, file: Path, *, again: bool, report: Path | None, quiet: bool
) -> Sent:
    """Submit every title of a catalogue; one that is refused does not keep the others out.

    Nothing is sent of a file that cannot be read to its end. Where the service goes away, or stops
    for good, it is told how far it came: sending the file again goes on from there.

    Args:
        again: have them understood anew even if nothing has changed.
        report: a file for the titles that were refused, one a line, with line, code and detail.
        quiet: show no progress.
    """
    total, sent, done, nameless = catalog.count(file), Sent(), 0, 0
    left = catalog.entries(file)
    try:
        with (
            _progress(quiet=quiet) as progress,
            nullcontext() if report is None else report.open("w", encoding="utf-8") as refusals,
        ):
            bar = progress.add_task("submitting", total=total)
            while group := list(islice(left, AT_ONCE)):
                for entry, answer in _answers(remote, group, again=again):
                    _note(sent, entry, answer, refusals)
                    nameless += "job_id" in answer and "id" not in entry.title
                    done += 1
                    progress.update(bar, completed=done)
    except (Refused, httpx.TransportError):
        told = f"{done} of {total} titles were answered; run it again to go on"
        show.complain("", f"{told}: what is there already is not submitted twice")
        raise
    if nameless:
        show.complain("", f"titles without an id: {nameless}; submitted again they are new ones")
    return sent


def _answers(
    remote: Remote, group: Sequence[Entry], *, again: bool
) -> Iterator[tuple[Entry, dict[str, Any]]]:
    """What is answered of each title; a full queue is waited for.

    Raises:
        Refused: the service takes no more.
    """
    rest, tries = list(group), 0
    while rest:
        answers, stopped = _sent(remote, rest, again=again)
        for answer in answers:
            yield rest[answer["line"] - 1], answer
        if stopped is None:
            return
        tries = tries + 1 if stopped.body["line"] == 1 else 0
        if stopped.status != 429 or tries == TRIES:
            raise stopped
        rest = rest[stopped.body["line"] - 1 :]
        time.sleep(stopped.retry_after_s or WAIT_S)


def _sent(
    remote: Remote, group: Sequence[Entry], *, again: bool
) -> tuple[Sequence[Any], Refused | None]:
    """One request: what it answers of each title, and why it stopped before the end."""
    texts = (json.dumps({**each.title, "again": True}) if again else each.text for each in group)
    try:
        *answers, end = remote.bulk("\n".join(texts).encode())
    except Refused as error:  # at the first already
        error.body = {**error.body, "line": 1}
        return (), error
    stopped = end["stopped"]
    if stopped is None:
        return answers, None
    status = 429 if stopped["code"] == "queue_full" else 503
    return answers, Refused(status, stopped, stopped["retry_after_s"])


def _note(sent: Sent, entry: Entry, answer: dict[str, Any], refusals: TextIO | None) -> None:
    if "code" in answer:
        label = str(entry.title.get("id") or entry.title.get("name") or "a title")
        told = {"code": answer["code"], "detail": answer["detail"]}
        sent.refused.append({"line": entry.line, "title": label, **told})
        if refusals is not None:
            line = {"line": entry.line, **told, "submitted": entry.title}
            refusals.write(json.dumps(line, ensure_ascii=False) + "\n")
        return
    sent.jobs[answer["job_id"]] = answer["title_id"]
    if not answer["created"]:
        sent.unchanged.append(answer["title_id"])


def _progress(*, quiet: bool) -> Progress:
    console = show.out()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,  # it would leave an empty line
    )
