"""What understanding a film costs, beside decoding it alone: `python -m tests.bench.ingest`.

CPU is user + system of all processes, from the kernel's books. A child's start-up (Python,
libraries, the sandbox) is told by `probe` on the same file and taken off the pass.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from artwork.candidates import make_candidates
from artwork.images import ImageStore
from content import decode
from content.decode import DecodeLimits
from content.encoders.models import Models
from content.extract import extract
from samples.fetch import fetch

CLIPS = ("bigbuckbunny.mp4", "test.mp4")
REPEATS = 3
DECODE_ALONE = """
import sys, time, av
with av.open(sys.argv[1]) as media:
    media.streams.video[0].thread_count = 1
    began = time.process_time()
    frames = sum(1 for _ in media.decode(video=0))
print(frames, time.process_time() - began)
"""

Row = dict[str, object]


def run() -> list[Row]:
    """One row a clip; medians of REPEATS with the range behind the slash."""
    clips = fetch(Path(".cache/samples").resolve())
    models = Models()
    _warm(models, clips[CLIPS[0]])
    return [_row(clips[name], models) for name in CLIPS if name in clips]


def _row(path: Path, models: Models) -> Row:
    facts = decode.probe(path)
    frames, alone = _alone(path)
    start_up = _repeat(lambda: decode.probe(path))[0]
    passes = _repeat(lambda: [None for _ in decode.analyse(path, DecodeLimits())])
    one_pass = passes[0] - start_up
    whole = _repeat(lambda: _understand(path, models))
    return {
        "clip": f"{path.name}, {facts.width}×{facts.height}, {facts.duration_s:.0f} s",
        "decode alone, ms a frame": f"{1000 * alone / frames:.2f}",
        "one pass, ms a frame": f"{1000 * one_pass / frames:.2f}",
        "ratio": f"{one_pass / alone:.2f}",
        "all of it with models and pictures, CPU s": f"{whole[0]:.1f}",
        "× real time (wall)": f"{facts.duration_s / whole[1]:.1f}",
    }


def _understand(path: Path, models: Models) -> None:
    found = extract(path, models, limits=DecodeLimits(), on_progress=lambda *_: None)
    with TemporaryDirectory() as folder:
        make_candidates(
            path,
            found,
            title_id="bench",
            tenant="default",
            images=ImageStore(Path(folder)),
            models=models,
            grab=decode.grab,
            on_progress=lambda _: None,
        )


def _warm(models: Models, path: Path) -> None:
    """Load every model and compile what compiles at first use."""
    _understand(path, models)


def _alone(path: Path) -> tuple[int, float]:
    command = [sys.executable, "-c", DECODE_ALONE, str(path)]
    told = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(REPEATS)
    ]
    return int(told[0][0]), median(float(cpu) for _, cpu in told)


def _repeat(work: Callable[[], object]) -> tuple[float, float]:
    """Median CPU s and median wall s."""
    cpu, wall = [], []
    for _ in range(REPEATS):
        before, began = _cpu_s(), time.perf_counter()
        work()
        cpu.append(_cpu_s() - before)
        wall.append(time.perf_counter() - began)
    return median(cpu), median(wall)


def _cpu_s() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
