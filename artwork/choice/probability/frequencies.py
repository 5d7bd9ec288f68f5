"""Were pictures served as often as their probabilities say? Chi-square tests, corrected.

Each decision draws from a distribution of its own, so the counts in cells are sums of multinomials
that differ: their covariance is `V = Σ diag(p) − p pᵀ`, and `(O − E)ᵀ V⁺ (O − E)` is chi-square
with rank(V) degrees of freedom (Pearson's statistic where all distributions are the same). Cells
with fewer than five expected are pooled with their neighbours; Holm's correction (1979) holds the
battery together.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from artwork.choice.belief.posterior import F64

Int = npt.NDArray[np.int64]
FEWEST = 5.0
"""Expected in a cell."""
TITLES, OF_A_TITLE = 40, 200
"""So many titles, those decided most, are tested by themselves, if decided as often as this."""
SLICES = 8
SIGNIFICANT = 0.01
_NOTHING = 1e-9
"""Share of the largest variance below which an axis does not vary: counts sum to the decisions."""


@dataclass
class Served:
    """What was served: for each decision the probabilities of its arms, and which was chosen."""

    pmf: list[F64] = field(default_factory=list)
    chosen: list[int] = field(default_factory=list)
    title: list[str] = field(default_factory=list)
    aspect: list[str] = field(default_factory=list)
    groups: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, pmf: F64, chosen: int, title: str, aspect: str, groups: tuple[str, ...]) -> None:
        self.pmf.append(pmf)
        self.chosen.append(chosen)
        self.title.append(title)
        self.aspect.append(aspect)
        self.groups.append(groups)


@dataclass(frozen=True)
class Tested:
    """`p` as it is, `holm` corrected for the battery."""

    name: str
    decisions: int
    cells: int
    chi_square: float
    p: float
    holm: float = 1.0


def battery(served: Served) -> list[Tested]:
    """All tests that have cells enough, the least likely first."""
    made = sorted((test for test in _tests(served) if test is not None), key=lambda test: test.p)
    out: list[Tested] = []
    corrected = 0.0
    for n, test in enumerate(made):
        corrected = max(corrected, min(1.0, test.p * (len(made) - n)))
        out.append(replace(test, holm=corrected))
    return out


def _tests(served: Served) -> Iterator[Tested | None]:
    if not served.pmf:
        return
    tenths = [np.minimum((pmf * 10).astype(np.int64), 9) for pmf in served.pmf]
    ranks = [np.argsort(np.argsort(-pmf, kind="stable"), kind="stable") for pmf in served.pmf]
    places = [np.arange(len(pmf)) for pmf in served.pmf]
    every = range(len(served.pmf))
    yield tested("probability in tenths", served, every, tenths)
    yield tested("rank by probability", served, every, ranks)
    yield tested("place in the offer", served, every, places)
    for n, part in enumerate(np.array_split(np.arange(len(served.pmf)), SLICES), 1):
        yield tested(f"tenths, part {n} of {SLICES}", served, part.tolist(), tenths)
    for aspect in sorted(set(served.aspect)):
        those = [i for i in every if served.aspect[i] == aspect]
        yield tested(f"tenths, {aspect}", served, those, tenths)
    yield from _of_titles(served)


def _of_titles(served: Served) -> Iterator[Tested | None]:
    most = [t for t, n in Counter(served.title).most_common(TITLES) if n >= OF_A_TITLE]
    where: dict[str, list[int]] = {title: [] for title in most}
    for i, title in enumerate(served.title):
        if title in where:
            where[title].append(i)
    for title, those in where.items():
        number: dict[str, int] = {}
        cells = {
            i: np.array([number.setdefault(g, len(number)) for g in served.groups[i]])
            for i in those
        }
        yield tested(f"pictures of {title}", served, those, cells)


def tested(
    name: str,
    served: Served,
    which: Sequence[int],
    cells: "Sequence[Int] | dict[int, Int]",
) -> Tested | None:
    """One test; None where fewer than two cells are left.

    Args:
        which: indices of the decisions tested.
        cells: for each decision the cell of each of its arms.
    """
    if not which:
        return None
    size = 1 + max(int(cells[i].max()) for i in which)
    at = np.concatenate([n * size + cells[i] for n, i in enumerate(which)])
    weights = np.concatenate([served.pmf[i] for i in which])
    chances = np.bincount(at, weights, len(which) * size).reshape(len(which), size)
    hits = [int(cells[i][served.chosen[i]]) for i in which]
    observed = np.bincount(hits, minlength=size).astype(np.float64)
    pooled = _pooled(chances.sum(axis=0))
    if pooled.max() < 1:
        return None
    merge: F64 = np.eye(int(pooled.max()) + 1)[pooled]
    merged: F64 = chances @ merge
    observed, expected = observed @ merge, merged.sum(axis=0)
    covariance = np.diag(expected) - merged.T @ merged
    sizes, axes = np.linalg.eigh(covariance)
    varies = sizes > _NOTHING * sizes[-1]
    rank = int(varies.sum())
    if sizes[-1] <= 0:
        return None
    off = (axes.T @ (observed - expected))[varies]
    statistic = float(np.sum(off**2 / sizes[varies]))
    p = float(chi2.sf(statistic, rank))
    return Tested(name, len(which), len(expected), statistic, p)


def _pooled(expected: F64) -> Int:
    """(cells,) the number of the pooled cell of each: neighbours until enough are expected."""
    out = np.zeros(len(expected), np.int64)
    number, held = 0, 0.0
    for i, share in enumerate(expected):
        out[i] = number
        held += share
        if held >= FEWEST:
            number, held = number + 1, 0.0
    if held < FEWEST and number > 0:
        out[out == number] = number - 1
    return out
