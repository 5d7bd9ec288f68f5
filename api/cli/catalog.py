"""The catalogue file of `keyart submit --catalog`: one JSON object a line (NDJSON), or CSV."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import typer

from api.cli import catalog_csv

_FORMAT = "a catalogue is one JSON object a line (NDJSON), or CSV with a name ending in .csv"


class Entry(NamedTuple):
    """A title of a catalogue, and the line of the file on which it begins."""

    line: int
    title: dict[str, Any]
    text: str
    """Its JSON, on one line."""


def entries(catalog: Path) -> Iterator[Entry]:
    """The titles of the file, read as they are asked for; blank lines are none.

    Raises:
        typer.BadParameter: it has another format; the message says which line, and the cure.
    """
    try:
        if catalog_csv.is_csv(catalog):
            for line, title in catalog_csv.titles(catalog):
                yield Entry(line, title, json.dumps(title, ensure_ascii=False))
            return
        # Lines end with a line feed alone: a JSON string may hold what else is taken for one.
        with catalog.open(encoding="utf-8-sig", newline="\n") as file:
            for number, text in enumerate(map(str.strip, file), 1):
                if text:
                    yield Entry(number, _title(catalog, number, text), text)
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{catalog} is not UTF-8 text; {_FORMAT}") from error


def count(catalog: Path) -> int:
    """How many titles the file has; all of it is read.

    Raises:
        typer.BadParameter: as `entries`.
    """
    return sum(1 for _ in entries(catalog))


def _title(catalog: Path, number: int, line: str) -> dict[str, Any]:
    try:
        title = json.loads(line)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(_diagnosis(catalog, number, str(error))) from error
    if not isinstance(title, dict):
        raise typer.BadParameter(_diagnosis(catalog, number, "this is not a JSON object"))
    return title


def _diagnosis(catalog: Path, number: int, plain: str) -> str:
    """What the file is instead, where it is JSON as a whole."""
    try:
        whole = json.loads(catalog.read_text(encoding="utf-8-sig"))
    except ValueError:
        return f"{catalog}, line {number}: {plain}; {_FORMAT}"
    match whole:
        case list():
            cure = f"this looks like one JSON array; `jq -c '.[]' {catalog}` puts one a line"
        case dict():
            cure = (
                f"this looks like one JSON object over several lines; `jq -c . {catalog}` joins it"
            )
        case _:
            cure = f"line {number}: {plain}"
    return f"{catalog}: {_FORMAT}; {cure}"
