"""The gates that no artwork passes, each with a name: asked before any score counts.

All that refuse are told, in the order of `GATES`. The first ones ask the pixels alone and are
cheap; only a picture that passes them is shown to the models behind the others.
"""

from collections.abc import Sequence

from artwork.quality.faces import FaceDetail, eyes_shut
from artwork.quality.measures import Quality
from content.types import MATURITIES, Maturity, Shot

GATES = (
    "dark",
    "blown",
    "flat",
    "blurred",
    "noise",
    "mid_transition",
    "title_card",
    "credits",
    "lettering",
    "eyes_shut",
    "unsafe",
    "above_maturity",
)
LESSER = frozenset({"blown", "blurred", "title_card", "credits", "lettering", "eyes_shut"})
"""Faults that a picture may have where its title offers nothing better."""
SMEARED = 0.2
"""Steadiness below which a picture is blurred by motion."""
MOVED, SOFT = 0.85, 0.25
"""Steadiness and sharpness: below both it is blurred by a movement that few edges tell."""
GRAINY = 0.25
"""`artwork.quality.tone.grain`: film grain, and the finest textures, stay below 0.1."""
MUCH_TEXT = 0.2
"""Summed width of lines over the picture's."""
CREDIT_LINES = 4
"""So many lines of text over a picture are its credits, or a page."""
UNSAFE = 0.8
BANDS: tuple[tuple[float, Maturity], ...] = ((0.7, "18"), (0.6, "16"), (0.5, "13"))
"""Of the unsafe score: from which on a picture is for whom."""
ARMED = 0.3
"""Of the gun score, from which on a picture is …"""
ARMED_FOR: Maturity = "13"
"""… for them."""
CUT_S = 0.08
"""Around a cut: two fields or frames may blend."""
GUARD_S = 0.1
"""Around a change that takes its time: its ends are soft."""
SPANS_S = {"dissolve": (0.75, 0.75), "wipe": (0.75, 0.75), "fade": (1.0, 0.5)}
"""Before and after a gradual boundary of which is not known how long it lasts: the usual."""
DOUBTFUL_S = 0.75
"""Beyond these a picture that looks like two is refused as well …"""
DOUBTFUL = 0.3
"""… from this `mixture` on."""


def pixel_gates(quality: Quality) -> tuple[str, ...]:
    """Which gates the pixels alone shut."""
    gates = (
        ("dark", quality.brightness < 0.055),
        ("blown", quality.brightness > 0.93),
        ("flat", quality.contrast < 0.09 or quality.fill < 0.08),
        ("blurred", _blurred(quality.sharpness, quality.steadiness)),
        ("noise", quality.structure < 0.30 or quality.grain > GRAINY),
        # White or grey words on one tone: a card, a logo, the credits.
        ("title_card", quality.fill < 0.30 and quality.saturation < 0.05),
        ("lettering", quality.lettering > MUCH_TEXT),
    )
    return tuple(reason for reason, refused in gates if refused)


def _blurred(sharpness: float, steadiness: float) -> bool:
    return sharpness < 0.10 or steadiness < SMEARED or (sharpness < SOFT and steadiness < MOVED)


def may_serve(reasons: Sequence[str]) -> bool:
    """Are its faults at most `LESSER` ones?"""
    return LESSER.issuperset(reasons)


def in_transition(at_s: float, mixture: float, shots: Sequence[Shot]) -> bool:
    """Is a moment of the film within a change of shot, told by its boundaries?

    Args:
        mixture: as `artwork.quality.damage.mixture`; makes the spans of gradual changes wider.
    """
    return any(_within(at_s, mixture, shot) for shot in shots if shot.boundary != "start")


def changing(shot: Shot) -> tuple[float, float]:
    """From when until when (s) the change into a shot lasts, with what is kept clear around it."""
    if shot.boundary == "start":
        return shot.start_s, shot.start_s
    if shot.boundary_from_s is None or shot.boundary_until_s is None:
        before_s, after_s = SPANS_S.get(shot.boundary, (CUT_S, CUT_S))
        return shot.start_s - before_s, shot.start_s + after_s
    around_s = CUT_S if shot.boundary == "cut" else GUARD_S
    return shot.boundary_from_s - around_s, shot.boundary_until_s + around_s


def _within(at_s: float, mixture: float, shot: Shot) -> bool:
    since_s, until_s = changing(shot)
    doubt_s = DOUBTFUL_S if shot.boundary != "cut" and mixture >= DOUBTFUL else 0.0
    return since_s - doubt_s <= at_s < until_s + doubt_s


def text_gates(widths: Sequence[float]) -> tuple[str, ...]:
    """Of lines that were read, each one's width over the picture's."""
    return tuple(
        name
        for name, refused in (
            ("credits", len(widths) >= CREDIT_LINES),
            ("lettering", sum(widths) > MUCH_TEXT),
        )
        if refused
    )


def face_gates(details: Sequence[FaceDetail]) -> tuple[str, ...]:
    """Of the larger faces."""
    return ("eyes_shut",) if eyes_shut(details) else ()


def maturity_of(unsafe: float, armed: float = 0.0) -> Maturity:
    """For whom a picture is by what it shows: nakedness as `content.encoders.unsafe` sees it, and
    large guns as `content.encoders.weapons` does. Blood, blows, fear and drugs are not seen."""
    bare: Maturity = next((age for least, age in BANDS if unsafe >= least), "all")
    shot: Maturity = ARMED_FOR if armed >= ARMED else "all"
    return max(bare, shot, key=MATURITIES.index)


def maturity_gates(unsafe: float, armed: float, wanted: Maturity | None) -> tuple[str, ...]:
    """`wanted`: of the title; None where it is not known."""
    shown = maturity_of(unsafe, armed)
    above = wanted is not None and MATURITIES.index(shown) > MATURITIES.index(wanted)
    gates = (("unsafe", unsafe >= UNSAFE), ("above_maturity", above))
    return tuple(name for name, refused in gates if refused)


def ordered(*reasons: Sequence[str]) -> tuple[str, ...]:
    """Each once, in the order of `GATES`."""
    found = {name for some in reasons for name in some}
    return tuple(name for name in GATES if name in found)
