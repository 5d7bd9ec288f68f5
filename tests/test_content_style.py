"""The style vector: a function of the facts that keeps alike what looks and feels alike."""

from typing import Any

import numpy as np
import pytest

from content.mood.evidence import mood_of
from content.style import DIM, style_vector

NIGHT: dict[str, Any] = {
    "palette": [
        {"hex": "#0a1630", "name": "dark blue", "share": 0.7},
        {"hex": "#24465a", "name": "dark teal", "share": 0.3},
    ],
    "brightness": 0.1,
    "contrast": 0.15,
    "saturation": 0.5,
    "warmth": -0.15,
    "black_fraction": 0.4,
    "motion_global": 0.01,
    "motion_local": 0.01,
    "animation": 0.1,
    "monochrome": False,
}
NOON: dict[str, Any] = {
    **NIGHT,
    "palette": [
        {"hex": "#f0c060", "name": "gold", "share": 0.6},
        {"hex": "#e07040", "name": "salmon", "share": 0.4},
    ],
    "brightness": 0.7,
    "warmth": 0.3,
    "black_fraction": 0.0,
}
LULL = {"speech": 0.1, "music": 0.9, "mode": "minor", "key_confidence": 0.8, "tempo_bpm": 65.0}
DANCE = {"speech": 0.0, "music": 1.0, "mode": "major", "key_confidence": 0.8, "tempo_bpm": 140.0}
SLOW = {"shots_per_minute": 4.0, "median_shot_s": 14.0}
FAST = {"shots_per_minute": 40.0, "median_shot_s": 1.2}


def styled(look: Any, sound: Any, pacing: Any):
    mood = mood_of(look, sound, {}, pacing)
    made = style_vector({"look": look, "sound": sound, "mood": mood, "pacing": pacing, "words": {}})
    assert made is not None
    return made


def test_it_is_a_unit_vector_of_its_declared_length() -> None:
    made = styled(NIGHT, LULL, SLOW)
    assert made.shape == (DIM,)
    assert made.dtype == np.float32
    assert float(np.linalg.norm(made)) == pytest.approx(1.0, abs=1e-6)


def test_a_dark_slow_film_is_nearer_to_another_than_to_a_bright_fast_one() -> None:
    first = styled(NIGHT, LULL, SLOW)
    second = styled({**NIGHT, "brightness": 0.16, "contrast": 0.19}, {}, SLOW)
    other = styled(NOON, DANCE, FAST)
    assert first @ second > 0.5
    assert first @ other < 0.0


@pytest.mark.parametrize(
    ("look", "sound", "pacing"), [(NOON, LULL, SLOW), (NIGHT, DANCE, SLOW), (NIGHT, LULL, FAST)]
)
def test_each_family_moves_it(look: Any, sound: Any, pacing: Any) -> None:
    assert styled(NIGHT, LULL, SLOW) @ styled(look, sound, pacing) < 0.95


def test_hues_are_told_apart_at_the_same_light() -> None:
    def of(colour: str):
        return styled({**NIGHT, "palette": [{"hex": colour, "name": "", "share": 1.0}]}, {}, {})

    red, rust, blue = of("#803030"), of("#80402c"), of("#303080")
    assert red @ rust > red @ blue + 0.05


def test_facts_that_are_missing_or_null_are_no_facts() -> None:
    bare = style_vector({"look": NIGHT, "sound": {"tempo_bpm": None}})
    same = style_vector({"look": NIGHT, "sound": {}, "mood": {}, "pacing": {}})
    assert bare is not None
    assert same is not None
    assert bare.tobytes() == same.tobytes()


def test_without_pictures_there_is_no_style() -> None:
    assert style_vector({"look": {}, "sound": LULL}) is None
