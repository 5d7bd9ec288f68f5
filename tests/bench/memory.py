"""Peak memory for a film of two hours beside one of two minutes: the same footage, looped.

Each film is understood in a process of its own, as a worker's child does it. Peaks are the
kernel's high-water marks: of that process, and of the largest decoder that it started.
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
                if "content.media" in read(f"/proc/{pid}/cmdline"):
                    decoder = max(decoder, high_water(pid))
        time.sleep(0.2)

threading.Thread(target=watch, daemon=True).start()
limits = DecodeLimits()
found = extract(film, Models(), limits=limits, on_progress=lambda *_: None, folder=folder)
keeping.save(found, folder)
own, shots = high_water("self") / 1024, len(found.shots)
print(json.dumps([own, decoder / 1024, shots, found.facts.duration_s]))
"""

Row = dict[str, object]


def run() -> list[Row]:
    """A row a film: peaks in MiB, and their ratio to the short film's."""
    short = clip(160, 90, SHORT_S)
    with TemporaryDirectory() as folder:
        long = looped(short, Path(folder) / "long.mp4", LONG_S)
        rows, first = [], 0.0
        for path in (short, long):
            own, decoder, shots, duration_s, took_s = _peaks(path)
            first = first or own + decoder
            rows.append(
                {
                    "film": f"{duration_s:.0f} s, {shots:.0f} shots",
                    "worker, MiB": f"{own:.0f}",
                    "decoder, MiB": f"{decoder:.0f}",
                    "both, to the short film's": f"{(own + decoder) / first:.3f}",
                    "× real time (wall)": f"{duration_s / took_s:.1f}",
                }
            )
    return rows


def _peaks(path: Path) -> tuple[float, float, float, float, float]:
    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        command = [sys.executable, "-c", UNDERSTAND, str(path), folder]
        told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        own, decoder, shots, duration_s = json.loads(told.splitlines()[-1])
        return own, decoder, shots, duration_s, time.perf_counter() - began
