"""What the results of `bandit` say: tables, intervals, bars; `python -m tests.bench.bandit_report`
prints them as Markdown, at any time of a run, of what is there by then.

All meet the same chance, so policies are compared seed by seed: an interval is Student's, over the
seeds, of the difference to Keyart.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from tests.bench.bandit_contenders import (
    LONGEST,
    SEEDS,
    SLOW_DECISIONS,
    SLOW_SEEDS,
    Contender,
    contenders,
)
from tests.bench.bandit_looks import F64
from tests.bench.bandit_runner import POINT, Walk, found, units
from tests.bench.bandit_worlds import WORLDS, Spec

LEAST_WORLDS, LEAST_SHARE, LEAST_LESS = 5, 0.65, 0.15
"""The bars: worlds of the six that are won or tied; where titles arrive the share of the gap, and
how much less regret than the best peer."""


@dataclass(frozen=True, eq=False)
class Line:
    """A contender in a world, over the seeds that both it and Keyart have been through."""

    world: str
    policy: str
    length: int
    regret: F64
    """(seeds,) for each 1,000 decisions."""
    share: F64
    """(seeds,) of the gap from uniform to the oracle; zeros where there is none."""
    ours: F64
    """(seeds,) Keyart's regret."""
    decide_us: float
    learn_us: float

    @property
    def behind(self) -> F64:
        """(seeds,) how much more regret than Keyart."""
        return self.regret - self.ours

    def plain(self) -> dict[str, object]:
        silent = WORLDS[self.world].silent
        return {
            "world": self.world,
            "policy": self.policy,
            "seeds x decisions": f"{len(self.regret)} x {self.length:,}",
            "regret per 1,000": spread(self.regret),
            "share of the gap": "" if silent else spread(self.share, 3),
            "behind Keyart": "" if self.policy == "Keyart" else spread(self.behind),
            "decide, learn us": f"{self.decide_us:.0f}, {self.learn_us:.0f}",
        }


def interval(values: F64) -> tuple[float, float]:
    """Mean and the half width of its 95 % interval (Student's t over seeds); inf for one value."""
    if len(values) < 2:
        return float(values.mean()), np.inf
    width = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(width)


def spread(values: F64, digits: int = 2) -> str:
    """`interval` as text."""
    if not len(values):
        return ""
    mean, width = interval(values)
    return f"{mean:.{digits}f}" + (f" ± {width:.{digits}f}" if np.isfinite(width) else "")


def lines(spec: Spec, seeds: int) -> list[Line]:
    """Everybody at full length, then the slow libraries beside Keyart's first 5,000 decisions."""
    every = contenders()
    walks = {c.name: _walks(c, spec, seeds) for c in every}
    out = []
    for slow in (False, True):
        whole = min(SLOW_DECISIONS if slow else spec.decisions, LONGEST)
        reported = (SLOW_SEEDS if slow else SEEDS)[:seeds]
        for contender in every:
            if contender.slow is slow or contender.name == "Keyart":
                length = min(whole, contender.decisions(spec.decisions))
                mine = {seed: walks[contender.name].get(seed) for seed in reported}
                made = _line(contender, spec, mine, walks["Keyart"], length)
                out += [made] if len(made.regret) else []
    return out


def _walks(contender: Contender, spec: Spec, seeds: int) -> dict[int, Walk]:
    every = {seed: found(contender, spec, seed) for seed in contender.seeds()[:seeds]}
    return {seed: walk for seed, walk in every.items() if walk is not None}


def _line(
    contender: Contender,
    spec: Spec,
    walks: dict[int, Walk | None],
    ours: dict[int, Walk],
    length: int,
) -> Line:
    mine = {seed: walk for seed, walk in walks.items() if walk is not None and seed in ours}
    seeds, last = sorted(mine), length // POINT - 1
    regret, share, beside = (
        np.array([of(those[seed], last) for seed in seeds])
        for of, those in ((_regret, mine), (_share, mine), (_regret, ours))
    )
    us = [np.median([getattr(mine[s], n) for s in seeds] or [0]) for n in ("decide_us", "learn_us")]
    return Line(spec.name, contender.name, length, regret, share, beside, *map(float, us))


def _regret(walk: Walk, last: int) -> float:
    """For each 1,000 decisions; where nothing tells pictures apart, of what was really earned."""
    if walk.best[last] == walk.blind[last]:
        return (walk.best[last] - walk.earned[last]) / (last + 1)
    return (walk.best[last] - walk.got[last]) / (last + 1)


