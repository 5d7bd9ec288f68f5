"""Calibration: by hand, against a second computation, and what it is for."""

import numpy as np
import pytest

from content.errors import Invalid
from content.types import F32
from indexes.calibration import FIT_MIN_TITLES, Calibration, SpaceCalibration
from tests.index_points import unit


def relu_like(count: int, dim: int = 64) -> list[F32]:
    """All-positive rows around one shared profile, as pooled ReLU features are."""
    rng = np.random.default_rng(7)
    shared = rng.gamma(2.0, 1.0, dim)
    return [unit((shared * rng.gamma(4.0, 0.25, dim)).astype(np.float32)) for _ in range(count)]


def cosines(rows: list[F32]) -> F32:
    matrix = np.stack(rows)
    return (matrix @ matrix.T)[~np.eye(len(rows), dtype=bool)]


def test_by_hand() -> None:
    item = SpaceCalibration(mean=np.array([0.5, 0.2], np.float32))
    # (0.8, 0.6) − (0.5, 0.2) = (0.3, 0.4), of length 0.5
    np.testing.assert_allclose(item.apply(np.array([0.8, 0.6], np.float32)), [0.6, 0.8], atol=1e-6)


def test_power_and_level_by_hand() -> None:
    item = SpaceCalibration(np.zeros(2, np.float32), 0.5, True)
    # The square roots of (0.36, −0.64)·k keep their signs; less their mean, opposite directions.
    raw = unit(np.array([0.36, -0.64], np.float32))
    np.testing.assert_allclose(item.apply(raw), np.array([1, -1]) / np.sqrt(2), atol=1e-6)


def test_text_and_sound_are_left_alone_by_default() -> None:
    calibration = Calibration.default({"synopsis": 3, "concept": 3, "audio": 3})
    raw = unit(np.array([1, -2, 3], np.float32))
    for space in ("synopsis", "concept", "audio"):
        np.testing.assert_allclose(calibration.apply(space, raw), raw, atol=1e-7)


def test_the_default_opens_up_positive_features_and_the_fit_more() -> None:
    rows = relu_like(60)
    by_default = Calibration.default({"visual": 64})
    fitted = Calibration.fit({"visual": rows})
    raw = cosines(rows)
    first = cosines([by_default.apply("visual", row) for row in rows])
    second = cosines([fitted.apply("visual", row) for row in rows])
    assert raw.mean() > 0.75
    assert first.mean() < raw.mean() - 0.05
    assert abs(second.mean()) < 0.15
    assert second.std() > 1.5 * raw.std()
    assert second.std() > 1.1 * first.std()


def test_the_fit_is_the_mean_shrunk_by_the_count() -> None:
    rows = np.stack(relu_like(48, dim=8))
    item = Calibration.fit({"visual": rows}).spaces["visual"]
    prepared = np.sqrt(rows)
    prepared = prepared / np.linalg.norm(prepared, axis=1, keepdims=True)
    prepared = prepared - prepared.mean(axis=1, keepdims=True)
    prepared = prepared / np.linalg.norm(prepared, axis=1, keepdims=True)
    np.testing.assert_allclose(item.mean, 48 / 64 * prepared.mean(axis=0), atol=1e-6)


def test_what_is_not_rectified_is_centred_only() -> None:
    rows = np.random.default_rng(3).normal(0.5, 1.0, (40, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    item = Calibration.fit({"visual": rows}).spaces["visual"]
    assert (item.power, item.level) == (1.0, False)
    np.testing.assert_allclose(item.mean, 40 / 56 * rows.mean(axis=0), atol=1e-6)


def test_the_default_of_an_encoder_trained_by_cosine_does_nothing() -> None:
    raw = unit(np.array([1, -2, 3], np.float32))
    plain = Calibration({}).completed({"visual": 3}, metric={"visual"})
    np.testing.assert_allclose(plain.apply("visual", raw), raw, atol=1e-7)
    levelled = Calibration({}).completed({"visual": 3})
    assert abs(levelled.apply("visual", raw).sum()) < 1e-5


def test_few_titles_keep_the_default() -> None:
    fitted = Calibration.fit({"visual": relu_like(FIT_MIN_TITLES - 1), "audio": []})
    default = Calibration.default({"visual": 64})
    assert fitted.to_bytes() == default.to_bytes()


def test_a_vector_that_is_nothing_but_the_shared_part_stays_unit() -> None:
    flat = unit(np.ones(64, np.float32))
    for calibration in (
        Calibration.default({"visual": 64}),
        Calibration.fit({"visual": [flat] * 100}),
    ):
        out = calibration.apply("visual", flat)
        assert np.isfinite(out).all()
        assert np.linalg.norm(out) == pytest.approx(1.0, abs=1e-6)


def test_bytes_are_stable_and_give_the_same_bits_back() -> None:
    rows = relu_like(20)
    calibration = Calibration.fit({"synopsis": rows, "visual": rows})
    data = calibration.to_bytes()
    again = Calibration.from_bytes(data)
    assert again.to_bytes() == data
    np.testing.assert_array_equal(
        again.apply("visual", rows[3]), calibration.apply("visual", rows[3])
    )


def test_completed_fills_cuts_and_refuses() -> None:
    fitted = Calibration.fit({"visual": relu_like(20), "synopsis": relu_like(20, dim=16)})
    completed = fitted.completed({"visual": 64, "audio": 5})
    assert set(completed.spaces) == {"visual", "audio"}
    assert completed.spaces["audio"].mean.shape == (5,)
    with pytest.raises(Invalid, match="calibration_mismatch"):
        fitted.completed({"visual": 65})
    with pytest.raises(Invalid, match="unknown_space"):
        fitted.apply("audio", np.ones(5, np.float32))
