"""Integer sums: what they hold, what they refuse."""

import numpy as np
import pytest

from artwork.choice.belief.sums import INT64_MAX, SCALE, Sums, checked, to_units


def test_sums_hold_the_products_by_hand() -> None:
    sums = Sums(2)
    x = np.array([SCALE, -SCALE // 2])
    sums.add("t", "g", x, SCALE // 4)
    assert sums.A.tolist() == [[2**30, -(2**29)], [-(2**29), 2**28]]
    assert sums.b.tolist() == [2**28, -(2**27)]
    assert (sums.q, sums.rows) == (2**26, 1)
    title = sums.titles["t"]
    assert (title.n.tolist(), title.c.tolist(), title.s.tolist()) == (
        [2**10],
        [[2**20, -(2**19)]],
        [2**18],
    )


def test_a_correction_equals_the_reward_from_the_start() -> None:
    x = np.array([300, -20, 1024])
    late, early = Sums(3), Sums(3)
    late.add("t", "g", x)
    late.correct("t", "g", x, before=0, after=700)
    late.correct("t", "g", x, before=700, after=300)
    early.add("t", "g", x, 300)
    assert late == early


def test_packing_keeps_every_bit() -> None:
    sums = Sums(3)
    sums.add("b", "z", np.array([1, 2, 3]), 5)
    sums.add("b", "a", np.array([-1, 1024, 0]), 1024)
    sums.add("a", "q", np.array([7, 7, 7]), 0)
    assert Sums.unpacked(sums.packed()) == sums
    assert Sums(3) != sums


@pytest.mark.parametrize("x", [[1025, 0], [0, -1025]])
def test_magnitudes_above_one_are_refused(x: list[int]) -> None:
    with pytest.raises(ValueError, match="1024"):
        Sums(2).add("t", "g", np.array(x))
    with pytest.raises(ValueError, match="1024"):
        Sums(2).add("t", "g", np.zeros(2, np.int64), r=1025)


def test_overflow_is_refused_and_leaves_the_sums_as_they_were() -> None:
    sums = Sums(1)
    sums.add("t", "g", np.array([SCALE]), SCALE)
    sums.A[0, 0] = INT64_MAX - 5
    before = sums.packed()
    with pytest.raises(OverflowError):
        sums.add("t", "g", np.array([SCALE]), SCALE)
    assert sums.packed() == before
    with pytest.raises(OverflowError):
        sums + sums
    with pytest.raises(OverflowError):
        checked(np.array([-INT64_MAX]), np.array([-2]))
    assert checked(np.array([INT64_MAX]), np.array([-INT64_MAX])).tolist() == [0]


def test_units_round_to_the_nearest() -> None:
    assert [to_units(v) for v in (0.0, 1.0, 0.3, -1.0)] == [0, 1024, 307, -1024]


def test_rows_summed_many_at_once_are_exact() -> None:
    rng = np.random.default_rng(1)
    sums, wanted = Sums(7), np.zeros((7, 7), np.int64)
    for n in range(300):
        x = rng.integers(-SCALE, SCALE + 1, 7)
        w = int(rng.integers(1, SCALE + 1))
        sums.add("t", f"g{n % 5}", x, int(rng.integers(-SCALE, SCALE + 1)), w)
        wanted += w * np.multiply.outer(x, x)
        if n in (3, 64, 65, 200):
            assert np.array_equal(sums.A, wanted)
    assert np.array_equal(sums.A, wanted)


def test_rows_that_wait_count_towards_overflow() -> None:
    sums = Sums(1)
    sums.A = np.array([[INT64_MAX - 3 * SCALE**3]])
    for _ in range(3):
        sums.add("t", "g", np.array([SCALE]))
    with pytest.raises(OverflowError):
        sums.add("t", "g", np.array([SCALE]))
    assert int(sums.A[0, 0]) == INT64_MAX
