"""What a keyframe shows that has a place in it: written words and faces."""

from typing import TYPE_CHECKING

from content.types import U8, Facts

if TYPE_CHECKING:
    from content.encoders.models import Models


def read_frame(rgb: U8, models: "Models") -> Facts:
    """`text`, `text_area`, `faces`, `face_count`, `face_area` of docs/facts.md.

    Args:
        rgb: a keyframe (H, W, 3), RGB uint8, without bars.

    Raises:
        Unavailable: `text_model_missing`, `face_model_missing`.
    """
    height, width = rgb.shape[:2]
    area = float(height * width)
    lines = models.text_reader.read(rgb)
    faces = models.faces.detect(rgb)
    return {
        "text": [{"text": line.text, "score": line.score} for line in lines],
        "text_area": _share(sum(_polygon(line.corners) for line in lines) / area),
        "faces": [
            {
                "x": _share(face.x / width),
                "y": _share(face.y / height),
                "width": _share(face.width / width),
                "height": _share(face.height / height),
                "score": _share(face.score),
                "frontal": face.frontal,
            }
            for face in faces
        ],
        "face_count": len(faces),
        "face_area": _share(sum(face.width * face.height for face in faces) / area),
    }


def _polygon(corners: tuple[tuple[float, float], ...]) -> float:
    """Area by the shoelace formula, in the corners' unit squared."""
    pairs = zip(corners, (*corners[1:], corners[0]), strict=True)
    return abs(sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in pairs)) / 2


def _share(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)
