"""What candidate pictures cost, stage by stage, beyond decoding: CPU s of this process.

Frames are decoded by a child, whose CPU is told for itself. The number of moments looked at has a
cap, so that a film of ten minutes costs what `MAX_LOOKS` moments and `MAX_GROUPS` pictures do.
"""

import resource
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from artwork.assess import Assessed, TitleContext, assess, see
from artwork.candidates.choosing import MAX_GROUPS, Look, judge
from artwork.candidates.probing import MAX_LOOKS, probe_times
from artwork.candidates.steadier import MOST, STEPS_S, steadier
from artwork.candidates.walk import _inside, _phash, _seen
from artwork.groups import GroupMaker
from artwork.images.store import ImageStore
from content import decode
from content.decode import DecodeLimits
from content.encoders.figure import FigureFinder
from content.encoders.models import Models
from content.extract import extract
from tests.bench.clips import clip

Row = dict[str, object]
T = TypeVar("T")


def run() -> list[Row]:
    """A row a stage: CPU s of a 1080p film, and for each moment or picture."""
    path, models = clip(1920, 1080), Models(transcript="off")
    found = extract(path, models, limits=DecodeLimits(), on_progress=lambda *_: None)
    for at_s, rgb in decode.grab(path, probe_times(found)[:1]):
        assess([see(at_s, rgb, models.faces)], models)
        models.figures.find(rgb)  # every model is loaded now
    children = _children_s()
    probing, times = _timed(lambda: probe_times(found))
    looking, sightings = 0.0, []
    for at_s, rgb in decode.grab(path, times):
        cost, seen = _timed(lambda at_s=at_s, rgb=rgb: see(at_s, rgb, models.faces))
        looking += cost
        sightings.append(seen)
    looking_at = partial(_seen, path, models=models, grab=decode.grab)
    again, sightings = _timed(lambda: steadier(sightings, found.shots, looking_at))
    decoding = _children_s() - children
    title = TitleContext(shots=found.shots, visual=found.vectors["visual"].data)
    assessing, told = _timed(lambda: assess(sightings, models, title))
    small = [_inside(s, one) for s, one in zip(sightings, told, strict=True)]
    looks = [Look(one, _phash(rgb), rgb) for one, rgb in zip(told, small, strict=True)]
    choosing, judged = _timed(lambda: judge(looks, found))
    chosen = [one for one, what in zip(told, judged, strict=True) if what.verdict == "chosen"]
    cropping, groups = _crops(path, chosen, models.figures), max(1, len(chosen))
    whole = probing + looking + again + assessing + choosing + cropping
    most = (
        (looking + assessing) / len(times) * MAX_LOOKS
        + looking / len(times) * MOST * len(STEPS_S)
        + choosing
        + cropping / groups * MAX_GROUPS
    )
    return [
        _row("which moments", probing, len(times)),
        _row("faces, bars, blocks at full resolution", looking, len(times)),
        _row("blurred faces, once more", again, len(times)),
        _row("sub-scores, gates, models", assessing, len(times)),
        _row("the choice", choosing, len(judged)),
        _row("crops, stored", cropping, groups),
        _row("together", whole, len(times)),
        {"stage": f"at most: {MAX_LOOKS} moments, {MAX_GROUPS} pictures", "CPU s": f"{most:.1f}"},
        _row("decoding, in the child, of the looking alone", decoding, len(times)),
    ]


def _crops(path: Path, chosen: list[Assessed], figures: FigureFinder) -> float:
    """CPU s of the groups of these pictures, stored."""
    spent = 0.0
    with TemporaryDirectory() as folder:
        maker = GroupMaker("bench", "default", ImageStore(Path(folder)), "bench", figures)
        frames = decode.grab(path, [one.at_s for one in chosen])
        for one, (_, rgb) in zip(chosen, frames, strict=True):
            spent += _timed(lambda one=one, rgb=rgb: maker.group(rgb, one))[0]
    return spent


def _row(stage: str, cost_s: float, count: int) -> Row:
    return {
        "stage": stage,
        "CPU s": f"{cost_s:.1f}",
        "of": count,
        "ms each": f"{1000 * cost_s / max(1, count):.0f}",
    }


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    before = time.process_time()
    result = work()
    return time.process_time() - before, result


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
