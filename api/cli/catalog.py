"""The catalogue file of `keyart submit --catalog`: one JSON object a line."""

import json
from pathlib import Path
from typing import Any

import typer

_FORMAT = "a catalogue is one JSON object a line (NDJSON)"


def read_catalog(catalog: Path) -> list[dict[str, Any]]:
    """Every title of the file, blank lines left out; all of it is read before one is sent.

    Raises:
        typer.BadParameter: it has another format; the message says which line, and the cure.
    """
    try:
        text = catalog.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{catalog} is not UTF-8 text; {_FORMAT}") from error
    # Not splitlines: a JSON string may hold what that takes for the end of a line.
    lines = enumerate(text.split("\n"), 1)
    return [_title(catalog, text, number, line) for number, line in lines if line.strip()]


def _title(catalog: Path, text: str, number: int, line: str) -> dict[str, Any]:
    try:
        title = json.loads(line)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(_diagnosis(catalog, text, number, str(error))) from error
    if not isinstance(title, dict):
        raise typer.BadParameter(_diagnosis(catalog, text, number, "this is not a JSON object"))
    return title


def _diagnosis(catalog: Path, text: str, number: int, plain: str) -> str:
    """What the file is instead, where it is JSON as a whole."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
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
