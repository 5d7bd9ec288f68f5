"""Golden queries: read, asked as the catalogue is, and scored."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.errors import Invalid
from workers import golden
from workers.golden import Golden
from workers.settings import Settings


def test_they_are_read_from_the_data_folder_or_where_a_setting_says(tmp_path: Path) -> None:
    assert golden.read(Settings(data=tmp_path)) == ([], None)
    lines = [{"q": "a ship at sea", "expect": ["a", "b"]}, {"title_id": "a", "expect": ["b"]}]
    text = "\n".join(json.dumps(line) for line in lines) + "\n\n"
    (tmp_path / "golden.ndjson").write_text(text)
    (tmp_path / "other").write_text(text)
    queries, file = golden.read(Settings(data=tmp_path))
    assert queries == [
        Golden("words", "a ship at sea", frozenset("ab")),
        Golden("titles", "a", frozenset("b")),
    ]
    assert file == golden.read(Settings(data=tmp_path, golden=tmp_path / "other"))[1]
    with pytest.raises(Invalid, match="golden_invalid"):
        golden.read(Settings(data=tmp_path, golden=tmp_path / "nowhere"))
    with pytest.raises(Invalid, match="golden_invalid"):
        golden.read(Settings(data=tmp_path, golden=tmp_path))


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"q": "x"}',
        '{"q": "x", "expect": []}',
        '{"q": "x", "expect": [1]}',
        '{"q": "x", "expect": "a"}',
        '{"q": " ", "expect": ["a"]}',
        '{"q": 1, "expect": ["a"]}',
        '{"q": "x", "title_id": "a", "expect": ["a"]}',
        '{"title_id": "a", "expect": ["b"], "more": 1}',
        '"\ud800"'.encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_a_bad_line_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    good = '{"q": "x", "expect": ["a"]}'
    (tmp_path / "golden.ndjson").write_text(f"{good}\n\n{line}\n")
    with pytest.raises(Invalid, match="line 3") as caught:
        golden.read(Settings(data=tmp_path))
    assert caught.value.code == "golden_invalid"


def test_what_is_not_in_the_catalogue_is_not_expected() -> None:
    queries = [
        Golden("words", "x", frozenset({"a", "gone"})),
        Golden("words", "y", frozenset({"gone"})),
        Golden("titles", "a", frozenset({"a", "b"})),
        Golden("titles", "gone", frozenset({"a"})),
        Golden("titles", "b", frozenset({"b"})),
    ]
    assert golden.answerable(queries, ["a", "b"]) == [
        Golden("words", "x", frozenset("a")),
        Golden("titles", "a", frozenset("b")),
    ]


def test_scores_by_hand() -> None:
    assert golden.ndcg(["a", "b", "c"], {"a", "b"}) == 1.0
    assert golden.ndcg(["c", "a"], {"a"}) == pytest.approx(0.6309, abs=1e-4)
    assert golden.ndcg(["c"], {"a"}) == 0.0
    assert golden.recall(["c", "a"], {"a", "b"}) == 0.5
    many = [str(n) for n in range(20)]
    assert golden.ndcg(many, set(many)) == golden.recall(many, set(many)) == 1.0
    queries = [Golden("words", "x", frozenset("a")), Golden("words", "y", frozenset("b"))]
    found = golden.judged(queries, lambda query: ["a"])
    assert found is not None and found.plain() == {"queries": 2, "ndcg": 0.5, "recall": 0.5}
    assert golden.judged([], lambda query: []) is None


TITLES = st.lists(st.sampled_from("abcdefghijklmnop"), unique=True)


@given(found=TITLES, expect=st.frozensets(st.sampled_from("abcdefghijklmnop"), min_size=1))
def test_scores_are_shares_and_the_ideal_order_is_the_best(
    found: list[str], expect: frozenset[str]
) -> None:
    gained, share = golden.ndcg(found, expect), golden.recall(found, expect)
    assert 0 <= gained <= 1 + 1e-12 and 0 <= share <= 1
    assert (gained == 0) == (share == 0)
    better = sorted(found, key=lambda title: title not in expect)
    assert golden.ndcg(better, expect) >= gained - 1e-12
