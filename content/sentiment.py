"""How pleasant is what is said: VADER (Hutto & Gilbert 2014), a lexicon and rules for English.

Lines in any other language have no sentiment (None).
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from content.transcript import Line

ARC_POINTS = 60
"""At most so many points of an arc …"""
ARC_STEP_S = 10.0
"""… and not more than one in so many seconds."""


def line_sentiment(line: "Line") -> float | None:
    """VADER's compound, −1 (worst) .. 1 (best), 0 neutral; None when it is not in English."""
    if line.language != "en":
        return None
    return _compound(line.text)


def sentiment(lines: Sequence["Line"]) -> float | None:
    """Mean over what is said, weighted by its characters, −1..1; None without English lines."""
    scored = [
        (score, len(line.text)) for line in lines if (score := line_sentiment(line)) is not None
    ]
    if not scored:
        return None
    values, weights = zip(*scored, strict=True)
    return round(float(np.average(values, weights=weights)), 3)


def arc(lines: Sequence["Line"], duration_s: float) -> list[dict[str, float]]:
    """Sentiment over the film: `{at_s, sentiment}` at even steps, only near to where it is spoken.

    A kernel smoother (Nadaraya 1964, Watson 1964) with a Gaussian of one step's width; a point
    with less than 20 characters said within it is left out.
    """
    scored = [
        ((line.start_s + line.end_s) / 2, score, len(line.text))
        for line in lines
        if (score := line_sentiment(line)) is not None
    ]
    if not scored or duration_s <= 0:
        return []
    at_s, scores, characters = np.array(scored).T
    count = int(np.clip(duration_s // ARC_STEP_S, 1, ARC_POINTS))
    width_s = duration_s / count
    points = (np.arange(count) + 0.5) * width_s
    weights = np.exp(-0.5 * ((points[:, None] - at_s) / width_s) ** 2) * characters
    totals = weights.sum(1)
    return [
        {"at_s": round(float(point), 2), "sentiment": round(float(row @ scores / total), 3)}
        for point, row, total in zip(points, weights, totals, strict=True)
        if total >= 20
    ]


@lru_cache(maxsize=8192)
def _compound(text: str) -> float:
    # A line is asked for with its shot, with the title and for the arc.
    return float(_analyzer().polarity_scores(text)["compound"])


@cache
def _analyzer() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
