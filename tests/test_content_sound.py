"""Sound: rows that do not depend on how it is cut, figures that mean what they say."""

import numpy as np
import pytest

from content.encoders.models import Models
from content.encoders.specs import embedded_specs
from content.sound import rows as layout
from content.sound.facts import sound_facts, sound_profile, sound_timeline, stretch
from content.sound.kinds import kinds, shares
from content.sound.meter import FRAMES, HOP, HZ, N_FFT, SoundMeter
from content.sound.vector import DIM, FAMILIES, sound_vector
from content.types import F32
from tests.synth import Tune, tune

MODELS = Models()
KINDS = ("speech", "music", "effects", "silence")


def heard(samples: F32, piece: int = HZ, *, speech: bool = False) -> F32:
    meter = SoundMeter(MODELS.speech if speech else None)
    for at in range(0, samples.size, piece):
        meter.add(samples[at : at + piece])
    meter.finish()
    return meter.rows


def clip(kind: Tune, seconds: float = 9.0) -> F32:
    return tune(kind, seconds, HZ)


@pytest.mark.parametrize("kind", ["tone", "music", "beats", "noise"])
def test_rows_and_vector_do_not_depend_on_the_pieces(kind: Tune) -> None:
    samples = clip(kind, 8.4)
    rows = heard(samples, speech=True)
    assert rows.shape == (9, layout.SIZE) and rows.dtype == np.float32
    assert np.array_equal(rows, heard(samples, piece=777, speech=True))
    vector = sound_vector(rows)
    assert vector is not None and vector.shape == (DIM,) and vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("warm_s", [1, 2])
def test_rows_of_two_segments_are_the_rows_of_the_whole(warm_s: int) -> None:
    samples = clip("music", 12.0) + 0.2 * clip("noise", 12.0)
    whole = heard(samples, speech=True)
    later = SoundMeter(MODELS.speech)
    later.warm(samples[(8 - warm_s) * HZ : 8 * HZ])
    later.add(samples[8 * HZ :])
    joined = np.concatenate([heard(samples[: 8 * HZ], speech=True), later.rows])
    assert joined == pytest.approx(whole, abs=1e-3, rel=1e-5)


def test_a_cold_second_segment_is_not_the_same() -> None:
    samples = clip("music", 4.0)
    joined = np.concatenate([heard(samples[: 2 * HZ]), heard(samples[2 * HZ :])])
    assert np.abs(joined - heard(samples)).max() > 1


def test_the_last_second_counts_only_what_there_is() -> None:
    rows = heard(clip("noise", 2.5))
    assert rows[:, layout.FRAMES].tolist() == [32, 32, 16]
    assert rows[:, layout.HEARD].tolist() == [32, 32, 16]
    assert heard(np.zeros(0, np.float32)).shape == (0, layout.SIZE)


def test_silence_has_no_vector_and_few_facts() -> None:
    rows = heard(clip("silence"), speech=True)
    assert sound_vector(rows) is None
    facts = sound_facts(rows, np.zeros(90, np.float32))
    assert facts["silence"] == 1.0 and facts["dialogue_density"] == 0.0
    for name in ("loudness_lufs", "tempo_bpm", "key", "mode", "brightness_hz"):
        assert facts[name] is None
    assert sound_profile(rows)["loudness_db"] is None
    nothing = np.zeros((0, layout.SIZE), np.float32)
    assert sound_vector(nothing) is None and sound_facts(nothing, None) == {}
    assert sound_profile(nothing)["silence_fraction"] == 1.0


def test_different_sounds_differ_and_loudness_matters_little() -> None:
    tone, noise, beats = (sound_vector(heard(clip(k))) for k in ("tone", "noise", "beats"))
    quiet = sound_vector(heard(clip("tone") * 0.5))
    assert tone is not None and noise is not None and beats is not None and quiet is not None
    assert tone @ quiet > 0.95
    assert max(tone @ noise, tone @ beats, noise @ beats) < 0.7


def test_a_shot_of_one_second_has_a_vector_near_its_films() -> None:
    music, noise = heard(clip("music")), heard(clip("noise"))
    whole, other = sound_vector(music), sound_vector(noise)
    for at in range(1, 8):
        shot = sound_vector(music[at : at + 1])
        assert shot is not None and whole is not None and other is not None
        assert shot @ whole > 0.6 > shot @ other


def test_shares_are_of_the_seconds_and_sum_to_one() -> None:
    half = np.concatenate([clip("music", 10.0), clip("silence", 10.0)])
    facts = sound_facts(heard(half), None)
    assert sum(facts[kind] for kind in KINDS) == pytest.approx(1.0, abs=1e-3)
    assert facts["silence"] == pytest.approx(0.5, abs=0.06)
    assert facts["music"] == pytest.approx(0.5, abs=0.06)
    assert sound_facts(heard(clip("noise")), None)["effects"] > 0.9
    profile = sound_profile(heard(half))
    fractions = [profile[f"{kind}_fraction"] for kind in ("speech", "music", "other", "silence")]
    assert fractions == [facts[kind] for kind in KINDS]


def test_chords_under_drums_and_hiss_are_music() -> None:
    chords, noise = clip("music", 12.0), clip("noise", 12.0)
    drums = noise * np.exp(-12 * (np.arange(noise.size) / HZ % 0.5)).astype(np.float32)
    assert sound_facts(heard(chords + 2 * drums + 0.1 * noise), None)["music"] > 0.7


