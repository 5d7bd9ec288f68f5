"""Words and faces in a keyframe: the real networks on real and made pictures."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from content.encoders import ocr
from content.encoders.faces import is_frontal
from content.encoders.models import Models
from content.encoders.ocr import TextReader
from content.errors import Unavailable
from content.onscreen import read_frame
from content.types import U8
from tests.photographs import PORTRAIT, SCENES, shipped


@pytest.fixture(scope="module")
def models() -> Models:
    return Models()


@pytest.fixture(scope="module")
def photo() -> U8:
    return cv2.resize(shipped(*SCENES[0]), (480, 270))


@pytest.fixture(scope="module")
def portrait() -> U8:
    return shipped(*PORTRAIT)


def written(picture: U8, text: str, at: tuple[int, int], size: int) -> U8:
    image = Image.fromarray(picture)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(image).text(at, text, "white", font, stroke_width=1, stroke_fill="black")
    return np.array(image)


def test_a_subtitle_on_a_photograph_is_read(models: Models, photo: U8) -> None:
    facts = read_frame(written(photo, "Where are you going?", (130, 235), 20), models)
    (line,) = facts["text"]
    assert line["text"].replace(" ", "").lower() == "whereareyougoing?"
    assert 0.75 <= line["score"] <= 1
    assert 0.01 < facts["text_area"] < 0.08
    assert (facts["face_count"], facts["faces"], facts["face_area"]) == (0, [], 0)


def test_lines_come_from_the_top_down(models: Models) -> None:
    card = np.zeros((270, 480, 3), np.uint8)
    card = written(written(card, "THE LONG ROAD", (130, 150), 30), "directed by", (180, 60), 22)
    texts = [line["text"].replace(" ", "").lower() for line in read_frame(card, models)["text"]]
    assert texts == ["directedby", "thelongroad"]


def test_one_or_two_characters_are_no_text(models: Models) -> None:
    card = written(np.zeros((270, 480, 3), np.uint8), "Oh", (200, 100), 60)
    assert read_frame(card, models)["text"] == []


@pytest.mark.parametrize(
    ("width", "text", "kept"),
    [(100, "16.6", True), (15, "16.6", False), (100, "a-b", False), (100, "  no ", False)],
)
def test_a_line_has_letters_enough_and_room_for_them(width: int, text: str, kept: bool) -> None:
    box = np.array([(0, 0), (width, 0), (width, 20), (0, 20)], np.float32)
    assert ocr.is_line(text, box) is kept
    # A line that stands on end is turned before it is read.
    if width >= 30:
        assert ocr.is_line(text, box[:, ::-1]) is kept


@pytest.mark.parametrize("path", ["images/china.jpg", "images/flower.jpg"])
def test_nothing_is_read_where_nothing_is_written(models: Models, path: str) -> None:
    facts = read_frame(shipped("sklearn.datasets", path), models)
    assert facts["text"] == [] and facts["text_area"] == 0


def test_a_face_has_its_place_in_shares(models: Models, portrait: U8) -> None:
    facts = read_frame(portrait, models)
    (face,) = facts["faces"]
    height, width = portrait.shape[:2]
    assert 160 < face["x"] * width < 210 and 110 < face["y"] * height < 160
    assert facts["face_count"] == 1
    assert facts["face_area"] == pytest.approx(face["width"] * face["height"], abs=1e-3)
    assert face["frontal"] is True


def test_a_face_is_frontal_when_it_is_mirrored_or_tilted(models: Models, portrait: U8) -> None:
    (mirrored,) = models.faces.detect(np.ascontiguousarray(portrait[:, ::-1]))
    assert mirrored.frontal
    height, width = portrait.shape[:2]
    turned = cv2.getRotationMatrix2D((width / 2, height / 2), 20, 1)
    (tilted,) = models.faces.detect(cv2.warpAffine(portrait, turned, (width, height)))
    assert tilted.frontal


@pytest.mark.parametrize(
    ("points", "frontal"),
    [
        ([(30, 40), (70, 40), (50, 60), (35, 80), (65, 80)], True),
        ([(30, 40), (70, 40), (62, 60), (38, 80), (66, 80)], True),  # turned a little
        ([(30, 40), (70, 40), (68, 60), (45, 80), (68, 80)], False),  # half profile
        ([(60, 40), (70, 40), (80, 60), (62, 80), (72, 80)], False),  # profile
        ([(40, 30), (40, 70), (20, 50), (0, 35), (0, 65)], True),  # lying on its side
        ([(50, 40), (50, 40), (50, 60), (50, 80), (50, 80)], False),
    ],
)
def test_frontal_is_a_nose_between_the_eyes(
    points: list[tuple[float, float]], frontal: bool
) -> None:
    assert is_frontal(np.array(points, np.float32)) is frontal


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (200, 3), (33, 33)])
def test_pictures_of_odd_sizes_do_no_harm(models: Models, size: tuple[int, int]) -> None:
    facts = read_frame(np.full((*size, 3), 90, np.uint8), models)
    assert facts == {"text": [], "text_area": 0, "faces": [], "face_count": 0, "face_area": 0}


def test_the_same_picture_is_always_read_the_same(models: Models, photo: U8) -> None:
    picture = written(photo, "Chapter Two", (150, 100), 34)
    first = read_frame(picture, models)
    assert first["text"] and read_frame(picture.copy(), Models()) == first


def test_missing_networks_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "PACKAGE", "no_such_package_here")
    with pytest.raises(Unavailable, match="pip install rapidocr") as refused:
        TextReader().read(np.zeros((64, 64, 3), np.uint8))
    assert refused.value.code == "text_model_missing"
