"""The command line: `keyart`. It talks HTTP to the service; only `serve`, `doctor`, `verify`,
`audit`, `snapshot`, `restore` and `migrate` look inside.

Exit statuses: 0 done; 1 refused, or a title failed; 2 the service cannot be reached, or the
command was not understood.
"""

from importlib.metadata import version
from typing import Annotated

import httpx
import typer

from api.cli import (
    audit,
    bench,
    board,
    candidates,
    compose,
    doctor,
    explain,
    fit,
    fit_quality,
    fit_space,
    generate,
    generations,
    keeping,
    mode,
    moments,
    people,
    reads,
    rebuild,
    review,
    rewards,
    rules,
    serve,
    similar,
    status,
    submit,
    title,
    verify,
)
from api.cli.numbers import WordedGroup
from api.cli.remote import Refused
from api.cli.show import complain

app = typer.Typer(
    name="keyart",
    cls=WordedGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (
    serve.serve,
    submit.submit,
    status.status,
    similar.similar,
    reads.search,
    moments.moments,
    moments.match_cuts,
    reads.artwork,
    reads.reward,
    explain.explain,
    mode.mode,
    mode.promote,
    review.approve,
    review.veto,
    review.policy,
    review.upload_art,
    people.forget,
    people.export,
    board.board,
    candidates.candidates,
    submit.reindex,
    generations.generations,
    rebuild.rebuild,
    keeping.snapshot,
    keeping.restore,
    keeping.migrate,
    fit.fit_weights,
    fit_space.fit_space,
    generate.generate,
    verify.verify,
    compose.compose,
    fit_quality.fit_quality,
    doctor.doctor,
    bench.bench,
):
    app.command()(command)
app.command("show")(title.show_title)
app.add_typer(audit.app, name="audit")
app.add_typer(rewards.app, name="rewards")
app.add_typer(rules.app, name="rules")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"keyart {version('keyart')}")
        raise typer.Exit


@app.callback()
def keyart(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Understands films and series and personalises their artwork."""


def main() -> None:
    """The console script `keyart`."""
    try:
        app()
    except Refused as error:
        complain(error.code, error.detail)
        if error.status == 401:
            complain("", "give one of its keys with --key or KEYART_API_KEY")
        if error.code == "reward_conflict":
            complain("", "give --correct to supersede it")
        raise SystemExit(1) from error
    except httpx.ConnectError as error:
        complain("unreachable", f"{error.request.url.netloc.decode()} does not answer")
        complain("", "is `keyart serve` running?")
        raise SystemExit(2) from error
    except httpx.TransportError as error:
        complain("unreachable", f"the connection failed: {error}")
        raise SystemExit(2) from error
