"""Features: ranges, neutral values, and what a context says."""

import hashlib
import math
from datetime import UTC, datetime

import numpy as np
import pytest

from artwork.choice.belief.features import (
    BLOCKS,
    DESCRIPTOR,
    DIM,
    FACTS,
    LIKED,
    Context,
    assemble,
    circumstances,
    descriptor,
    feature_set_id,
)
from artwork.choice.belief.looks import EMBEDDING, LOOK, by_chance
from artwork.choice.belief.sums import SCALE
from artwork.choice.belief.zones import check_zone, names
from artwork.choice.events.taste import HALF_LIFE_US, History, taste_of
from content.errors import Invalid


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def test_blocks_tile_the_features() -> None:
    assert sorted((b.start, b.stop) for b in BLOCKS.values())[0][0] == 0
    assert sum(b.stop - b.start for b in BLOCKS.values()) == DIM == 92


def test_missing_facts_and_strange_vectors_are_neutral() -> None:
    assert not descriptor({}, None).any()
    assert not descriptor({"brightness": math.nan}, np.zeros(3, np.float32)).any()
    assert not descriptor({}, np.full(EMBEDDING, np.nan, np.float32)).any()
    known = descriptor({"brightness": 1.0, "position": 0.0, "unknown": 1.0}, None)
    assert known[FACTS.index("brightness")] == SCALE
    assert known[FACTS.index("position")] == -SCALE


def test_the_look_forgets_the_common_direction_and_the_length() -> None:
    rng = np.random.default_rng(1)
    look = np.abs(rng.standard_normal(EMBEDDING)).astype(np.float32)
    same = descriptor({}, look)
    assert same[len(FACTS) :].any()
    moved = descriptor({}, (look * 3 + 2).astype(np.float32))
    assert np.abs(moved - same).max() <= 1


@pytest.mark.parametrize("dim", [32, 511, 512])
def test_a_look_of_any_encoder_is_told(dim: int) -> None:
    look = np.random.default_rng(2).standard_normal(dim).astype(np.float32)
    told = descriptor({}, look)
    assert by_chance(dim).matrix.shape == (LOOK, dim)
    assert np.abs(told[len(FACTS) : LIKED]).min() > 0
    assert not np.array_equal(told, descriptor({}, -look))


def test_projection_never_changes() -> None:
    # The signs are part of every stored feature: a change here must make a new feature set.
    signs = by_chance().matrix
    assert signs.shape == (16, EMBEDDING)
    digest = hashlib.sha256(signs.tobytes()).hexdigest()
    assert digest[:16] == "0473e218a7ab9549"
    assert set(np.unique(signs)) == {-1.0, 1.0}
    assert feature_set_id("a") != feature_set_id("b")


def test_every_feature_stays_in_units() -> None:
    descriptors = np.array([[SCALE] * DESCRIPTOR, [-SCALE] * DESCRIPTOR], np.int16)
    here = circumstances(Context("tv", "DE", "Europe/Berlin"), _at("2026-01-03T20:00:00"))
    x = assemble(descriptors, np.full(DESCRIPTOR, SCALE, np.int16), here)
    assert x.shape == (2, DIM)
    assert np.abs(x).max() == SCALE
    assert x[0, BLOCKS["match"]] == SCALE
    assert x[1, BLOCKS["match"]] == -SCALE


def test_without_a_taste_its_features_are_zero() -> None:
    here = circumstances(Context(), 0)
    x = assemble(np.full((1, DESCRIPTOR), 100, np.int16), None, here)
    assert not x[:, BLOCKS["interplay"]].any()
    assert not x[:, BLOCKS["match"]].any()
    assert not x[:, BLOCKS["context"]].any()


def test_the_hour_is_the_viewers_own() -> None:
    at = _at("2026-01-03T20:00:00")  # Saturday 21:00 in Berlin, Sunday 05:00 in Tokyo
    berlin = circumstances(Context(tz="Europe/Berlin"), at)
    tokyo = circumstances(Context(tz="Asia/Tokyo"), at)
    assert berlin.evening == pytest.approx(1.0)
    assert tokyo.evening == pytest.approx(math.cos(2 * math.pi * 8 / 24))
    assert circumstances(Context(), at).evening == 0.0
    assert circumstances(Context(device="Mobile"), at).small == 1.0


@pytest.mark.parametrize("tz", ["Mars/Olympus", "../../etc/passwd", "", "/etc/passwd"])
def test_an_unknown_zone_is_refused(tz: str) -> None:
    with pytest.raises(Invalid) as refusal:
        circumstances(Context(tz=tz), 0)
    assert refusal.value.code == "invalid_context"


@pytest.mark.parametrize(
    "tz", ["localtime", "posixrules", "Factory", "right/UTC", "posix/Europe/Berlin", "utc", ""]
)
def test_a_zone_that_only_a_machine_knows_is_none(tz: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_zone(tz)
    assert refusal.value.code == "invalid_context"


def test_every_zone_that_people_live_by_has_its_hour() -> None:
    assert {"Europe/Berlin", "Asia/Calcutta", "UTC", "Etc/GMT+5", "US/Eastern"} <= names()
    for tz in names():
        check_zone(tz)
        circumstances(Context(tz=tz), 0)


def test_an_endless_device_is_refused() -> None:
    with pytest.raises(Invalid):
        circumstances(Context(device="x" * 65), 0)


def test_taste_by_hand() -> None:
    features = np.zeros((2, DESCRIPTOR), np.int16)
    features[0, 0], features[1, 0] = SCALE, -SCALE
    # Fully watched now (weight 1) and half watched one half-life ago (weight 1/4), prior 1.
    history = History(np.array([1.0, 0.5]), features, np.array([HALF_LIFE_US, 0], dtype=np.float64))
    taste = taste_of(history, HALF_LIFE_US)
    assert taste is not None
    assert taste[0] == round((1 - 0.25) / (1.25 + 1) * SCALE)
    assert not taste[1:].any()
    assert taste_of(History(np.zeros(1), features[:1], np.zeros(1)), 5) is None


def test_what_is_emphasised_meets_taste_and_the_origin_does_not() -> None:
    shown = {"emph_action": 1.0, "mood_arousal": 0.75, "origin_generated": 1.0}
    told = descriptor(shown, None)
    assert told[FACTS.index("emph_action")] == SCALE
    assert told[FACTS.index("mood_arousal")] == SCALE // 2
    assert told[LIKED:].tolist() == [0, SCALE]
    likes = np.full(DESCRIPTOR, SCALE, np.int16)
    x = assemble(told[None], likes, circumstances(Context(), 0))
    liked = x[0, BLOCKS["interplay"]]
    assert liked[FACTS.index("emph_action")] == SCALE and len(liked) == LIKED
    assert x[0, BLOCKS["origin"]].tolist() == [0, SCALE]
    assert not assemble(descriptor({}, None)[None], likes, circumstances(Context(), 0))[
        0, BLOCKS["origin"]
    ].any(), "of a picture from before origins were told, nothing is"
