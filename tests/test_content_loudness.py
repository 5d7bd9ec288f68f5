"""Loudness, against the standard's own cases, pyloudnorm and FFmpeg."""

from fractions import Fraction

import av
import numpy as np
import pyloudnorm
import pytest
from scipy.signal import sosfreqz

from content.media.loudness import LoudnessMeter, channel_weights, k_weighting
from content.sound.loudness import integrated_lufs, loudness_range_lu, momentary_maxima
from content.types import F32

RATES = (8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000)


def powers(samples: F32, rate_hz: int, layout: str, piece: int = 1024) -> F32:
    meter = LoudnessMeter(rate_hz, layout)
    parts = [meter.add(samples[:, n : n + piece]) for n in range(0, samples.shape[1], piece)]
    return np.concatenate([*parts, meter.finish()])


def sine(dbfs: float, seconds: float, rate_hz: int = 48_000, channels: int = 2) -> F32:
    at_s = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = 10 ** (dbfs / 20) * np.sin(2 * np.pi * 1000 * at_s)
    return np.tile(wave, (channels, 1)).astype(np.float32)


def pieces(*levels: tuple[float, float]) -> F32:
    return np.concatenate([sine(dbfs, seconds) for dbfs, seconds in levels], axis=1)


def programme(channels: int, seconds: float = 25.0, rate_hz: int = 48_000) -> F32:
    """Noise that swells, rests and differs between the channels."""
    random = np.random.default_rng(channels)
    noise = random.standard_normal((channels, round(seconds * rate_hz)))
    at_s = np.arange(noise.shape[1]) / rate_hz
    swell = 10 ** ((-30 + 14 * np.sin(2 * np.pi * at_s / 11)) / 20) * (at_s % 9 < 7.5)
    return (noise * swell * np.linspace(1.0, 0.4, channels)[:, None]).astype(np.float32)


@pytest.mark.parametrize("rate_hz", RATES)
def test_a_stereo_sine_of_minus_23_is_minus_23_lufs_at_any_rate(rate_hz: int) -> None:
    power = powers(sine(-23.0, 5.0, rate_hz), rate_hz, "stereo")
    assert integrated_lufs(power) == pytest.approx(-23.0, abs=0.1)
    assert momentary_maxima(power, 5)[1:] == pytest.approx([-23.0] * 4, abs=0.1)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (((-33.0, 20.0),), -33.0),  # EBU Tech 3341, case 2
        (((-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)), -23.0),  # case 3
        (((-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)), -23.0),  # 4
        (((-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)), -23.0),  # case 5
    ],
)
def test_the_cases_of_ebu_tech_3341(case: tuple[tuple[float, float], ...], expected: float) -> None:
    assert integrated_lufs(powers(pieces(*case), 48_000, "stereo")) == pytest.approx(
        expected, abs=0.1
    )


def test_case_6_of_ebu_tech_3341_weighs_five_channels() -> None:
    levels = np.array([-28.0, -28.0, -24.0, -10.0, -30.0, -30.0])  # L R C LFE Ls Rs
    samples = sine(0.0, 20.0, channels=6) * (10 ** (levels / 20))[:, None].astype(np.float32)
    assert integrated_lufs(powers(samples, 48_000, "5.1")) == pytest.approx(-23.0, abs=0.1)
    assert integrated_lufs(powers(samples, 48_000, "5.1(side)")) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (((-20.0, 20.0), (-30.0, 20.0)), 10.0),  # EBU Tech 3342, case 1
        (((-20.0, 20.0), (-15.0, 20.0)), 5.0),  # case 2
        (((-40.0, 20.0), (-20.0, 20.0)), 20.0),  # case 3
        (((-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)), 15.0),  # 4
    ],
)
def test_the_cases_of_ebu_tech_3342(case: tuple[tuple[float, float], ...], expected: float) -> None:
    assert loudness_range_lu(powers(pieces(*case), 48_000, "stereo")) == pytest.approx(
        expected, abs=1.0
    )


@pytest.mark.parametrize(("channels", "layout"), [(1, "mono"), (2, "stereo"), (5, "5.0")])
def test_pyloudnorm_hears_the_same(channels: int, layout: str) -> None:
    samples = programme(channels)
    oracle = pyloudnorm.Meter(48_000, filter_class="DeMan")
    expected = oracle.integrated_loudness(samples.T.astype(np.float64))
    power = powers(samples, 48_000, layout)
    assert integrated_lufs(power) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(
    ("rate_hz", "channels", "layout"),
    [(48_000, 1, "mono"), (48_000, 2, "stereo"), (48_000, 6, "5.1"), (16_000, 2, "stereo")],
)
def test_ffmpeg_hears_the_same(rate_hz: int, channels: int, layout: str) -> None:
    samples = programme(channels, 25.0, rate_hz)
    power = powers(samples, rate_hz, layout)
    told = _ebur128(samples, rate_hz, layout)
    assert integrated_lufs(power) == pytest.approx(told["I"], abs=0.1)
    assert loudness_range_lu(power) == pytest.approx(told["LRA"], abs=0.5)


