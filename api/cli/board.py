"""`keyart board`: a title's artwork on one sheet, as an art director wants to see it."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli import show
from api.cli.reads import TitleArg
from api.cli.remote import DEFAULT_URL, Key, Remote, Url


def board(
    title: TitleArg,
    *,
    png: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="The PNG file to draw.")
    ],
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Draw every picture of a title: scores, emphasis, verdict, crops with their safe zones and
    focal points; then what was refused, and why."""
    from api.cli.board_sheet import Artwork, draw  # Pillow takes long to load

    if not png.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {png.absolute().parent}", param_hint="--png")
    remote = Remote(url, key)
    sheet = draw(Artwork.fetch(remote, title), remote)
    try:
        sheet.save(png, "PNG", optimize=True)
    except OSError as error:
        raise typer.BadParameter(
            f"{png} cannot be written: {error.strerror or error}", param_hint="--png"
        ) from error
    show.out().print(f"board: {png}", markup=False, soft_wrap=True)
