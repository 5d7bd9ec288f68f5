"""Invariants of setting and placing titles, of pairs and of grades."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork.compose import fonts, grades, layout
from artwork.compose.scripts import pieces
from artwork.compose.setting import broken
from artwork.compose.setting import settings as set_title
from artwork.framing.crops import Box

WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=9), min_size=1, max_size=8)
TITLE = set_title("The Quiet Ones", fonts.choose("The Quiet Ones"))


@given(WORDS, st.data())
def test_lines_hold_all_words_and_the_longest_is_as_short_as_can_be(
    words: list[str], data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, len(words)))
    lines = broken(pieces(" ".join(words)), count)
    assert len(lines) == count and " ".join(lines).split() == words
    best = min(
        max(len(" ".join(words[a:b])) for a, b in zip((0, *cuts), (*cuts, len(words)), strict=True))
        for cuts in combinations(range(1, len(words)), count - 1)
    )
    assert max(map(len, lines)) == best


@given(
    st.lists(st.tuples(*(st.integers(0, n) for n in (500, 300)), st.integers(20, 300)), max_size=3),
    st.integers(0, 2**16),
)
@settings(max_examples=25, deadline=None)
def test_no_placement_covers_a_face_or_leaves_the_picture(
    spots: list[tuple[int, int, int]], seed: int
) -> None:
    rgb = np.random.default_rng(seed).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    faces = [Box(x, y, size * 3 // 4, size) for x, y, size in spots]
    for one in layout.place(rgb, TITLE, faces):
        assert Box(0, 0, 640, 360).holds(one.box)
        assert not any(one.box.overlap(face) for face in faces)
        drawn = one.setting.draw(one.size_px, one.align)
        assert abs(drawn.shape[1] - one.box.width) <= 0.02 * one.box.width + 4


@given(st.integers(0, 2**16), st.sampled_from(("warm", "cold")))
@settings(max_examples=20, deadline=None)
def test_a_grade_is_of_each_pixel_alone(seed: int, look: str) -> None:
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
    tones = grades.title_tones(["#26344e", "#c08a5a"], rgb)
    order = rng.permutation(256)
    moved = rgb.reshape(-1, 3)[order].reshape(16, 16, 3)
    one = grades.graded(rgb, look, tones).reshape(-1, 3)[order]
    assert np.array_equal(one, grades.graded(moved, look, tones).reshape(-1, 3))
