"""Words in a picture: PP-OCRv6 (small; PaddleOCR, Apache-2.0), the networks inside `rapidocr`."""

import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from content.encoders.weights import digest, packaged_file
from content.types import F32, U8

PACKAGE = "rapidocr"
FIND, READ = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"
FIND_PX = 480
"""Long side that a picture is scaled to for finding lines; lines are read at its own size."""
MIN_CHARACTERS = 3
"""Letters and digits. Fewer are read in fur and foam, too."""
MIN_SCORE = 0.75
MIN_PACE = 0.25
"""Width of a character as a share of the line's height: a face that passes for "16.6" is narrow."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; its corners in px of the picture asked about, `score` 0..1."""

    text: str
    score: float
    corners: tuple[tuple[float, float], ...]
    """Four (x, y), clockwise from the top left."""


class TextReader:
    """Loads its networks at first use; then about 40 ms a picture, 30 more for each line."""

    @property
    def fingerprint(self) -> str:
        """Names the networks and how they are run."""
        marks = "+".join(digest(_file(name)) for name in (FIND, READ))
        return f"pp-ocr@6-small:{FIND_PX}:{MIN_SCORE}:{marks}"

    def read(self, rgb: U8) -> list[Line]:
        """Lines in a picture, RGB uint8 (H, W, 3), from the top down.

        A line is left out where fewer than `MIN_CHARACTERS` letters and digits are read, where
        they would be too narrow for its height, or where the score is below `MIN_SCORE`.

        Raises:
            Unavailable: `text_model_missing`, when the package is not installed.
        """
        if min(rgb.shape[:2]) < 16:
            return []
        found = self._engine(np.ascontiguousarray(rgb[..., ::-1]))
        if found.boxes is None or found.txts is None or found.scores is None:
            return []
        return [
            Line(text.strip(), round(float(score), 4), _corners(box))
            for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
            if score >= MIN_SCORE and is_line(text, np.asarray(box, np.float32))
        ]

    @cached_property
    def _engine(self) -> Any:
        find, read = str(_file(FIND)), str(_file(READ))
        import cv2
        from rapidocr import RapidOCR

        cv2.setNumThreads(1)  # as for every model
        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
        return RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,  # upside-down lines are no part of a film
                "Det.limit_type": "max",
                "Det.limit_side_len": FIND_PX,
                # Given by path nothing is looked up, still less downloaded.
                "Det.model_path": find,
                "Rec.model_path": read,
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )


def _file(name: str) -> Path:
    remedy = "pip install rapidocr==3.10.0"
    return packaged_file(PACKAGE, f"models/{name}", "text_model_missing", remedy)


def is_line(text: str, box: F32) -> bool:
    """Whether `text` may stand in a box of four corners (4, 2), clockwise from the top left."""
    width, height = np.hypot(*(box[1] - box[0])), np.hypot(*(box[3] - box[0]))
    if height >= 1.5 * width:  # the reader has turned it
        width, height = height, width
    enough = sum(map(str.isalnum, text)) >= MIN_CHARACTERS
    return bool(enough and width >= MIN_PACE * len(text.strip()) * height)


def _corners(box: Any) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in box)
