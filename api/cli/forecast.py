"""`keyart reindex --dry-run`: what would be done, and what it may take."""

from typing import Any

from api.cli import show
from api.cli.remote import Remote

_CALLED = {
    "extract": "films decoded",
    "describe": "films described",
    "synopsis": "synopses encoded",
    "told": "words understood",
    "looks": "pictures encoded",
    "copy": "copied",
    "gates": "gates",
}


def tell_forecast(remote: Remote, part: dict[str, Any], *, as_json: bool) -> None:
    """Ask for a dry run of all, or of a part, and print it."""
    where = "/v1/titles:reindex" if part else "/v1/reindex"
    found = remote.post(where, {**part, "dry_run": True})
    if as_json:
        show.print_json(found)
        return
    show.fields(_summary(found))
    numbers = ("titles", "film", "takes", "CPU")
    rows = show.table("what", *numbers, "based on", numbers=numbers)
    for each in found["stages"]:
        rows.add_row(
            _CALLED.get(each["operation"], each["operation"]),
            str(each["titles"]),
            _time(each["media_s"]) if each["media_s"] else "",
            _time(each["wall_s"]),
            _time(each["cpu_s"]),
            f"{each['of_titles']} titles of {each['jobs']} jobs" if each["jobs"] else "nothing yet",
        )
    show.out().print(rows)


def _summary(found: dict[str, Any]) -> dict[str, Any]:
    builds = found["generation"] or {}
    size = builds.get("bytes")
    return {
        "titles": found["titles"],
        "understood anew": found["anew"],
        "of another encoder": found["others"],
        "film to decode": _time(found["media_s"]) if found["media_s"] else "",
        "takes": _time(found["wall_s"]),
        "CPU": _time(found["cpu_s"]),
        "not in these": found["unknown"],
        "disk": "" if size is None else f"{size / 1e6:.1f} MB",
        "graph": builds.get("graph"),
        "gates": builds.get("gates"),
    }


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "not known"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
