"""Vectors of shots and timelines in half precision: what comes back, and what is refused."""

import msgpack
import numpy as np
import pytest

from content.errors import Invalid
from content.packing import (
    pack_shot_vectors,
    pack_timeline,
    unpack_shot_vectors,
    unpack_timeline,
)
from content.types import ShotVectors

ROWS = np.eye(3, 4, dtype=np.float32)


def shot_vectors(shots: list[int], data: np.ndarray) -> ShotVectors:
    return ShotVectors(np.array(shots, np.int32), data, "net@1:4:a")


@pytest.mark.parametrize("dim", [1, 384, 1280])
def test_vectors_come_back_as_units_in_their_direction(dim: int) -> None:
    rows = np.random.default_rng(dim).normal(size=(50, dim)).astype(np.float32)
    rows[0, 1:] = 0  # one axis alone: all but one component vanish
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    made = shot_vectors(list(range(0, 100, 2)), rows)
    shots, data = pack_shot_vectors(made)
    assert (len(shots), len(data)) == (4 * 50, 2 * 50 * dim)
    back = unpack_shot_vectors(shots, data, made.fingerprint)
    np.testing.assert_array_equal(back.shots, made.shots)
    assert back.data.dtype == np.float32 and back.fingerprint == made.fingerprint
    np.testing.assert_allclose(np.linalg.norm(back.data, axis=1), 1, atol=1e-6)
    assert (back.data * rows).sum(1).min() > 1 - 1e-6


def test_no_shot_with_a_vector_is_no_row() -> None:
    back = unpack_shot_vectors(*pack_shot_vectors(shot_vectors([], ROWS[:0])), "f")
    assert len(back.shots) == len(back.data) == 0


@pytest.mark.parametrize(
    ("shots", "data", "words"),
    [
        ([0, 1], ROWS, "2 shots"),
        ([0, 1, 2], ROWS[:, 0], "shape"),
        ([0, 2, 1], ROWS, "ascend"),
        ([0, 1, 1], ROWS, "ascend"),
        ([0, 1, 2], ROWS * 1.01, "length 1"),
        ([0, 1, 2], ROWS * np.float32("nan"), "finite"),
        ([0, 1, 2], ROWS + np.float32("inf"), "finite"),
        ([0, 1, 2], ROWS * 0, "length 1"),
    ],
)
def test_what_is_no_vector_is_refused(shots: list[int], data: np.ndarray, words: str) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        pack_shot_vectors(shot_vectors(shots, data))
    assert caught.value.code == "invalid_vector"


def test_a_timeline_comes_back_in_its_order_with_its_gaps() -> None:
    columns = {
        "loudness_lufs": np.array([-70, -23.05, np.nan], np.float32),
        "brightness": np.array([0, 0.333, 1], np.float32),
    }
    back = unpack_timeline(pack_timeline(columns))
    assert list(back) == list(columns)
    for name, tolerance in (("loudness_lufs", 0.03), ("brightness", 0.00025)):
        assert back[name].dtype == np.float32
        np.testing.assert_allclose(back[name], columns[name], atol=tolerance)
    assert unpack_timeline(pack_timeline({})) == {}


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(Invalid, match="lengths") as caught:
        pack_timeline({"a": np.zeros(2, np.float32), "b": np.zeros(3, np.float32)})
    assert caught.value.code == "invalid_timeline"


def test_two_hours_are_small() -> None:
    rng = np.random.default_rng(0)
    noise = {f"c{i}": rng.normal(size=7200).astype(np.float32) for i in range(10)}
    assert len(pack_timeline(noise)) <= 2 * 10 * 7200 + len(msgpack.packb(list(noise))) + 100
