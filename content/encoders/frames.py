"""Frames to features: EfficientNet-lite0 (Tan & Le 2019, arXiv:1905.11946), ImageNet classes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from content.encoders.encoder import Encoder, check_vectors
from content.encoders.exported import session
from content.encoders.specs import packaged
from content.types import F32, U8

SIDE_PX = 224
CLASSES = 1000


class Seen(NamedTuple):
    """The model's answer for n pictures."""

    features: F32
    """(n, 1280), unit norm."""
    classes: F32
    """(n, 1000) probabilities in the order of ILSVRC 2012; rows sum to 1."""


class FrameEncoder(Encoder[U8]):
    """1280 pooled features of RGB pictures (H, W, 3), 0..255, of any size; on one CPU thread."""

    batch = 4
    """Larger batches leave the processor's cache and are slower per frame."""

    def __init__(self, cache: Path) -> None:
        self.spec = packaged("visual")
        self._session = session("lite0", cache)

    def pre(self, items: Sequence[U8]) -> F32:
        """(n, 3, 224, 224), −1..1."""
        return np.stack([_prepare(frame) for frame in items])

    def core(self, batch: F32) -> Seen:
        return Seen(*self._session.run(None, {"pixels": batch}))

    def post(self, raw: Seen) -> F32:
        return raw.features

    def classify(self, frames: Sequence[U8]) -> Seen:
        """Features as `encode` gives them, and class probabilities, in one run of the model."""
        steps = range(0, len(frames), self.batch)
        seen = [self.core(self.pre(frames[at : at + self.batch])) for at in steps]
        nothing = Seen(np.zeros((0, self.spec.dim), np.float32), np.zeros((0, CLASSES), np.float32))
        parts: Any = zip(*(seen or [nothing]), strict=True)
        features, classes = (np.concatenate(part) for part in parts)
        return Seen(check_vectors(features, self.spec), classes)


def _prepare(rgb: U8) -> F32:
    """The whole picture, squeezed to the model's square: nothing of a wide frame is cut away."""
    import cv2

    small = cv2.resize(rgb, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    scaled: F32 = ((small.astype(np.float32) - 127.0) / 128.0).transpose(2, 0, 1)
    return scaled
