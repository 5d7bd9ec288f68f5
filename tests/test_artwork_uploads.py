"""A house's own artwork: past the same gates, into the same crops, with nothing of its file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from artwork.assess import TitleContext
from artwork.groups import GroupMaker
from artwork.image_groups import PictureGroup
from artwork.images.decoding import decoded
from artwork.images.store import ImageStore
from artwork.uploads import taken_in
from content.encoders.figure import FigureFinder
from content.encoders.models import Models
from content.ids import stable_id
from content.types import U8
from tests.bad_pictures import MARK
from tests.bench import lids
from tests.photographs import PORTRAIT, SCENES, shipped

TOLD: dict[str, Any] = {"language": None, "note": "the poster", "sha256": "ab" * 32}


@pytest.fixture(scope="module")
def models() -> Iterator[Models]:
    yield Models()


@pytest.fixture
def images(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "images")


def upload(
    rgb: U8, models: Models, images: ImageStore, **told: Any
) -> tuple[list[PictureGroup], list[dict[str, str]]]:
    maker = GroupMaker("film", "default", images, "test@1:1280:0", models.figures)
    return taken_in(rgb, models, maker, TOLD | told)


def lettered(rgb: U8) -> U8:
    drawn = rgb.copy()
    height = len(drawn)
    for line, words in enumerate(("THE LONG WAY", "TO THE SEA")):
        at = (20, height - 90 + 50 * line)
        cv2.putText(drawn, words, at, cv2.FONT_HERSHEY_DUPLEX, 1.6, (255, 255, 255), 4)
    return drawn


def test_an_uploaded_picture_is_a_group_like_every_other(
    models: Models, images: ImageStore, tmp_path: Path
) -> None:
    path = tmp_path / "still.jpg"
    Image.fromarray(shipped(*SCENES[0])).save(path, quality=95, comment=MARK)
    path.write_bytes(path.read_bytes() + MARK)
    [group], refused = upload(decoded(path), models, images)
    assert refused == []
    assert (group.origin, group.language, group.source_s) == ("uploaded", None, None)
    assert group.made == {"kind": "upload", "sha256": "ab" * 32, "note": "the poster"}
    assert {v.aspect for v in group.variants} >= {"16:9", "4:3", "1:1"}
    for variant in group.variants:
        assert variant.id == stable_id("default", "film", group.id, variant.aspect)
        for fmt in ("avif", "webp", "jpg"):
            assert b"script" not in images.rendition(variant.sha256, fmt, 320).data
    again, _ = upload(decoded(path), models, images)
    assert again[0].id == group.id and again[0].variants == group.variants


def test_a_face_is_whole_in_every_crop_of_it(models: Models, images: ImageStore) -> None:
    rgb = shipped(*PORTRAIT)
    [face] = models.faces.detect(rgb)
    [group], _ = upload(rgb, models, images)
    for variant in group.variants:
        if variant.fit == "crop":
            x, y, w, h = (variant.crop[name] for name in ("x", "y", "width", "height"))
            assert x <= face.x and y <= face.y
            assert face.x + face.width <= x + w and face.y + face.height <= y + h


@pytest.mark.parametrize(
    ("rgb", "gate"),
    [
        (np.full((400, 600, 3), 2, np.uint8), "dark"),
        (np.full((400, 600, 3), 128, np.uint8), "flat"),
        (cv2.GaussianBlur(shipped(*SCENES[1]), (0, 0), 25).astype(np.uint8), "blurred"),
    ],
    ids=["black", "flat", "blurred"],
)
def test_the_gates_of_all_pictures_refuse(
    rgb: U8, gate: str, models: Models, images: ImageStore
) -> None:
    groups, refused = upload(rgb, models, images)
    assert groups == [] and gate in [each["reason"] for each in refused]
    assert all(
        "docs/artwork.md" in each["detail"] or "language" in each["detail"] for each in refused
    )


class Alarmed(Models):
    """Models to which every picture is unsafe by so much."""

    def __init__(self, score: float) -> None:
        super().__init__()
        self._score = score

    @property
    def unsafe(self) -> Any:
        return self

    def score(self, _rgb: U8, _faces: object) -> float:
        return self._score


@pytest.mark.parametrize("language", [None, "en"])
@pytest.mark.parametrize(
    ("score", "maturity", "gate"), [(0.95, "18", "unsafe"), (0.65, "13", "above_maturity")]
)
def test_telling_a_language_opens_no_other_gate(
    score: float, maturity: Any, gate: str, language: str | None, images: ImageStore
) -> None:
    maker = GroupMaker("film", "default", images, "test@1:1280:0", FigureFinder())
    rgb = shipped(*SCENES[0])
    rgb = rgb if language is None else lettered(rgb)
    told, title = TOLD | {"language": language}, TitleContext(maturity=maturity)
    groups, refused = taken_in(rgb, Alarmed(score), maker, told, title)
    assert groups == [] and [each["reason"] for each in refused] == [gate]


def test_lettering_is_no_fault_where_its_language_is_told(
    models: Models, images: ImageStore
) -> None:
    rgb = lettered(shipped(*SCENES[0]))
    groups, refused = upload(rgb, models, images)
    assert groups == [] and refused[0]["reason"] == "lettering"
    assert "language" in refused[0]["detail"]
    [group], refused = upload(rgb, models, images, language="en")
    assert refused == [] and group.language == "en"
    height, width = rgb.shape[:2]
    for variant in group.variants:
        assert (variant.crop["width"], variant.crop["height"]) == (width, height), variant.aspect
        assert variant.fit == "bleed"
    square = rgb[:400, :400]
    [group], _ = upload(square, models, images, language="en")
    assert [v.aspect for v in group.variants if v.fit == "crop"] == ["1:1"]


def test_shut_eyes_are_what_the_house_meant(models: Models, images: ImageStore) -> None:
    rgb = lids.shut(shipped("skimage", "data/astronaut.png"))
    [group], refused = upload(rgb, models, images)
    assert refused == [] and group.origin == "uploaded"


def test_dark_edges_are_part_of_a_layout(models: Models, images: ImageStore) -> None:
    rgb = shipped(*SCENES[0])[:400, :640]
    rgb[:60], rgb[-60:] = 0, 0
    [group], _ = upload(rgb, models, images)
    assert group.source_sha256 is not None
    assert images.pixels(group.source_sha256).shape == rgb.shape
