"""`keyart generations`, and a reindex rolled back."""

from typing import Any

from rich.text import Text

from api.cli import show
from api.cli.remote import DEFAULT_URL, Key, Remote, Url, path
from api.cli.show import AsJson


def generations(*, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = "") -> None:
    """List the generations of vectors: size, models, quality, and how long one is kept."""
    page = Remote(url, key).get("/v1/generations")
    if as_json:
        show.print_json(page)
        return
    numbers = ("titles", "MB")
    rows = show.table("generation", "state", *numbers, "made", "quality", numbers=numbers)
    for each in page["items"]:
        size = each["bytes"]
        rows.add_row(
            each["name"],
            _state(each),
            str(each["titles"]),
            "–" if size is None else f"{size / 1e6:.1f}",
            each["created_at"][:16],
            _quality(each["quality"]),
        )
    console = show.out()
    console.print(rows)
    console.print(_models(page["items"]))
    warn_of(page["items"])


def warn_of(items: list[dict[str, Any]]) -> None:
    """Say so where what answers is not of today's encoders."""
    for live in (each for each in items if each["state"] == "live" and each["outdated"]):
        show.complain(
            "fingerprint_mismatch",
            f"{live['name']}, which answers, is of other encoders than today's settings name "
            f"({', '.join(live['outdated'])}): words find less there and new titles are refused; "
            "run `keyart reindex`, or set those encoders again and restart",
        )


def go_back(remote: Remote, job_id: str, *, as_json: bool) -> None:
    """Go back to the generation that a job replaced."""
    found = remote.post(f"{path('reindex', job_id)}/rollback")
    if as_json:
        show.print_json(found)
        return
    show.fields(found)
    if found["lacking"]:
        show.complain(
            "",
            "titles that came since lack vectors of its encoders: set those encoders again, "
            "restart, and run `keyart reindex`",
        )


def _state(each: dict[str, Any]) -> Text:
    until = f" until {each['kept_until'][:16]}" if each["kept_until"] else ""
    return Text(each["state"] + until, style="green" if each["state"] == "live" else "")


def _quality(found: dict[str, Any] | None) -> str:
    if not found:
        return "–"
    told = [f"overlap {found['overlap']:.2f}"] if found.get("overlap") is not None else []
    if found.get("recall") is not None:
        told.append(f"recall {found['recall']:.3f}")
    if found.get("golden"):
        told.append(f"golden nDCG {found['golden']['ndcg']:.3f}")
    return ", ".join(told)


def _models(items: list[dict[str, Any]]) -> Any:
    """What made each space, and how many titles have it, by generation."""
    rows = show.table("generation", "space", "titles", "model", numbers=("titles",))
    for each in items:
        for space, held in each["spaces"].items():
            rows.add_row(each["name"], space, str(held["titles"]), held["model"])
    return rows
