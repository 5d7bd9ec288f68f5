"""The gates of a generation, on a real index: what is measured, what fails, what is kept."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from content.errors import Conflict
from content.types import Space, Vector
from indexes.calibration import Calibration
from indexes.graph import Graph
from indexes.schema import Hit, TitlePoint
from tests.index_points import DIMS, FINGERPRINTS, OTHER_FINGERPRINTS, point, vectors
from tests.opened import indexed_parts
from workers.gates import Gates
from workers.jobs import JobRecord
from workers.pace import MOST, Pace
from workers.parts import Parts

TITLES = [f"t{n:04d}" for n in range(30)]


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with indexed_parts(tmp_path, reindex_pace=1.0) as opened:
        opened.index.ensure(FINGERPRINTS)
        opened.index.upsert([point(n) for n in range(30)])
        yield opened


def side(parts: Parts, items: list[TitlePoint], prints: dict[Space, str] = FINGERPRINTS) -> Gates:
    """The gates of a job whose generation holds these points."""
    job = parts.rows.add_reindex()
    name = cast(str, job.generation)
    parts.index.begin(name, prints, Calibration.default(DIMS))
    parts.index.upsert_into(name, items)
    return gates(parts, job)


def gates(parts: Parts, job: JobRecord) -> Gates:
    stop = threading.Event()
    return Gates(parts, cast(Any, None), job, stop, Pace(1.0, stop))


def told(parts: Parts, found: Gates) -> dict[str, Any]:
    return dict((parts.rows.get(found.job.id).outcome or {})["gates"])


def golden(parts: Parts, *lines: dict[str, Any]) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (parts.settings.data / "golden.ndjson").write_text(text)


def test_the_same_vectors_pass_and_what_was_found_is_kept(parts: Parts) -> None:
    found = side(parts, [point(n) for n in range(30)])
    quality = found.passed(TITLES)
    assert quality == {
        **{"titles": 30, "points": 30, "against": "first", "sample": 30},
        **{"recall": None, "recall_by_space": {}, "overlap": 1.0, "lost": {}, "golden": None},
    }
    assert told(parts, found) == {**quality, "failed": []}
    kept = {info.name: info.quality for info in parts.index.generations()}
    assert kept == {"first": None, found.job.generation: quality}


def test_other_vectors_have_other_neighbours_which_is_told_not_judged(parts: Parts) -> None:
    shuffled = [replace(point(n), vectors=vectors(n + 500)) for n in range(30)]
    overlap = side(parts, shuffled).passed(TITLES)["overlap"]
    assert 0.1 < overlap < 0.7  # a third by chance


def test_vectors_must_not_be_lost(parts: Parts) -> None:
    less = [point(n, [s for s in DIMS if s != "audio" or n > 1]) for n in range(30)]
    found = side(parts, less)
    with pytest.raises(Conflict, match="audio: 2 of 30 titles") as caught:
        found.passed(TITLES)
    assert caught.value.code == "gate"
    assert "readers stay on first" in caught.value.detail
    assert told(parts, found)["failed"] == ["vectors"]
    assert parts.index.generations()[-1].quality is None
    lenient = parts.settings.model_copy(update={"reindex_loss": 0.07})
    again = replace(found, parts=replace(parts, settings=lenient))
    assert again.passed(TITLES)["lost"] == {"audio": 2}


def test_golden_titles_must_not_be_lost_from_sight(parts: Parts) -> None:
    before = parts.index.similar("t0001", space="fused", limit=3, exact=True)
    golden(parts, {"title_id": "t0001", "expect": [hit.title_id for hit in before]})
    same = side(parts, [point(n) for n in range(30)])
    quality = same.passed(TITLES)["golden"]
    one = {"queries": 1, "ndcg": 1.0, "recall": 1.0}
    assert quality["titles"] == {**one, "before": one}
    assert (quality["ndcg"], quality["recall"], quality["queries"]) == (1.0, 1.0, 1)
    parts.rows.finish(same.job.id)
    worse = [replace(point(n), vectors=vectors(n + 900)) for n in range(30)]
    found = side(parts, worse)
    with pytest.raises(Conflict, match="golden titles: nDCG@10"):
        found.passed(TITLES)
    assert told(parts, found)["failed"] == ["golden"]
    easy = parts.settings.model_copy(update={"golden_margin": 1.0})
    replace(found, parts=replace(parts, settings=easy)).passed(TITLES)


def test_words_of_another_encoder_are_measured_against_what_was_found_then(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old encoder is not there any more: its own gates have kept what it found."""
    golden(parts, {"q": "the third", "expect": ["t0003"]})
    asked: dict[Space, Vector] = {}
    monkeypatch.setattr(Gates, "_words", lambda _self, _text: asked)
    asked["synopsis"] = point(3).vectors["synopsis"]
    first = side(parts, [point(n) for n in range(30)])
    one = {"queries": 1, "ndcg": 1.0, "recall": 1.0}
    assert first.passed(TITLES)["golden"]["words"] == {**one, "before": one}
    parts.rows.finish(first.job.id)
    parts.index.verify(cast(str, first.job.generation), {})
    parts.index.cut_over(cast(str, first.job.generation))
    prints = {**FINGERPRINTS, "synopsis": OTHER_FINGERPRINTS["synopsis"]}
    # Whatever the new encoder is asked, another title comes first.
    asked["synopsis"] = Vector(point(4).vectors["synopsis"].data, prints["synopsis"])
    found = side(parts, [point(n, fingerprints=prints) for n in range(30)], prints)
    with pytest.raises(Conflict, match=r"golden words: nDCG@10 0.* after 1.0"):
        found.passed(TITLES)
    golden(parts, {"q": "others", "expect": ["t0003"]})  # of which nothing is known then
    assert found.passed(TITLES)["golden"]["words"]["before"] is None


