"""Lines do not depend on how the bytes come; none is held beyond its cap."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from api.lines import Line, Lines

CAP = 6


@given(
    st.lists(st.binary(max_size=9).map(lambda raw: raw.replace(b"\n", b"")), min_size=1),
    st.lists(st.integers(0, 80)),
)
def test_any_pieces_give_the_same_lines(texts: list[bytes], cuts: list[int]) -> None:
    body = b"\n".join(texts)
    ends = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    lines, found = Lines(CAP), list[Line]()
    for start, end in pairwise(ends):
        found += lines.feed(body[start:end])
        assert len(lines._held) <= CAP
    found += lines.finish()
    expected = texts if texts[-1] else texts[:-1]  # behind the last line feed there is no line
    assert found == [
        Line(number, raw if len(raw) <= CAP else None) for number, raw in enumerate(expected, 1)
    ]
    assert lines.finish() == [] and lines.number == len(expected) + 1