def test_a_gliding_voice_is_no_music() -> None:
    """Harmonics of a pitch that turns five times a second, as syllables do."""
    turns = 150 + np.random.default_rng(1).uniform(-35, 35, 61)
    pitch = np.interp(np.arange(12 * HZ) / HZ, np.arange(61) / 5, turns)
    phase = 2 * np.pi * np.cumsum(pitch) / HZ
    voice = sum(np.sin(h * phase) / h for h in range(1, 20)) * 0.1
    assert sound_facts(heard(voice.astype(np.float32)), None)["music"] < 0.1


def test_a_clock_is_no_music() -> None:
    at_s = np.arange(12 * HZ) / HZ
    tick = clip("noise", 12.0) * np.exp(-200 * (at_s % 1.0)).astype(np.float32)
    assert sound_facts(heard(3 * tick + 0.01 * clip("noise", 12.0)), None)["music"] < 0.25


def test_speech_over_music_is_speech_and_both_are_on_the_timeline() -> None:
    rows = heard(clip("music"))
    rows[:, layout.SPEECH_WINDOWS], rows[:, layout.SPEECH] = 31, 25
    found = kinds(rows)
    assert found.speech.min() == 1.0 and found.music.mean() > 0.9
    share = shares(found)
    assert share["speech"] == 1.0 and share["music"] == 0.0
    columns = sound_timeline(rows, None)
    assert columns["speech"].mean() == 1.0 and columns["music"].mean() > 0.9
    assert columns["effects"].max() == 0.0
    assert sound_facts(rows, None)["dialogue_density"] == 60.0


def test_pauses_of_the_speaker_are_no_effects() -> None:
    rows = heard(clip("noise"))
    rows[:, layout.SPEECH_WINDOWS], rows[:, layout.SPEECH] = 31, 16
    assert sound_facts(rows, None)["speech"] == 1.0
    rows[:, layout.SPEECH] = 1
    assert sound_facts(rows, None)["speech"] == 0.0


def test_the_timeline_has_one_value_a_second() -> None:
    rows = heard(np.concatenate([clip("music", 3.0), clip("silence", 3.0), clip("noise", 2.5)]))
    power = np.full(85, 0.01, np.float32)
    columns = sound_timeline(rows, power)
    assert set(columns) == {"loudness_lufs", *KINDS}
    for column in columns.values():
        assert column.shape == (9,) and column.dtype == np.float32
    assert columns["silence"].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0]
    assert np.isfinite(columns["loudness_lufs"]).all()
    assert np.isnan(sound_timeline(rows, None)["loudness_lufs"]).all()
    assert sound_timeline(rows[:0], power)["speech"].shape == (0,)


def test_a_stretch_is_the_nearest_seconds_and_never_empty() -> None:
    rows = np.arange(10, dtype=np.float32)[:, None] * np.ones((1, layout.SIZE), np.float32)
    power = np.arange(100, dtype=np.float32)

    def seconds(start_s: float, end_s: float) -> list[float]:
        return stretch(rows, None, start_s, end_s)[0][:, 0].tolist()

    assert seconds(0.0, 2.4) == [0, 1]
    assert seconds(2.4, 2.6) == [2]
    assert seconds(2.6, 9.9) == [3, 4, 5, 6, 7, 8, 9]
    assert seconds(9.9, 10.0) == [9]
    assert stretch(rows, power, 2.4, 2.6)[1].tolist() == [24, 25]
    assert len(stretch(rows[:0], power, 2.4, 2.6)[0]) == 0


def test_no_family_outweighs_the_others() -> None:
    assert sum(len(family.centres) for family in FAMILIES.values()) == DIM
    for family in FAMILIES.values():
        assert len(family.centres) == len(family.scales) and min(family.scales) > 0
        assert 0.5 <= family.weight <= 1.0
    assert embedded_specs()["audio"].dim == DIM


def test_garbage_in_the_sound_does_no_harm() -> None:
    loud = clip("noise", 2.0) * 1e6
    loud[::7], loud[::11] = np.nan, np.inf
    rows = heard(loud, speech=True)
    vector = sound_vector(rows)
    assert np.isfinite(rows).all() and vector is not None and np.isfinite(vector).all()


def test_the_sums_are_librosas() -> None:
    """One second, measured by librosa's own features on the same frames."""
    from librosa import feature, stft

    samples = clip("music", 3.0) + 0.1 * clip("noise", 3.0)
    row = heard(samples)[1]
    seen = samples[HZ - N_FFT + HOP : 2 * HZ]
    power = np.abs(stft(seen, n_fft=N_FFT, hop_length=HOP, center=False)) ** 2
    mel = 10 * np.log10(feature.melspectrogram(S=power, sr=HZ, n_mels=layout.MELS) + 1e-4)
    assert mel.shape == (layout.MELS, FRAMES)
    assert row[layout.MEL] == pytest.approx((mel - mel.mean(0)).sum(1), abs=2e-2)
    magnitude = np.sqrt(power)
    shape = [
        np.log2(feature.spectral_centroid(S=magnitude, sr=HZ)),
        np.log2(feature.spectral_rolloff(S=magnitude, sr=HZ)),
        np.log2(feature.spectral_bandwidth(S=magnitude, sr=HZ)),
        np.log10(feature.spectral_flatness(S=magnitude) + 1e-6),
    ]
    assert row[layout.SHAPE] == pytest.approx([part.sum() for part in shape], rel=1e-3)
    rise = np.maximum(np.diff(mel, axis=1), 0).mean(0)
    assert row[layout.ONSET][1:] == pytest.approx(rise, abs=1e-3)
