"""Looks: directions drawn by chance at first, a catalogue's own once it has pictures enough."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from artwork.choice.belief.features import FACTS, LIKED, Lens, descriptor
from artwork.choice.belief.looks import LOOK, Projection, by_chance, direction
from artwork.choice.record.feature_sets import known
from artwork.looks import count_looks, looks_of
from artwork.tables import feature_sets, picture_features
from content.types import F32
from tests.choosing import TITLES, House, state_of
from tests.renewing import NEW, OLD, afresh, live, look_again, renewed, replays
from workers import learning


def _catalogue(pictures: int, dim: int = 64, seed: int = 1) -> F32:
    """Pictures that differ in three directions: much, less and little."""
    rng = np.random.default_rng(seed)
    shape = np.linalg.qr(rng.standard_normal((dim, 3)))[0].T
    hidden = rng.standard_normal((pictures, 3)) * (1.0, 0.5, 0.25)
    raw = 3.0 + hidden @ shape + 0.01 * rng.standard_normal((pictures, dim))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)


def test_the_catalogue_s_own_directions_are_half_whitened() -> None:
    vectors = _catalogue(400)
    fitted = Projection.of(vectors)
    looks = np.stack([look for v in vectors if (look := fitted(v)) is not None])
    assert looks.shape == (400, LOOK)
    assert np.abs(looks.mean(axis=0)).max() < 1e-4
    rows = np.stack([row for v in vectors if (row := direction(v)) is not None])
    singular = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)[:LOOK]
    expected = np.sqrt(np.maximum(singular / singular[0], 0.02))
    assert looks.std(axis=0)[:3] == pytest.approx(expected[:3], rel=0.01)
    assert looks.std(axis=0)[3:].max() < 0.2, "in which pictures hardly differ"
    across = np.corrcoef(looks[:, :3].T) - np.eye(3)
    assert np.abs(across).max() < 1e-3


def test_a_projection_is_the_same_after_it_was_kept() -> None:
    vectors = _catalogue(130)
    fitted = Projection.of(vectors)
    again = Projection.unpacked(fitted.packed())
    assert again.packed() == fitted.packed() == Projection.of(vectors).packed()
    for v in vectors[:5]:
        assert np.array_equal(descriptor({}, v, fitted), descriptor({}, v, again))
    assert Lens(OLD, fitted).feature_set == Lens(OLD, again).feature_set
    names = {Lens(encoder, p).feature_set for encoder in (OLD, NEW) for p in (None, fitted)}
    assert len(names) == 4


def test_what_tells_nothing_has_no_look() -> None:
    fitted = Projection.of(_catalogue(130))
    for vector in (np.ones(64), np.full(64, np.nan), np.zeros(64), np.ones(63), np.ones((2, 32))):
        assert fitted(vector.astype(np.float32)) is None
        assert not descriptor({}, vector.astype(np.float32), fitted)[len(FACTS) : LIKED].any()
    assert by_chance(63)(_catalogue(1, 63)[0]) is not None


def test_pictures_that_are_all_alike_are_no_reason_to_fail() -> None:
    fitted = Projection.of(np.tile(_catalogue(1), (130, 1)))
    look = fitted(_catalogue(1)[0])
    assert look is not None and np.isfinite(look).all()


@pytest.fixture
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "ENOUGH", 2 * LOOK)


def _worker(house: House, encoder: str) -> Any:
    """The parts of a worker that learning needs."""
    return SimpleNamespace(engine=house.engine, tenant="default", fingerprints={"visual": encoder})


@pytest.mark.usefixtures("unwatched", "few_are_enough")
def test_what_was_learned_goes_along_to_the_catalogue_s_own_looks(any_house: House) -> None:
    house = any_house
    house.close()
    house.open(encoder=OLD)
    by_chance_ = house.p.scope.feature_set
    learning.look_anew(_worker(house, OLD))
    assert house.p.scope.feature_set == by_chance_ and not renewed(house.p), "an empty ledger"
    shown = live(house, 4)
    learning.look_anew(_worker(house, OLD))
    shown += live(house, 1, "before the switch")
    assert renewed(house.p)
    own = house.p.scope.feature_set
    assert own != by_chance_
    with house.engine.connect() as connection:
        found = known(connection, "default", own)
    assert found is not None and found.runs and found.pictures == 12 * len(TITLES)
    shown += live(house, 2, "after it")
    assert afresh(house) == state_of(house.p)
    assert replays(house, shown), "those that were made by chance, too"
    learning.look_anew(_worker(house, OLD))
    assert not renewed(house.p), "until there are many more pictures"
    running = state_of(house.p)
    house.close()
    house.open(encoder=OLD)
    assert (house.p.scope.feature_set, state_of(house.p)) == (own, running)
    shown += live(house, 1, "after a start")
    assert replays(house, shown)


@pytest.mark.usefixtures("unwatched", "few_are_enough")
def test_another_encoder_s_looks_come_with_its_reindex_alone(any_house: House) -> None:
    house = any_house
    house.close()
    house.open(encoder=OLD)
    shown = live(house, 2)
    house.close()
    house.open(encoder=NEW)
    look_again(house)
    learning.look_anew(_worker(house, NEW))
    assert not renewed(house.p)
    wanted = learning.target(_worker(house, NEW))
    assert wanted.lens.projection is not None
    assert learning.target(_worker(house, NEW)).id == wanted.id, "a step that runs twice"
    assert list(learning.made_anew(_worker(house, NEW), wanted))[-1] == 1.0
    learning.follow(_worker(house, NEW), wanted)
    assert renewed(house.p) and house.p.scope.feature_set == wanted.id
    shown += live(house, 2, "after")
    assert afresh(house) == state_of(house.p) and replays(house, shown)
    with house.engine.connect() as connection:
        sets = set(connection.scalars(sa.select(picture_features.c.feature_set)))
        assert sets <= set(connection.scalars(sa.select(feature_sets.c.feature_set)))


def test_looks_are_those_of_the_published_pictures_of_one_encoder(any_house: House) -> None:
    with any_house.engine.connect() as connection:
        count = count_looks(connection, OLD)
        assert count == 12 * len(TITLES)
        assert looks_of(connection, OLD, 1_000).shape == (count, 1280)
        some = looks_of(connection, OLD, 10)
        assert 5 <= len(some) <= 10
        assert np.array_equal(some, looks_of(connection, OLD, 10))
        assert count_looks(connection, NEW) == 0
