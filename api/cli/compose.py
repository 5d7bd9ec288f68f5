"""`keyart compose`: pictures made of a title's own."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape

from api.cli import show, waiting
from api.cli.reads import TitleArg
from api.cli.remote import DEFAULT_URL, Key, Remote, Url, path
from api.cli.show import AsJson


# As the service knows them (a test compares): its own types load what takes long.
class KindName(StrEnum):
    GRADE = "grade"
    SPLIT = "split"
    TWO_SHOT = "two_shot"
    EXTENSION = "extension"


class LookName(StrEnum):
    WARM = "warm"
    COLD = "cold"
    NOIR = "noir"
    DUOTONE = "duotone"


def compose(
    title: TitleArg,
    *,
    kind: Annotated[
        list[KindName] | None,
        typer.Option(
            help="grade: a picture in a look. split, two_shot: two characters in one picture. "
            "extension: a poster out of a wide picture. May be repeated."
        ),
    ] = None,
    look: Annotated[list[LookName] | None, typer.Option(help="May be repeated.")] = None,
    lettered: Annotated[
        bool,
        typer.Option(
            "--title", help="Letter them with the title's name, where no --language is given."
        ),
    ] = False,
    language: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LANG=TITLE", help="Letter them with a title in a language. May be repeated."
        ),
    ] = None,
    n: Annotated[
        int,
        typer.Option(
            "-n",
            "--n",
            min=1,
            max=24,
            help="How many pictures at most; a lettered one is made in every --language.",
        ),
    ] = 4,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Compose pictures of a title's own: lettered, graded, put together; wait until they are."""
    body = {
        "kinds": [*(kind or ()), *(["title"] if lettered else [])],
        "looks": list(look or ()),
        "titles": dict(_pair(each) for each in language or ()),
        "n": n,
    }
    remote = Remote(url, key)
    job_id = remote.post(path("titles", title, "compose"), body)["job_id"]
    (job,) = waiting.wait(remote, {job_id: title}, quiet=as_json)
    if as_json:
        show.print_json(job)
    else:
        _conclude(remote, title, job)
    if job["state"] != "done" or not job["outcome"]["groups"]:
        raise typer.Exit(1)


def _pair(given: str) -> tuple[str, str]:
    tag, equals, text = given.partition("=")
    if not (tag and equals and text.strip()):
        raise typer.BadParameter(f"{given!r} is not LANG=TITLE", param_hint="--language")
    return tag, text


def _conclude(remote: Remote, title: str, job: dict[str, Any]) -> None:
    """A line for each group made, one for each thing refused."""
    if job["state"] != "done":
        error = job["error"] or {"code": job["state"], "detail": "it did not finish"}
        show.complain(error["code"], error["detail"])
        return
    made = set(job["outcome"]["groups"])
    aspects: dict[str, list[str]] = {}
    told: dict[str, dict[str, Any]] = {}
    for variant in remote.get(path("titles", title, "variants"))["items"]:
        if variant["group_id"] in made:
            aspects.setdefault(variant["group_id"], []).append(variant["aspect"])
            told[variant["group_id"]] = (variant.get("made") or {}) | {
                "language": variant.get("language")
            }
    names = ("kind", "look", "language", "font", "contrast", "upscaled")
    rows = show.table("group", *names, "aspects")
    for group, shapes in aspects.items():
        cells = (told[group].get(name) for name in names)
        rows.add_row(group, *(escape(str(c)) if c else "–" for c in cells), " ".join(shapes))
    show.out().print(rows)
    outcome = job["outcome"]
    if "pictures" in outcome:
        pictures, groups = _counted(outcome["pictures"], "picture"), _counted(len(made), "group")
        show.out().print(f"{pictures} of {job['request']['n']} asked for, {groups}")
    for each in (*outcome["refused"], *outcome.get("warnings", ())):
        show.complain(each["reason"], each["detail"])


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