def test_a_graph_that_finds_too_little_is_not_cut_over_to(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = side(parts, [point(n) for n in range(30)])
    new = parts.index.generations()[-1]
    graph = Graph(30, False, 64, {}, 1.0, 1)
    infos = [*parts.index.generations(detailed=True)[:-1], replace(new, graph=graph, spaces={})]
    service, similar = cast(Any, parts.index), parts.index.similar
    monkeypatch.setattr(service, "generations", lambda **_: infos)

    def half_blind(title: str, *, exact: bool, space: str, **asked: Any) -> list[Hit]:
        hits = similar(title, exact=exact, space=cast(Any, space), **asked)
        return hits if exact or space != "audio" else hits[:5]

    monkeypatch.setattr(service, "similar", half_blind)
    with pytest.raises(Conflict, match=r"audio: recall@10 is 0\.5"):
        found.passed(TITLES)
    figures = told(parts, found)
    assert (figures["failed"], figures["recall"]) == (["recall"], 0.5)
    assert figures["recall_by_space"]["visual"] == 1.0


class Clock:
    """Time that passes only where somebody works or waits."""

    def __init__(self, late_s: float = 0.0) -> None:
        self.now, self.late_s = 0.0, late_s
        self.rests: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.now += seconds + self.late_s


def work(clock: Clock, pace: Pace, parts: int) -> None:
    for _ in range(parts):
        with pace.part():
            clock.now += 1.0


@pytest.mark.parametrize(("share", "rest"), [(0.5, 1.0), (0.25, 3.0)])
def test_a_reindex_rests_between_its_parts(share: float, rest: float) -> None:
    clock = Clock()
    work(clock, Pace(share, cast(Any, clock), clock), 3)
    assert clock.rests == [rest] * 3


def test_it_rests_longer_while_the_machine_is_busy_but_not_for_ever() -> None:
    clock = Clock(late_s=0.05)
    pace = Pace(0.5, cast(Any, clock), clock)
    work(clock, pace, 5)
    assert clock.rests == [1.0, 2.0, 4.0, MOST, MOST]
    clock.late_s = 0.0
    work(clock, pace, 4)
    assert clock.rests[5:] == [4.0, 2.0, 1.0, 1.0]


def test_at_full_pace_there_is_no_rest() -> None:
    clock = Clock(late_s=1.0)
    work(clock, Pace(1.0, cast(Any, clock), clock), 3)
    assert clock.rests == []
