"""What travels between client and index process comes out as it went in."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from content.errors import Conflict, Invalid, KeyartError, NotFound, PermanentError, Unavailable
from content.types import MATURITIES, SPACES, Vector
from indexes.calibration import Calibration
from indexes.schema import Filter, Hit, TitlePoint, Verification
from indexes.wire import pack, pack_error, unpack, unpack_error

names = st.text(min_size=1, max_size=20)
arrays = st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=8).map(
    lambda values: np.array(values, np.float32)
)


@given(
    st.builds(
        TitlePoint,
        title_id=names,
        version=st.integers(0, 2**40),
        vectors=st.dictionaries(st.sampled_from(SPACES), st.builds(Vector, arrays, names)),
        genres=st.lists(names, max_size=3).map(tuple),
        language=st.none() | names,
        maturity=st.sampled_from(MATURITIES),
        tenant=names,
    )
)
def test_points(point: TitlePoint) -> None:
    (back,) = unpack(pack([point]))
    assert isinstance(back, TitlePoint)
    assert (back.title_id, back.version, back.genres) == (
        point.title_id,
        point.version,
        point.genres,
    )
    assert (back.language, back.maturity, back.tenant) == (
        point.language,
        point.maturity,
        point.tenant,
    )
    assert back.vectors.keys() == point.vectors.keys()
    for space, vector in point.vectors.items():
        assert back.vectors[space].fingerprint == vector.fingerprint
        np.testing.assert_array_equal(back.vectors[space].data, vector.data)


@given(
    st.builds(Filter, st.none() | names, st.none() | names, st.none() | st.sampled_from(MATURITIES))
    | st.builds(Hit, names, st.floats(-1, 1), st.dictionaries(names, st.floats(-1, 1)))
    | st.builds(Verification, st.just(()), st.lists(names).map(tuple), st.just(("x",)))
)
def test_values(value: object) -> None:
    assert unpack(pack(value)) == value


@given(
    st.sampled_from([Invalid, NotFound, Conflict, Unavailable]),
    names,
    names,
    st.integers(-(2**63), 2**63 - 1),
)
def test_errors(cls: type[KeyartError], code: str, detail: str, number: int) -> None:
    back = unpack_error(pack_error(cls(code, detail, number=number)))
    assert type(back) is cls
    assert (back.code, back.detail, back.extra) == (code, detail, {"number": number})


def test_an_error_that_the_client_does_not_know_is_unavailable() -> None:
    assert type(unpack_error(pack_error(PermanentError("odd", "…")))) is Unavailable


def test_calibrations() -> None:
    calibration = Calibration.default({"visual": 5, "audio": 3})
    assert unpack(pack({"c": calibration}))["c"].to_bytes() == calibration.to_bytes()
