"""`keyart bench`: the project's measurements, where its source tree is at hand."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

SECTIONS = (
    *("ingest", "memory", "sound", "encoders", "shots", "understanding", "choice", "audit"),
    *(
        "bandit",
        "index",
        "indexes",
        "search",
        "moments",
        "bulk",
        "coldstart",
        "mood",
        "candidates",
        "frames",
        "crops",
        "medium",
    ),
    "serve",
    *("words", "themes", "provenance", "likeness", "eyes", "busy", "reindex"),
)


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(help=f"Which: {', '.join(SECTIONS)}. All, when none is named."),
    ] = None,
) -> None:
    """Run benchmarks (in the source tree only) and print their tables."""
    asked = names or []
    if unknown := [name for name in asked if name not in SECTIONS]:
        raise typer.BadParameter(
            f"there is no {', '.join(unknown)}; there are {', '.join(SECTIONS)}"
        )
    tree = Path(__file__).resolve().parent.parent.parent
    if not (tree / "tests" / "bench" / "__main__.py").is_file():
        raise typer.BadParameter(
            "the benchmarks are not part of an installed package; check the source out, "
            "`pip install -e '.[dev]'` there and run this again"
        )
    raise typer.Exit(subprocess.call([sys.executable, "-m", "tests.bench", *asked], cwd=tree))
