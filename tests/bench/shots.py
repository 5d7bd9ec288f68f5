"""Shot boundaries, beside PySceneDetect's detectors and TransNet V2 on the same clips.

A boundary that is told is right when it lies at most TOLERANCE frames from a cut, or within a
transition or at most so far from it; each true one counts once, and whatever else is told is
wrong. PySceneDetect reads the file itself, whole frames, with its defaults; ours and TransNet V2
get the signatures that one decoding pass makes, whose cost is not counted as theirs. Intervals:
bootstrap over clips (95 %), over boundaries where there is one clip.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scenedetect import detect
from scenedetect.detectors import AdaptiveDetector, ContentDetector

from content import decode
from content.decode import Signatures
from content.encoders.models import Models
from content.shots import AdaptiveShots, Boundary, BoundaryDetector, LearnedShots
from samples.fetch import fetch
from tests.bench.shots_clips import GRADUAL, Pool, generate, make_pools
from tests.bench.shots_truth import CUTS
from tests.transitions import Film, Join, Transition, compose, footage, write

TOLERANCE = 2
SEED = 77
"""Of the reported clips; the constants of content/shots were fitted on others (shots_fit)."""
JOINED_FILMS, JOINED_TAKES = 8, 10
DRAWS = 2000

Row = dict[str, object]


@dataclass(frozen=True)
class Score:
    """Of one clip: boundaries found, told wrongly, missed; and whether their kinds are right."""

    found: int
    wrong: int
    missed: int
    kinds: int = 0

    @staticmethod
    def f1(scores: Iterable["Score"]) -> float:
        found, wrong, missed = np.sum([(s.found, s.wrong, s.missed) for s in scores], axis=0)
        return float(2 * found / (2 * found + wrong + missed)) if found + wrong + missed else 1.0


Told = list[tuple[int, str]]
"""Frame and kind of each boundary."""


def run() -> list[Row]:
    """One row a set and detector; then the generated clips by recipe."""
    clips = fetch(Path(".cache/samples").resolve())
    pool = make_pools(clips, CUTS)[1]
    bench = Bench()
    with TemporaryDirectory() as folder:
        for number, (name, film) in enumerate(generate(SEED, pool)):
            path = write(film, Path(folder, f"{number}.mp4"))
            kind = "gradual" if name in GRADUAL else "hard"
            bench.add([f"generated, {kind}", f"· {name}"], path, film.truth)
            path.unlink()
        for number in range(JOINED_FILMS):
            film = _joined(np.random.default_rng([SEED, 99, number]), pool)
            bench.add(["sample clips, joined"], write(film, Path(folder, "joined.mp4")), film.truth)
    for name in ("bikes.mp4", "test.mp4"):
        if name in clips:
            truth = [Transition(cut, cut, "cut") for cut in CUTS[name][1:-1]]
            bench.add([name], clips[name], truth)
    return bench.rows()


def _joined(rng: np.random.Generator, pool: Pool) -> Film:
    """Real takes one after the other, joined by cuts."""
    order = rng.permutation(len(pool.takes))[:JOINED_TAKES]
    takes = [(footage(pool.takes[i]), min(48, len(pool.takes[i]))) for i in order]
    return compose(rng, takes, [Join()] * (len(takes) - 1))


class Bench:
    """Runs all detectors over a clip and keeps the scores."""

    def __init__(self) -> None:
        self._models = Models()
        self._scores: dict[str, dict[str, list[Score]]] = {}
        self._cpu_s: dict[str, float] = {}
        self._frames = 0

    def add(self, sets: Sequence[str], path: Path, truth: Sequence[Transition]) -> None:
        parts = [part for part in decode.analyse(path) if isinstance(part, Signatures)]
        self._frames += sum(len(part.at_s) for part in parts)
        told: dict[str, Callable[[], Told]] = {
            "ours": lambda: _told(AdaptiveShots(), parts),
            "TransNet V2": lambda: _told(LearnedShots(self._models.transitions), parts),
            "PySceneDetect Adaptive": lambda: _scenes(path, AdaptiveDetector()),
            "PySceneDetect Content": lambda: _scenes(path, ContentDetector()),
        }
        for detector, tell in told.items():
            began = time.process_time()
            boundaries = tell()
            spent = time.process_time() - began
            self._cpu_s[detector] = self._cpu_s.get(detector, 0.0) + spent
            for name in sets:
                scores = self._scores.setdefault(name, {}).setdefault(detector, [])
                scores.append(_judge(boundaries, truth))

    def rows(self) -> list[Row]:
        """The sets first, then the recipes of the generated ones."""
        ordered = sorted(self._scores.items(), key=lambda each: each[0].startswith("·"))
        return [
            self._row(name, detector, scores)
            for name, of_detector in ordered
            for detector, scores in of_detector.items()
        ]

    def _row(self, name: str, detector: str, scores: list[Score]) -> Row:
        found, wrong, missed, kinds = np.sum(
            [(s.found, s.wrong, s.missed, s.kinds) for s in scores], axis=0
        )
        low, high = _interval(scores)
        return {
            "set": name,
            "boundaries": found + missed,
            "detector": detector,
            "wrong": wrong,
            "precision": f"{found / (found + wrong):.3f}" if found + wrong else "",
            "recall": f"{found / (found + missed):.3f}" if found + missed else "",
            "F1": f"{Score.f1(scores):.3f}",
            "95 %": f"{low:.3f}–{high:.3f}",
            "kind right": f"{kinds}/{found}" if kinds else "",
            "CPU ms a frame": f"{1000 * self._cpu_s[detector] / self._frames:.2f}",
        }


def _told(detector: BoundaryDetector, parts: Sequence[Signatures]) -> Told:
    boundaries: list[Boundary] = []
    for part in parts:
        boundaries += detector.feed(part)
    boundaries += detector.finish()
    at_s = np.concatenate([part.at_s for part in parts])
    return [(int(np.abs(at_s - each.at_s).argmin()), each.kind) for each in boundaries]


def _scenes(path: Path, detector: AdaptiveDetector | ContentDetector) -> Told:
    return [(start.frame_num, "") for start, _ in detect(str(path), detector)[1:]]


def _judge(told: Told, truth: Sequence[Transition]) -> Score:
    left = list(truth)
    found, kinds = 0, 0
    for frame, kind in told:
        for true in left:
            if true.start - TOLERANCE <= frame <= true.end + TOLERANCE:
                found, kinds = found + 1, kinds + (true.kind.split()[-1] == kind)
                left.remove(true)
                break
    return Score(found, len(told) - found, len(left), kinds)


def _interval(scores: Sequence[Score]) -> tuple[float, float]:
    if len(scores) == 1:
        (one,) = scores
        scores = [Score(1, 0, 0)] * one.found + [Score(0, 1, 0)] * one.wrong
        scores += [Score(0, 0, 1)] * one.missed
    counts = np.array([(s.found, s.wrong, s.missed) for s in scores], float)
    rng = np.random.default_rng(0)
    drawn = counts[rng.integers(len(counts), size=(DRAWS, len(counts)))].sum(axis=1)
    right = 2 * drawn[:, 0]
    all_of_it = right + drawn[:, 1] + drawn[:, 2]
    f1 = np.where(all_of_it > 0, right / np.maximum(all_of_it, 1), 1.0)
    low, high = np.percentile(f1, [2.5, 97.5])
    return float(low), float(high)
