"""Diversity: each answer is the one that maximal marginal relevance asks for."""

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from content.types import F32, Space
from indexes.diversity import diversified, likeness

F64 = npt.NDArray[np.float64]


@st.composite
def pools(draw: st.DrawFn) -> tuple[F64, F64]:
    """Scores, best first and some of them equal, and a likeness that is symmetric."""
    count = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scores = np.sort(np.round(rng.uniform(-1, 1, count), 1))[::-1]
    alike = np.round(rng.uniform(-1, 1, (count, count)), 2)
    return scores, (alike + alike.T) / 2


def marginal(scores: F64, alike: F64, chosen: list[int], n: int, diversity: float) -> float:
    """What Carbonell & Goldstein maximise, word for word."""
    if not chosen:
        return float(scores[n])
    nearest = max(float(alike[n, m]) for m in chosen)
    return (1 - diversity) * float(scores[n]) - diversity * nearest


@given(pools(), st.floats(0, 1))
@settings(deadline=None)
def test_every_answer_is_the_best_there_is_next(pool: tuple[F64, F64], diversity: float) -> None:
    scores, alike = pool
    order = diversified(scores, alike, diversity)
    assert sorted(order) == list(range(len(scores)))
    assert order[0] == 0
    for k in range(1, len(order)):
        told = [marginal(scores, alike, order[:k], n, diversity) for n in order[k:]]
        assert told[0] >= max(told) - 1e-12


@given(pools())
@settings(deadline=None, max_examples=40)
def test_without_diversity_the_order_stays(pool: tuple[F64, F64]) -> None:
    scores, alike = pool
    assert diversified(scores, alike, 0.0) == list(range(len(scores)))


def test_a_franchise_gives_way() -> None:
    scores = [0.9, 0.89, 0.88, 0.5]
    alike = np.full((4, 4), 0.95)
    alike[3], alike[:, 3] = 0.1, 0.1
    assert diversified(scores, alike, 0.0) == [0, 1, 2, 3]
    assert diversified(scores, alike, 0.5)[:2] == [0, 3]


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 5), st.floats(0, 5))
@settings(deadline=None, max_examples=40)
def test_likeness_is_the_fused_score_over_shared_spaces(
    seed: int, visual: float, style: float
) -> None:
    rng = np.random.default_rng(seed)
    weights: dict[Space, float] = {"visual": visual, "style": style}
    titles: list[dict[Space, F32]] = []
    for _ in range(6):
        spaces: list[Space] = [s for s in weights if rng.random() < 0.7]
        made = {s: rng.normal(size=4).astype(np.float32) for s in spaces}
        titles.append({s: (v / np.linalg.norm(v)).astype(np.float32) for s, v in made.items()})
    found = likeness(titles, weights)
    for n, one in enumerate(titles):
        for m, other in enumerate(titles):
            shared = [s for s in one.keys() & other.keys() if weights[s] > 0]
            total = sum(weights[s] for s in shared)
            told = sum(weights[s] * float(one[s] @ other[s]) for s in shared)
            expected = told / total if total else 0.0
            assert abs(found[n, m] - expected) < 1e-6