def _share(walk: Walk, last: int) -> float:
    gap = walk.best[last] - walk.blind[last]
    return (walk.got[last] - walk.blind[last]) / gap if gap else 0.0


def verdict(of_world: list[Line]) -> tuple[str, bool | None]:
    """Whether Keyart's regret is the lowest of a world, or tied: no peer's is below it by more than
    the interval of their difference. None where that cannot be said yet."""
    peers = [line for line in of_world if line.policy != "Keyart"]
    if not peers:
        return "nothing measured", None
    best = min(peers, key=lambda line: interval(line.behind)[0])
    told = f"nearest: {best.policy} at {best.length:,}, {spread(best.behind)} behind"
    if any(len(line.regret) < 2 for line in peers):
        return f"{told}; too few seeds", None
    for line in peers:
        mean, width = interval(line.behind)
        if mean + width < 0:
            return f"behind {line.policy} at {line.length:,}: {spread(line.behind)}", False
    mean, width = interval(best.behind)
    return f"{'lowest' if mean - width > 0 else 'tied'}; {told}", True


def bars(seeds: int) -> Iterator[str]:
    """A line for each bar and for the time that it took."""
    won = 0
    for spec in WORLDS.values():
        told, met = verdict(lines(spec, seeds))
        won += bool(met)
        yield f"{spec.name}: {told}"
    yield f"lowest or tied in {won} of 6 worlds (bar: {LEAST_WORLDS}): {_met(won >= LEAST_WORLDS)}"
    yield from _arriving(seeds)
    yield from _times(seeds)


def _arriving(seeds: int) -> Iterator[str]:
    far = [line for line in lines(WORLDS["arriving"], seeds) if line.length > 20_000]
    peers = [line for line in far if line.policy != "Keyart"]
    if not peers:
        return
    share = far[0].share
    met = _met(float(share.mean()) >= LEAST_SHARE)
    yield f"arriving, {len(share)} seeds: share of the gap {spread(share, 3)} (bar: 0.65): {met}"
    best = min(peers, key=lambda line: line.regret.mean())
    less = 1 - best.ours / best.regret
    met = _met(float(less.mean()) >= LEAST_LESS)
    told = f"{100 * less.mean():.1f} %" if len(less) < 2 else f"{spread(100 * less, 1)} %"
    yield f"arriving: {told} less regret than {best.policy}, the best peer (bar: 15 %): {met}"


def _times(seeds: int) -> Iterator[str]:
    done: dict[tuple[str, str], list[Walk]] = {}
    left: dict[tuple[str, str], int] = {}
    tasks = {(s.name, seed, c.name): (c, s) for s, seed, every in units(seeds) for c in every}
    for (world, seed, name), (contender, spec) in tasks.items():
        walk = found(contender, spec, seed)
        done.setdefault((world, name), []).extend([walk] if walk else [])
        left[world, name] = left.get((world, name), 0) + (walk is None)
    cpu = sum(walk.cpu_s for walks in done.values() for walk in walks)
    wall = sum(walk.wall_s for walks in done.values() for walk in walks)
    count = sum(map(len, done.values()))
    spent = f"{cpu / 60:.1f} minutes of CPU, {wall / 60:.1f} by the clock of each process"
    yield f"{count} of {len(tasks)} results: {spent}"
    if count < len(tasks) and all(done.values()):
        each = {key: float(np.mean([walk.cpu_s for walk in done[key]])) for key in done}
        rest = sum(each[key] * number for key, number in left.items())
        yield f"the whole: about {(cpu + rest) / 60:.1f} minutes of CPU (bar: 120 on two cores)"


def _met(met: bool) -> str:
    return "met" if met else "missed"


def markdown(seeds: int) -> Iterator[str]:
    for spec in WORLDS.values():
        rows = [line.plain() for line in lines(spec, seeds)]
        if not rows:
            continue
        columns = [column for column in rows[0] if column != "world"]
        yield f"\n*{spec.name}*\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"
        yield from (f"| {' | '.join(str(row[column]) for column in columns)} |" for row in rows)
    yield ""
    yield from (f"* {line}" for line in bars(seeds))


if __name__ == "__main__":
    print(*markdown(20), sep="\n")
