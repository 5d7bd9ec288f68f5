"""The demo: `make demo`. Starts the service, submits real clips, shows what a person came to see.

Everything goes through the HTTP API of a real `keyart serve`; only the viewers are simulated.
"""

import argparse
import json
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock, Timeout
from rich.console import Console

from samples import show, simulate
from samples.fetch import fetch
from samples.service import Service

CACHE = Path(".cache")
CATALOG = Path(__file__).parent / "catalog.json"
DECISIONS = 10_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop at the end and exit 0")
    once = parser.parse_args().once
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the service is stopped too
    try:
        return _demo(Console(), once)
    except KeyboardInterrupt:
        return 130


def _demo(console: Console, once: bool) -> int:
    started = time.monotonic()
    console.rule("[bold]Keyart[/] — from footage to the picture that makes them press play")
    folder = CACHE / "demo"
    if (holder := _holder(folder / "data")) is not None:
        console.print(f"The demo is running already ({holder}): stop that one first.")
        return 2
    clips = fetch((CACHE / "samples").resolve())
    shutil.rmtree(folder / "data", ignore_errors=True)
    service = Service(
        folder / "data",
        {"KEYART_MEDIA_ROOTS": str((CACHE / "samples").resolve()), "KEYART_PORT": _port()},
    )
    console.print("starting the service …", style="dim")
    with service:
        _tour(console, service.http, clips, folder)
        console.print(f"\n{time.monotonic() - started:.0f} seconds in all.", style="dim")
        if not once:
            show.urls(console, service.http)
            console.print("\nThe service goes on running; [bold]Ctrl-C[/] stops it.")
            service.wait_for_interrupt()
    return 0


def _holder(data: Path) -> str | None:
    """Who serves `data` right now; None when nobody does."""
    if not (data / "run").exists():
        return None
    try:
        with FileLock(data / "run" / "serve.lock", timeout=0):
            return None
    except Timeout:
        return (data / "run" / "holder").read_text()


def _tour(console: Console, http: httpx.Client, clips: dict[str, Path], folder: Path) -> None:
    entries = [e for e in json.loads(CATALOG.read_text()) if e["file"] in clips]
    console.rule("1. Titles are submitted and understood")
    jobs = {e["title"]["id"]: _submit(http, e["title"], clips[e["file"]]) for e in entries}
    show.ingest(console, http, jobs)
    console.rule("2. Reindex: the vectors rebuilt, calibrated on these very titles")
    show.reindex(console, http)
    console.rule("3. Neighbours, and words that find titles")
    for title_id in _two_with_media(http, list(jobs)):
        show.neighbours(console, http, title_id)
    show.words(console, http, "a man singing", "a rabbit waking up")
    console.rule(f"4. {DECISIONS:,} decisions for viewers with hidden tastes")
    console.print(
        "Each viewer watches four titles, sees a page of artwork and takes what pleases them.\n"
        "Take fraction: how often the picture shown was taken.",
        style="dim",
    )
    outcome = simulate.run(console, http, list(jobs), DECISIONS)
    show.learning(console, outcome, folder / "learning.png")
    console.rule("5. Three viewers, one title")
    shown = simulate.three_viewers(http, outcome)
    show.viewers(console, shown)
    show.contact_sheet(http, shown, folder / "contact-sheet.png")
    console.print(f"contact sheet: [bold]{folder / 'contact-sheet.png'}[/]")


def _submit(http: httpx.Client, title: dict[str, Any], path: Path) -> str:
    answer = http.post("/v1/titles", json={**title, "media": str(path)})
    if answer.status_code != 202:
        sys.exit(f"{title['id']}: {answer.text}")
    return str(answer.json()["job_id"])


def _two_with_media(http: httpx.Client, title_ids: list[str]) -> list[str]:
    """Two titles of different genres, so that their neighbours differ."""
    first, genres = None, set()
    for title_id in title_ids:
        title = http.get(f"/v1/titles/{title_id}").json()
        if title.get("state") != "ready":
            continue
        if first is None:
            first, genres = title_id, set(title["genres"])
        elif not genres & set(title["genres"]):
            return [first, title_id]
    return [first] if first else []


def _port() -> str:
    """8000 when it is free, any other one when not."""
    with socket.socket() as probe:
        return "0" if probe.connect_ex(("127.0.0.1", 8000)) == 0 else "8000"


if __name__ == "__main__":
    sys.exit(main())
