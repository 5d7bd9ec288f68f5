"""Themes of synopses of known works: how often the first, or one of the first three, is right.

`samples/themes.json`: two sentences about each of 84 works in the public domain, in our own words,
with the themes an editor would give; `half` says which ones the scores were tuned on.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from content.encoders.models import Models
from content.theme_vocabulary import THEMES
from content.themes import LEAST, evidence, theme_scores

SAMPLES = Path(__file__).parents[2] / "samples/themes.json"
DRAWS = 2000


def run() -> list[dict[str, object]]:
    """One row for each half; brackets: 95 % intervals by bootstrap over the works."""
    works: list[dict[str, Any]] = json.loads(SAMPLES.read_text("utf-8"))
    models = Models()
    vectors = models.text.encode([work["synopsis"] for work in works])
    order = np.argsort(-evidence(vectors, models.text), axis=1, kind="stable")
    names, rows = list(THEMES), []
    for half in ("tuning", "held_out"):
        chosen = [k for k, work in enumerate(works) if work["half"] == half]
        truth = [{names.index(theme) for theme in works[k]["themes"]} for k in chosen]
        hits = [
            [bool(t & set(order[k, :n].tolist())) for n in (1, 3, 5)]
            for k, t in zip(chosen, truth, strict=True)
        ]
        told = [
            {found["theme"] for found in theme_scores(vectors[k : k + 1], models.text)}
            for k in chosen
        ]
        right = sum(len(t & set(works[k]["themes"])) for k, t in zip(chosen, told, strict=True))
        chance = np.mean([1 - _none(len(t), len(names), 3) for t in truth])
        rows.append(
            {
                "half": half,
                "works": len(chosen),
                "top-1": _share([hit[0] for hit in hits]),
                "top-3": _share([hit[1] for hit in hits]),
                "top-5": _share([hit[2] for hit in hits]),
                "top-3 by chance": f"{chance:.2f}",
                f"told (≥ {LEAST}) a work": f"{sum(map(len, told)) / len(told):.1f}",
                "right of those told": f"{right / max(1, sum(map(len, told))):.2f}",
            }
        )
    return rows


def _none(right: int, of: int, drawn: int) -> float:
    return float(np.prod([(of - right - k) / (of - k) for k in range(drawn)]))


def _share(hits: list[bool]) -> str:
    values = np.array(hits, float)
    rng = np.random.default_rng(1)
    means = values[rng.integers(0, len(values), (DRAWS, len(values)))].mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{values.mean():.2f} [{low:.2f}, {high:.2f}]"
