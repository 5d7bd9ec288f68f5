"""Questions of similarity: weights of one request, diversity, reasons, pages, negative examples."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.errors import Conflict, Invalid, NotFound
from content.types import Availability
from indexes import because
from indexes.because import Commonness, contributions, terms
from indexes.grammar import parse
from indexes.question import HitPage, Question
from indexes.schema import Filter, Hit, Shared, TitlePoint, payload_of
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from indexes.wire import pack, unpack
from tests.index_points import FINGERPRINTS, catalogue, point

TITLES = 90


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexService]:
    """Every space missing somewhere; some titles are of one franchise, or quite the same."""
    opened = IndexService(tmp_path_factory.mktemp("alike") / "index", EdgeStores())
    opened.ensure(FINGERPRINTS)
    items = catalogue(TITLES)
    for n in (40, 45, 50, 55):  # these tie for every question
        items[n] = replace(items[n], vectors=items[35].vectors)
    opened.upsert(items)
    yield opened
    opened.close()


def like(title_id: str = "t0000", **asked: object) -> Question:
    return Question({title_id: 1.0}, leaving_out=(title_id,), **asked)  # type: ignore[arg-type]


def walked(service: IndexService, question: Question, limits: list[int]) -> list[Hit]:
    """All pages, their limits in turn."""
    found, n = list[Hit](), 0
    while True:
        page = service.alike(replace(question, limit=limits[n % len(limits)]))
        assert len(page.hits) == limits[n % len(limits)] or page.following is None
        found, n = [*found, *page.hits], n + 1
        if page.following is None:
            return found
        question = replace(question, after=page.following)


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=3),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from(["t0000", "t0004", "t0040"]),
    st.booleans(),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_pages_are_one_long_list(
    service: IndexService, limits: list[int], diversity: float, title: str, why: bool
) -> None:
    question = like(title, diversity=diversity, because=why)
    whole = service.alike(replace(question, limit=200))
    assert whole.following is None
    assert walked(service, question, limits) == list(whole.hits)


def test_beyond_its_candidates_a_list_ends(
    service: IndexService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexes.question.DEPTH_MIN", 8)
    question = like("t0000", limit=2)
    assert question.depth == 8
    one_by_one, pairs = walked(service, question, [2, 1]), walked(service, question, [2])
    assert one_by_one == pairs
    assert 8 <= len(pairs) < TITLES - 1
    ordered = [(-hit.score, hit.title_id) for hit in pairs]
    assert ordered == sorted(ordered)
    spread = walked(service, replace(question, diversity=0.5), [2])
    assert len(spread) == 8


def test_a_cursor_is_of_its_question_generation_and_weights(tmp_path: Path) -> None:
    service = IndexService(tmp_path / "index", EdgeStores())
    service.ensure(FINGERPRINTS)
    items = catalogue(20)
    service.upsert(items)
    following = service.alike(like(limit=3)).following
    assert following is not None
    assert unpack(pack(following)) == following
    for other in (like("t0003"), like(diversity=0.2), like(filter=Filter(genre="drama"))):
        with pytest.raises(Invalid, match="invalid_cursor"):
            service.alike(replace(other, after=following))
    for wrong in (replace(following, depth=9), replace(following, score=float("nan"))):
        with pytest.raises(Invalid, match="invalid_cursor"):
            service.alike(like(after=wrong))
    with pytest.raises(Conflict, match="cursor_expired"):
        service.alike(like(after=following, weights={"style": 1.0}))
    service.begin("next", FINGERPRINTS, None)
    service.upsert_into("next", items)
    assert service.verify("next", {item.title_id: 1 for item in items}).complete
    assert service.alike(like(after=following)).hits, "readers are still on the old one"
    service.cut_over("next")
    with pytest.raises(Conflict, match="cursor_expired"):
        service.alike(like(after=following))
    service.close()


def test_a_viewers_pages_end_where_they_watch_one_more(service: IndexService) -> None:
    watched = {"t0003": 1.0, "t0005": 0.5}
    first = Question(watched, leaving_out=tuple(watched), lenient=True, limit=4)
    page = service.alike(first)
    second = service.alike(replace(first, like=dict(watched), after=page.following))
    assert not {h.title_id for h in page.hits} & {h.title_id for h in second.hits}
    more = {**watched, "t0007": 1.0}
    asked = replace(first, like=more, leaving_out=tuple(more), after=page.following)
    with pytest.raises(Conflict, match="cursor_expired"):
        service.alike(asked)
    with pytest.raises(Invalid, match="invalid_cursor"):
        service.alike(replace(first, space="synopsis", after=page.following))


def test_what_comes_and_goes_between_pages_shifts_no_other(tmp_path: Path) -> None:
    service = IndexService(tmp_path / "index", EdgeStores())
    service.ensure(FINGERPRINTS)
    service.upsert(catalogue(40))
    whole = [hit.title_id for hit in service.alike(like(limit=200)).hits]
    first = service.alike(like(limit=5))
    service.delete([whole[4], whole[7]])
    service.upsert([TitlePoint("a-new-one", 1, catalogue(1)[0].vectors)])  # ahead of all
    rest = service.alike(replace(like(limit=200), after=first.following))
    expected = [title for title in whole[5:] if title != whole[7]]
    assert [hit.title_id for hit in rest.hits] == expected
    service.close()


@given(st.dictionaries(st.sampled_from(["visual", "style", "audio", "synopsis"]), st.floats(0, 9)))
@settings(max_examples=25, deadline=None)
def test_weights_of_a_request_are_those_of_the_house(
    service: IndexService, weights: dict[str, float]
) -> None:
    if not sum(weights.values()) > 0:
        with pytest.raises(Invalid, match="invalid_weights"):
            service.alike(like(weights=weights))
        return
    before = service.weights()
    found = service.alike(like(weights=weights))
    service.set_weights(weights)
    assert found.hits == service.alike(like()).hits
    service.set_weights(dict(before))


@pytest.mark.parametrize(
    "weights",
    [{"smell": 1.0}, {"concept": 1.0}, {"visual": -1.0}, {"visual": float("nan")}, {}],
)
def test_weights_that_mean_nothing_are_refused(
    service: IndexService, weights: dict[str, float]
) -> None:
    with pytest.raises(Invalid, match="invalid_weights"):
        service.alike(like(weights=weights))


def test_weights_are_for_fused_alone(service: IndexService) -> None:
    with pytest.raises(Invalid, match="invalid_weights"):
        service.alike(like(space="visual", weights={"visual": 1.0}))


@pytest.mark.parametrize("diversity", [-0.1, 1.1, float("nan")])
def test_diversity_out_of_its_range_is_refused(service: IndexService, diversity: float) -> None:
    with pytest.raises(Invalid, match="invalid_diversity"):
        service.alike(like(diversity=diversity))


def test_without_diversity_it_is_the_order_of_the_scores(service: IndexService) -> None:
    assert list(service.alike(like(limit=30)).hits) == service.similar(
        "t0000", space="fused", limit=30
    )


def test_copies_of_a_title_give_way(service: IndexService) -> None:
    """`t0035` is there five times: with diversity one of them is among the first."""
    copies = {"t0035", "t0040", "t0045", "t0050", "t0055"}
    plain = service.alike(like("t0001", space="synopsis", limit=89)).hits
    best = [hit.title_id for hit in plain]
    ahead = best.index("t0035") + 5
    spread = service.alike(like("t0001", space="synopsis", limit=ahead, diversity=0.5)).hits
    assert len(copies & {hit.title_id for hit in spread}) < 5
    assert spread[0] == plain[0]


@given(
    st.dictionaries(st.sampled_from(["visual", "style", "audio"]), st.floats(0.01, 9), min_size=1),
    st.dictionaries(st.sampled_from(["visual", "style", "audio"]), st.floats(-1, 1), min_size=1),
)
@settings(deadline=None)
def test_contributions_sum_to_the_score(
    weights: dict[str, float], cosines: dict[str, float]
) -> None:
    cosines = {space: round(cosine, 6) for space, cosine in cosines.items()}
    counting = {s: w for s, w in weights.items() if s in cosines}
    if not counting:
        return
    total = sum(counting.values())
    score = round(sum(w * cosines[s] for s, w in counting.items()) / total, 6)
    told = contributions(weights, cosines, score)  # type: ignore[arg-type]
    assert told.keys() == counting.keys()
    assert sum(round(value * 1e6) for value in told.values()) == round(score * 1e6)
    for space, value in told.items():
        assert value == pytest.approx(counting[space] * cosines[space] / total, abs=2.1e-6)


def test_every_answer_says_why(service: IndexService) -> None:
    weights = {"visual": 2.0, "synopsis": 1.0}
    for hit in service.alike(like(weights=weights, because=True, limit=50)).hits:
        assert hit.because is not None
        assert hit.because.contributions.keys() == {"visual", "synopsis"} & hit.scores.keys()
        assert round(sum(hit.because.contributions.values()), 6) == hit.score
    assert service.alike(like()).hits[0].because is None


FACTS = {
    "look": {"brightness": 0.1, "warmth": 0.03, "palette": ("teal", "black"), "animation": 0.9},
    "sound": {"mode": "minor", "key_confidence": 0.8, "silence": 0.0},
    "words": {"themes": ("revenge",)},
    "mood": {"moods": ("tense", "eerie")},
    "pacing": {"shots_per_minute": 3.0},
}


def test_facts_far_from_the_usual_have_words() -> None:
    stored = payload_of(
        TitlePoint("a", 1, {}, genres=("drama",), country="DE", year=1994, facts=FACTS)
    )
    said = {each.says for each in terms(stored)}
    assert said == {
        *("drama", "from DE", "1990s", "dark picture", "teal tones", "black tones", "animation"),
        *("minor key", "revenge", "tense mood", "eerie mood", "slow cutting"),
    }
    assert terms(payload_of(TitlePoint("b", 1, {}))) == set()


def test_shared_is_what_most_of_the_liked_have_and_not_every_title(tmp_path: Path) -> None:
    service = IndexService(tmp_path / "index", EdgeStores())
    service.ensure(FINGERPRINTS)
    told = [{"look": {"brightness": 0.1}}, {"look": {"brightness": 0.1}}, {}, {}]
    genres = [("drama", "war"), ("drama", "war"), ("drama",), ("drama", "western")]
    items = [replace(point(n), facts=told[n % 4], genres=genres[n % 4]) for n in range(12)]
    service.upsert(items)
    hits = service.alike(like("t0000", because=True)).hits
    why = {hit.title_id: {each.says for each in hit.because.shared} for hit in hits if hit.because}
    assert why["t0001"] == {"dark picture", "war"}, "every title is a drama"
    assert why["t0002"] == why["t0003"] == set()
    liked = {"t0000": 1.0, "t0002": 1.0, "t0003": 1.0}
    (first, *_) = service.alike(Question(liked, because=True)).hits
    assert first.because is not None
    assert Shared("genres", "war") not in first.because.shared
    service.close()


def test_a_genre_is_told_once_and_as_it_was_told() -> None:
    told = terms({"genres": ["Sci-Fi", "War", "sci-fi", "war"]})
    assert {each.says for each in told} == {"Sci-Fi", "War"}


def test_the_rarest_comes_first() -> None:
    common = Commonness(because.Counter({Shared("a", "x"): 2, Shared("b", "y"): 1}), 10, 0.0)
    found = {Shared("a", "x"), Shared("b", "y"), Shared("c", "z")}
    assert [each.says for each in common.telling(found)] == ["z", "y", "x"]


def test_several_and_unlike_is_rocchio(service: IndexService) -> None:
    liked, unliked = {"t0000": 1.0, "t0003": 1.0}, {"t0005": 1.0, "t0008": 3.0}
    out = (*liked, *unliked)
    hits = service.alike(
        Question(liked, unliked, space="synopsis", limit=100, leaving_out=out)
    ).hits
    stored = {f"t{n:04}": service.vectors(f"t{n:04}") for n in range(TITLES)}
    near = {t: v["synopsis"] for t, v in stored.items() if "synopsis" in v}

    def middle(weights: dict[str, float]) -> np.ndarray:
        having = {t: w for t, w in weights.items() if t in near}
        return sum(w * near[t] for t, w in having.items()) / sum(having.values())

    aim = middle(liked) - 0.5 * middle(unliked)
    truth = {t: float(v @ aim / np.linalg.norm(aim)) for t, v in near.items() if t not in out}
    assert {hit.title_id for hit in hits} == set(truth)
    assert [hit.score for hit in hits] == pytest.approx(sorted(truth.values())[::-1], abs=2e-6)


def test_what_is_unlike_moves_away(service: IndexService) -> None:
    question = like("t0000", space="visual", limit=89)
    worst = service.alike(question).hits[0].title_id
    moved = service.alike(replace(question, unlike={worst: 1.0})).hits
    assert moved[0].title_id != worst


def test_titles_that_are_not_there(service: IndexService) -> None:
    with pytest.raises(NotFound, match="'gone'"):
        service.alike(Question({"t0000": 1.0, "gone": 1.0}))
    assert service.alike(Question({"gone": 1.0}, lenient=True)) == HitPage(())


def test_filters_of_own_fields(tmp_path: Path) -> None:
    service = IndexService(tmp_path / "index", EdgeStores())
    service.ensure(FINGERPRINTS)
    tags = [{"series": "blupi", "season": 3}, {"series": ("blupi", "more")}, {"score": 7.5}, {}]
    tags[3] = {"score": 8.0, "code": "1.50"}
    windows = [Availability(100, 200, ("DE",)), Availability(100), Availability(), Availability()]
    items = [
        replace(point(n), tags=tags[n], available=windows[n], country="FR" if n else None)
        for n in range(4)
    ]
    service.upsert(items)

    def found(text: str) -> set[int]:
        chosen = Filter(condition=parse(text))
        page = service.alike(Question({"t0000": 1.0}, filter=chosen))
        return {int(hit.title_id[1:]) for hit in page.hits}

    assert found("tags.series:blupi") == {0, 1}
    assert found("tags.season:3") == {0}
    assert found("tags.score:7..8") == {2, 3}
    assert found("tags.score:7.5") == {2}
    assert found("tags.score:7.5,8") == {2, 3}
    assert found("tags.code:1.50") == {3}
    assert found("NOT tags.series:*") == {2, 3}
    assert found("country:fr AND NOT territory:DE") == {1, 2, 3}
    assert found("country:fr AND NOT territory:de") == {1, 2, 3}
    assert found("territory:de") == {0}
    assert found("available_from:<=1970-01-01T00:00:00.000100Z") == {0, 1}
    service.close()


def test_a_generation_that_is_named_is_asked(service: IndexService) -> None:
    service.begin("next", FINGERPRINTS, None)
    service.upsert_into("next", catalogue(3))
    named = Question({"t0000": 1.0}, generation="next")
    assert {hit.title_id for hit in service.alike(named).hits} == {"t0000", "t0001", "t0002"}
    with pytest.raises(NotFound, match="unknown_generation"):
        service.alike(replace(named, generation="nobody"))
