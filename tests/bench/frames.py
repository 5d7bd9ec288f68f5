"""Planted best frames found among planted bad ones, beside what others choose.

The same clips for all, on fixed seeds; thresholds were tuned on others (`TUNED`). Ours is the real
way: the encoded clip understood by `extract`, its pictures chosen by `make_candidates`.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from artwork.candidates.walk import make_candidates
from artwork.images.store import ImageStore
from content import decode
from content.decode import DecodeLimits
from content.encoders.models import Models
from content.extract import extract
from tests.bench.frames_clips import BEST, FPS, Clip, clip
from tests.bench.frames_peers import Hecate, Katna, frames, precision, uniform

SEEDS, TUNED = range(9), range(100, 104)
"""Reported, and tuned on."""
PLACES = (1, 3, 5)
FOLDER = Path(".cache/bench").resolve() / "frames"

Row = dict[str, object]
Choice = list[int]
"""Frame numbers, the best first."""


def run(seeds: Sequence[int] = SEEDS) -> list[Row]:
    """A row a method: precision at 1, 3 and 5, the error at 3, and how many bad were chosen."""
    models = Models(transcript="off")
    told: dict[str, list[tuple[Clip, dict[int, Choice]]]] = {}
    bad = 0
    for seed in seeds:
        planted = clip(FOLDER, seed)
        bad += sum(map(planted.bad, range(len(planted.labels))))
        for name, chosen in _chosen(planted, models).items():
            told.setdefault(name, []).append((planted, chosen))
    return [_row(name, found, bad) for name, found in told.items()]


def _chosen(planted: Clip, models: Models) -> dict[str, dict[int, Choice]]:
    hecate, katna, count = Hecate(), Katna(), 0
    for rgb in frames(planted.path):
        hecate.feed(rgb)
        katna.feed(rgb)
        count += 1
    assert count == len(planted.labels)
    ours = _ours(planted.path, models)
    return {
        "Keyart": dict.fromkeys(PLACES, ours),
        "hecate-style": {n: hecate.choose(n) for n in PLACES},
        "Katna's rule": {n: katna.choose(n) for n in PLACES},
        "uniform": {n: uniform(count, n) for n in PLACES},
    }


def _ours(path: Path, models: Models) -> Choice:
    """All the pictures of the title, by their overall score."""
    with TemporaryDirectory() as folder:
        found = extract(path, models, limits=DecodeLimits(), on_progress=lambda *_: None)
        looked = make_candidates(
            path,
            found,
            title_id="bench",
            tenant="default",
            images=ImageStore(Path(folder)),
            models=models,
            grab=partial(decode.grab, steady=found.steady),
            on_progress=lambda _: None,
        ).candidates
    chosen = [one for one in looked if one.verdict == "chosen"]
    chosen.sort(key=lambda one: (-one.scores["overall"], one.at_s))
    return [round(one.at_s * FPS) for one in chosen]


def _row(name: str, found: Sequence[tuple[Clip, dict[int, Choice]]], bad: int) -> Row:
    at = {
        n: sum(
            precision([planted.labels[i] == BEST for i in chosen[n]], n)
            for planted, chosen in found
        )
        / len(found)
        for n in PLACES
    }
    most = [(planted, i) for planted, chosen in found for i in chosen[PLACES[-1]]]
    wrong = sum(planted.bad(i) for planted, i in most)
    return {
        "method": name,
        **{f"precision@{n}": f"{at[n]:.3f}" for n in PLACES},
        "error (1 - precision@3)": f"{1 - at[3]:.3f}",
        "bad ones chosen": f"{wrong} of {len(most)}",
        "bad ones planted": f"{bad:,}",
    }
