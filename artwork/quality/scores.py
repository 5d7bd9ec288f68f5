"""The named sub-scores of one picture, gathered; the overall one among them."""

from collections.abc import Sequence

from artwork.quality import colour, composition, focus, subject
from artwork.quality.composition import NEUTRAL
from artwork.quality.faces import FaceDetail, face_scores
from artwork.quality.measures import Quality
from artwork.quality.picture import luma_of, ramp, unit
from artwork.quality.weights import Weights, overall
from content.encoders.faces import Face
from content.types import F32, U8

UNLIKE, ALIKE = 0.3, 0.9
"""Cosine with its title's vector of a picture that is far from it, and of one in its midst."""
STILL, WILD = 0.02, 0.25
"""Of `motion_local` (docs/facts.md)."""


def pictured(rgb: U8, quality: Quality, mass: F32, faces: Sequence[Face]) -> dict[str, float]:
    """What pixels and the places of faces tell.

    Args:
        rgb: the analysis picture.
        mass: its saliency; faces are laid on top here.
        faces: largest first, in px of `rgb`.
    """
    luma, size = luma_of(rgb), (rgb.shape[1], rgb.shape[0])
    where = subject.subject_mass(mass, faces, size)
    return {
        "sharpness": focus.subject_focus(luma, where),
        "steadiness": quality.steadiness,
        "exposure": quality.exposure,
        "contrast": unit(quality.contrast / 0.5),
        "colourfulness": quality.colourfulness,
        "harmony": colour.harmony(rgb),
        "thirds": composition.thirds(mass, faces, size),
        "symmetry": composition.symmetry(luma),
        "headroom": composition.headroom(faces, size),
        "leading_space": composition.leading_space(faces, size),
        "subject_size": subject.subject_size(mass),
        "separation": subject.separation(rgb, luma, where),
        "unmixed": unit(1.0 - quality.mixture),
        "pictorial": pictorial(quality),
    }


def gathered(
    pixels: dict[str, float],
    details: Sequence[FaceDetail],
    *,
    face_count: int,
    text_width: float,
    bars: float,
    blockiness: float,
    face_focus: float | None,
    motion: float | None,
    closeness: float | None,
    weights: Weights,
) -> dict[str, float]:
    """All sub-scores and `overall`, which leaves out those that nothing is known of.

    Args:
        pixels: of `pictured`.
        text_width: summed width of lines over the picture's.
        bars: share of the full picture that bars take.
        face_focus: of the largest face; None without one.
        motion: `motion_local` of its second; else motion blur stands for action.
        closeness: cosine with the title's own vector.
    """
    moved = 1.0 - pixels["steadiness"] if motion is None else ramp(motion, STILL, WILD)
    scores = pixels | face_scores(details, face_count)
    if face_focus is not None:
        scores["sharpness"] = focus.with_face(pixels["sharpness"], face_focus, scores["face_size"])
    scores |= {
        "action": unit(moved),
        "text_free": text_free(text_width),
        "face_focus": NEUTRAL if face_focus is None else face_focus,
        "full_frame": unit(1.0 - bars),
        "clean": unit(1.0 - blockiness),
    }
    if closeness is not None:
        scores["meaning"] = ramp(closeness, UNLIKE, ALIKE)
    return scores | {"overall": overall(scores, weights)}


def text_free(width: float) -> float:
    """1 without words; 0 from lines of two fifths of the picture's width together: a short one
    already makes it a caption."""
    return unit(1.0 - 2.5 * width)


def pictorial(quality: Quality) -> float:
    """0 for a title card or credits: colourless, most of it of one tone; 1 for a picture."""
    return unit(1.0 - ramp(quality.fill, 0.6, 0.2) * ramp(quality.saturation, 0.15, 0.03))


def appeal(quality: Quality, face: float) -> float:
    """The overall score of a picture of which only this is known, as of a crop, 0..1.

    `face` is 0..1, how present a face is. This only picks candidates; which of them a viewer
    likes is learnt from what viewers do.
    """
    names = ("sharpness", "exposure", "colourfulness")
    scores = {name: float(getattr(quality, name)) for name in names}
    scores |= {"contrast": unit(quality.contrast / 0.5), "face_size": face}
    return overall(scores | {"text_free": text_free(quality.lettering)})
