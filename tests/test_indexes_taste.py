"""The taste space: what is learned of who watched what, and what of it a new title has."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from content.errors import Conflict, Invalid
from content.types import Vector
from indexes.taste import evaluation
from indexes.taste.contents import Content
from indexes.taste.design import Design
from indexes.taste.factors import MIN_VIEWERS, title_factors
from indexes.taste.fit import Fitted, digest, fit
from indexes.taste.learner import START, START_STRETCH, Parameters, learn
from indexes.taste.leaving_out import folds, interval, ndcg, recall, together
from indexes.taste.mapping import Normal, stretched
from indexes.taste.model import TasteMap
from indexes.taste.places import asked, placed
from indexes.weights import DEFAULT
from tests.taste_worlds import contents, watched

TITLES = 120


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit(contents(TITLES), watched(TITLES), DEFAULT, 1)


@given(st.integers(1, 5), st.integers(1, 8), st.floats(0.01, 3), st.integers(0, 2**31))
def test_what_is_placed_asks_with_the_factor_alone(
    n: int, dim: int, size: float, seed: int
) -> None:
    factors = size * np.random.default_rng(seed).normal(size=(n, dim))
    unit = placed(factors)
    assert np.allclose(np.linalg.norm(unit, axis=1), 1, atol=1e-5)
    within = factors / np.maximum(np.linalg.norm(factors, axis=1, keepdims=True), 1)
    scores = np.array([[asked("taste", a) @ b for b in unit] for a in unit])
    assert np.allclose(scores, within @ within.T, atol=1e-5)
    assert np.array_equal(asked("visual", unit[0]), unit[0])


def test_factors_are_the_cosines_of_co_watching() -> None:
    seen = sparse.csc_matrix(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]]))
    all_of_them = np.arange(4)
    cosines = together(seen, all_of_them, all_of_them)
    by_hand = [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0.5**0.5], [0, 0, 0.5**0.5, 0]]
    assert np.allclose(cosines, by_hand)
    wide = sparse.csc_matrix(np.random.default_rng(0).random((300, 24)) < 0.2, dtype=float)
    factors = title_factors(wide, 0)
    assert np.all(np.linalg.norm(factors, axis=1) <= 1 + 1e-9)
    # The best that so few numbers can do (Eckart & Young 1936).
    columns = wide.toarray() / np.sqrt(wide.toarray().sum(axis=0))
    gram = columns.T @ columns
    worst = np.sort(np.linalg.eigvalsh(gram))[: -factors.shape[1]]
    error = np.linalg.norm(gram - factors @ factors.T)
    assert error == pytest.approx(np.linalg.norm(worst))


def test_metrics_by_hand() -> None:
    scores = np.array([[0.9, 0.5, 0.5, 0.1]])
    truth = np.array([[False, True, False, True]])
    assert recall(scores, truth, 2).tolist() == [0.5]
    expected = (1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3))
    assert ndcg(scores, truth)[0] == pytest.approx(expected)
    low, high = interval(np.tile([0.0, 1.0], 200))
    assert low < 0.5 < high < 0.56


def test_nothing_of_a_title_left_out_is_seen() -> None:
    seen = watched(TITLES)
    outs = []
    for fold in folds(seen, 5, 3):
        assert not set(fold.out) & set(fold.known)
        assert set(fold.asked) <= set(fold.out)
        outs += fold.out.tolist()
    assert sorted(outs) == sorted(np.flatnonzero(np.asarray(seen.sum(axis=0)).ravel()).tolist())


def test_ridge_is_that_of_another_way() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(50, 6)), rng.normal(size=(50, 3))
    blocks, penalties = {"a": 2, "b": 4}, {"a": 0.5, "b": 30.0}
    found = Normal.of(x, y).solve(blocks, penalties)
    # By rows that say 0: the least squares of data augmented by the roots of the penalties.
    roots = np.diag(np.sqrt([0.5, 0.5, 30, 30, 30, 30]))
    wide = np.vstack([x - x.mean(axis=0), roots])
    told = np.vstack([y - y.mean(axis=0), np.zeros((6, 3))])
    assert np.allclose(found.coefficients, np.linalg.lstsq(wide, told, rcond=None)[0])
    assert np.allclose(x.mean(axis=0) @ found.coefficients + found.constant, y.mean(axis=0))


def test_what_is_mapped_is_lengthened_in_order() -> None:
    longer = stretched(np.array([[0.1, 0.0], [0.0, 0.4]]), 0.7)
    assert np.allclose(
        np.linalg.norm(longer, axis=1), [0.1**0.25 * 0.7**0.75, 0.4**0.25 * 0.7**0.75]
    )


def test_a_design_has_zeros_for_what_is_missing() -> None:
    titles = contents(40)
    design = Design.fit(titles)
    assert set(design.blocks) == {"synopsis", "genres", "year"}  # all speak English: no block
    nothing = replace(titles[0], vectors={}, genres=(), year=None)
    other = replace(nothing, vectors={"synopsis": Vector(np.ones(5, np.float32), "made@2:5:def")})
    assert not design.rows([nothing, other]).any()
    rows = design.rows(titles)
    assert np.sum(rows**2, axis=1).mean() == pytest.approx(3, abs=0.2)


def test_it_finds_more_than_plainer_ways(fitted: Fitted) -> None:
    assert fitted.worse_than == []
    assert fitted.figures["taste"]["recall"] > 1.3 * fitted.figures["content"]["recall"]
    assert fitted.gains["popularity"]["low"] > 0


def test_what_has_no_taste_in_it_does_not_pay() -> None:
    chance = fit(contents(TITLES), watched(TITLES, taste=0.0), DEFAULT, 1)
    assert "popularity" in chance.worse_than


def test_too_little_teaches_nothing() -> None:
    with pytest.raises(Conflict, match="taste_too_little_watched"):
        fit(contents(30), watched(30), DEFAULT, 0)


def test_a_map_comes_back_as_it_was(fitted: Fitted) -> None:
    taste_map = fitted.map
    again = TasteMap.from_bytes(taste_map.to_bytes())
    assert again.to_bytes() == taste_map.to_bytes()
    assert again.fingerprint == taste_map.fingerprint
    new = replace(contents(TITLES)[7], title_id="new")
    vectors = [m.vector(new, m.fingerprint) for m in (taste_map, again)]
    assert np.array_equal(vectors[0].data, vectors[1].data)
    with pytest.raises(Invalid, match="taste_format"):
        TasteMap.from_bytes(b"\x81\xa6format\x09")


def test_the_same_data_and_seed_give_the_same_map(fitted: Fitted) -> None:
    again = fit(contents(TITLES), watched(TITLES), DEFAULT, 1)
    assert again.map.fingerprint == fitted.map.fingerprint
    rows = watched(TITLES).tocsr()
    shuffled = rows[np.random.default_rng(0).permutation(rows.shape[0])].tocsc()
    assert digest(contents(TITLES), shuffled) == digest(contents(TITLES), rows)
    assert digest(contents(TITLES), rows[1:]) != digest(contents(TITLES), rows)


def test_a_new_title_lies_among_those_of_its_taste(fitted: Fitted) -> None:
    new = replace(contents(TITLES)[14], title_id="new")
    query = asked("taste", fitted.map.vector(new, "p").data)
    scores = [query @ fitted.map.vector(c, "p").data for c in contents(TITLES)]
    nearest = np.argsort(scores)[::-1][:10]
    assert np.mean(nearest % 6 == 14 % 6) >= 0.7


def test_few_viewers_make_no_factor() -> None:
    few = watched(TITLES).tolil()
    few[:, 3] = 0
    few[: MIN_VIEWERS - 1, 3] = 1
    titles = contents(TITLES)
    even = Parameters(dict.fromkeys(Design.fit(titles).blocks, START), START_STRETCH)
    learned = learn(titles, few.tocsc(), even, 1)
    assert 3 not in learned.having
    assert np.all(np.asarray(few.sum(axis=0)).ravel()[learned.having] >= MIN_VIEWERS)


def test_genres_are_compared_as_sets() -> None:
    known = [Content("a", genres=("x", "y")), Content("b", genres=("x",)), Content("c")]
    question = evaluation.Question(
        [Content("q", genres=("x", "z"))], known, sparse.csc_matrix(np.eye(3)), 0
    )
    assert np.allclose(evaluation.genres(question), [[1 / 3, 1 / 2, 0]], atol=1e-5)


def test_content_without_a_space_is_last() -> None:
    titles = contents(20)
    bare = replace(titles[0], vectors={})
    question = evaluation.Question([titles[1]], [bare, titles[2]], watched(20)[:, :2], 0)
    for score in (partial(evaluation.content, DEFAULT), partial(evaluation.space, "synopsis")):
        assert np.argmax(score(question)[0]) == 1
