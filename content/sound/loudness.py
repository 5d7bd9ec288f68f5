"""Loudness figures of any stretch, from its powers by tenths of a second (ITU-R BS.1770-5).

`power` (n,): mean square of each 100 ms, K-weighted and summed over the channels, as
content.media.loudness measures it.
"""

import numpy as np
import numpy.typing as npt

from content.types import F32

F64 = npt.NDArray[np.float64]

BLOCKS_PER_S = 10
MOMENTARY = 4
"""Blocks: 400 ms, each overlapping the next by three quarters."""
SHORT_TERM = 30
"""Blocks: 3 s (EBU Tech 3341)."""
FLOOR_LUFS = -70.0
"""The absolute gate: what is below it is no programme."""


def integrated_lufs(power: F32) -> float | None:
    """Loudness of the whole, LUFS, gated at −70 LUFS and at 10 LU below the mean (BS.1770-5).

    None below 400 ms or when nothing passes the gate.
    """
    blocks = _gated(_means(power, MOMENTARY), 10.0)
    return float(_lufs(blocks.mean())) if blocks.size else None


def loudness_range_lu(power: F32) -> float | None:
    """Spread of short-term loudness, LU ≥ 0: its 10th to 95th percentile, gated at −70 LUFS and
    at 20 LU below the mean (EBU Tech 3342). None below 3 s or when nothing passes the gate.
    """
    blocks = _gated(_means(power, SHORT_TERM), 20.0)
    if not blocks.size:
        return None
    low, high = np.percentile(_lufs(blocks), (10, 95))
    return float(high - low)


def momentary_maxima(power: F32, seconds: int) -> F32:
    """Loudest 400 ms that end in each second, (seconds,) LUFS, not below −70; NaN where there is
    no power."""
    padded = np.concatenate([np.zeros(MOMENTARY - 1), power])
    loudness = np.maximum(_lufs(_means(padded, MOMENTARY)), FLOOR_LUFS)[: seconds * BLOCKS_PER_S]
    whole = np.full(seconds * BLOCKS_PER_S, np.nan)
    whole[: loudness.size] = loudness
    by_second = whole.reshape(seconds, BLOCKS_PER_S)
    return np.asarray(np.fmax.reduce(by_second, axis=1), np.float32)


def _means(power: npt.NDArray[np.floating], width: int) -> F64:
    """Running means of `width` blocks, (n − width + 1,)."""
    if power.size < width:
        return np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(power, np.float64), width)
    means: F64 = windows.mean(axis=1)
    return means


def _gated(blocks: F64, below_lu: float) -> F64:
    heard = blocks[_lufs(blocks) >= FLOOR_LUFS]
    if not heard.size:
        return heard
    return heard[_lufs(heard) >= _lufs(heard.mean()) - below_lu]


def _lufs(power: npt.ArrayLike) -> F64:
    loudness: F64 = -0.691 + 10 * np.log10(np.maximum(power, 1e-12))
    return loudness
