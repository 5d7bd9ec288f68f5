"""What understanding a film costs, stage by stage, beside decoding it alone.

CPU is user + system of all processes, from the kernel's books; medians of REPEATS that alternate
with decoding alone, so that a busy machine weighs on both. A child's start-up (Python, libraries,
the sandbox) is told by `probe` on the same file and taken off the pass.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from artwork.candidates.walk import make_candidates
from artwork.images.store import ImageStore
from content import decode
from content.decode import DecodeLimits
from content.encoders.models import Models
from content.extract import extract
from content.hearing import Hearing
from content.look import look_row
from content.motion import MotionMeter
from content.onscreen import read_frame
from content.shots import AdaptiveShots
from content.sound.meter import SoundMeter
from content.types import U8, Extraction
from tests.bench.clips import clip, looped

SIZES = ((1280, 720), (1920, 1080))
REPEATS = 3
LONGER_S = 120.0
"""Candidate pictures cost as much for a short film as for a long one."""
DECODE_ALONE = """
import sys, time, av
with av.open(sys.argv[1]) as media:
    video = media.streams.video[0]
    video.thread_type, video.codec_context.thread_count = "NONE", 1
    began, frames = time.process_time(), 0
    for packet in media.demux([video, *media.streams.audio[:1]]):
        for _ in packet.decode():
            frames += packet.stream is video
print(frames, time.process_time() - began)
"""
WITHOUT_MODELS = ("signatures, samples, sound", "shots", "look", "motion", "sound rows")

Row = dict[str, object]


class _Cost(NamedTuple):
    film_s: float
    wall_s: float
    cpu_s: float


def run() -> list[Row]:
    """A row a stage: CPU ms a frame at each size, and the share of decoding alone."""
    models = Models()
    columns = {f"{height}p": _stages(clip(width, height), models) for width, height in SIZES}
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    return [
        {"stage": name, **{size: column.get(name, "") for size, column in columns.items()}}
        for name in names
    ]


def _stages(path: Path, models: Models) -> dict[str, str]:
    frames, cpu = _without_models(path)
    alone = cpu["decode alone"]
    parts = list(decode.analyse(path))
    found = _extract(path, models)
    _pictures(path, found, models)  # every model is loaded now
    with_models = _with_models(parts, found, models)
    extracted, whole = _everything(path, models)
    known = sum(cpu[name] for name in WITHOUT_MODELS) + sum(with_models.values())
    with_models["the rest: start, joining, moods, vectors"] = extracted.cpu_s - known
    with_models["candidate pictures"] = whole.cpu_s - extracted.cpu_s
    told = {
        name: f"{1000 * cost / frames:.3f} ({cost / alone:.2f})"
        for name, cost in {**cpu, **with_models}.items()
    }
    ratio = sum(cpu[name] for name in WITHOUT_MODELS) / alone
    told["extraction without models / decode alone"] = f"{ratio:.2f}"
    with TemporaryDirectory() as folder:
        minutes = looped(path, Path(folder) / "minutes.mp4", LONGER_S)
        _, longer = _everything(minutes, models)
    told["everything on, CPU s"] = f"{whole.cpu_s:.1f}"
    for what, cost in (
        (f"{whole.film_s:.0f} s without pictures", extracted),
        (f"{whole.film_s:.0f} s", whole),
        (f"{longer.film_s:.0f} s", longer),
    ):
        clock, cpu_only = cost.film_s / cost.wall_s, 2 * cost.film_s / cost.cpu_s
        told[f"everything on, {what}, × real time (by CPU of 2 cores)"] = (
            f"{clock:.1f} ({cpu_only:.1f})"
        )
    return told


def _everything(path: Path, models: Models) -> tuple[_Cost, _Cost]:
    """Of a film's understanding alone, and with its candidate pictures."""
    began, before = time.perf_counter(), _cpu_s()
    found = _extract(path, models)
    film_s = found.facts.duration_s
    extracted = _Cost(film_s, time.perf_counter() - began, _cpu_s() - before)
    _pictures(path, found, models)
    return extracted, _Cost(film_s, time.perf_counter() - began, _cpu_s() - before)


