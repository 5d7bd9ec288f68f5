"""The index's engine beside others: building, searching plain and filtered, memory, opening.

`KEYART_BENCH_TITLES` (20000), `KEYART_BENCH_SPACES` (3) and `KEYART_BENCH_QUERIES` (300) say how
large. Each way runs in a process of its own, one thread, one setting for speed and recall alike;
all get the same vectors: 512 numbers each, 48 latent directions in clusters, and noise.

The peers are no part of the development install; they go into a folder of their own:
`pip install --no-deps --target .cache/peers -r tests/bench/index_peers.txt`.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.index_contenders import CONTENDERS

Row = dict[str, object]
ROOT = Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / ".cache" / "peers"
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


def run() -> list[Row]:
    """One row for each way; times in ms of wall clock, CPU ms beside the medians."""
    only = os.environ.get("KEYART_BENCH_ONLY", "")
    names = [name for name in CONTENDERS if not only or name in only.split(",")]
    return [_measured(name) for name in names]


def _measured(name: str) -> Row:
    with tempfile.TemporaryDirectory(dir=os.environ.get("KEYART_BENCH_FOLDER")) as folder:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.index_runner", name, folder],
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": f"{ROOT}:{PEERS}"},
            stdout=subprocess.PIPE,
            cwd=ROOT,
            check=False,
            text=True,
        )
    if done.returncode != 0:
        return {"what": name, "note": f"ended with {done.returncode}: is it installed?"}
    row: Row = json.loads(done.stdout.splitlines()[-1])
    print(row, file=sys.stderr, flush=True)
    return row
