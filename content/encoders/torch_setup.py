"""The one way to import torch: one thread, offline, and torchvision made importable beside it."""

import os
from functools import cache
from types import ModuleType
from typing import Any

_kept: list[Any] = []
"""Operator libraries are undone when collected."""


@cache
def import_torch() -> ModuleType:
    """torch, set up. Everything else that imports torch comes after a call of this."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch

    torch.set_num_threads(1)  # two are 3 to 8 times slower when the cores are shared
    if torch.version.cuda is None:
        _declare_vision_operators(torch)
    return torch


def _declare_vision_operators(torch: ModuleType) -> None:
    # torchvision's wheel expects its compiled operators, which do not load beside a CPU torch.
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _kept.append(library)
