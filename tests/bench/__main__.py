"""`make bench`: the figures of docs/benchmarks.md. Name sections to run only those."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

Rows = Sequence[dict[str, object]]
SECTIONS = {
    "ingest": "Understanding a film, beside decoding it alone",
    "memory": "Peak memory for two hours beside two minutes",
    "sound": "What is heard, beside librosa's chain",
    "encoders": "The embedded encoders, beside plain torch on one thread",
    "shots": "Shot boundaries, beside PySceneDetect and TransNet V2",
    "understanding": "What each space finds, and all together",
    "choice": "The choice, in process",
    "audit": "100,000 decisions computed again from their ledger, and the ledger folded again",
    "bandit": "The choice beside other libraries' bandits, in six worlds",
    "index": "The index's engine beside other libraries",
    "indexes": "Similarity, beside exact search in numpy",
    "search": "Words to titles: all together beside each part",
    "moments": "Planted scenes found by words",
    "coldstart": "Neighbours of titles that nobody has watched, MovieLens 100k",
    "mood": "Mood, beside pairs of shots judged by eye",
    "candidates": "What candidate pictures cost beyond decoding",
    "frames": "Planted best frames found, beside hecate's and Katna's ways and uniform",
    "eyes": "Shut eyes told from open ones, on real people",
    "medium": "Live action or animation, each source judged by a fit without it",
    "serve": "The choice over HTTP, open loop, beside a bare endpoint",
    "bulk": "A catalogue of words alone taken in, and understood",
    "busy": "Over HTTP, idle and while ingesting",
    "reindex": "Artwork while the catalogue is reindexed, beside idle",
    "words": "What is said, and what is made of other sounds",
    "themes": "Themes of synopses of known works",
    "crops": "Crops of photographs, beside a centre crop and smartcrop",
    "provenance": "Signatures of pictures: what they cost, and whether a changed byte is seen",
    "likeness": "How near pictures come to a title's frames: its own, changed ones, other clips'",
}


def main() -> int:
    asked = sys.argv[1:] or list(SECTIONS)
    if unknown := set(asked) - set(SECTIONS):
        print(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    if len(asked) > 1:  # a process each: loaded models and their threads would slow the rest
        return max(subprocess.call([sys.executable, "-m", "tests.bench", name]) for name in asked)
    console = Console(width=130)
    console.print(f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    run: Callable[[], Rows] = import_module(f"tests.bench.{asked[0]}").run
    _show(console, SECTIONS[asked[0]], run())
    return 0


def _show(console: Console, title: str, rows: Rows) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*(str(row.get(column, "")) for column in columns))
    console.print(table)


def _processor() -> str:
    with Path("/proc/cpuinfo").open() as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


if __name__ == "__main__":
    sys.exit(main())
