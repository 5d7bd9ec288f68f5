"""Similarity and word search against numpy over the whole catalogue."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from content.errors import Conflict, Invalid, NotFound
from content.types import Space, Vector
from indexes import ranking
from indexes.calibration import Calibration
from indexes.question import HitPage, Question
from indexes.schema import Filter, TitlePoint
from indexes.search import TRUST
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from indexes.taste.places import placed
from indexes.weights import DEFAULT as WEIGHTS
from tests.index_points import (
    DIMS,
    FINGERPRINTS,
    OTHER_FINGERPRINTS,
    catalogue,
    point,
    unit,
    vectors,
    words,
)

TASTE: dict[Space, str] = {"taste": "taste@1:3:abc"}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[IndexService]:
    opened = IndexService(tmp_path / "index", EdgeStores())
    opened.ensure(FINGERPRINTS)
    yield opened
    opened.close()


def exact_fused(items: list[TitlePoint], title: TitlePoint) -> list[tuple[str, float]]:
    calibration = Calibration.default(DIMS)

    def cosine(other: TitlePoint, space: str) -> float:
        left = calibration.apply(space, title.vectors[space].data)
        return float(left @ calibration.apply(space, other.vectors[space].data))

    scored = []
    for other in items:
        shared = [s for s in WEIGHTS if s in title.vectors and s in other.vectors]
        if other.title_id != title.title_id and shared:
            total = sum(WEIGHTS[s] for s in shared)
            score = sum(WEIGHTS[s] * cosine(other, s) for s in shared) / total
            scored.append((other.title_id, score))
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))


def test_fused_is_the_weighted_mean_over_shared_spaces(service: IndexService) -> None:
    items = catalogue(80)
    service.upsert(items)
    for title in items[:10]:
        hits = service.similar(title.title_id, space="fused", limit=25)
        expected = exact_fused(items, title)[:25]
        assert [hit.title_id for hit in hits] == [name for name, _ in expected]
        assert [hit.score for hit in hits] == pytest.approx([s for _, s in expected], abs=2e-6)
        by_name = {item.title_id: item for item in items}
        for hit in hits:
            shared = set(WEIGHTS) & set(title.vectors) & set(by_name[hit.title_id].vectors)
            assert set(hit.scores) == shared


def test_a_space_of_weight_zero_is_told_but_neither_counts_nor_proposes(
    service: IndexService,
) -> None:
    full, silent = point(1), TitlePoint("silent", 1, {"synopsis": vectors(2)["synopsis"]})
    heard = TitlePoint("heard", 1, {"audio": full.vectors["audio"]})
    service.upsert([full, point(2), silent, heard])
    service.set_weights({"visual": 1.0, "synopsis": 1.0})
    hits = {hit.title_id: hit for hit in service.similar("t0001", space="fused", limit=5)}
    assert set(hits) == {"t0002", "silent"}, "what shares only `audio` is no neighbour"
    pairs = [("t0001", other) for other in hits]
    for hit, alike in zip(hits.values(), service.compare(pairs), strict=True):
        assert (hit.score, hit.scores) == (alike.score, alike.scores)
    assert "audio" in hits["t0002"].scores
    only = service.similar("t0001", space="synopsis", limit=5)
    assert all(set(hit.scores) == {"synopsis"} for hit in only)


def test_beyond_the_candidates_every_score_is_still_exact(
    service: IndexService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "DEPTH_MIN", 20)
    items = catalogue(200)
    service.upsert(items)
    found = 0
    for title in items[:20]:
        hits = service.similar(title.title_id, space="fused", limit=5)
        expected = exact_fused(items, title)
        truth = dict(expected)
        assert [hit.score for hit in hits] == pytest.approx(
            [truth[hit.title_id] for hit in hits], abs=2e-6
        )
        found += len({hit.title_id for hit in hits} & {name for name, _ in expected[:5]})
    assert found >= 90  # of 100: random vectors are the hardest case for candidates


def test_synopsis_only_against_full_is_its_synopsis_cosine(service: IndexService) -> None:
    near = unit(vectors(1)["synopsis"].data + 0.1 * vectors(2)["synopsis"].data)
    full = point(1)
    bare = TitlePoint("bare", 1, {"synopsis": Vector(near, FINGERPRINTS["synopsis"])})
    service.upsert([full, bare])
    (hit,) = service.similar("bare", space="fused", limit=5)
    assert hit.score == pytest.approx(float(near @ full.vectors["synopsis"].data), abs=1e-6)
    assert set(hit.scores) == {"synopsis"}


def test_single_spaces_filters_and_missing_modalities(service: IndexService) -> None:
    items = catalogue(40)
    service.upsert(items)
    only = service.similar("t0000", space="audio", limit=100)
    assert {hit.title_id for hit in only} == {
        item.title_id for item in items if "audio" in item.vectors
    } - {"t0000"}
    assert all(hit.scores == {"audio": hit.score} for hit in only)
    assert service.similar("t0001", space="visual", limit=5) == []  # it has a synopsis only
    wanted = Filter(genre="comedy", maturity_max="13")
    for hit in service.similar("t0000", space="fused", limit=100, filter=wanted):
        item = items[int(hit.title_id[1:])]
        assert "comedy" in item.genres
        assert item.maturity in ("all", "7", "13")


def test_ties_go_by_id(service: IndexService) -> None:
    same = vectors(5)
    service.upsert([point(1), *(TitlePoint(f"z{i}", 1, same) for i in (3, 1, 2, 0))])
    hits = service.similar("t0001", space="fused", limit=10)
    assert [hit.title_id for hit in hits] == ["z0", "z1", "z2", "z3"]


def test_words_find_by_synopsis_or_by_pictures(service: IndexService) -> None:
    service.upsert([point(i) for i in range(30)])
    told, shown = vectors(3)["synopsis"].data, vectors(4)["concept"].data
    first = service.search(words(told * np.float32(7)), limit=3)[0]  # length does not matter
    assert (first.title_id, round(first.score, 5)) == ("t0003", 1.0)
    assert set(first.scores) == {"synopsis", "concept"}
    second = service.search(words(shown), limit=3)[0]
    assert (second.title_id, round(second.score, 5)) == ("t0004", TRUST["concept"])


def test_words_of_an_encoder_that_knows_pictures(service: IndexService) -> None:
    service.upsert([point(i) for i in range(30)])
    shown = vectors(6)["visual"]
    raw = service.vectors("t0006")["visual"]
    hits = service.search({"visual": shown}, limit=30)
    found = next(hit for hit in hits if hit.title_id == "t0006")
    # Queries keep the words' own place: only the stored side has the pictures' mean taken off.
    assert found.scores == {"visual": round(float(shown.data @ raw), 6)}
    assert found.score == pytest.approx(min(1.0, TRUST["visual"] * found.scores["visual"]))
    assert all(-1.0 <= hit.score <= 1.0 for hit in hits)


def test_words_of_another_encoder_than_the_live_generations_find_nothing(
    service: IndexService,
) -> None:
    service.upsert([point(i) for i in range(5)])
    other = Vector(vectors(3)["synopsis"].data, OTHER_FINGERPRINTS["synopsis"])
    assert service.search({"synopsis": other}, limit=3) == []
    both = {"synopsis": other, "concept": vectors(3)["concept"]}
    assert set(service.search(both, limit=3)[0].scores) == {"concept"}


def test_refusals(service: IndexService) -> None:
    service.upsert([point(1)])
    with pytest.raises(NotFound, match="title_not_indexed"):
        service.similar("nobody", space="fused", limit=5)
    for space in ("concept", "smell"):
        with pytest.raises(Invalid, match="unknown_space"):
            service.similar("t0001", space=space, limit=5)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="invalid_maturity"):
        service.similar("t0001", space="fused", limit=5, filter=Filter(maturity_max="21"))  # type: ignore[arg-type]
    for limit in (0, -1, 1001):
        with pytest.raises(Invalid, match="invalid_limit"):
            service.similar("t0001", space="fused", limit=limit)
        with pytest.raises(Invalid, match="invalid_limit"):
            service.search(words(vectors(1)["synopsis"].data), limit=limit)
    bad = [np.zeros(16), np.zeros(16, np.float32), np.ones(15, np.float32)]
    bad.append(np.full(16, np.nan, np.float32))
    for vector in bad:
        with pytest.raises(Invalid, match="invalid_vector"):
            service.search(words(vector), limit=5)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (np.full(12, np.nan, np.float32), "NaN"),
        (np.full(12, np.inf, np.float32), "NaN"),
        (np.zeros(12, np.float32), "norm"),
        (1.01 * unit(np.ones(12, np.float32)), "norm"),
        (unit(np.ones(13, np.float32)), "expected float32 (12,)"),
        (unit(np.ones(12, np.float32)).astype(np.float64), "expected float32"),
    ],
)
def test_bad_vectors_are_refused_and_nothing_is_stored(
    service: IndexService, data: np.ndarray, why: str
) -> None:
    bad = TitlePoint("bad", 1, {"audio": Vector(data, FINGERPRINTS["audio"])})
    with pytest.raises(Invalid, match="invalid_vector") as caught:
        service.upsert([point(1), bad])
    assert why in caught.value.detail
    assert service.count() == 0


def test_bad_names_and_spaces_are_refused(service: IndexService) -> None:
    with pytest.raises(Invalid, match="invalid_title_id"):
        service.upsert([TitlePoint("../up", 1, vectors(1))])
    with pytest.raises(Invalid, match="unknown_space"):
        service.upsert([TitlePoint("a", 1, {"smell": vectors(1)["audio"]})])  # type: ignore[dict-item]
    with pytest.raises(Invalid, match="invalid_fingerprint"):
        data = vectors(1)["audio"].data
        service.upsert([TitlePoint("a", 1, {"audio": Vector(data, "nonsense")})])


def test_before_the_first_generation(tmp_path: Path) -> None:
    service = IndexService(tmp_path / "fresh", EdgeStores())
    assert service.count() == 0
    assert service.search(words(vectors(1)["synopsis"].data), limit=5) == []
    with pytest.raises(NotFound, match="title_not_indexed"):
        service.similar("t0001", space="fused", limit=5)
    with pytest.raises(Conflict, match="no_generation"):
        service.upsert([point(1)])
    service.close()


def tasted(seed: int, length: float, towards: int) -> TitlePoint:
    """A title whose factor has this length along one of two axes."""
    factor = np.zeros((1, 2))
    factor[0, towards] = length
    vector = Vector(placed(factor)[0], TASTE["taste"])
    made = point(seed)
    return replace(made, vectors={**made.vectors, "taste": vector})


def test_a_space_that_was_not_fitted_is_told(service: IndexService) -> None:
    service.upsert([point(1)])
    for question in (
        Question({"t0001": 1.0}, space="taste"),
        Question({"t0001": 1.0}, weights={"taste": 1.0, "style": 1.0}),
    ):
        with pytest.raises(Conflict, match="space_not_fitted"):
            service.alike(question)


def test_lengths_count_in_the_taste_space(tmp_path: Path) -> None:
    service = IndexService(tmp_path / "taste", EdgeStores())
    service.ensure({**FINGERPRINTS, **TASTE})
    service.upsert([tasted(1, 0.5, 0), tasted(2, 0.9, 0), tasted(3, 0.2, 0), tasted(4, 0.9, 1)])
    hits = service.similar("t0001", space="taste", limit=5)
    assert [(hit.title_id, hit.score) for hit in hits] == [
        ("t0002", pytest.approx(0.45, abs=1e-5)),
        ("t0003", pytest.approx(0.1, abs=1e-5)),
        ("t0004", pytest.approx(0, abs=1e-5)),
    ]
    (pair,) = service.compare([("t0001", "t0002")])
    assert pair.scores["taste"] == pytest.approx(0.45, abs=1e-5)
    service.set_weights({"taste": 1, "visual": 1})
    (fused, *_) = service.similar("t0001", space="fused", limit=1)
    assert fused.score == pytest.approx((fused.scores["taste"] + fused.scores["visual"]) / 2, 1e-4)
    liked = {"t0001": 3.0, "t0004": 1.0, "gone": 9.0}
    near = service.alike(Question(liked, space="taste", limit=1, lenient=True)).hits
    assert [hit.title_id for hit in near] == ["t0002"]
    service.close()


def test_near_one_title_is_similar_to_it(service: IndexService) -> None:
    items = catalogue(40)
    service.upsert(items)
    for space in ("fused", "visual", "synopsis"):
        near = service.alike(
            Question({"t0003": 0.4}, space=space, limit=10, leaving_out=("t0003",))
        )
        assert list(near.hits) == service.similar("t0003", space=space, limit=10)


def test_near_several_is_near_their_middle(service: IndexService) -> None:
    items = catalogue(60)
    service.upsert(items)
    liked = {"t0003": 1.0, "t0008": 2.0, "t0001": 1.0}
    hits = service.alike(Question(liked, space="visual", limit=60, leaving_out=("t0008",))).hits
    stored = {i.title_id: service.vectors(i.title_id) for i in items if "visual" in i.vectors}
    middle = sum(w * stored[t]["visual"] for t, w in liked.items() if t in stored)
    cosines = {t: float(v["visual"] @ middle / np.linalg.norm(middle)) for t, v in stored.items()}
    del cosines["t0008"]
    assert [h.title_id for h in hits] == sorted(cosines, key=lambda t: -cosines[t])
    assert [h.score for h in hits] == pytest.approx(
        sorted(cosines.values(), reverse=True), abs=2e-6
    )
    assert service.alike(Question({"gone": 1.0}, lenient=True)) == HitPage(())
    with pytest.raises(NotFound, match="title_not_indexed"):
        service.alike(Question(liked, unlike={"gone": 1.0}))
