"""The choice beside other libraries' bandits, in six simulated worlds.

The peers are no part of the development install; they go into a folder of their own:
`pip install --no-deps --target .cache/peers -r tests/bench/bandit_peers.txt`.

Results are kept in `.cache/bandit` for each policy, world and seed: a run that was stopped goes on
where it was. KEYART_BENCH_SEEDS takes fewer than 20 seeds, KEYART_BENCH_DECISIONS only the first so
many thousand, KEYART_BENCH_PROCESSES other than 2; with none (0) the table shows what is there.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.bench.bandit_report import bars, lines
from tests.bench.bandit_runner import CACHE
from tests.bench.bandit_worlds import WORLDS

PEERS = CACHE.parent / "peers"
Rows = list[dict[str, object]]


def run() -> Rows:
    seeds = int(os.environ.get("KEYART_BENCH_SEEDS", "20"))
    processes = int(os.environ.get("KEYART_BENCH_PROCESSES", "2"))
    if processes:  # 0: only show what is there
        _walk_all(processes, seeds)
    print(*bars(seeds), sep="\n")
    return [line.plain() for spec in WORLDS.values() for line in lines(spec, seeds)]


def _walk_all(processes: int, seeds: int) -> None:
    if not PEERS.is_dir():
        raise SystemExit(f"no peers in {PEERS}: {__doc__.split('`')[1] if __doc__ else ''}")
    root = str(Path(__file__).resolve().parent.parent.parent)
    one = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    # Behind the environment's own packages, of which none is to be replaced.
    code = f"import sys; sys.path.append({str(PEERS)!r}); "
    code += "from tests.bench.bandit_runner import main; main(*map(int, sys.argv[1:]))"
    command = [sys.executable, "-c", code]
    running = [
        subprocess.Popen([*command, str(i), str(processes), str(seeds)], env=os.environ | one,
                         cwd=root)
        for i in range(processes)
    ]  # fmt: skip
    codes = [process.wait() for process in running]
    if any(codes):
        raise SystemExit("a process of the benchmark failed; run it again to go on")
