"""Conditions: each engine decides them as plain Python does; what is malformed is refused."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient

from content.errors import Invalid
from content.ids import stable_id
from indexes.conditions import (
    DEPTH_MAX,
    AllOf,
    AnyOf,
    Condition,
    Equals,
    HasField,
    Ids,
    IsAny,
    Not,
    Range,
    check,
)
from indexes.fields import facts_of
from indexes.schema import Filter
from indexes.store import Query, StoredPoint, VectorStore, Where
from indexes.store_edge import EdgeStores
from indexes.store_server import ServerStores
from indexes.wire import pack, unpack

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes:UserWarning", "ignore:Local mode:UserWarning"
)
KEYS = [stable_id("default", f"t{n}") for n in range(12)]
GENRES = ("drama", "comedy", "horror")


def payloads() -> list[dict[str, Any]]:
    """Every field missing, null, empty, single and many somewhere."""
    rng = np.random.default_rng(5)
    made: list[dict[str, Any]] = []
    for n, _ in enumerate(KEYS):
        year = (1990 + n, None, 2001)[n % 3]
        facts = {"pacing": {"shots_per_minute": round(float(rng.uniform(2, 20)), 2)}}
        facts |= {
            "mood": {"moods": list(GENRES[: n % 3])},
            "look": {"monochrome": ("false", "true")[n % 2]},
        }
        made.append(
            {
                "tenant": "default" if n else "other",
                "title_id": f"t{n}",
                "version": 1,
                "genres": list(GENRES[: n % 4]),
                "language": ("en", None, "fr")[n % 3],
                "maturity_rank": n % 5,
                "facts": facts if n % 5 else {},
                "external_ids": {"house": str(n % 4)} if n % 2 else {},
            }
            | ({} if n == 7 else {"year": year})
        )
    return made


PAYLOADS = payloads()
fields = st.sampled_from(
    [
        "genres",
        "language",
        "year",
        "facts.mood.moods",
        "facts.look.monochrome",
        "external_ids.house",
    ]
)
names = st.sampled_from([*GENRES, "en", "fr", "1", "western"])
leaves = (
    st.builds(Equals, st.sampled_from(["genres", "language", "facts.mood.moods"]), names)
    | st.builds(Equals, st.just("year"), st.integers(1989, 2002))
    | st.builds(Equals, st.just("facts.look.monochrome"), st.sampled_from(["true", "false"]))
    | st.builds(
        IsAny,
        st.sampled_from(["genres", "language", "external_ids.house"]),
        st.lists(names, max_size=3).map(tuple),
    )
    | st.builds(IsAny, st.just("year"), st.lists(st.integers(1989, 2002), max_size=3).map(tuple))
    | st.builds(
        Range,
        st.sampled_from(["year", "maturity_rank"]),
        gte=st.none() | st.integers(0, 2002),
        lt=st.integers(0, 2010),
    )
    | st.builds(
        Range,
        st.just("facts.pacing.shots_per_minute"),
        gt=st.none() | st.floats(0, 20),
        lte=st.floats(0, 20),
    )
    | st.builds(HasField, fields)
    | st.builds(Ids, st.lists(st.sampled_from(KEYS), max_size=3).map(tuple))
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.builds(AllOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Not, inner)
    ),
    max_leaves=6,
)


def holds(condition: Condition, key: str, payload: Mapping[str, Any]) -> bool:  # noqa: PLR0911
    """What a condition means."""
    match condition:
        case AllOf(inner):
            return all(holds(each, key, payload) for each in inner)
        case AnyOf(inner):
            return any(holds(each, key, payload) for each in inner)
        case Not(inner):
            return not holds(inner, key, payload)
        case Ids(ids):
            return key in ids
        case HasField(field):
            return bool(values(payload, field))
        case Equals(field, value):
            return value in values(payload, field)
        case IsAny(field, wanted):
            return any(value in wanted for value in values(payload, field))
        case Range(field):
            return any(within(condition, value) for value in values(payload, field))


def values(payload: Mapping[str, Any], field: str) -> list[Any]:
    found: Any = payload
    for part in field.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, list) else [] if found is None else [found]


def within(condition: Range, value: float) -> bool:
    tests: dict[str, Callable[[float], bool]] = {
        "gte": lambda bound: value >= bound,
        "gt": lambda bound: value > bound,
        "lte": lambda bound: value <= bound,
        "lt": lambda bound: value < bound,
    }
    return all(tests[name](bound) for name, bound in condition.bounds.items())


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[VectorStore]:
    folder: Path = tmp_path_factory.mktemp("conditions")
    made = [
        EdgeStores().create("c", folder / "c", {"style": 2}),
        ServerStores(QdrantClient(":memory:")).create("c", folder, {"style": 2}),
    ]
    unit = np.array([1, 0], np.float32)
    points = [StoredPoint(k, {"style": unit}, p) for k, p in zip(KEYS, PAYLOADS, strict=True)]
    for store in made:
        store.upsert(points)
    return made


@given(trees)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_engines_decide_as_python_does(stores: list[VectorStore], condition: Condition) -> None:
    check(condition)
    assert unpack(pack(condition)) == condition
    wanted = {
        key
        for key, payload in zip(KEYS, PAYLOADS, strict=True)
        if payload["tenant"] == "default" and holds(condition, key, payload)
    }
    query = Query("style", np.array([1, 0], np.float32), 20, Where(condition))
    for store in stores:
        assert {hit.id for hit in store.query([query])[0]} == wanted


@pytest.mark.parametrize(
    "condition",
    [
        Equals("smell", "x"),
        Equals("facts", "x"),
        Equals('facts."a".b', "x"),
        Equals("year", "1990"),
        Equals("year", True),
        Equals("year", 2**54),
        Equals("genres", 3),
        Equals("facts.look.warmth", 1),
        Equals("facts.look.monochrome", True),
        IsAny("year", (1990, "x")),
        IsAny("external_ids.house", ("a", 1)),
        IsAny("genres", tuple(map(str, range(1001)))),
        Range("year"),
        Range("genres", gte=1),
        Range("year", gte=float("nan")),
        Range("year", lt=float("inf")),
        Range("year", lt=True),
        Range("facts.look.warmth", lt="x"),  # type: ignore[arg-type]
        HasField("title.name"),
        AllOf(tuple(HasField("year") for _ in range(300))),
        Ids(("x",) * 10_001),
    ],
)
def test_refusals(condition: Condition) -> None:
    with pytest.raises(Invalid, match="invalid_filter"):
        check(condition)
    with pytest.raises(Invalid, match="invalid_filter"):
        Filter(condition=Not(condition)).conditions()


def test_a_deep_tree_is_refused_before_the_stack_is() -> None:
    condition: Condition = HasField("year")
    for _ in range(DEPTH_MAX - 1):
        condition = Not(condition)
    check(condition)
    for _ in range(100):
        condition = Not(condition)
    with pytest.raises(Invalid, match="invalid_filter"):
        check(condition)


def test_facts_are_told_by_single_values_and_names() -> None:
    profile = {
        "look": {
            "palette": [{"name": "blue", "hex": "#00f", "share": 0.6}] * 2,
            "brightness": 1,
            "aspect": None,
            "monochrome": False,
        },
        "mood": {"top": "tense", "moods": {"warm": 0.2, "tense": 0.7, "sad": 0.05}},
        "words": {"themes": None, "transcript": [{"text": "hello"}]},
        "pacing": {},
        "palette": [{"name": "blue", "hex": "#00f", "share": 0.6}],  # as a film's profile has them
        "brightness": 1,
        "transcript": None,
    }
    assert facts_of(profile) == {
        "look": {"palette": ("blue",), "brightness": 1.0, "monochrome": "false"},
        "mood": {"top": "tense", "moods": ("tense", "warm")},
        "words": {"themes": ()},
    }
