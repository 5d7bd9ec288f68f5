"""A crop lies inside, has its aspect, holds the main face and cuts no other."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork.crops import RATIOS, Box, crop
from content.types import ASPECTS, Aspect


@st.composite
def pictures(draw: st.DrawFn) -> tuple[Box, list[Box], int]:
    width, height = draw(st.integers(8, 4096)), draw(st.integers(8, 2304))
    inside = Box(draw(st.integers(0, 300)), draw(st.integers(0, 300)), width, height)
    faces = []
    for _ in range(draw(st.integers(0, 5))):
        size = (draw(st.integers(1, width)), draw(st.integers(1, height)))
        x = inside.x + draw(st.integers(0, width - size[0]))
        y = inside.y + draw(st.integers(0, height - size[1]))
        faces.append(Box(x, y, *size))
    return inside, faces, draw(st.integers(0, 2**32 - 1))


@settings(max_examples=300, deadline=None)
@given(pictures(), st.sampled_from(ASPECTS))
def test_a_crop_keeps_its_promises(picture: tuple[Box, list[Box], int], aspect: Aspect) -> None:
    inside, faces, seed = picture
    mass = np.random.default_rng(seed).random((12, 20)).astype(np.float32)
    mass /= mass.sum()
    window = crop(aspect, inside, faces, mass)
    if window is None:
        assert faces, "without faces there is always a crop"
        return
    assert inside.holds(window)
    ratio = RATIOS[aspect]
    assert abs(window.width - window.height * ratio) <= 1 or (
        abs(window.height - window.width / ratio) <= 1
    )
    assert window.width == inside.width or window.height == inside.height, "the largest there is"
    if faces:
        assert window.holds(max(faces, key=lambda f: (f.width * f.height, -f.x, -f.y)))
    for face in faces:
        assert window.holds(face) or window.overlap(face) is None
    assert crop(aspect, inside, list(reversed(faces)), mass) == window, "order tells nothing"
