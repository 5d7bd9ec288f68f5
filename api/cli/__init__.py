"""The command line: `keyart`. It talks HTTP to the service; only `serve` and `doctor` look inside.

Exit statuses: 0 done; 1 refused, or a title failed; 2 the service cannot be reached, or the
command was not understood.
"""

import httpx
import typer

from api.cli import doctor, reads, serve, submit
from api.cli.remote import Refused
from api.cli.show import complain

app = typer.Typer(
    name="keyart",
    help="Understands films and series and personalises their artwork.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (
    serve.serve,
    submit.submit,
    reads.status,
    reads.similar,
    reads.search,
    reads.artwork,
    reads.reward,
    submit.reindex,
    doctor.doctor,
):
    app.command()(command)


def main() -> None:
    """The console script `keyart`."""
    try:
        app()
    except Refused as error:
        complain(error.code, error.detail)
        raise SystemExit(1) from error
    except httpx.ConnectError as error:
        complain("unreachable", f"{error.request.url.netloc.decode()} does not answer")
        complain("", "is `keyart serve` running?")
        raise SystemExit(2) from error
    except httpx.TransportError as error:
        complain("unreachable", f"the connection failed: {error}")
        raise SystemExit(2) from error
