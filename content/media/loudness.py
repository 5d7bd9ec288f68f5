"""Loudness as it streams by: K-weighted power by tenths of a second (ITU-R BS.1770-5, annex 1).

The power of 100 ms is all that the figures of BS.1770 and EBU R 128 are made of: momentary
loudness is the mean of 4 blocks, short-term of 30, and gating picks among them. So nothing of the
sound itself has to leave the decoder at its own rate and layout.

The filter is applied by overlap-save: numpy does it, and this process starts for every segment of
every film, where a library of filters would take a second to load.
"""

import math

import numpy as np
import numpy.typing as npt
from av.audio.layout import AudioLayout
from numpy import fft

from content.types import F32

F64 = npt.NDArray[np.float64]

BLOCKS_PER_S = 10
SURROUND = 1.41
"""Weight of the channels at the listener's sides, 60° to 120° (BS.1770-5, table 4)."""
_SIDES = {"SL", "SR", "SDL", "SDR", "WL", "WR"}
_BACKS = {"BL", "BR", "BC"}
_LOW = {"LFE", "LFE2"}
_STANDARD_HZ, _CALIBRATED_HZ = 48_000, 997.0


class LoudnessMeter:
    """Feed sound as it is decoded; powers of whole tenths of a second come out, now and then."""

    def __init__(self, rate_hz: int, layout_name: str) -> None:
        """`rate_hz`: 10 or more, meant for 8,000 to 192,000; `layout_name`: FFmpeg's, as `5.1`."""
        self._sections = k_weighting(rate_hz)
        self._weights = channel_weights(layout_name).astype(np.float32)
        # The filter's answer to anything has died away (below −180 dB) after a tenth of a second.
        self._past = np.zeros((self._weights.size, max(1, rate_hz // 10)), np.float32)
        self._response = np.zeros(0, np.complex64)
        self._rate_hz = rate_hz
        self._pending: list[F32] = []
        self._held, self._block = 0, 0

    def add(self, samples: F32) -> F32:
        """Take the next (channels, n) samples, full scale ±1; a value that is no number is 0.

        Returns the mean squares, channels weighted and summed, of the blocks that were measured:
        (blocks,) ≥ 0. They come about once a second, since many short calls of the filter cost
        more than one. A full-scale stereo sine of 1 kHz gives about 1.17.

        Raises:
            ValueError: the layout has another number of channels.
        """
        if samples.shape[0] != self._weights.size:
            expected = self._weights.size
            raise ValueError(f"{samples.shape[0]} channels, the layout has {expected}")
        self._pending.append(samples)
        self._held += samples.shape[1]
        return self._measure() if self._held >= self._rate_hz else np.zeros(0, np.float32)

    def finish(self) -> F32:
        """What is left; the last block may be short, and is left out below half its length."""
        return self._measure(last=True) if self._held else np.zeros(0, np.float32)

    def _measure(self, last: bool = False) -> F32:
        first = self._start(self._block)
        blocks = (first + self._held) * BLOCKS_PER_S // self._rate_hz - self._block
        ends = np.array([self._start(self._block + n + 1) - first for n in range(blocks)], int)
        done = int(ends[-1]) if blocks else 0
        if last and 2 * (self._held - done) * BLOCKS_PER_S >= self._rate_hz:
            ends = np.append(ends, self._held)
            done = self._held
        if not done:
            return np.zeros(0, np.float32)
        joined = np.concatenate(self._pending, axis=1)
        power = self._power(joined[:, :done])
        self._pending, self._held = [joined[:, done:]], joined.shape[1] - done
        self._block += blocks
        lengths = np.diff(ends, prepend=0)
        return (np.add.reduceat(power, ends - lengths, dtype=np.float64) / lengths).astype(
            np.float32
        )

    def _power(self, samples: F32) -> F32:
        # ±16 is 24 dB above full scale: more is garbage, and would ring in the filter for long.
        clean = np.clip(np.nan_to_num(samples), -16.0, 16.0)
        joined = np.concatenate([self._past, clean], axis=1)
        self._past, size = joined[:, -self._past.shape[1] :], joined.shape[1]
        if self._response.size != size // 2 + 1:
            cycles = np.arange(size // 2 + 1) / size
            self._response = response(self._sections, cycles).astype(np.complex64)
        # What wraps around falls on the past, which is thrown away.
        heard = fft.irfft(fft.rfft(joined) * self._response, size)[:, -clean.shape[1] :]
        power: F32 = (self._weights @ (heard * heard)).astype(np.float32)
        return power

    def _start(self, block: int) -> int:
        """First sample of a block: where the rate is no multiple of ten, blocks differ by one."""
        return -(-block * self._rate_hz // BLOCKS_PER_S)


def k_weighting(rate_hz: int) -> F64:
    """Second-order sections (2, 6): the shelf of the head, then the high pass of the ear.

    BS.1770 prints coefficients for 48 kHz only. These are its analogue prototypes (De Man 2014,
    "Evaluation of implementations of the EBU R128 loudness measurement") by the bilinear
    transform at any rate, equal to the printed ones at 48 kHz; at others scaled to pass as much
    at 997 Hz, where the standard is calibrated.
    """
    sections = _prototypes(rate_hz)
    sections[0, :3] *= _gain(_prototypes(_STANDARD_HZ), _STANDARD_HZ) / _gain(sections, rate_hz)
    return sections


def _prototypes(rate_hz: int) -> F64:
    # A corner must stay below half the rate, whatever a broken header says.
    k = math.tan(math.pi * min(1681.974450955533, 0.45 * rate_hz) / rate_hz)
    high = 10 ** (3.999843853973347 / 20)
    band, turn = high**0.4996667741545416, k / 0.7071752369554196
    shelf = [high + band * turn + k * k, 2 * (k * k - high), high - band * turn + k * k]
    shelf += [1 + turn + k * k, 2 * (k * k - 1), 1 - turn + k * k]
    k = math.tan(math.pi * min(38.13547087602444, 0.45 * rate_hz) / rate_hz)
    turn = k / 0.5003270373238773
    poles = np.array([1 + turn + k * k, 2 * (k * k - 1), 1 - turn + k * k])
    high_pass = np.concatenate([[1.0, -2.0, 1.0], poles / poles[0]])
    return np.stack([np.array(shelf) / shelf[3], high_pass])


def _gain(sections: F64, rate_hz: int) -> float:
    hz = min(_CALIBRATED_HZ, 0.45 * rate_hz)
    return float(np.abs(response(sections, np.array([hz / rate_hz]))[0]))


def response(sections: F64, cycles: F64) -> npt.NDArray[np.complex128]:
    """Of second-order sections (n, 6) at frequencies (k,), cycles a sample: (k,)."""
    delay = np.exp(-2j * np.pi * cycles)
    powers = np.stack([np.ones_like(delay), delay, delay * delay])
    sides = (sections[:, :3] @ powers) / (sections[:, 3:] @ powers)
    product: npt.NDArray[np.complex128] = sides.prod(axis=0)
    return product


def channel_weights(layout_name: str) -> F64:
    """(channels,): 1.41 for surround channels, 0 for low-frequency effects, 1 for all others.

    Back channels are the surrounds where there are no side channels (5.1), else they stand behind
    the listener and count 1 (7.1).
    """
    names = [channel.name for channel in AudioLayout(layout_name).channels]
    surrounds = _SIDES if _SIDES & set(names) else _BACKS
    return np.array([0.0 if n in _LOW else SURROUND if n in surrounds else 1.0 for n in names])
