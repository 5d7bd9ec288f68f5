"""The one way to import torch: one thread, offline, and torchvision made importable beside it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from types import ModuleType
from typing import Any

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


def device(wanted: Device) -> str:
    """`cpu` or `cuda`.

    Raises:
        Invalid: `device_unavailable`, when `cuda` is asked for and is not there.
    """
    found = import_torch().cuda.is_available()
    if wanted == "cuda" and not found:
        raise Invalid("device_unavailable", "torch finds no CUDA device; set KEYART_DEVICE=auto")
    return "cuda" if found and wanted != "cpu" else "cpu"


@contextmanager
def inference(on: str) -> Iterator[None]:
    """No gradients; on a GPU in half precision: bfloat16 where it has it, else float16.

    On a CPU bfloat16 is three times slower than float32, which stays.
    """
    torch = import_torch()
    half = nullcontext()
    if on == "cuda":
        fits = torch.cuda.is_bf16_supported()
        half = torch.autocast("cuda", dtype=torch.bfloat16 if fits else torch.float16)
    with torch.inference_mode(), half:
        yield


def _declare_vision_operators(torch: ModuleType) -> None:
    # torchvision's wheel expects its compiled operators, which do not load beside a CPU torch.
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _kept.append(library)
