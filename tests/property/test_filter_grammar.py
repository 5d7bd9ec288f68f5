"""The filter's grammar: whatever is written is a condition or a refusal that says where."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.errors import Invalid
from indexes.conditions import (
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
from indexes.grammar import LENGTH_MAX, parse

words = st.text('abcXYZ0-é"\\(), :.*<>=', min_size=1, max_size=6)
folded = words.map(str.casefold)  # genres that are asked for otherwise mean two things
leaves = (
    st.builds(Equals, st.just("facts.mood.moods"), words)
    | st.builds(Equals, st.just("genres"), folded)
    | st.builds(Equals, st.just("year"), st.integers(-(2**53), 2**53))
    | st.builds(
        IsAny,
        st.sampled_from(["genres", "external_ids.house", "tags.series"]),
        st.lists(folded, min_size=2, max_size=3, unique=True).map(tuple),
    )
    | st.builds(Range, st.just("year"), gte=st.integers(0, 9999), lte=st.integers(0, 9999))
    | st.builds(Range, st.just("facts.look.warmth"), gt=st.floats(-9, 9))
    | st.builds(HasField, st.sampled_from(["year", "tags.series"]))
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.builds(AllOf, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Not, inner)
    ),
    max_leaves=8,
)


def written(condition: Condition) -> str:
    """A condition as a filter, every part in parentheses."""
    match condition:
        case AllOf(parts):
            return " AND ".join(f"({written(part)})" for part in parts)
        case AnyOf(parts):
            return " OR ".join(f"({written(part)})" for part in parts)
        case Not(inner):
            return f"NOT ({written(inner)})"
        case HasField(field):
            return f"{field}:*"
    assert not isinstance(condition, Ids)
    return f"{condition.field}:{told(condition)}"


def told(leaf: Equals | IsAny | Range) -> str:
    match leaf:
        case Equals(_, value):
            return str(value) if isinstance(value, int) else quoted(value)
        case IsAny(_, values):
            return ",".join(quoted(str(value)) for value in values)
    return f"{leaf.gte}..{leaf.lte}" if leaf.gt is None else f">{leaf.gt!r}"


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(trees)
@settings(deadline=None)
def test_what_is_written_is_read_again(condition: Condition) -> None:
    try:
        check(condition)
        text = written(condition)
        parse(text)
    except Invalid as error:  # deeper, or longer, than a filter may be
        assert "levels" in error.detail or "characters" in error.detail
        return
    assert parse(text) == condition


@given(st.text(max_size=60) | st.text('genre:year.0123 ()ANDORNOT"\\,<>=*-ab', max_size=80))
@settings(deadline=None, max_examples=300)
def test_anything_is_a_condition_or_a_refusal_that_says_where(text: str) -> None:
    try:
        check(parse(text))
    except Invalid as error:
        assert error.code == "invalid_filter"
        assert 1 <= error.extra["position"] <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("genre:drama", Equals("genres", "drama")),
        (
            "genre:drama AND (year:1990..2000 OR NOT language:de)",
            AllOf(
                (
                    Equals("genres", "drama"),
                    AnyOf((Range("year", gte=1990, lte=2000), Not(Equals("language", "de")))),
                )
            ),
        ),
        (
            "genre:a OR genre:b AND genre:c",
            AnyOf((Equals("genres", "a"), AllOf((Equals("genres", "b"), Equals("genres", "c"))))),
        ),
        ('genre:"science fiction",drama', IsAny("genres", ("science fiction", "drama"))),
        ("year:1990..", Range("year", gte=1990)),
        ("maturity:<=13", Range("maturity_rank", lte=2)),
        ("maturity:18", Equals("maturity_rank", 4)),
        ("country:de", Equals("country", "DE")),
        ("language:EN", Equals("language", "en")),
        ("language:pt_br,ENG", IsAny("language", ("pt-BR", "en"))),
        ('language:"no language"', Equals("language", "no language")),
        ("facts.words.language:EN", Equals("facts.words.language", "en")),
        ("genre:Drama", IsAny("genres", ("Drama", "drama"))),
        ('genre:"Film Noir",noir', IsAny("genres", ("Film Noir", "film noir", "noir"))),
        ("tags.series:Blupi", Equals("tags.series", "Blupi")),
        ("facts.look.warmth:0.2", Range("facts.look.warmth", gte=0.2, lte=0.2)),
        ("tags.season:3", AnyOf((Equals("tags.season", "3"), Equals("tags.season", 3)))),
        (
            "tags.rating:4.5,5",
            AnyOf(
                (
                    IsAny("tags.rating", ("4.5", "5")),
                    Equals("tags.rating", 5),
                    Range("tags.rating", gte=4.5, lte=4.5),
                )
            ),
        ),
        ("external_ids.house:7", Equals("external_ids.house", "7")),
        ("external_ids.house:7.5", Equals("external_ids.house", "7.5")),
        ("territory:de,AT", IsAny("territories", ("DE", "AT"))),
        (
            "available_until:>2026-01-01T00:00:00Z",
            Range("available_until", gt=1_767_225_600_000_000),
        ),
        ("genre:AND", IsAny("genres", ("AND", "and"))),
    ],
)
def test_readings(text: str, condition: Condition) -> None:
    assert parse(text) == condition


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 1, "it ends here"),
        ("genre:drama genre:war", 13, "expected AND, OR"),
        ("genre:drama and genre:war", 13, "expected AND, OR"),
        ("genre:drama AND or", 17, "capitals"),
        ("NOT", 4, "it ends here"),
        ("(genre:drama", 1, "not closed"),
        ("genre:drama)", 12, "expected AND, OR"),
        ('year:1 AND genre:"drama', 18, "not closed"),
        ('genre:"a"b', 1, "stands alone"),
        ("drama", 1, "expected field:value"),
        ("genre:", 1, "to be what"),
        ("genre:a,,b", 1, "to be what"),
        ("year:1 AND smell:sweet", 12, "there is no field 'smell'"),
        ("year:soon", 1, "no number"),
        ("year:1.5", 1, "no whole number"),
        ("year:>1,2", 1, "a bound stands alone"),
        ("genre:>3", 1, "no range"),
        ("maturity:12", 1, "maturity is one of"),
        ("available_from:>yesterday", 1, "ISO 8601"),
        ("(" * 40 + "year:1", 17, "levels deep"),
        ("NOT " * 40 + "year:1", 65, "levels deep"),
        ("x" * (LENGTH_MAX + 1), LENGTH_MAX + 1, "characters"),
    ],
)
def test_refusals_name_the_place(text: str, position: int, says: str) -> None:
    with pytest.raises(Invalid, match="invalid_filter") as caught:
        parse(text)
    assert caught.value.extra["position"] == position
    assert says in caught.value.detail
