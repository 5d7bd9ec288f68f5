"""`keyart forget | export`: people's rights."""

import os
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from api.cli import show
from api.cli.remote import DEFAULT_URL, Key, Remote, Url
from api.cli.show import AsJson

UserArg = Annotated[str, typer.Argument(metavar="USER", help="As in requests for artwork.")]


def forget(
    user: UserArg,
    *,
    prove: Annotated[
        bool, typer.Option("--prove", help="Fold the whole ledger anew and compare, bit for bit.")
    ] = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Forget a viewer: all that is held of them, and what they taught. Exit 1: no proof."""
    query = "?prove=true" if prove else ""
    answer = Remote(url, key).delete(_path(user) + query)
    proof = answer["proof"]
    if as_json:
        show.print_json(answer)
    else:
        show.fields(answer)
        if not answer["overwritten"]:
            show.complain("", "the database's log was in use: its old pages are overwritten later")
    if proof is not None and not proof["holds"]:
        show.complain("proof_fails", "what is known is not what the remaining ledger teaches")
        raise typer.Exit(1)


def export(
    user: UserArg,
    *,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write here; else to standard output.")
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Write everything that is held of a viewer, as JSON."""
    if out is not None and not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.absolute().parent}", param_hint="--out")
    parts = Remote(url, key).download(f"{_path(user)}/export")
    first = next(parts)  # a refusal leaves no file behind
    if out is None:
        sys.stdout.buffer.writelines((first, *parts))
        sys.stdout.buffer.flush()
        return
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    draft.touch(mode=0o600, exist_ok=False)
    try:
        with draft.open("wb") as file:
            file.write(first)
            file.writelines(parts)
        draft.rename(out)
    finally:
        draft.unlink(missing_ok=True)
    show.fields({"written": str(out), "bytes": out.stat().st_size})


def _path(user: str) -> str:
    """A user id may hold anything, `/` and `..` too."""
    return "/v1/users/" + quote(user, safe="").replace(".", "%2E")
