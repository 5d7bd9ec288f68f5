"""Everything that is measured on a picture's pixels alone, at once."""

from dataclasses import dataclass

from artwork.quality import colour, focus, tone
from artwork.quality.damage import mixture
from artwork.quality.picture import luma_of, unit
from artwork.quality.text import lettering
from content.types import F32, U8


@dataclass(frozen=True, slots=True)
class Quality:
    """Facts of an analysis picture, each in 0..1; see the function of each for its source."""

    brightness: float
    """Mean luma (ITU-R BT.601)."""
    exposure: float
    contrast: float
    saturation: float
    warmth: float
    sharpness: float
    colourfulness: float
    structure: float
    fill: float
    lettering: float
    """Share of the picture's width that lines of letter-like strokes take, summed over lines."""
    steadiness: float = 1.0
    """1 where it was not measured, and so for the next."""
    mixture: float = 0.0


def measure(rgb: U8, mass: F32 | None = None) -> Quality:
    """Measure an analysis picture: RGB uint8 (H, W, 3).

    Args:
        mass: where its subject is (`artwork.quality.subject.subject_mass`); None for a crop, of
            whose whole picture it is known already whether it is steady and one.
    """
    luma = luma_of(rgb)
    return Quality(
        brightness=unit(luma.mean()),
        exposure=tone.exposure(luma),
        contrast=tone.contrast(luma),
        saturation=colour.saturation(rgb),
        warmth=colour.warmth(rgb),
        sharpness=focus.sharpness(luma),
        colourfulness=colour.colourfulness(rgb),
        structure=tone.structure(luma),
        fill=tone.fill(luma),
        lettering=lettering(rgb),
        steadiness=1.0 if mass is None else focus.steadiness(luma, mass),
        mixture=0.0 if mass is None else mixture(luma),
    )
