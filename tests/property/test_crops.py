"""Whatever the picture: what is shown of it lies inside, has its shape and cuts no face."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from artwork.framing.crops import RATIOS, Box
from artwork.framing.shown import ENOUGH, GAIN, LEAST_SHARE, Frame, frame
from artwork.framing.subject import Subject
from artwork.framing.windows import PROGRESS, SCALES
from artwork.framing.zones import zones
from artwork.quality.picture import analysis_picture
from content.types import ASPECTS, Aspect


@st.composite
def boxes(draw: st.DrawFn, inside: Box, most: int) -> list[Box]:
    found = []
    for _ in range(draw(st.integers(0, most))):
        size = draw(st.integers(1, inside.width)), draw(st.integers(1, inside.height))
        x = inside.x + draw(st.integers(0, inside.width - size[0]))
        y = inside.y + draw(st.integers(0, inside.height - size[1]))
        found.append(Box(x, y, *size))
    return found


@st.composite
def subjects(draw: st.DrawFn, largest: int = 4096) -> Subject:
    width, height = draw(st.integers(8, largest)), draw(st.integers(8, largest))
    inside = Box(draw(st.integers(0, 300)), draw(st.integers(0, 300)), width, height)
    mass = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).random((12, 20), np.float32)
    faces, words = draw(boxes(inside, 5)), draw(boxes(inside, 2))
    figure = np.zeros((64, 64), np.float32)
    for box in draw(boxes(Box(0, 0, 64, 64), 2)):
        box.cut(figure[..., None])[:] = 1.0
    return Subject.of(inside, faces, mass / mass.sum(), words, figure)


@settings(max_examples=150, deadline=None)
@given(subjects(), st.sampled_from(ASPECTS))
def test_what_is_shown_keeps_its_promises(subject: Subject, aspect: Aspect) -> None:
    shown = frame(aspect, subject)
    if shown is None:
        assert subject.faces or subject.words, "without them there is always a crop"
        return
    inside, window, ratio = subject.inside, shown.window, RATIOS[aspect]
    assert inside.holds(window)
    width, height = shown.size
    assert abs(width - height * ratio) <= 1 or abs(height - width / ratio) <= 1
    if shown.fit == "crop":
        least = SCALES[-1] * min(inside.width / ratio, inside.height)
        assert window.height >= least - 1.5
    else:
        assert window.width == width or window.height == height
        assert window.width * window.height >= LEAST_SHARE * width * height
    whole = window == inside
    for face in subject.faces:
        assert whole or window.holds(face) or window.overlap(face) is None
    for line in subject.words:
        assert whole or window.holds(line) or window.overlap(line) is None
    if subject.faces:
        assert window.holds(subject.head(subject.faces[0])), "the main head, with its hair"
    if subject.thing is not None and not subject.faces and not subject.words:
        bare = frame(aspect, replace(subject, thing=None))
        assert bare is not None and bare.fit == "crop"
        if shown.fit == "bleed":
            assert subject.whole(bare.window) < ENOUGH
            assert subject.whole(window) >= subject.whole(bare.window) + GAIN - 1e-6
    turned = replace(subject, words=subject.words[::-1])
    assert frame(aspect, turned) == shown, "order tells nothing"


@settings(max_examples=40, deadline=None)
@given(subjects(largest=400), st.sampled_from(ASPECTS), st.integers(0, 2**32 - 1))
def test_what_may_be_laid_over_lies_inside_and_apart_from_faces(
    subject: Subject, aspect: Aspect, seed: int
) -> None:
    shown = frame(aspect, subject)
    if shown is None:
        return
    size = (subject.inside.bottom, subject.inside.right, 3)
    rgb = np.random.default_rng(seed).integers(0, 256, size, np.uint8)
    found = zones(analysis_picture(shown.shown(rgb)), shown, subject)
    assert all(0 <= each <= 1 for each in found.focal)
    assert set(found.safe) <= {"title", "progress"}
    for x, y, width, height in found.safe.values():
        assert min(x, y) >= 0 and x + width <= 1 + 1e-6 and y + height <= 1 + 1e-6
    faces = [shown.area(f) for f in subject.faces if shown.window.holds(f)]
    if "title" in found.safe:
        assert found.safe["title"][2] >= 0.25 and found.safe["title"][3] >= 0.1, "of use"
        assert not any(_meet(found.safe["title"], face) for face in faces)
        assert found.safe["title"][1] + found.safe["title"][3] <= 1 - PROGRESS + 1e-6
    if "progress" in found.safe:
        assert not any(y + height / 2 > 1 - PROGRESS for _, y, _, height in faces)


def _meet(a: list[float], b: tuple[float, float, float, float]) -> bool:
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return across > 1e-6 and down > 1e-6


@settings(max_examples=60, deadline=None)
@given(subjects(), st.sampled_from(ASPECTS))
def test_a_place_in_the_picture_is_found_again_in_what_is_shown(
    subject: Subject, aspect: Aspect
) -> None:
    shown = frame(aspect, subject)
    if shown is None:
        return
    x, y, width, height = shown.area(shown.window)
    assert 0 <= x <= x + width <= 1 + 2e-6 and 0 <= y <= y + height <= 1 + 2e-6
    if shown.fit == "crop":
        assert (x, y, width, height) == (0, 0, 1, 1)
    else:
        assert max(width, height) > 0.999
        assert abs(x + width / 2 - 0.5) < 1e-5 and abs(y + height / 2 - 0.5) < 1e-5
    assert isinstance(shown, Frame)
