"""`keyart snapshot`, `keyart restore`, `keyart migrate`: the index kept, put back, moved."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli.serve import read_settings
from api.cli.show import complain
from content.errors import KeyartError, Unavailable

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the snapshot.")]


def snapshot(folder: Folder) -> None:
    """Copy the running service's index (all generations) to a new folder DIR of this machine."""
    from workers import keeping

    with _told():
        points = keeping.snapshot(read_settings(), folder)
    typer.echo(f"{folder}: {points} points")


def restore(folder: Folder) -> None:
    """Replace the index by the snapshot in DIR. The service must be stopped.

    Titles published since are missing from it, those deleted since are back: run `keyart reindex`
    afterwards.
    """
    from workers import keeping

    with _told():
        points = keeping.restore(read_settings(), folder)
    typer.echo(f"restored {points} points; titles published or deleted since need `keyart reindex`")


def migrate(
    to: Annotated[str, typer.Option("--to", metavar="URL", help="The Qdrant server's address.")],
) -> None:
    """Move the embedded index to a Qdrant server, point by point. The service must be stopped.

    Interrupted, it goes on when it is started again. Reads the KEYART_QDRANT_… settings.
    """
    from indexes.store_server import ServerStores
    from workers import keeping

    settings, console = read_settings(), Console(stderr=True)
    with _told(), console.status("moving") as status:
        moved = keeping.migrate(
            settings,
            ServerStores.of(keeping.cluster(settings, to)),
            lambda name, points: status.update(f"generation {name}: {points} points verified"),
        )
    for each in moved:
        typer.echo(
            f"{each.name}: {each.points} points verified, {each.sent} sent, {each.removed} removed"
        )
    typer.echo(f"set KEYART_QDRANT_URL={to} and start the service")


class _told:  # noqa: N801 - reads as a verb at its place of use
    """Errors as the command line tells them: 1 refused, 2 not reached."""

    def __enter__(self) -> None: ...

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, KeyartError):
            complain(error.code, error.detail)
            raise typer.Exit(2 if isinstance(error, Unavailable) else 1) from error
