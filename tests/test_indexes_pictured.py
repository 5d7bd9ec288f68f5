"""Titles that show a picture, or sound like a sound, from a generation's shots, on both bodies."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from content.errors import Conflict, Invalid
from content.types import F32, Vector
from indexes import pictured
from indexes.conditions import Equals
from indexes.pictured import MediaPage, MediaQuestion
from indexes.question import Continuation
from indexes.schema import Filter, TitlePoint
from indexes.service import IndexService
from indexes.wire import pack, unpack
from tests.index_points import BODIES, FINGERPRINTS, OTHER_FINGERPRINTS, opened, point
from tests.test_indexes_moments import film, looking, shot

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes:UserWarning", "ignore:Local mode:UserWarning"
)

CAT, DOG = looking(1), looking(2)


@pytest.fixture(params=BODIES)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IndexService]:
    yield from opened(tmp_path / "index", request.param)


def ask(service: IndexService, picture: F32, **asked: object) -> MediaPage:
    question = MediaQuestion(Vector(picture, FINGERPRINTS["visual"]), **asked)  # type: ignore[arg-type]
    return unpack(pack(service.pictured(unpack(pack(question)))))


def of(seed: int, *off: float, **payload: object) -> TitlePoint:
    """A film of shots near the cat's picture, each as far off as said."""
    shots = [shot(k, visual=looking(1, off=each)) for k, each in enumerate(off)]
    return replace(film(seed, *shots), **payload)  # type: ignore[arg-type]


def test_the_nearest_shot_stands_for_its_title(service: IndexService) -> None:
    service.upsert([of(1, 3.0, 0.3, 0.0), of(2, 0.2, 4.0), film(3, shot(0, visual=DOG)), point(4)])
    page = ask(service, CAT)
    assert [hit.title_id for hit in page.hits[:2]] == ["t0001", "t0002"]
    first, second, *_ = page.hits
    assert (first.shot, first.start_s, first.end_s, first.version) == (2, 8.0, 12.0, 1)
    assert first.score == pytest.approx(1.0, abs=1e-5) and second.shot == 0
    assert first.score > second.score > page.hits[2].score
    assert set(first.scores) == {"visual"}
    assert (len(page.hits), page.following) == (3, None), "a title without shots shows nothing"


def test_only_titles_that_fit_are_answered(service: IndexService) -> None:
    service.upsert(
        [of(1, 0.0, genres=("drama",)), of(2, 0.1, genres=("comedy",)), of(3, 0.2, maturity="18")]
    )
    drama = Filter(condition=Equals("genres", "drama"))
    assert [hit.title_id for hit in ask(service, CAT, filter=drama).hits] == ["t0001"]
    mild = ask(service, CAT, filter=Filter(maturity_max="13"), leaving_out=("t0001",))
    assert [hit.title_id for hit in mild.hits] == ["t0002"]


def test_a_film_of_many_shots_alike_keeps_nobody_out(
    service: IndexService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictured, "SHOTS", 4)
    service.upsert([of(1, *(0.001 * k for k in range(20))), of(2, 0.5), of(3, 0.6), of(4, 0.7)])
    hits = ask(service, CAT).hits
    assert {hit.title_id for hit in hits} == {"t0001", "t0002", "t0003", "t0004"}
    assert hits[0].title_id == "t0001"
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    third = Filter(condition=Equals("country", "FR"))
    service.upsert([of(5, 2.0, country="FR")])
    assert [hit.title_id for hit in ask(service, CAT, filter=third).hits] == ["t0005"]


def test_pages_are_those_of_one_list(
    service: IndexService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictured, "SHOTS", 5)
    service.upsert([of(seed, 0.02 * seed, 0.03 * seed) for seed in range(1, 14)])
    whole = [hit.title_id for hit in ask(service, CAT, limit=50).hits]
    assert sorted(whole) == [f"t{seed:04d}" for seed in range(1, 14)]
    found, after = list[str](), None
    while True:
        page = ask(service, CAT, limit=4, after=after)
        found += [hit.title_id for hit in page.hits]
        after = page.following
        if after is None:
            break
        assert len(page.hits) == 4
    assert found == whole


def test_a_cursor_is_of_its_question_and_generation(service: IndexService) -> None:
    service.upsert([of(seed, 0.1 * seed) for seed in range(1, 4)])
    after = ask(service, CAT, limit=1).following
    assert isinstance(after, Continuation)
    with pytest.raises(Invalid, match="invalid_cursor"):
        ask(service, DOG, after=after)
    with pytest.raises(Invalid, match="invalid_cursor"):
        ask(service, CAT, after=after, leaving_out=("t0001",))
    with pytest.raises(Conflict, match="cursor_expired"):
        ask(service, CAT, after=replace(after, generation="g-other"))


def test_pictures_of_another_encoder_are_not_compared(service: IndexService) -> None:
    service.upsert([of(1, 0.0)])
    question = MediaQuestion(Vector(CAT, OTHER_FINGERPRINTS["visual"]))
    with pytest.raises(Conflict, match="fingerprint_mismatch"):
        service.pictured(question)
    for wrong in (CAT[:5], CAT * float("nan")):
        with pytest.raises(Invalid, match="invalid_vector"):
            ask(service, wrong)
    with pytest.raises(Invalid, match="invalid_limit"):
        ask(service, CAT, limit=0)


def test_a_sound_is_compared_with_the_sound_of_shots(service: IndexService) -> None:
    rain, brass = looking(3, "audio"), looking(4, "audio")
    films = [
        film(1, shot(0, visual=CAT, audio=rain), shot(1, audio=brass)),
        film(2, shot(0, audio=rain)),
    ]
    service.upsert([*films, film(3, shot(0, visual=DOG))])
    heard = MediaQuestion(Vector(brass, FINGERPRINTS["audio"]), "audio")
    page = service.pictured(heard)
    assert [hit.title_id for hit in page.hits] == ["t0001", "t0002"], "the third says nothing"
    assert page.hits[0].shot == 1 and page.hits[0].score == pytest.approx(1.0, abs=1e-5)
    assert set(page.hits[0].scores) == {"audio"}
    first = service.pictured(replace(heard, limit=1)).following
    assert first is not None
    with pytest.raises(Conflict, match="fingerprint_mismatch"):
        service.pictured(replace(heard, space="visual"))
    with pytest.raises(Invalid, match="invalid_cursor"):
        ask(service, CAT, limit=1, after=first)


def test_nothing_there_is_an_empty_page(tmp_path: Path, service: IndexService) -> None:
    assert ask(service, CAT) == MediaPage(())
