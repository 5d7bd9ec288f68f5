"""`keyart verify FILE`: what a picture says of itself, and whether it may be believed. Offline."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from api.cli import show
from api.cli.serve import read_settings
from api.cli.show import AsJson
from content.errors import KeyartError

if TYPE_CHECKING:
    from artwork.provenance.credentials import Report

VERDICTS = {
    "trusted": "[green]unchanged[/], signed by a certificate that is trusted here",
    "valid": "[yellow]unchanged[/], signed by a certificate that this machine does not know",
    "invalid": "[red]not as it was signed[/]",
}


def verify(
    file: Annotated[Path, typer.Argument(help="A JPEG, WebP or AVIF.")],
    *,
    trust: Annotated[
        Path | None,
        typer.Option(
            help="Certificates (PEM) to trust, and no others. Default: this machine's own in "
            "KEYART_DATA, where there is one."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what a picture is: of which title and moment, what was done to it, whether it is
    generated, who signed it. Exit status 1 when it was changed, holds no manifest, or is signed by
    none of the certificates of --trust."""
    from artwork.provenance.credentials import read

    own = read_settings().data / "c2pa" / "root.pem"
    try:
        report = read(file, _anchors(trust or own, needed=trust is not None))
    except KeyartError as error:
        show.complain(error.code, error.detail)
        raise typer.Exit(1) from error
    if as_json:
        show.print_json(asdict(report))
    else:
        _print(report)
    if report.state == "invalid" or (trust is not None and report.state != "trusted"):
        raise typer.Exit(1)


def _anchors(path: Path, *, needed: bool) -> bytes | None:
    if not needed and not path.is_file():
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from error


def _generated(report: "Report") -> str:
    if report.generated:
        return "yes, by a model"
    known = report.source_types or report.artwork.get("origin") in ("frame", "composed")
    return "no" if known else "not told"


def _time(at_s: object) -> str | None:
    """Anybody may have written it: what is no number is told as it is."""
    known = f"{at_s:.3f}" if isinstance(at_s, int | float) else at_s
    return None if known is None else f"{known} s of the film"


def _print(report: "Report") -> None:
    out, artwork = show.out(), report.artwork
    out.print(VERDICTS[report.state])
    for problem in report.problems:
        out.print(f"  {escape(problem)}")
    if report.problems:
        out.print("What it says of itself is not to be believed:")
    rows = {
        "signed by": report.signer,
        "title": report.title,
        "origin": artwork.get("origin"),
        "time": _time(artwork.get("at_s")),
        "shape": artwork.get("aspect"),
        "lettering": artwork.get("language"),
        "generated": _generated(report),
        "kind": ", ".join(kind.rpartition("/")[2] for kind in report.source_types) or None,
        "done to it": ", ".join(each["action"].removeprefix("c2pa.") for each in report.actions),
        **{f"{name}": value for name, value in artwork.get("made", {}).items()},
    }
    table = show.table("", "")
    table.show_header = False
    for name, value in rows.items():
        if value is not None:
            table.add_row(name, escape(str(value)))
    out.print(table)
