"""Peak memory for a film of two hours beside one of two minutes: the same footage, looped.

Each film is understood in a process of its own, as a worker's child does it, and its rows are
written by another, as the worker does when it publishes. Peaks are the kernel's high-water marks:
of these processes, and of the largest decoder that the first has started.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.clips import clip, looped

SHORT_S, LONG_S = 120, 7200
UNDERSTAND = """
import json, sys, threading, time
from pathlib import Path
from content import keeping
from content.decode import DecodeLimits
from content.encoders.models import Models
from content.extract import extract

film, folder = Path(sys.argv[1]), Path(sys.argv[2])
decoder = 0

def read(path):
    try:
        return Path(path).read_text()
    except OSError:  # it has just ended
        return ""

def high_water(pid):
    lines = read(f"/proc/{pid}/status").splitlines()
    marks = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return max(map(int, marks), default=0)

def watch():
    # A child's own mark only: what the kernel books for it when it ends includes its parent's.
    global decoder
    while True:
        for task in Path("/proc/self/task").iterdir():
            for pid in read(task / "children").split():
                # A fork that has not become the decoder yet still bears this script's name.
                if "\\0content.media\\0" in read(f"/proc/{pid}/cmdline"):
                    decoder = max(decoder, high_water(pid))
        time.sleep(0.2)

threading.Thread(target=watch, daemon=True).start()
limits = DecodeLimits()
found = extract(film, Models(), limits=limits, on_progress=lambda *_: None, folder=folder)
keeping.save(found, folder)
own, shots = high_water("self") / 1024, len(found.shots)
print(json.dumps([own, decoder / 1024, shots, found.facts.duration_s]))
"""

PUBLISH = """
import sys
from pathlib import Path
from content import keeping, publication
from content.catalog import Catalog
from content.records import writing
from content.types import TitleInput
from tests.shelf import fresh_engine
import workers.workflows

folder = Path(sys.argv[1])
engine = fresh_engine(folder)
Catalog(engine).submit(TitleInput(id="film", name="Film", synopsis="A film."))
found = keeping.load(folder)
with writing(engine).begin() as connection:
    publication.write_understanding(
        connection, tenant="default", title_id="film", version=1, extraction=found,
        title_vectors=found.vectors, keyframes={},
    )
marks = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()
print(int(marks[0]) / 1024)
"""

Row = dict[str, object]


def run() -> list[Row]:
    """A row a film: peaks in MiB, and their ratio to the short film's."""
    short = clip(160, 90, SHORT_S)
    with TemporaryDirectory() as folder:
        long = looped(short, Path(folder) / "long.mp4", LONG_S)
        rows, first = [], 0.0
        for path in (short, long):
            own, decoder, shots, duration_s, took_s, publishing = _peaks(path)
            first = first or own + decoder
            rows.append(
                {
                    "film": f"{duration_s:.0f} s, {shots:.0f} shots",
                    "child, MiB": f"{own:.0f}",
                    "decoder, MiB": f"{decoder:.0f}",
                    "both, to the short film's": f"{(own + decoder) / first:.3f}",
                    "worker that publishes, MiB": f"{publishing:.0f}",
                    "× real time (wall)": f"{duration_s / took_s:.1f}",
                }
            )
    return rows


def _peaks(path: Path) -> tuple[float, float, float, float, float, float]:
    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        own, decoder, shots, duration_s = json.loads(_told(UNDERSTAND, str(path), folder))
        took_s = time.perf_counter() - began
        return own, decoder, shots, duration_s, took_s, float(_told(PUBLISH, folder))


def _told(script: str, *arguments: str) -> str:
    command = [sys.executable, "-c", script, *arguments]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return told.splitlines()[-1]