def _without_models(path: Path) -> tuple[int, dict[str, float]]:
    """CPU s of decoding alone, of the pass, and of the meters fed with what it sends."""
    told: dict[str, list[float]] = {}
    parts = list(decode.analyse(path))
    signatures = [part for part in parts if isinstance(part, decode.Signatures)]
    samples = [part.rgb for part in parts if isinstance(part, decode.Sample)]
    sounds = [part.samples for part in parts if isinstance(part, decode.Sound)]
    work: dict[str, Callable[[], object]] = {
        "shots": lambda: _feed(AdaptiveShots(), signatures),
        "look": lambda: [look_row(rgb) for rgb in samples],
        "motion": lambda: _feed(MotionMeter(), signatures),
        "sound rows": lambda: _rows(sounds),
    }
    for run_once in work.values():
        run_once()
    frames = 0
    for _ in range(REPEATS):
        frames, alone = _alone(path)
        start_up = _cpu_of(lambda: decode.probe(path))
        passed = _cpu_of(lambda: [None for _ in decode.analyse(path)])
        told.setdefault("decode alone", []).append(alone)
        told.setdefault("signatures, samples, sound", []).append(passed - start_up - alone)
        for name, run_once in work.items():
            told.setdefault(name, []).append(_cpu_of(run_once))
    cpu = {name: median(values) for name, values in told.items()}
    # The pass decodes too: as a stage it is told without, in the ratio it counts with.
    cpu["signatures, samples, sound"] += cpu["decode alone"]
    return frames, cpu


def _feed(meter: AdaptiveShots | MotionMeter, signatures: list[decode.Signatures]) -> None:
    for part in signatures:
        meter.feed(part)
    meter.finish()


def _rows(sounds: list[np.ndarray]) -> None:
    meter = SoundMeter(None)
    for samples in sounds:
        meter.add(samples)
    meter.finish()


def _with_models(parts: list[decode.Part], found: Extraction, models: Models) -> dict[str, float]:
    pictures = [part for part in parts if isinstance(part, decode.Sample)]
    times = np.array([picture.at_s for picture in pictures])
    keyframes = [pictures[int(np.argmin(abs(times - k.at_s)))].rgb for k in found.keyframes]
    sounds = [part for part in parts if isinstance(part, decode.Sound)]
    end = next(part for part in parts if isinstance(part, decode.End))
    silent = Models(transcript="off")
    silent.__dict__["speech"] = models.speech
    heard = _cpu_of(lambda: _hear(sounds, end, silent))
    return {
        "speech": heard - _cpu_of(lambda: _rows([sound.samples for sound in sounds])),
        "transcript": _cpu_of(lambda: _hear(sounds, end, models)) - heard,
        "frames model": _cpu_of(lambda: models.pictures(keyframes)),
        "text and faces": _cpu_of(lambda: _read(keyframes[: len(found.shots)], models)),
    }


def _read(keyframes: list[U8], models: Models) -> None:
    for rgb in keyframes:
        read_frame(rgb, models)


def _hear(sounds: list[decode.Sound], end: decode.End, models: Models) -> None:
    hearing = Hearing(models, 0.0, None)
    for sound in sounds:
        hearing.listen(sound)
    hearing.finish(end)


def _extract(path: Path, models: Models) -> Extraction:
    return extract(path, models, limits=DecodeLimits(), on_progress=lambda *_: None)


def _pictures(path: Path, found: Extraction, models: Models) -> None:
    with TemporaryDirectory() as images:
        make_candidates(
            path,
            found,
            title_id="bench",
            tenant="default",
            images=ImageStore(Path(images)),
            models=models,
            grab=decode.grab,
            on_progress=lambda _: None,
        )


def _alone(path: Path) -> tuple[int, float]:
    command = [sys.executable, "-c", DECODE_ALONE, str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return int(told[0]), float(told[1])


def _cpu_of(work: Callable[[], object]) -> float:
    before = _cpu_s()
    work()
    return _cpu_s() - before


def _cpu_s() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
