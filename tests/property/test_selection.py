"""Each step of the choice of a set is the best there is, by determinants computed from scratch."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork.candidates.selection import (
    RELEVANCE,
    likeness_in_time,
    likeness_of_sketches,
    likeness_of_vectors,
    most_telling,
)

SIZE = 6


def _likeness(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((SIZE, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sketches = list(random.normal(0, 12, (SIZE, 9, 16, 3)).astype(np.float32))
    times = np.sort(random.uniform(0, 60, SIZE))
    return (
        0.6 * likeness_of_vectors(vectors)
        + 0.25 * likeness_of_sketches(sketches)
        + 0.15 * likeness_in_time(times, 10.0)
    )


def _log_det(worth: list[float], likeness: np.ndarray, taken: list[int]) -> float:
    value = RELEVANCE * (np.array(worth) / max(worth) - 1.0)
    kernel = np.exp(value / 2)[:, None] * likeness * np.exp(value / 2)[None, :]
    return float(np.linalg.slogdet(kernel[np.ix_(taken, taken)])[1])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.floats(0.1, 1.0), min_size=SIZE, max_size=SIZE))
def test_each_step_adds_most_to_the_determinant(seed: int, worth: list[float]) -> None:
    likeness = _likeness(seed)
    assert np.linalg.eigvalsh(likeness).min() > -1e-9, "a kernel is positive semi-definite"
    taken = most_telling(worth, likeness, 4)
    assert len(taken) == len(set(taken)) == 4
    for step in range(1, 5):
        best = max(
            _log_det(worth, likeness, [*taken[: step - 1], i])
            for i in range(SIZE)
            if i not in taken[: step - 1]
        )
        assert _log_det(worth, likeness, taken[:step]) >= best - 1e-6


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.frozensets(st.integers(0, SIZE - 1), min_size=1), max_size=4),
    st.integers(1, SIZE),
)
def test_what_is_wanted_is_covered_and_what_is_barred_is_not_taken(
    seed: int, cover: list[frozenset[int]], count: int
) -> None:
    random = np.random.default_rng(seed)
    apart = random.random((SIZE, SIZE)) > 0.2
    apart &= apart.T
    taken = most_telling([1.0] * SIZE, _likeness(seed), count, apart=apart, cover=cover)
    assert len(taken) <= count
    assert all(apart[i, j] for i in taken for j in taken if i != j)
    if len(taken) < count:
        for wanted in cover:
            barred = all(not all(apart[i, j] for j in taken if j != i) for i in wanted)
            assert wanted & set(taken) or barred
