"""Moments and match cuts from shots beside the titles of a generation."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.errors import Invalid
from content.types import F32, Space, Vector
from indexes.cuts import cuts
from indexes.lexical.bm25 import Text, document, fingerprint
from indexes.moments import mood_vector, moods_in
from indexes.schema import TitlePoint
from indexes.service import IndexService
from indexes.shots import ShotPoint
from indexes.store_edge import EdgeStores
from tests.index_points import BODIES, DIMS, FINGERPRINTS, OTHER_FINGERPRINTS, opened, point, unit

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes:UserWarning", "ignore:Local mode:UserWarning"
)


def looking(seed: int, space: Space = "visual", *, off: float = 0.0) -> F32:
    """A direction of the space, or one near it."""
    rng = np.random.default_rng([seed, DIMS[space]])
    far = rng.normal(size=DIMS[space])
    away = np.random.default_rng([seed, 99, int(off * 1000)]).normal(size=DIMS[space])
    return unit((far / np.linalg.norm(far) + off * away / np.linalg.norm(away)).astype(np.float32))


def shot(index: int, *, said: str = "", mood: str = "calm", **data: F32) -> ShotPoint:
    texts = [Text("said", said, "en")] if said else []
    return ShotPoint(
        index,
        4.0 * index,
        4.0 * index + 4.0,
        {space: Vector(v, FINGERPRINTS[space]) for space, v in data.items()},  # type: ignore[index]
        {"words": document(texts), "mood": mood_vector({mood: 0.6, "eerie": 0.1})},
        moods=(mood,),
    )


def film(seed: int, *shots: ShotPoint, version: int = 1) -> TitlePoint:
    return replace(point(seed, version=version), shots=shots, lexicon=fingerprint())


@pytest.fixture(params=BODIES)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IndexService]:
    yield from opened(tmp_path / "index", request.param)


def moments(service: IndexService, text: str | None = None, data: F32 | None = None, **more):
    asked = {"concept": Vector(data, FINGERPRINTS["concept"])} if data is not None else {}
    wanted = {"mood": None, "title_id": None, "limit": 10, **more}
    return service.moments(asked, text=text, **wanted)


CAT, DOG = looking(1, "concept"), looking(2, "concept")
FILMS = [
    film(
        1,
        shot(0, concept=DOG),
        shot(1, concept=CAT),
        shot(2, concept=looking(1, "concept", off=0.2)),
        shot(3, concept=DOG, mood="tense"),
        shot(4, concept=DOG, said="I never trusted the lighthouse keeper."),
    ),
    film(2, shot(0, concept=looking(3, "concept")), shot(1, concept=CAT, mood="tense")),
]


def test_neighbours_that_show_the_same_are_one_moment(service: IndexService) -> None:
    service.upsert(FILMS)
    hits = moments(service, data=CAT, limit=2)
    spans = {(hit.title_id, hit.start_s, hit.end_s) for hit in hits}
    assert spans == {("t0001", 4.0, 12.0), ("t0002", 4.0, 8.0)}
    assert all(next(iter(hit.why)) == "picture" for hit in hits)


def test_what_is_said_finds_its_shot_in_another_form(service: IndexService) -> None:
    service.upsert(FILMS)
    best = moments(service, "lighthouses trust")[0]
    assert (best.title_id, best.best, best.start_s, best.end_s) == ("t0001", 4, 16.0, 20.0)
    assert set(best.why) == {"words"}


def test_a_mood_alone_or_named_in_the_query(service: IndexService) -> None:
    service.upsert(FILMS)
    alone = moments(service, mood="tense")
    assert {(hit.title_id, hit.best) for hit in alone} == {("t0001", 3), ("t0002", 1)}
    assert moments(service, "tense", CAT)[0].title_id == "t0002"
    assert moods_in("something tense and eerie") == ["tense", "eerie"]
    assert {h.best for h in moments(service, data=DOG, mood="tense", title_id="t0001")} == {3}


def test_of_one_title_only(service: IndexService) -> None:
    service.upsert(FILMS)
    assert {hit.title_id for hit in moments(service, data=CAT, title_id="t0002")} == {"t0002"}
    assert moments(service, data=CAT, title_id="nobody") == []


def test_shots_come_and_go_with_their_title(service: IndexService) -> None:
    service.upsert(FILMS)
    service.upsert([film(1, shot(0, concept=CAT), version=2)])
    mine = moments(service, data=CAT, title_id="t0001", limit=50)
    assert [(hit.version, hit.first, hit.last) for hit in mine] == [(2, 0, 0)]
    service.delete(["t0001"])
    assert moments(service, data=CAT, title_id="t0001") == []
    assert moments(service, data=CAT)


def test_a_new_generation_has_its_own_shots(service: IndexService) -> None:
    service.upsert(FILMS)
    service.begin("next", FINGERPRINTS, None)
    service.upsert_into("next", FILMS[:1])
    assert {hit.title_id for hit in moments(service, data=CAT)} == {"t0001", "t0002"}
    assert service.verify("next", {"t0001": 1}).complete
    service.cut_over("next")
    assert {hit.title_id for hit in moments(service, data=CAT)} == {"t0001"}
    service.drop("first")


def test_vectors_of_another_encoder_are_left_out(service: IndexService) -> None:
    odd = ShotPoint(0, 0.0, 4.0, {"concept": Vector(CAT, OTHER_FINGERPRINTS["concept"])})
    service.upsert([film(3, odd)])
    assert moments(service, data=CAT) == []


@pytest.mark.parametrize("bad", [np.full(16, np.nan, np.float32), CAT * 2, CAT[:8]])
def test_nothing_of_a_batch_is_stored_when_a_shot_of_it_is_refused(
    service: IndexService, bad: F32
) -> None:
    service.upsert([film(1, shot(0, concept=CAT))])
    newer = film(1, shot(0, concept=looking(9, "concept")), version=2)
    with pytest.raises(Invalid, match="invalid_vector"):
        service.upsert([newer, film(2, shot(0, concept=bad))])
    assert [hit.version for hit in moments(service, data=CAT)] == [1]


def test_a_snapshot_has_the_shots(tmp_path: Path) -> None:
    service = IndexService(tmp_path / "index", EdgeStores())
    service.ensure(FINGERPRINTS)
    service.upsert(FILMS)
    service.snapshot(str(tmp_path / "copy"))
    service.close()
    again = IndexService(tmp_path / "copy", EdgeStores())
    assert len(moments(again, data=CAT)) == len(moments(again, data=CAT, limit=50))
    assert moments(again, "lighthouse")[0].best == 4
    again.close()


def test_match_cuts_pair_like_shots_of_two_films(service: IndexService) -> None:
    def seen(seed: int, off: float = 0.0) -> F32:
        return looking(seed, "visual", off=off)

    black = replace(shot(2, visual=seen(7)), plain=True)
    service.upsert(
        [
            film(1, shot(0, visual=seen(5)), shot(1, visual=seen(6)), black),
            film(2, shot(0, visual=seen(5, 0.3)), shot(1, visual=seen(8))),
            film(3, shot(0, visual=seen(7, 0.2))),
            film(4, shot(0, visual=seen(5)), shot(1, visual=seen(6, 0.01))),  # the same film again
        ]
    )
    pairs = service.cuts("t0001", limit=10)
    assert (pairs[0].shot, pairs[0].other_id, pairs[0].other_shot) == (0, "t0002", 0)
    assert pairs[0].score == pairs[0].scores["visual"] > 0.9
    assert {pair.other_id for pair in pairs}.isdisjoint({"t0004"})
    assert all(pair.shot != 2 for pair in pairs)
    assert service.cuts("nobody", limit=10) == []


def test_a_film_that_is_replaced_while_its_shots_are_paired_is_left_out(tmp_path: Path) -> None:
    service = IndexService(tmp_path / "index", EdgeStores())
    service.ensure(FINGERPRINTS)
    near = looking(5, "visual", off=0.3)
    service.upsert([film(n, shot(0, visual=near)) for n in (1, 2)])

    class Replacing:
        """A store in which the other film comes without pictures, right after it was found."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def query(self, queries: Any, *, exact: bool) -> Any:
            found = store.query(queries, exact=exact)
            service.upsert([film(2, shot(0, audio=looking(1, "audio")), version=2)])
            return found

    with service._generations.reading() as live:
        assert live is not None and live.shots is not None
        store = live.shots
        assert cuts(cast(Any, Replacing()), "t0001", "default", limit=10) == []
    service.close()


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_moments_of_a_title_never_overlap(kinds: list[int], limit: int) -> None:
    # One store for all: its title is replaced wholly each time.
    service = _shared()
    shots = [shot(k, concept=looking(kind, "concept")) for k, kind in enumerate(kinds)]
    service.upsert([film(1, *shots)])
    found = moments(service, data=looking(kinds[0], "concept"), limit=limit)
    assert 1 <= len(found) <= limit
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)
    spans = sorted((hit.first, hit.last) for hit in found)
    assert all(a[1] < b[0] for a, b in pairwise(spans))
    assert all(0 <= hit.score <= 1 and hit.first <= hit.best <= hit.last for hit in found)


_KEPT: list[IndexService] = []


def _shared() -> IndexService:
    if not _KEPT:
        import tempfile

        _KEPT.append(IndexService(Path(tempfile.mkdtemp()) / "index", EdgeStores()))
        _KEPT[0].ensure(FINGERPRINTS)
    return _KEPT[0]
