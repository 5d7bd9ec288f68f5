"""Sound: sums that do not depend on how it is cut, figures that mean what they say."""

import numpy as np
import pytest

from content.audio import HZ, SoundMeter
from content.audio_vector import _FAMILIES, DIM, sound_profile, sound_vector
from content.encoders.models import Models
from content.types import F32
from tests.synth import Tune, tune

MODELS = Models()


def heard(samples: F32, piece: int = HZ) -> SoundMeter:
    meter = SoundMeter(MODELS.speech)
    for at in range(0, samples.size, piece):
        meter.add(samples[at : at + piece])
    meter.finish()
    return meter


def clip(kind: Tune, seconds: float = 9.0) -> F32:
    return tune(kind, seconds, HZ)


@pytest.mark.parametrize("kind", ["tone", "music", "beats", "noise"])
def test_a_vector_is_a_unit_whatever_the_pieces(kind: Tune) -> None:
    samples = clip(kind)
    vector = sound_vector(heard(samples))
    assert vector is not None and vector.shape == (DIM,) and vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)
    assert np.array_equal(vector, sound_vector(heard(samples, piece=777)))


def test_silence_has_no_vector() -> None:
    meter = heard(clip("silence"))
    assert sound_vector(meter) is None
    profile = sound_profile(meter)
    assert profile["silence_fraction"] == 1.0
    assert profile["loudness_db"] is None and profile["tempo_bpm"] is None
    assert sound_vector(heard(np.zeros(0, np.float32))) is None


def test_different_sounds_differ_and_loudness_matters_little() -> None:
    tone, noise, beats = (sound_vector(heard(clip(k))) for k in ("tone", "noise", "beats"))
    quiet = sound_vector(heard(clip("tone") * 0.5))
    assert tone is not None and noise is not None and beats is not None and quiet is not None
    assert tone @ quiet > 0.95
    assert max(tone @ noise, tone @ beats, noise @ beats) < 0.7


def test_the_beat_is_found() -> None:
    profile = sound_profile(heard(clip("beats", 20.0)))
    assert profile["tempo_bpm"] == pytest.approx(120, abs=3)
    assert profile["onsets_per_s"] == pytest.approx(2.0, abs=0.2)
    assert sound_profile(heard(clip("noise")))["tempo_bpm"] is None


def test_fractions_are_shares() -> None:
    half = np.concatenate([clip("music", 10.0), clip("silence", 10.0)])
    profile = sound_profile(heard(half))
    shares = [profile[f"{kind}_fraction"] for kind in ("silence", "speech", "music", "other")]
    assert sum(shares) == pytest.approx(1.0, abs=1e-3)
    assert profile["silence_fraction"] == pytest.approx(0.5, abs=0.06)
    assert profile["music_fraction"] == pytest.approx(0.5, abs=0.06)
    assert sound_profile(heard(clip("noise")))["other_fraction"] > 0.9


def test_chords_under_drums_and_hiss_are_music() -> None:
    chords, noise = clip("music", 12.0), clip("noise", 12.0)
    drums = noise * np.exp(-12 * (np.arange(noise.size) / HZ % 0.5)).astype(np.float32)
    meter = heard(chords + 2 * drums + 0.1 * noise)
    assert sound_profile(meter)["music_fraction"] > 0.7


def test_no_family_outweighs_the_others() -> None:
    sizes = [len(centres) for _, _, centres, _ in _FAMILIES]
    assert sum(sizes) == DIM
    assert all(len(c) == len(s) and min(s) > 0 for _, _, c, s in _FAMILIES)
    assert all(0.5 <= weight <= 1.0 for _, weight, _, _ in _FAMILIES)


def test_garbage_in_the_sound_does_no_harm() -> None:
    loud = clip("noise", 2.0) * 1e6
    vector = sound_vector(heard(loud))
    assert vector is not None and np.isfinite(vector).all()


def test_the_sums_are_librosas() -> None:
    """One block, measured by librosa's own features."""
    from librosa import feature, stft

    samples = clip("music", 4.0)
    meter = heard(samples)
    padded = np.pad(samples, (0, 512))
    power = np.abs(stft(padded, n_fft=1024, hop_length=512, center=False)) ** 2
    mel = 10 * np.log10(np.maximum(feature.melspectrogram(S=power, sr=HZ, n_mels=40), 1e-8))
    assert meter.frames == mel.shape[1] == meter.level.count
    assert meter.mel.mean == pytest.approx((mel - mel.mean(0)).mean(1), abs=1e-3)
    chroma = feature.chroma_stft(S=power, sr=HZ, n_fft=1024, tuning=0.0)
    assert meter.chroma.mean == pytest.approx(chroma.mean(1), abs=1e-4)
