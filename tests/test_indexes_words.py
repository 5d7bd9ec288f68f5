"""Search by words: stems of many languages, fields, misspelt names, and words beside meaning."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.types import Vector
from indexes.lexical.analysis import terms_of, variants, words_of
from indexes.lexical.bm25 import Text, asked, document, fingerprint, matches, number
from indexes.lexical.names import resemblance, trigrams
from indexes.schema import Filter, TitlePoint
from indexes.search import together
from indexes.service import IndexService
from indexes.sparse import check_sparse
from indexes.store_edge import EdgeStores
from tests.index_points import FINGERPRINTS, point, vectors

INFLECTED = [
    ("en", "She was crossing the mountains", "cross mountain"),
    ("de", "Die Häuser der Könige", "haus königs"),
    ("fr", "Les chevaux sauvages couraient", "sauvage courir"),
    ("es", "Las ciudades perdidas", "ciudad perdida"),
    ("it", "Le ragazze ballavano", "ragazza ballare"),
    ("pt", "As cidades perdidas", "cidade perdido"),
    ("nl", "De boeken van de schrijvers", "boek schrijver"),
    ("sv", "Pojkarna och hundarna", "pojke hund"),
    ("no", "Guttene og hestene", "gutt hest"),
    ("da", "Hundene og drengene", "hund dreng"),
    ("ru", "Старые книги о городах", "старая книга"),
    ("tr", "Evlerin kapıları", "evler kapı"),
    ("ro", "Casele vechi", "casă"),
    ("hu", "A házak ablakai", "ház ablak"),
    ("pl", "Stare domy", "dom"),
    ("ar", "الكتب القديمة", "كتب"),
]


@pytest.mark.parametrize(("language", "told", "query"), INFLECTED)
def test_a_query_meets_other_forms_of_its_words(language: str, told: str, query: str) -> None:
    text = [Text("synopsis", told, language)]
    assert [m.word for m in matches(asked(query), text)] == list(asked(query).words)


def test_a_word_is_not_met_by_what_another_language_would_make_of_it() -> None:
    """French, and others, make `be` of `bee`."""
    told = [Text("said", "To be or not to be.", "en")]
    assert not matches(asked("bee"), told)
    assert not set(asked("bee").vector.indices) & set(document(told).indices)


def test_words_end_at_unicodes_boundaries_and_lose_their_elisions() -> None:
    words = ["amour", "un", "chien", "o'brien's", "3d"]
    assert words_of("L'amour d’un CHIEN, O'Brien's 3D") == words
    assert words_of("我爱北京") == ["我爱", "爱北", "北京"]
    assert words_of("ﬁlm Straße") == ["film", "strasse"]
    assert terms_of("Café", "fr") == terms_of("cafe", "fr")


def test_function_words_do_not_count_unless_there_is_nothing_else() -> None:
    assert asked("the girl who crosses the snow").words == ("girl", "crosses", "snow")
    assert asked("das mädchen im schnee").words == ("mädchen", "schnee")
    assert asked("It").words == ("it",)
    assert asked("!?").words == ()


def test_the_language_of_a_text_is_told_by_its_function_words() -> None:
    told = "Die Häuser stehen an der Straße und sind leer"
    assert terms_of(told, None) == terms_of(told, "de") != terms_of(told, "en")
    assert terms_of("Quo vadis", None) == ["quo", "vadis"]


def test_a_term_weighs_more_in_a_shorter_field_and_in_the_name() -> None:
    def weight(*texts: Text) -> float:
        vector = document(texts)
        at = vector.indices.index(number("en:dragon"))
        return vector.values[at]

    short = weight(Text("synopsis", "A dragon sleeps.", "en"))
    long = weight(Text("synopsis", "A dragon sleeps. " + "Nothing happens here. " * 40, "en"))
    said = weight(Text("said", "A dragon sleeps.", "en"))
    name = weight(Text("name", "Dragon", "en"))
    assert name > short > long > 0
    assert short > said


@given(st.lists(st.tuples(st.sampled_from(["name", "synopsis", "said"]), st.text(max_size=200))))
@settings(max_examples=60, deadline=None)
def test_any_text_makes_a_sound_vector_that_its_own_words_meet(pieces: list[tuple]) -> None:
    texts = [Text(field, text, None) for field, text in pieces]
    vector = document(texts)
    check_sparse(vector, "it")
    there = set(vector.indices)
    for _, text in pieces:
        for word in words_of(text):
            assert any(number(term) in there for term in variants(word))


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_a_name_is_most_like_itself(name: str) -> None:
    check_sparse(trigrams(name), "it")
    assert resemblance(name, name) == (1.0 if words_of(name) else 0.0)


@pytest.mark.parametrize(
    ("typed", "name", "other"),
    [
        ("sintle", "Sintel", "Simple Life"),
        ("matrx reloded", "The Matrix Reloaded", "The Matador"),
        ("lrod of the rigns", "The Lord of the Rings", "Lord Jim"),
        ("blupi spdier", "Blupi: The Spider", "Blupi: The Bridge"),
        ("amelie", "Amélie", "Emily"),
    ],
)
def test_a_misspelt_name_is_nearer_than_another(typed: str, name: str, other: str) -> None:
    assert resemblance(typed, name) > max(0.7, resemblance(typed, other))


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0.6, 1), st.floats(0, 0.3))
def test_whatever_speaks_for_a_title_lifts_it(m: float, w: float, n: float, more: float) -> None:
    least = together(m, w, n)
    assert together(m, 0.0, None) == pytest.approx(m)
    assert least >= m - 1e-9
    assert together(m, min(1.0, w + more), n) >= least - 1e-9
    assert together(m, w, min(1.0, n + more)) >= least - 1e-9
    assert least <= 1.0


def worded(seed: int, name: str, synopsis: str, language: str = "en", **more: object) -> TitlePoint:
    texts = [Text("name", name, language), Text("synopsis", synopsis, language)]
    return replace(
        point(seed, language=language, **more),
        name=name,
        sparse={"words": document(texts), "names": trigrams(name)},
        lexicon=fingerprint(),
    )


TITLES = [
    worded(1, "Sintel", "A young woman crosses snow to find the dragon she once saved."),
    worded(2, "The Bridge", "Two engineers argue over a bridge in the snow.", genres=("drama",)),
    worded(3, "Der Drache", "Ein Drache bewacht die Häuser des Königs.", "de"),
    worded(4, "Space Patrol", "A crew drifts between stars without fuel."),
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[IndexService]:
    opened = IndexService(tmp_path / "index", EdgeStores())
    opened.ensure(FINGERPRINTS)
    opened.upsert([*TITLES, *(worded(k, f"Filler {k}", "Nothing.") for k in range(20, 40))])
    yield opened
    opened.close()


def found(service: IndexService, text: str, **more: object) -> list[str]:
    return [hit.title_id for hit in service.search({}, text=text, limit=5, **more)]


def test_words_find_their_titles(service: IndexService) -> None:
    assert found(service, "dragons crossing snow")[0] == "t0001"
    assert found(service, "haus könig")[0] == "t0003"
    assert found(service, "engineers", filter=Filter(genre="drama")) == ["t0002"]
    assert found(service, "engineers", filter=Filter(genre="horror")) == []
    assert found(service, "zebra") == []


def test_a_misspelt_name_is_found(service: IndexService) -> None:
    best = service.search({}, text="sintle", limit=3)[0]
    assert best.title_id == "t0001"
    assert best.words is None
    assert best.name is not None and best.name.rank == 1
    assert found(service, "spcae patrl")[0] == "t0004"


def test_meaning_and_words_are_told_apart(service: IndexService) -> None:
    near = Vector(TITLES[3].vectors["synopsis"].data, FINGERPRINTS["synopsis"])
    hits = service.search({"synopsis": near}, text="dragon", limit=30)
    by = {hit.title_id: hit for hit in hits}
    assert by["t0004"].meaning.rank == 1 and by["t0004"].words is None  # type: ignore[union-attr]
    assert by["t0001"].words is not None and by["t0001"].meaning.rank > 1  # type: ignore[union-attr]
    alone = service.search({"synopsis": near}, limit=30)
    assert alone[0].title_id == "t0004"
    assert alone[0].score == pytest.approx(alone[0].meaning.score)  # type: ignore[union-attr]


def test_words_of_another_lexicon_are_left_out(service: IndexService) -> None:
    service.upsert([replace(TITLES[0], lexicon="bm25f@0", version=2)])
    assert "t0001" not in found(service, "woman saved")
    assert "t0001" in [h.title_id for h in service.search(vectors(1), limit=30)]
    service.begin("next", FINGERPRINTS, None)
    (live, side) = service.generations()
    assert live.lexicon == side.lexicon == fingerprint()


def test_a_deleted_title_is_not_found_by_its_words(service: IndexService) -> None:
    service.delete(["t0001"])
    assert "t0001" not in found(service, "dragon saved sintel")


def exact(texts: Sequence[str], query: str) -> list[float]:
    """BM25F of one field over documents, by its formula."""
    words = asked(query).words
    scores = []
    stored = [document([Text("synopsis", text, "en")]) for text in texts]
    for vector in stored:
        at = dict(zip(vector.indices, vector.values, strict=True))
        total = 0.0
        for term in {number(t) for word in words for t in variants(word)}:
            df = sum(term in v.indices for v in stored)
            idf = np.log(1 + (len(stored) - df + 0.5) / (df + 0.5))
            total += at.get(term, 0.0) * idf
        scores.append(total)
    return scores


def test_the_engine_multiplies_by_rarity(tmp_path: Path) -> None:
    texts = ["dragon snow", "snow snow bridge", "bridge and a long river in snow", "stars"]
    service = IndexService(tmp_path / "index", EdgeStores())
    service.ensure(FINGERPRINTS)
    points = [
        replace(
            point(k, []),
            sparse={"words": document([Text("synopsis", text, "en")])},
            lexicon=fingerprint(),
        )
        for k, text in enumerate(texts)
    ]
    service.upsert(points)
    hits = {h.title_id: h.words.score for h in service.search({}, text="snowy dragon", limit=9)}  # type: ignore[union-attr]
    service.close()
    truth = exact(texts, "snowy dragon")
    for k, score in enumerate(truth):
        assert hits.get(f"t{k:04d}", 0.0) == pytest.approx(score, abs=1e-4)
