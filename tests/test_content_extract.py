"""The whole of understanding, on real decoding and the real models."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from content import extract, keeping
from content.decode import DecodeLimits
from content.encoders.models import Models
from content.encoders.specs import embedded_specs
from content.errors import PermanentError, TransientError
from content.thumbnails import Thumbnails
from content.types import Extraction, ShotVectors
from tests import hostile, plausible
from tests.synth import Take, make_clip

MODELS = Models()
TAKES = [
    Take(2.0, (180, 60, 50)),
    Take(1.0, (40, 90, 170), "bars"),
    Take(1.5, (60, 150, 70)),
    Take(0.2, (220, 220, 90)),
]


def understand(path: Path) -> Extraction:
    return extract.extract(path, MODELS, limits=DecodeLimits(), on_progress=lambda *_: None)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    make_clip(path, TAKES, sound="music")
    return path


@pytest.fixture(scope="module")
def understood(film: Path) -> Extraction:
    return understand(film)


def test_shots_tile_the_film_and_hold_their_keyframes(understood: Extraction) -> None:
    shots, duration_s = understood.shots, understood.facts.duration_s
    assert duration_s == pytest.approx(4.7, abs=0.05)
    assert shots[0].start_s == 0.0 and shots[-1].end_s == duration_s
    assert all(a.end_s == b.start_s for a, b in pairwise(shots))
    assert all(shot.start_s <= shot.keyframe_s < shot.end_s for shot in shots)
    assert [shot.start_s for shot in shots[:3]] == pytest.approx([0.0, 2.0, 3.0], abs=1e-3)


def test_every_shot_has_its_keyframe(understood: Extraction) -> None:
    own = understood.keyframes[: len(understood.shots)]
    assert [keyframe.shot for keyframe in own] == list(range(len(understood.shots)))
    for keyframe, shot in zip(own, understood.shots, strict=True):
        assert keyframe.at_s == shot.keyframe_s


def test_long_shots_have_more_keyframes(tmp_path: Path) -> None:
    make_clip(tmp_path / "long.mp4", [Take(6.0)])
    found = extract.extract(
        tmp_path / "long.mp4",
        MODELS,
        limits=DecodeLimits(),
        on_progress=lambda *_: None,
        folder=tmp_path,
    )
    small = Thumbnails(tmp_path / extract.THUMBNAILS)
    assert len(found.shots) == 1 and len(found.keyframes) == 3
    for keyframe in found.keyframes:
        assert keyframe.shot == 0 and 0 <= keyframe.at_s < 6.0
        assert np.linalg.norm(keyframe.embedding) == pytest.approx(1.0, abs=1e-5)
        assert small.get(keyframe.at_s).startswith(b"\xff\xd8\xff")
    with pytest.raises(TransientError) as caught:
        small.get(99.0)
    assert caught.value.code == "extraction_missing"


def test_vectors_are_units_of_the_embedded_encoders(understood: Extraction) -> None:
    assert set(understood.vectors) == {"visual", "concept", "audio", "style"}
    for space, vector in understood.vectors.items():
        spec = embedded_specs()[space]
        assert vector.data.shape == (spec.dim,) and vector.data.dtype == np.float32
        assert np.linalg.norm(vector.data) == pytest.approx(1.0, abs=1e-5)
        assert vector.fingerprint == spec.fingerprint


def test_the_profile_is_json_and_in_range(understood: Extraction) -> None:
    profile = json.loads(json.dumps(understood.profile, allow_nan=False))
    assert profile == understood.profile
    assert 1 <= len(profile["palette"]) <= 5
    assert sum(colour["share"] for colour in profile["palette"]) == pytest.approx(1, abs=1e-3)
    for name in ("brightness", "contrast", "saturation", "black_fraction", "music_fraction"):
        assert 0 <= profile[name] <= 1
    lengths = 60 * len(understood.shots) / understood.facts.duration_s
    assert profile["pacing"]["shots_per_minute"] == pytest.approx(lengths, rel=1e-3)
    assert profile["music_fraction"] > 0.8 and profile["speech_fraction"] == 0


def test_the_palette_holds_the_colours_of_the_takes(understood: Extraction) -> None:
    found = [bytes.fromhex(colour["hex"][1:]) for colour in understood.profile["palette"]]
    for take in TAKES[:3]:
        distance = min(max(abs(a - b) for a, b in zip(c, take.colour, strict=True)) for c in found)
        assert distance < 30


def test_the_same_film_gives_the_same_bits(
    film: Path, understood: Extraction, tmp_path: Path
) -> None:
    keeping.save(understood, tmp_path / "a")
    keeping.save(understand(film), tmp_path / "b")
    [a], [b] = list((tmp_path / "a").iterdir()), list((tmp_path / "b").iterdir())
    assert a.read_bytes() == b.read_bytes()


def test_what_is_kept_comes_back(understood: Extraction, tmp_path: Path) -> None:
    keeping.save(understood, tmp_path)
    keeping.save(understood, tmp_path)
    loaded = keeping.load(tmp_path)
    assert loaded.facts == understood.facts and loaded.shots == understood.shots
    assert loaded.profile == understood.profile
    assert list(loaded.vectors) == list(understood.vectors)
    for space, vector in understood.vectors.items():
        assert np.array_equal(loaded.vectors[space].data, vector.data)
    for a, b in zip(loaded.keyframes, understood.keyframes, strict=True):
        assert np.array_equal(a.embedding, b.embedding)


def test_what_is_known_of_the_shots_is_kept_too(tmp_path: Path) -> None:
    film = plausible.film()
    nothing = ShotVectors(np.empty(0, np.int32), np.empty((0, 0), np.float32), "f")
    film = replace(film, shot_vectors={**film.shot_vectors, "audio": nothing}, steady=False)
    keeping.save(film, tmp_path)
    loaded = keeping.load(tmp_path)
    assert loaded.shots == film.shots and loaded.shot_facts == film.shot_facts
    assert not loaded.steady
    assert set(loaded.shot_vectors) == set(film.shot_vectors)
    for space, made in film.shot_vectors.items():
        np.testing.assert_array_equal(loaded.shot_vectors[space].shots, made.shots)
        np.testing.assert_array_equal(loaded.shot_vectors[space].data, made.data)
        assert loaded.shot_vectors[space].fingerprint == made.fingerprint
    assert list(loaded.timeline) == list(film.timeline)
    for name, column in film.timeline.items():
        np.testing.assert_array_equal(loaded.timeline[name], column)


@pytest.mark.parametrize("kept", [None, b"", b"\xc1", b"\x81\xa7version\x63"])
def test_what_is_not_kept_is_said(tmp_path: Path, kept: bytes | None) -> None:
    if kept is not None:
        (tmp_path / "extraction.msgpack").write_bytes(kept)
    with pytest.raises(TransientError) as caught:
        keeping.load(tmp_path)
    assert caught.value.code == "extraction_missing"


@pytest.mark.parametrize("sound", [None, "silence"])
def test_without_anything_to_hear_there_is_no_audio_vector(tmp_path: Path, sound: str) -> None:
    make_clip(tmp_path / "quiet.mp4", [Take(1.0)], sound=sound)  # type: ignore[arg-type]
    assert set(understand(tmp_path / "quiet.mp4").vectors) == {"visual", "concept", "style"}


def test_stages_and_fractions_are_told_in_order(film: Path) -> None:
    told: list[tuple[str, float]] = []
    extract.extract(
        film, MODELS, limits=DecodeLimits(), on_progress=lambda *told_now: told.append(told_now)
    )
    assert list(dict.fromkeys(stage for stage, _ in told)) == ["decode", "shots", "vectors"]
    fractions = [fraction for stage, fraction in told if stage == "decode"]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0


def test_a_film_of_one_frame_and_a_black_one_are_understood(tmp_path: Path) -> None:
    make_clip(tmp_path / "one.mp4", [Take(1 / 24)])
    make_clip(tmp_path / "black.mp4", [Take(1.5, (0, 0, 0), "none", fade_in_s=1e9)])
    for name in ("one.mp4", "black.mp4"):
        found = understand(tmp_path / name)
        assert len(found.shots) == len(found.keyframes) == 1
        assert found.profile["palette"]


def test_a_refused_file_says_why(tmp_path: Path) -> None:
    with pytest.raises(PermanentError) as caught:
        understand(hostile.cut_at_half(tmp_path))
    assert caught.value.code == "media_truncated"
