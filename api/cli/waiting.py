"""Waiting for jobs, with a line for each: title, bar, stage."""

import time
from collections.abc import Mapping
from typing import Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from api.cli import show
from api.cli.remote import Remote, path

POLL_S = 0.5
ASKED_AT_ONCE = 16
"""Jobs asked after in one round: the oldest run first, so the others only wait."""
ENDED = ("done", "failed", "cancelled")


def wait(remote: Remote, jobs: Mapping[str, str], *, quiet: bool = False) -> list[Any]:
    """Wait until every job has ended.

    Args:
        jobs: job id -> what to call it.
        quiet: show nothing meanwhile.

    Returns:
        The jobs as they ended, in the order given.
    """
    ended: dict[str, Any] = {}
    with _progress(quiet) as progress:
        lines = {
            job_id: progress.add_task(name, total=1.0, stage="queued", visible=i < ASKED_AT_ONCE)
            for i, (job_id, name) in enumerate(jobs.items())
        }
        while len(ended) < len(jobs):
            waiting = [job_id for job_id in jobs if job_id not in ended][:ASKED_AT_ONCE]
            for job_id in waiting:
                job = remote.get(path("jobs", job_id))
                _draw(progress, lines[job_id], job)
                if job["state"] in ENDED:
                    ended[job_id] = job
            if len(ended) < len(jobs):
                time.sleep(POLL_S)
    return [ended[job_id] for job_id in jobs]


def _progress(quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[stage]}"),
        TimeElapsedColumn(),
        console=show.out(),
        disable=quiet,
    )


def _draw(progress: Progress, line: TaskID, job: dict[str, Any]) -> None:
    if job["state"] == "failed":
        stage = f"[red]{job['error']['code'] if job['error'] else 'failed'}[/]"
    elif job["state"] == "done":
        stage = "[green]done[/]"
    else:
        stage = job["stage"]
    progress.update(line, completed=job["progress"], stage=stage, visible=True)
    if job["state"] in ENDED:
        progress.stop_task(line)
