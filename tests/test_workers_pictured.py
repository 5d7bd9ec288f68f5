"""What the index answers of a picture, joined with the catalogue's shots of today."""

from types import SimpleNamespace

import numpy as np

from content.entries import ShotRow
from content.types import Vector
from indexes.pictured import MediaHit, MediaPage, MediaQuestion
from indexes.question import Continuation
from workers.finding import Finding

SHOTS = [ShotRow(i, i * 1.0, i + 1.0, i + 0.5, f"{i}" * 64) for i in range(3)]
QUESTION = MediaQuestion(Vector(np.ones(1, np.float32), "made@1:1:a"))


def test_hits_of_a_version_that_is_not_published_are_left_out() -> None:
    published = {"film": 2, "other": 1}
    catalog = SimpleNamespace(
        published_version=published.get, version_shots=lambda _title, _version: SHOTS
    )
    hits = (
        MediaHit("film", 1, 0, 0.0, 1.0, 0.9, {"visual": 0.5}),
        MediaHit("gone", 1, 0, 0.0, 1.0, 0.8),
        MediaHit("other", 1, 1, 1.0, 2.0, 0.7, {"visual": 0.4}),
        MediaHit("film", 2, 3, 3.0, 4.0, 0.6),
    )
    following = Continuation("g", "", "q", 100, 4, 0.6, "film")
    index = SimpleNamespace(pictured=lambda _question: MediaPage(hits, following))
    found, then = Finding(catalog, index).pictured(QUESTION)
    assert [(each.title_id, each.score, each.shot) for each in found] == [("other", 0.7, SHOTS[1])]
    assert then is following
