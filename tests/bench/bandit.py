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

import numpy as np
from scipy import stats

from tests.bench.bandit_contenders import LONGEST, SLOW_DECISIONS, Contender, contenders
from tests.bench.bandit_runner import CACHE, POINT, Walk, found, main
from tests.bench.bandit_worlds import WORLDS, Spec

PEERS = CACHE.parent / "peers"
Rows = list[dict[str, object]]


def run() -> Rows:
    seeds = int(os.environ.get("KEYART_BENCH_SEEDS", "20"))
    processes = int(os.environ.get("KEYART_BENCH_PROCESSES", "2"))
    if processes:  # 0: only show what is there
        _walk_all(processes, seeds)
    return [row for spec in WORLDS.values() for row in _table(spec, seeds)]


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


def _table(spec: Spec, seeds: int) -> Rows:
    ours = contenders()[0]
    rows: Rows = []
    groups = (False, True) if LONGEST > SLOW_DECISIONS else (None,)
    for slow in groups:
        length = min(SLOW_DECISIONS if slow else spec.decisions, LONGEST)
        beside = [c for c in contenders() if slow in (c.slow, None) or c.name == ours.name]
        walks = {c.name: _walks(c, spec, seeds) for c in beside}
        rows += [_row(c, spec, walks, ours.name, length) for c in beside if walks[c.name]]
    return rows


def _walks(contender: Contender, spec: Spec, seeds: int) -> dict[int, Walk]:
    every = {seed: found(contender, spec, seed) for seed in contender.seeds()[:seeds]}
    return {seed: walk for seed, walk in every.items() if walk is not None}


def _row(
    contender: Contender, spec: Spec, walks: dict[str, dict[int, Walk]], ours: str, length: int
) -> dict[str, object]:
    mine, beside = walks[contender.name], walks[ours]
    length = min(length, contender.decisions(spec.decisions))
    last = length // POINT - 1
    seeds = sorted(set(mine) & set(beside))
    if contender.slow is False and length == SLOW_DECISIONS:
        seeds = [seed for seed in seeds if seed < 5]
    regret = np.array([_regret(mine[s], last) for s in seeds])
    behind = regret - np.array([_regret(beside[s], last) for s in seeds])
    share = np.array([_share(mine[s], last) for s in seeds])
    us = [float(np.median([getattr(mine[s], name) for s in seeds] or [0])) for name in _TIMES]
    return {
        "world": spec.name,
        "policy": contender.name,
        "seeds x decisions": f"{len(seeds)} x {length:,}",
        "regret per 1,000": spread(regret),
        "share of the gap": "" if spec.silent else f"{share.mean():.3f}",
        "behind Keyart": "" if contender.name == ours else spread(behind),
        "decide, learn us": f"{us[0]:.0f}, {us[1]:.0f}",
    }


_TIMES = ("decide_us", "learn_us")


def _regret(walk: Walk, last: int) -> float:
    """For each 1,000 decisions; where nothing tells pictures apart, of what was really earned."""
    if walk.best[last] == walk.blind[last]:
        return (walk.best[last] - walk.earned[last]) / (last + 1)
    return (walk.best[last] - walk.got[last]) / (last + 1)


def _share(walk: Walk, last: int) -> float:
    gap = walk.best[last] - walk.blind[last]
    return (walk.got[last] - walk.blind[last]) / gap if gap else 0.0


def spread(values: np.ndarray) -> str:
    """Mean and the half width of its 95 % interval (Student's t over seeds)."""
    if len(values) < 2:
        return f"{values.mean():.2f}" if len(values) else ""
    width = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f"{values.mean():.2f} ± {width:.2f}"


__all__ = ["main", "run"]
