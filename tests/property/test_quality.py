"""Whatever the pixels: scores within bounds, reasons in their order, weights that keep an order."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from artwork.framing.saliency import saliency
from artwork.quality.gates import GATES, ordered, pixel_gates
from artwork.quality.measures import measure
from artwork.quality.scores import pictured
from artwork.quality.weights import SCORES, checked, overall
from content.encoders.faces import Face
from content.types import U8

SIDES = st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))
PICTURES = SIDES.flatmap(lambda shape: arrays(np.uint8, shape))
UNIT = st.floats(0, 1, allow_nan=False)
ALL = st.fixed_dictionaries(dict.fromkeys(SCORES, UNIT))
WEIGHTS = st.fixed_dictionaries({name: st.floats(-1, 1) for name in SCORES}).filter(
    lambda weights: sum(map(abs, weights.values())) > 0.1
)


@settings(max_examples=25, deadline=None)
@given(PICTURES, st.integers(-5, 45), st.integers(-5, 45), st.integers(1, 60))
def test_every_score_of_any_picture_is_within_bounds(rgb: U8, x: int, y: int, side: int) -> None:
    mass = saliency(rgb)
    quality = measure(rgb, mass)
    told = pictured(rgb, quality, mass, [Face(x, y, side, side, 0.9)])
    assert all(np.isfinite(value) and 0.0 <= value <= 1.0 for value in told.values())
    assert set(told) <= set(SCORES)
    assert pixel_gates(quality) == ordered(pixel_gates(quality))


@settings(max_examples=50, deadline=None)
@given(ALL, WEIGHTS, st.sampled_from(SCORES), UNIT)
def test_the_overall_score_follows_the_sign_of_each_weight(
    scores: dict[str, float], weights: dict[str, float], name: str, other: float
) -> None:
    kept = checked(weights)
    one, two = overall(scores, kept), overall(scores | {name: other}, kept)
    assert 0.0 <= one <= 1.0
    assert (two - one) * np.sign(other - scores[name]) * np.sign(kept[name]) >= -1e-5


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(GATES), max_size=20), st.randoms())
def test_the_order_of_reasons_does_not_depend_on_how_they_came(
    names: list[str], random: object
) -> None:
    shuffled = list(names)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ordered(names) == ordered(shuffled) and len(ordered(names)) == len(set(names))
