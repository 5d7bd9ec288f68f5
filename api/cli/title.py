"""`keyart show`: one title's understanding, drawn in the terminal or on a sheet."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli import lanes, show
from api.cli.film import Film
from api.cli.reads import TitleArg
from api.cli.remote import DEFAULT_URL, Key, Remote, Url
from api.cli.show import AsJson

WIDEST = 200
PIPED = 120
"""Characters of a lane where the output is no terminal and has no width."""


def show_title(
    title: TitleArg,
    *,
    png: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Draw a sheet into a PNG file instead."),
    ] = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Draw what was understood of a title: profile, shots, colours, sound and moods over time."""
    if png is not None and not png.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {png.absolute().parent}", param_hint="--png")
    remote = Remote(url, key)
    film = Film.fetch(remote, title)
    if as_json:
        show.print_json({"profile": film.profile, "timeline": film.timeline, "shots": film.shots})
    if png is not None:
        from api.cli.sheet import draw  # Pillow takes long to load

        sheet = draw(film, remote)
        try:
            sheet.save(png, "PNG", optimize=True)
        except OSError as error:
            raise typer.BadParameter(
                f"{png} cannot be written: {error.strerror or error}", param_hint="--png"
            ) from error
        if not as_json:
            show.out().print(f"sheet: {png}", markup=False, soft_wrap=True)
    if as_json or png is not None:
        return
    console = show.out()
    width = min(WIDEST, console.width) if console.width <= WIDEST * 2 else PIPED
    for line in lanes.head(film):
        console.print(line)
    if film.timeline is not None and film.shots:
        console.print()
        for line in lanes.lanes(film, width):
            console.print(line, no_wrap=True, crop=False, soft_wrap=line.cell_len > width)
