"""The one way to import torch: one thread, offline, and torchvision made importable beside it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from content.encoders.choice import Device
from content.errors import Invalid

_kept: list[Any] = []
"""Operator libraries are undone when collected."""


@cache
def import_torch(*, offline: bool = True) -> ModuleType:
    """torch, set up. Everything else that imports torch comes after a call of this."""
    if offline:  # whatever is configured was fetched by `sources` and lies on this disk
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch

    torch.set_num_threads(1)  # two are 3 to 8 times slower when the cores are shared
    if torch.version.cuda is None:
        _declare_vision_operators(torch)
    return torch


Place = Literal["cpu", "cuda"]
PRECISION: dict[Place, str] = {"cpu": "float32", "cuda": "bfloat16"}
"""Of configured encoders. On a CPU bfloat16 is three times slower; old GPUs emulate it."""
_GPU_FILES = ("nvidia[0-9]*", "dxg")
_ASK = "import sys, torch; sys.exit(not torch.cuda.is_available())"


@cache
def gpu_at_hand() -> bool:
    """Whether torch can use a GPU: a child is asked, and only where a device file says so.

    So processes that need no torch learn where others will run without importing it.
    """
    if not any(any(Path("/dev").glob(name)) for name in _GPU_FILES):
        return False
    return subprocess.run([sys.executable, "-c", _ASK], check=False).returncode == 0


def planned(wanted: Device) -> Place:
    """Where configured models run by the setting, without torch; `cuda` is taken at its word."""
    if wanted == "auto":
        return "cuda" if gpu_at_hand() else "cpu"
    return wanted


def device(wanted: Device) -> Place:
    """As `planned`, and it is there.

    Raises:
        Invalid: `device_unavailable`, when `cuda` is asked for and is not there.
    """
    if wanted == "cuda" and not gpu_at_hand():
        raise Invalid("device_unavailable", "torch finds no CUDA device; set KEYART_DEVICE=auto")
    return planned(wanted)


@contextmanager
def inference(on: Place) -> Iterator[None]:
    """No gradients, in the precision of the place (`PRECISION`)."""
    torch = import_torch()
    half = nullcontext()
    if on == "cuda":
        half = torch.autocast("cuda", dtype=getattr(torch, PRECISION["cuda"]))
    with torch.inference_mode(), half:
        yield


def _declare_vision_operators(torch: ModuleType) -> None:
    # torchvision's wheel expects its compiled operators, which do not load beside a CPU torch.
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _kept.append(library)
