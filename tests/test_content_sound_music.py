"""Tempo and key, on clicks and chords made to order."""

import numpy as np
import pytest

from content.sound.facts import sound_facts
from content.sound.key import MAJOR, MINOR, NAMES, key, semitones, tuning
from content.sound.meter import HZ, SoundMeter
from content.types import F32, Facts
from tests.tunes import accents, cadence, clicks


def facts(samples: F32) -> Facts:
    meter = SoundMeter(None)
    meter.add(samples.astype(np.float32))
    meter.finish()
    return sound_facts(meter.rows, None)


@pytest.mark.parametrize("bpm", [*range(60, 181, 10), 97.3])
def test_the_tempo_of_clicks_and_of_accents_is_found(bpm: float) -> None:
    for samples in (clicks(bpm), accents(bpm)):
        found = facts(samples)
        assert found["tempo_bpm"] == pytest.approx(bpm, rel=0.01)
        assert 0.4 < found["beat_strength"] <= 1.0
        assert found["onsets_per_s"] == pytest.approx(bpm / 60, rel=0.1)


def test_no_tempo_without_beat_or_in_too_short_a_stretch() -> None:
    noise = 0.1 * np.random.default_rng(7).standard_normal(12 * HZ)
    irregular = np.zeros(16 * HZ)
    for at_s in np.random.default_rng(5).uniform(0, 16, 24):
        irregular[int(at_s * HZ) : int(at_s * HZ) + 800] = 0.5
    assert facts(noise)["tempo_bpm"] is None
    assert facts(irregular)["tempo_bpm"] is None
    assert facts(clicks(120, 3.0))["tempo_bpm"] is None


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_all_24_keys_are_told_also_out_of_tune(tonic: int, mode: str) -> None:
    for cents in (0.0, 35.0):
        found = facts(cadence(tonic, mode, cents))
        assert (found["key"], found["mode"]) == (NAMES[tonic], mode)
        assert found["key_confidence"] > 0.5


def test_noise_and_too_little_music_have_no_key() -> None:
    noise = 0.1 * np.random.default_rng(7).standard_normal(8 * HZ)
    for samples in (noise, cadence(0, "major")[: 2 * HZ]):
        found = facts(samples)
        assert found["key"] is None and found["mode"] is None and found["key_confidence"] is None


def spread(profile: tuple[float, ...]) -> np.ndarray:
    pitches = np.zeros(60)
    pitches[::5] = profile
    return pitches


def test_a_profile_is_its_own_key() -> None:
    for mode, profile in (("major", MAJOR), ("minor", MINOR)):
        for tonic in range(12):
            found = key(np.roll(spread(profile), 5 * tonic))
            assert found is not None and found[:2] == (NAMES[tonic], mode)


def test_two_keys_that_fit_alike_share_the_confidence() -> None:
    # A tritone apart and nothing else: what fits the one fits the other.
    both = key(spread(tuple(1.0 if n in (0, 6) else 0.0 for n in range(12))))
    assert both is not None and both.confidence <= 0.5
    assert key(np.ones(60)) is None and key(np.zeros(60)) is None


def test_tuning_by_hand() -> None:
    pitches = np.zeros(60)
    pitches[[1, 21, 36]] = 1.0, 2.0, 3.0  # 20 cents above C, E, G
    assert tuning(pitches) == pytest.approx(0.2)
    assert np.flatnonzero(semitones(pitches)).tolist() == [0, 4, 7]
    assert semitones(pitches)[[0, 4, 7]].tolist() == [1, 2, 3]
    assert tuning(np.zeros(60)) == 0.0
