"""Words to titles: is what search puts together better than each of its parts?

84 works in the public domain (`samples/themes.json`, two sentences each) are indexed as a service
does; of each three queries were written by hand (`search_queries.json`): what it is about in other
words, some of its own words, and its name misspelt. The answer sought is the one work. A work's
`half` is that of the themes' benchmark: weights may be chosen on `tuning`, `held_out` is reported.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from content.encoders.models import Models
from content.types import TitleInput
from indexes.schema import Place, WordsHit
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from indexes.taste.leaving_out import interval
from indexes.taste.places import F64
from tests.taste_worlds import seed
from workers import removal
from workers.parts import Parts
from workers.settings import Settings

SAMPLES = Path(__file__).parents[2] / "samples/themes.json"
QUERIES = Path(__file__).with_name("search_queries.json")
KINDS = ("meaning", "words", "name")
OURS = "Keyart"
FIRST = 10
NEVER = float("-inf")
RRF_K = 60
"""As in Cormack, Clarke & Buettcher 2009, who proposed reciprocal rank fusion."""

Row = dict[str, object]
Way = Callable[[WordsHit], float]
"""What a title is ranked by."""


@dataclass(frozen=True)
class Answer:
    """To one query: every work that was found at all, and which one was sought."""

    half: str
    kind: str
    sought: str
    hits: Sequence[WordsHit]

    def gain(self, way: Way) -> float:
        """nDCG@10 with the one right answer: 1/log2(1 + its rank). Ties count against it."""
        scores = {hit.title_id: way(hit) for hit in self.hits}
        own = scores.pop(self.sought, NEVER)
        rank = 1 + sum(score >= own for score in scores.values())
        return 1 / float(np.log2(1 + rank)) if own > NEVER and rank <= FIRST else 0.0


def run() -> list[Row]:
    """nDCG@10 of each way, by kind of query and over all; brackets: 95 % by bootstrap."""
    answers = _answers()
    rows: list[Row] = []
    for half in ("tuning", "held_out"):
        mine = [answer for answer in answers if answer.half == half]
        gains = {name: _gains(mine, way) for name, way in WAYS.items()}
        best = max((name for name in WAYS if name != OURS), key=lambda name: gains[name].mean())
        rows += [
            {
                "half": half,
                "ranked by": name,
                **{kind: f"{own[:, n].mean():.3f}" for n, kind in enumerate(KINDS)},
                "all": _told(own),
                f"{OURS} less it": "" if name == OURS else _told(gains[OURS] - own),
                "": "best of the others" if name == best else "",
            }
            for name, own in gains.items()
        ]
    return rows


def _gains(answers: Sequence[Answer], way: Way) -> F64:
    """(works, kinds)."""
    gains = [answer.gain(way) for answer in answers]
    return np.array(gains).reshape(-1, len(KINDS))


def _told(gains: F64) -> str:
    low, high = interval(gains.mean(axis=1))
    return f"{gains.mean():.3f} ({low:.3f} to {high:.3f})"


def _score(place: Place | None) -> float:
    return place.score if place is not None else NEVER


WAYS: Mapping[str, Way] = {
    "meaning alone": lambda hit: _score(hit.meaning),
    "words alone (BM25F)": lambda hit: _score(hit.words),
    "name alone": lambda hit: _score(hit.name),
    "reciprocal ranks of the three": lambda hit: sum(
        1 / (RRF_K + place.rank) for place in (hit.meaning, hit.words, hit.name) if place
    ),
    OURS: lambda hit: hit.score,
}


def _answers() -> list[Answer]:
    """Works in the order of the queries, kinds in the order of `KINDS`."""
    works: list[dict[str, Any]] = json.loads(SAMPLES.read_text("utf-8"))
    asked: list[dict[str, str]] = json.loads(QUERIES.read_text("utf-8"))
    titles = [
        TitleInput(id=f"w{n:02}", name=work["title"], synopsis=work["synopsis"], language="en")
        for n, work in enumerate(works)
    ]
    places = {work["title"]: (work["half"], f"w{n:02}") for n, work in enumerate(works)}
    models = Models()
    with TemporaryDirectory() as folder:
        parts = Parts.open(Settings(data=Path(folder)))
        seed(parts.settings.data, titles)
        index = IndexService(parts.settings.data / "index", EdgeStores())
        index.ensure(parts.fingerprints)
        index.upsert([p for title in titles if (p := removal.point_of(parts, title.id))])
        answers = []
        for query in asked:
            half, sought = places[query["title"]]
            for kind in KINDS:
                text = query[kind]
                hits = index.search(models.query(text), text=text, limit=len(titles))
                answers.append(Answer(half, kind, sought, hits))
        index.close()
        parts.close()
    return answers
