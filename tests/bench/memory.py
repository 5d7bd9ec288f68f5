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
import json, resource, sys
from pathlib import Path
from content import keeping
from content.decode import DecodeLimits
from content.encoders.models import Models
from content.extract import extract

film, folder = Path(sys.argv[1]), Path(sys.argv[2])
found = extract(
    film, Models(), limits=DecodeLimits(), on_progress=lambda *_: None, folder=folder / "segments"
)
keeping.save(found, folder)
with open("/proc/self/status") as status:
    own = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
decoder = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([own / 1024, decoder / 1024, len(found.shots), found.facts.duration_s]))
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
