"""The weights of the spaces: set, kept, refused, and learned from co-watched pairs."""

from pathlib import Path

import numpy as np
import pytest

from content.errors import Invalid
from indexes import fitting, weights
from indexes.schema import Comparison
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from tests.index_points import FINGERPRINTS, catalogue, point


def opened(folder: Path) -> IndexService:
    service = IndexService(folder, EdgeStores())
    service.ensure(FINGERPRINTS)
    return service


def test_the_defaults_sum_to_one() -> None:
    assert sum(weights.DEFAULT.values()) == pytest.approx(1.0)


def test_weights_that_were_set_count_and_outlive_the_process(tmp_path: Path) -> None:
    service = opened(tmp_path)
    service.upsert(catalogue(20))
    before = service.similar("t0000", space="fused", limit=20)
    assert service.set_weights({"audio": 3.0})["audio"] == 1.0
    alone = service.similar("t0000", space="fused", limit=20)
    assert [(h.title_id, h.score) for h in alone] == [
        (h.title_id, h.score) for h in service.similar("t0000", space="audio", limit=20)
    ]
    assert [h.score for h in alone] != [h.score for h in before]
    service.close()
    again = opened(tmp_path)
    assert again.weights() == {
        **{"visual": 0.0, "style": 0.0, "audio": 1.0, "synopsis": 0.0},
        "taste": 0.0,
    }
    again.close()


@pytest.mark.parametrize(
    "wanted",
    [{}, {"audio": 0.0}, {"audio": -1.0}, {"audio": float("nan")}],
)
def test_weights_that_mean_nothing_are_refused(wanted: dict[str, float]) -> None:
    with pytest.raises(Invalid, match="weight") as caught:
        weights.checked(wanted)
    assert caught.value.code == "invalid_weights"


@pytest.mark.parametrize("space", ["smell", "concept"])
def test_weights_of_other_spaces_are_refused(space: str) -> None:
    with pytest.raises(Invalid, match="not one of visual") as caught:
        weights.checked({space: 1.0})
    assert caught.value.code == "invalid_weights"


def test_pairs_are_compared_as_queries_score_them(tmp_path: Path) -> None:
    service = opened(tmp_path)
    service.upsert(catalogue(10))
    hits = {hit.title_id: hit for hit in service.similar("t0000", space="fused", limit=20)}
    for name, hit in hits.items():
        (found,) = service.compare([("t0000", name)])
        assert found.score == pytest.approx(hit.score, abs=2e-6)
        assert found.scores == pytest.approx(hit.scores, abs=2e-6)
    assert service.compare([("t0000", "nobody")]) == [Comparison(None)]
    service.upsert([point(77, ("synopsis",)), point(78, ("audio",))])
    assert service.compare([("t0077", "t0078")]) == [Comparison(None)]
    service.close()


def world(seed: int, matters: dict[int, float], missing: float = 0.0):
    """Random cosines; pairs are watched by the columns that matter."""
    rng = np.random.default_rng(seed)
    titles = rng.integers(0, 400, (3_000, 2))
    cosines = rng.normal(0, 0.3, (3_000, len(weights.FUSED))).astype(np.float32)
    cosines[:, weights.FUSED.index("taste")] = np.nan  # nobody has fitted it
    pull = sum(strength * cosines[:, column] for column, strength in matters.items())
    watched = rng.random(3_000) < 1 / (1 + np.exp(-pull))
    cosines[rng.random(cosines.shape) < missing] = np.nan
    return cosines, watched, titles


def test_the_spaces_that_matter_are_found_again() -> None:
    cosines, watched, titles = world(1, {0: 6.0, 3: 3.0})
    found = fitting.fit(cosines, watched, titles, weights.DEFAULT)
    assert found.weights["visual"] == pytest.approx(0.667, abs=0.06)
    assert found.weights["synopsis"] == pytest.approx(0.333, abs=0.06)
    assert found.better
    assert found.auc > found.auc_now > 0.6


def test_a_space_that_misleads_gets_no_weight() -> None:
    found = fitting.fit(*world(2, {0: 5.0, 2: -4.0}, missing=0.2), weights.DEFAULT)
    assert found.weights["audio"] == 0.0
    assert found.weights["visual"] > 0.8


def test_where_nothing_is_to_be_learned_nothing_is_claimed() -> None:
    found = fitting.fit(*world(3, {}), weights.DEFAULT)
    assert not found.better
    assert sum(found.weights.values()) == pytest.approx(1.0)
    assert found.auc == pytest.approx(0.5, abs=0.05)


def test_too_few_pairs_are_refused() -> None:
    cosines, watched, titles = world(4, {0: 5.0})
    with pytest.raises(Invalid, match="at least 20") as caught:
        fitting.fit(cosines[:30], watched[:30], titles[:30], weights.DEFAULT)
    assert caught.value.code == "too_few_pairs"


def test_what_everybody_has_watched_may_be_in_every_pair() -> None:
    cosines, watched, titles = world(5, {0: 6.0})
    titles[watched] += 1
    titles[watched, 0] = 0  # each co-watched pair is of this title and another
    found = fitting.fit(cosines, watched, titles, weights.DEFAULT)
    assert found.weights["visual"] > 0.8
    assert found.pairs == watched.sum()


def test_pairs_of_two_titles_that_everybody_has_watched_teach_nothing() -> None:
    cosines, watched, titles = world(6, {0: 6.0})
    titles[watched] = np.array([3, 4])
    with pytest.raises(Invalid, match="share their titles") as caught:
        fitting.fit(cosines, watched, titles, weights.DEFAULT)
    assert caught.value.code == "too_few_pairs"


def test_titles_that_share_no_space_are_left_out() -> None:
    cosines, watched, titles = world(7, {0: 6.0})
    alone = np.arange(len(watched)) % 3 == 0
    cosines[alone] = np.nan
    found = fitting.fit(cosines, watched, titles, weights.DEFAULT)
    assert found == fitting.fit(cosines[~alone], watched[~alone], titles[~alone], weights.DEFAULT)


def test_pairs_of_one_title_are_one_witness() -> None:
    rng = np.random.default_rng(8)
    watched = np.arange(800) < 400
    scores, before = rng.normal(size=(2, 800)) + 0.2 * watched
    apart = np.arange(1600).reshape(800, 2)
    low, high = fitting._interval(watched, scores, before, apart)
    drawn = rng.integers(0, 800, (400, 800))
    gains = [
        fitting._auc(watched[d], scores[d]) - fitting._auc(watched[d], before[d]) for d in drawn
    ]
    assert high - low == pytest.approx(2 * 1.96 * np.std(gains), rel=0.1)
    # What is alike with one title is so in all its pairs.
    popular = rng.integers(0, 10, 800) + 10 * watched
    scores += rng.normal(size=20)[popular]
    shared = np.stack([popular, rng.integers(20, 400, 800)], axis=1)
    widths = [np.ptp(fitting._interval(watched, scores, before, t)) for t in (shared, apart)]
    assert widths[0] > 1.5 * widths[1]


def test_auc_by_hand_and_by_the_library() -> None:
    from sklearn.metrics import roc_auc_score

    truth, scores = np.array([True, True, False, False]), np.array([3.0, 1.0, 1.0, 0.0])
    assert fitting._auc(truth, scores) == pytest.approx(3.5 / 4)
    rng = np.random.default_rng(9)
    truth, scores = rng.random(300) < 0.3, np.round(rng.normal(size=300), 1)
    assert fitting._auc(truth, scores) == pytest.approx(roc_auc_score(truth, scores))
