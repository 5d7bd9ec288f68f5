"""Pooling: between the mean and every shot alike, and the same on both sides of the solver."""

import numpy as np
import pytest

from content.pooling import pool


def rows(seed: int, count: int, dim: int):
    made = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def test_two_right_angled_shots_by_hand() -> None:
    # The two equations part: ξ_i = w_i / (w_i + λ), with weights 3 : 1 scaled to 1.5 and 0.5.
    found = pool(np.eye(2, dtype=np.float32), [3.0, 1.0], ridge=1.0)
    wanted = np.array([1.5 / 2.5, 0.5 / 1.5])
    assert found == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-6)


def test_a_large_ridge_is_the_mean_by_weight() -> None:
    shots, weights = rows(1, 7, 20), np.arange(1.0, 8.0)
    mean = np.average(shots, axis=0, weights=weights)
    found = pool(shots, weights, ridge=1e7)
    assert found == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def test_a_small_ridge_makes_every_shot_alike() -> None:
    shots = rows(2, 6, 30)
    cosines = shots @ pool(shots, [50.0, 1, 1, 1, 1, 1], ridge=1e-6)
    assert cosines == pytest.approx(np.full(6, cosines[0]), abs=1e-4)


def test_what_returns_often_does_not_drown_what_is_rare() -> None:
    often, rare = rows(3, 2, 40)
    shots = np.stack([often] * 60 + [rare])
    mean = shots.mean(0) / np.linalg.norm(shots.mean(0))
    assert pool(shots, np.ones(61)) @ rare > mean @ rare + 0.2


def test_the_solver_has_no_sides() -> None:
    """Many shots of few dimensions are solved by dimension, else by shot: the same function."""
    shots, weights = rows(4, 12, 12), np.linspace(1, 3, 12)
    padded = np.hstack([shots, np.zeros((12, 5), np.float32)])  # 12 ≤ 17: by shot
    twice, halves = np.vstack([shots, shots]), np.concatenate([weights, weights]) / 2
    by_dimension = pool(twice, halves, ridge=2.0)  # 24 > 12
    assert by_dimension == pytest.approx(pool(padded, weights, ridge=1.0)[:12], abs=1e-5)


def test_one_shot_is_itself() -> None:
    (only,) = rows(5, 1, 9)
    assert pool(only[None], [4.0]) == pytest.approx(only, abs=1e-6)
