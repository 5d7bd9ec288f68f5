"""What hearing costs and how often it is right: `python -m tests.bench sound`.

Cost is CPU (user + system) of this process, one thread. librosa's chain is what its own
documentation does for these features, on the same samples in the same run, its first call
(compiling) left out; ours and librosa's take turns.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median

import numpy as np

from content import decode
from content.decode import DecodeLimits
from content.encoders.speech import SpeechDetector
from content.media.loudness import LoudnessMeter
from content.sound.facts import sound_facts, sound_timeline
from content.sound.key import NAMES
from content.sound.meter import HZ, SoundMeter
from content.sound.vector import sound_vector
from content.types import F32, Facts
from samples.fetch import fetch
from tests.tunes import accents, cadence, clicks

CLIP = "test.mp4"
REPEATS = 5
BPM = range(60, 181, 4)

Row = dict[str, object]


def run() -> list[Row]:
    """Costs, medians of REPEATS, then shares of right answers on sounds made to order."""
    samples = _sound(fetch(Path(".cache/samples").resolve())[CLIP])
    return [*_costs(samples), *_right()]


def _costs(samples: F32) -> Iterable[Row]:
    speech = SpeechDetector()
    stereo = np.repeat(np.stack([samples, samples]), 3, axis=1)  # as many samples as 48 kHz has
    rows = _heard(samples, None)
    ways: dict[str, Callable[[], object]] = {
        "rows (bar: 300 × real time)": lambda: _heard(samples, None),
        "librosa: stft, mel, chroma, centroid, onsets, tempo": lambda: _librosa(samples),
        "rows with the speech model": lambda: _heard(samples, speech),
        "facts, timeline and vector of the rows": lambda: _told(rows),
        "loudness, 48 kHz stereo": lambda: _loudness(stereo),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(REPEATS):
        for name, way in ways.items():
            began = time.process_time()
            way()
            spent[name].append(time.process_time() - began)
    seconds = samples.size / HZ
    for name, each in spent.items():
        cost = median(each)
        yield {
            "what": name,
            "CPU ms a second of sound": f"{1000 * cost / seconds:.2f}",
            "× real time": f"{seconds / cost:.0f}",
        }


def _right() -> Iterable[Row]:
    for name, make in (("clicks", clicks), ("accents in hiss", accents)):
        sounds = {bpm: make(bpm) for bpm in BPM}
        ours = [_near(_facts(sound)["tempo_bpm"], bpm) for bpm, sound in sounds.items()]
        theirs = [_near(_librosa_tempo(sound), bpm) for bpm, sound in sounds.items()]
        what = f"tempo of {name}, {BPM.start} to {BPM.stop - 1} a minute, within 2 %"
        yield {"what": what, "right": _share(ours), "librosa": _share(theirs)}
    told = []
    for mode in ("major", "minor"):
        for tonic in range(12):
            found = [_facts(cadence(tonic, mode, cents)) for cents in (0.0, 35.0)]
            told += [(f["key"], f["mode"]) == (NAMES[tonic], mode) for f in found]
    yield {"what": "key of cadences, all 24, in tune and 35 cents sharp", "right": _share(told)}


def _sound(path: Path) -> F32:
    parts = decode.analyse(path, DecodeLimits())
    return np.concatenate([part.samples for part in parts if isinstance(part, decode.Sound)])


def _heard(samples: F32, speech: SpeechDetector | None) -> F32:
    meter = SoundMeter(speech)
    for at in range(0, samples.size, HZ):
        meter.add(samples[at : at + HZ])
    meter.finish()
    return meter.rows


def _facts(samples: F32) -> Facts:
    return sound_facts(_heard(samples, None), None)


def _told(rows: F32) -> object:
    return sound_facts(rows, None), sound_timeline(rows, None), sound_vector(rows)


def _loudness(stereo: F32) -> None:
    meter = LoudnessMeter(48_000, "stereo")
    for at in range(0, stereo.shape[1], 1024):
        meter.add(stereo[:, at : at + 1024])
    meter.finish()


def _librosa(samples: F32) -> None:
    import librosa

    magnitude = np.abs(librosa.stft(samples, n_fft=1024, hop_length=512))
    power = magnitude**2
    mel = librosa.feature.melspectrogram(S=power, sr=HZ, n_mels=40)
    librosa.feature.chroma_stft(S=power, sr=HZ)
    librosa.feature.spectral_centroid(S=magnitude, sr=HZ)
    onset = librosa.onset.onset_strength(S=librosa.power_to_db(mel), sr=HZ)
    librosa.feature.tempo(onset_envelope=onset, sr=HZ, hop_length=512)


def _librosa_tempo(samples: F32) -> float:
    import librosa

    return float(librosa.feature.tempo(y=samples, sr=HZ, hop_length=512)[0])


def _near(found: float | None, bpm: float) -> bool:
    return found is not None and abs(found / bpm - 1) < 0.02


def _share(right: list[bool]) -> str:
    return f"{sum(right)} of {len(right)}"
