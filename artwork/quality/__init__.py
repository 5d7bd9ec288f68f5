"""How good a picture is as artwork: named sub-scores in 0..1, and the gates no picture passes.

The scores are immutable facts of a picture: every formula here is deterministic and free of state.
docs/artwork.md lists them.
"""

from artwork.quality.measures import Quality, measure
from artwork.quality.picture import ANALYSIS_PX, analysis_picture
from artwork.quality.scores import appeal
from artwork.quality.text import lettering, lines

__all__ = [
    "ANALYSIS_PX",
    "Quality",
    "analysis_picture",
    "appeal",
    "lettering",
    "lines",
    "measure",
]