def _ebur128(samples: F32, rate_hz: int, layout: str) -> dict[str, float]:
    """FFmpeg's figures after the last frame."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=rate_hz, format="fltp", layout=layout, time_base=Fraction(1, rate_hz)
    )
    meter, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    told: dict[str, float] = {}
    for at in range(0, samples.shape[1], 4800):
        part = np.ascontiguousarray(samples[:, at : at + 4800])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, at, Fraction(1, rate_hz)
        graph.push(frame)
        while True:
            try:
                found = graph.pull().metadata
            except (av.BlockingIOError, av.EOFError):
                break
            told |= {name: float(found[f"lavfi.r128.{name}"]) for name in ("I", "LRA")}
    return told


def test_the_coefficients_are_the_printed_ones_at_48_khz() -> None:
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285]
    shelf += [1, -1.69065929318241, 0.73248077421585]
    printed = [shelf, [1, -2, 1, 1, -1.99004745483398, 0.99007225036621]]
    assert k_weighting(48_000) == pytest.approx(np.array(printed), abs=1e-9)


@pytest.mark.parametrize("rate_hz", RATES)
def test_the_curve_is_the_same_at_any_rate(rate_hz: int) -> None:
    hz = np.array([30.0, 60.0, 120.0, 500.0, 1000.0])
    curves = [
        20 * np.log10(np.abs(sosfreqz(k_weighting(rate), hz, fs=rate)[1]))
        for rate in (rate_hz, 48_000)
    ]
    assert curves[0] == pytest.approx(curves[1], abs=0.25)


def test_channels_are_weighed_by_where_they_stand() -> None:
    assert channel_weights("mono").tolist() == [1.0]
    assert channel_weights("2.1").tolist() == [1.0, 1.0, 0.0]
    assert channel_weights("5.1").tolist() == [1, 1, 1, 0, 1.41, 1.41]
    # FL FR FC LFE BL BR SL SR: behind the listener counts 1, beside 1.41
    assert channel_weights("7.1").tolist() == [1, 1, 1, 0, 1, 1, 1.41, 1.41]
    assert channel_weights("8 channels").tolist() == [1.0] * 8


@pytest.mark.parametrize("rate_hz", RATES)
def test_blocks_are_tenths_of_a_second_whatever_the_pieces(rate_hz: int) -> None:
    samples = programme(2, 3.26, rate_hz)
    once, often = (powers(samples, rate_hz, "stereo", piece) for piece in (10**7, 777))
    assert once.shape == (33,) and once.dtype == np.float32  # the rest, 60 ms, is a block
    assert often == pytest.approx(once, rel=1e-6)
    assert powers(samples[:, : round(3.24 * rate_hz)], rate_hz, "stereo").shape == (32,)
    assert powers(samples[:, :0], rate_hz, "stereo").shape == (0,)


def test_garbage_is_kept_out() -> None:
    samples = programme(2, 4.0)
    samples[:, 48_000:48_100] = np.nan
    samples[:, 49_000], samples[0, 49_100] = np.inf, -1e30
    power = powers(samples, 48_000, "stereo")
    assert np.isfinite(power).all() and power.min() >= 0
    assert power[25:] == pytest.approx(powers(programme(2, 4.0), 48_000, "stereo")[25:], rel=1e-4)
    with pytest.raises(ValueError, match="1 channels, the layout has 2"):
        LoudnessMeter(48_000, "stereo").add(samples[:1])


def test_what_cannot_be_told_is_none() -> None:
    assert integrated_lufs(np.full(3, 0.1, np.float32)) is None
    assert integrated_lufs(np.zeros(100, np.float32)) is None
    assert loudness_range_lu(np.full(29, 0.1, np.float32)) is None
    assert loudness_range_lu(np.zeros(100, np.float32)) is None


def test_momentary_maxima_by_hand() -> None:
    power = np.zeros(25, np.float32)
    power[12:16] = 1.0
    found = momentary_maxima(power, 4)
    assert found[0] == -70.0
    assert found[1] == pytest.approx(-0.691, abs=1e-3)
    # The window that ends 100 ms into the third second still holds none of it.
    assert found[2] == -70.0
    assert np.isnan(found[3])
