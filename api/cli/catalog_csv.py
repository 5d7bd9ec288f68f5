"""A catalogue as CSV: a header with the names of a title's fields, and a row a title.

Cells that are empty are fields left out; lists are parted by `|`; `tags.NAME`, `external_ids.NAME`
and `available.from`, `.until`, `.territories` are columns of their own.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

PLAIN = ("id", "name", "synopsis", "media", "maturity", "language", "country", "released")
LISTS = ("genres", "available.territories")
TIMES = ("available.from", "available.until")
OPEN = ("tags.", "external_ids.")
DELIMITERS = ",;\t"


def is_csv(file: Path) -> bool:
    return file.suffix.lower() in (".csv", ".tsv")


def titles(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every row as a title, with the line of the file on which it begins.

    Raises:
        typer.BadParameter: a column that there is not, a row with more cells than the header, or
            what no reader of CSV understands.
        UnicodeDecodeError: it is not UTF-8.
    """
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = csv.reader(opened, delimiter=_delimiter(file), strict=True)
        try:
            header = [name.strip() for name in next(rows, [])]
            _check(file, header)
            line = rows.line_num + 1
            for row in rows:
                if any(cell.strip() for cell in row):
                    yield line, _title(file, line, header, row)
                line = rows.line_num + 1
        except csv.Error as error:
            raise typer.BadParameter(f"{file}, line {rows.line_num}: {error}") from error


def _delimiter(file: Path) -> str:
    """The one that the header has most of: no name of a field holds any."""
    with file.open(encoding="utf-8-sig") as opened:
        header = opened.readline()
    return max(DELIMITERS, key=header.count)


def _check(file: Path, header: Sequence[str]) -> None:
    known = (*PLAIN, *LISTS, *TIMES)
    for name in header:
        if name not in known and not any(name.startswith(o) and name != o for o in OPEN):
            raise typer.BadParameter(
                f"{file}: there is no column {name!r}; there are {', '.join(known)}, tags.NAME "
                "and external_ids.NAME"
            )
    if twice := {name for name in header if header.count(name) > 1}:
        raise typer.BadParameter(f"{file}: the column {min(twice)!r} is there twice")


def _title(file: Path, line: int, header: Sequence[str], row: Sequence[str]) -> dict[str, Any]:
    if len(row) > len(header):
        raise typer.BadParameter(f"{file}, line {line}: more cells than the header has names")
    title: dict[str, Any] = {}
    for name, cell in zip(header, row, strict=False):
        if cell.strip():
            outer, _, inner = name.partition(".")
            into = title.setdefault(outer, {}) if inner else title
            into[inner or outer] = _listed(cell) if name in LISTS else cell.strip()
    return title


def _listed(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()]
