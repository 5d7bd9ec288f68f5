"""Features of a byte each come back as they were, and are told from the older form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork.choice.belief.packing import GRAIN, coarse, packed, unpacked
from artwork.choice.belief.sums import SCALE


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-SCALE, SCALE), max_size=130))
def test_what_is_packed_comes_back_in_less_room(values: list[int]) -> None:
    x = np.array(values, np.int16)
    rough = coarse(x)
    assert rough.dtype == np.int16 and np.abs(rough - x).max(initial=0) <= GRAIN // 2
    assert np.abs(rough).max(initial=0) <= SCALE and np.array_equal(coarse(rough), rough)
    data = packed(rough)
    assert np.array_equal(unpacked(data), rough)
    assert len(data) % 2 == 1 and len(data) <= len(values) + 2
    assert unpacked(x.astype("<i2").tobytes()).tolist() == values


def test_what_is_too_fine_is_refused() -> None:
    with pytest.raises(ValueError, match="multiples"):
        packed(np.array([16, 5], np.int16))
