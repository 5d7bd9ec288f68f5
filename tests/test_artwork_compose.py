"""Grades, posters, two characters in one picture, and groups composed of a title's own pictures."""

from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artwork.assess import TitleContext
from artwork.compose import grades
from artwork.compose.extension import EXTENDED, extended
from artwork.compose.pairs import Half, paired
from artwork.compose.sources import Source, assessed, couples
from artwork.framing.crops import RATIOS, Box
from artwork.framing.saliency import saliency
from artwork.framing.shown import Subject
from artwork.groups import GroupMaker
from artwork.images.store import ImageStore
from content.encoders.models import Models
from content.errors import Invalid, PermanentError
from content.palette import from_rgb
from content.types import ASPECTS, U8
from tests.photographs import PORTRAIT, SCENES, shipped
from workers.composing import compose

SKIN = ("#f6ede4", "#f3e7db", "#eadaba", "#d7bd96", "#a07e56", "#825c43", "#604134", "#3a312a")
"""The Monk skin tone scale (Monk 2019) without its two darkest, which have no hue to lose."""


def subject(rgb: U8, *faces: Box) -> Subject:
    return Subject.of(Box(0, 0, rgb.shape[1], rgb.shape[0]), faces, saliency(rgb))


def wide(seed: int, face: tuple[int, int, int, int]) -> Half:
    """A dim textured frame of 640 × 360 with a flat face of its own colour."""
    rng = np.random.default_rng(seed)
    rgb = rng.integers(20, 90, (360, 640, 3), dtype=np.uint8)
    x, y, width, height = face
    rgb[y : y + height, x : x + width] = (230, 40 * seed, 250 - 60 * seed)
    return Half(rgb, subject(rgb, Box(*face)))


# ---- looks ------------------------------------------------------------------------------------


def test_each_look_does_what_it_is_named_for() -> None:
    rgb = shipped(*SCENES[0])
    tones = grades.title_tones([], rgb)
    before = grades.statistics(rgb)[0]
    after = {look: grades.statistics(grades.graded(rgb, look, tones))[0] for look in grades.LOOKS}
    assert after["warm"][2] > before[2] + 0.01 and after["cold"][2] < before[2] - 0.01
    noir = from_rgb(grades.graded(rgb, "noir", tones)).reshape(-1, 3)
    assert np.hypot(noir[:, 1], noir[:, 2]).max() < 0.03
    duo = from_rgb(grades.graded(rgb, "duotone", tones)).reshape(-1, 3)
    # Two tones: all colours lie on one line through OKLab.
    spread = np.linalg.svd(duo[::97] - duo[::97].mean(axis=0), compute_uv=False)
    assert spread[1] < 0.06 * spread[0]
    with pytest.raises(Invalid, match="unknown_look"):
        grades.graded(rgb, "sepia", tones)


@pytest.mark.parametrize("look", ["warm", "cold"])
@pytest.mark.parametrize(
    "palette", [["#1d3b1a", "#4f8a3c"], ["#102040"], ["#803020", "#f0d0a0"], []]
)
def test_no_grade_turns_skin_green(look: str, palette: list[str]) -> None:
    colours = [[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in SKIN]
    chart = np.repeat(np.array(colours, np.uint8)[None], 8, axis=0)
    lab = from_rgb(grades.graded(chart, look, grades.title_tones(palette, chart)))[0]
    before = from_rgb(chart)[0]
    hue = np.rad2deg(np.arctan2(lab[:, 2], lab[:, 1]))
    was = np.rad2deg(np.arctan2(before[:, 2], before[:, 1]))
    coloured = np.hypot(before[:, 1], before[:, 2]) > 0.03
    assert coloured.sum() >= 5
    # Yellow lies beyond, then green; on the other side red, then the purple of the dead.
    assert ((hue - was)[coloured] < 8).all() and (hue[coloured] > 5).all()


def test_lightness_keeps_its_order_in_every_look() -> None:
    ramp = np.repeat(np.arange(0, 256, 5, dtype=np.uint8)[None, :, None], 3, axis=2)
    ramp = np.repeat(ramp, 8, axis=0)
    for look in grades.LOOKS:
        tones = grades.title_tones(["#8a5a30", "#203050"], ramp)
        light = from_rgb(grades.graded(ramp, look, tones))[0, :, 0]
        assert all(later >= earlier - 0.006 for earlier, later in pairwise(light.tolist())), look


def test_colours_are_matched_no_further_than_asked() -> None:
    rgb = shipped(*PORTRAIT)
    like = grades.statistics(shipped(*SCENES[1]))
    before, half, full = (
        np.abs(grades.statistics(grades.matched(rgb, like, share))[0] - like[0]).sum()
        for share in (0.0, 0.5, 1.0)
    )
    assert before > half > full and full < 0.25 * before


# ---- posters ----------------------------------------------------------------------------------


@pytest.mark.parametrize("aspect", EXTENDED)
def test_a_poster_keeps_its_shape_and_the_whole_face(aspect: Any) -> None:
    half = wide(1, (300, 110, 90, 120))
    tones = grades.title_tones([], half.rgb)
    poster = extended(half.rgb, half.subject, aspect, tones, 720)
    assert poster is not None
    height, width = poster.rgb.shape[:2]
    assert width / height == pytest.approx(RATIOS[aspect], abs=0.003) and width >= 720
    (face,) = poster.faces
    inside = poster.rgb[face.y + 8 : face.bottom - 8, face.x + 8 : face.right - 8]
    assert np.abs(inside.reshape(-1, 3).mean(axis=0) - (230, 40, 190)).max() < 3
    assert face.width / face.height == pytest.approx(0.75, abs=0.02)
    # Grown, not barred: the ground is neither black nor an edge.
    foot = poster.rgb[-12:].astype(float)
    assert 2 < foot.mean() < poster.rgb.mean() and foot.std() < poster.rgb.std()


def test_faces_too_far_apart_for_a_poster_make_none() -> None:
    rgb = wide(1, (20, 100, 90, 120)).rgb
    apart = subject(rgb, Box(20, 100, 90, 120), Box(540, 100, 90, 120))
    tones = grades.title_tones([], rgb)
    assert extended(rgb, apart, "9:16", tones, 720) is None


# ---- two characters ---------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["split", "two_shot"])
@pytest.mark.parametrize("aspect", ASPECTS)
def test_both_faces_are_whole_on_their_own_side(style: Any, aspect: Any) -> None:
    halves = wide(1, (300, 90, 80, 110)), wide(2, (150, 110, 70, 90))
    tones = grades.title_tones(["#e8d8a0", "#302010"], halves[0].rgb)
    shape = paired(halves, aspect, style, tones=tones, short_px=360)
    if aspect == "9:16" and style == "two_shot":  # two heads beside each other have no room there
        assert shape is None
        return
    assert shape is not None and len(shape.faces) == 2
    height, width = shape.rgb.shape[:2]
    assert width / height == pytest.approx(RATIOS[aspect], abs=0.003)
    first, second = shape.faces
    assert first.overlap(second) is None
    assert first.right <= second.x or first.bottom <= second.y
    for face in shape.faces:
        assert face.x >= 0 and face.y >= 0 and face.right <= width and face.bottom <= height
        inside = shape.rgb[face.y + 3 : face.bottom - 3, face.x + 3 : face.right - 3].astype(int)
        # One flat colour: neither line, nor blending, nor the other picture lies over it.
        assert np.abs(inside - np.median(inside, axis=(0, 1))).max() <= 8


def test_a_face_that_would_be_cut_makes_no_pair() -> None:
    filled = wide(1, (10, 5, 620, 350))
    tones = grades.title_tones([], filled.rgb)
    assert paired((filled, filled), "16:9", "split", tones=tones, short_px=360) is None


# ---- groups -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def models() -> Models:
    return Models()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, models: Models) -> tuple[Path, list[Any]]:
    """Two real photographs as the groups of a title: a portrait, wide enough to be a frame, and a
    palace."""
    folder = tmp_path_factory.mktemp("images")
    maker = GroupMaker("t", "default", ImageStore(folder), "test", models.figures)
    portrait = np.ascontiguousarray(shipped(*PORTRAIT)[:340])
    rows = []
    for rgb in (portrait, shipped(*SCENES[0])):
        rows.append(asdict(maker.group(rgb, assessed(rgb, models, TitleContext()))))
    return folder, rows


def composed(
    shelf: tuple[Path, list[Any]], models: Models, request: dict[str, Any], name: str = "Grace"
) -> dict[str, Any]:
    folder, rows = shelf
    look = {"palette": [{"hex": "#26344e"}, {"hex": "#c08a5a"}]}
    profile = {"look": look, "mood": {"moods": {"solemn": 0.6, "calm": 0.4}}}
    title = {"id": "t", "name": name, "language": "en", "maturity": "all", "profile": profile}
    return compose(
        models,
        lambda _part: None,
        request=request,
        title=title,
        sources=rows,
        tenant="default",
        encoder="test",
        images=str(folder),
        journal=str(folder / "journal"),
    )


def test_a_lettered_picture_is_a_group_for_each_language(
    shelf: tuple[Path, list[Any]], models: Models
) -> None:
    request = {"looks": ["noir"], "titles": {"de": "Die Admiralin", "ar": "الأميرال"}, "n": 1}
    answer = composed(shelf, models, request)
    assert {group["language"] for group in answer["groups"]} == {"de", "ar"}
    store = ImageStore(shelf[0])
    for group in answer["groups"]:
        made = group["made"]
        assert group["origin"] == "composed" and made["kind"] == "title"
        assert made["look"] == "noir" and made["contrast"] >= 4.5
        assert all("title" not in variant["safe"] for variant in group["variants"]), "it has one"
        assert made["sources"][0] in {row["id"] for row in shelf[1]}
        assert group["variants"] and group["source_sha256"]
        for variant in group["variants"]:
            width, height = variant["width"], variant["height"]
            assert width / height == pytest.approx(RATIOS[variant["aspect"]], abs=0.01)
            assert min(width, height) >= 720
            pixels = store.pixels(variant["sha256"]).astype(int)
            assert pixels.shape[:2] == (height, width)
            # Black and white, but for a breath of the palette.
            assert (pixels.max(axis=2) - pixels.min(axis=2)).mean() < 14
            assert variant["blurhash"] and variant["colour"]


def test_our_own_lettering_passes_and_foreign_lettering_does_not(
    shelf: tuple[Path, list[Any]], models: Models
) -> None:
    answer = composed(shelf, models, {"kinds": ["title"], "n": 1})
    (group,) = answer["groups"]
    rgb = ImageStore(shelf[0]).pixels(group["variants"][0]["sha256"])
    seen = assessed(rgb, models, TitleContext())
    assert seen.words  # the gate's own eyes see what was written
    assert group["made"]["text"] == "Grace" and group["language"] == "en"


def test_posters_and_refusals_are_told(shelf: tuple[Path, list[Any]], models: Models) -> None:
    answer = composed(shelf, models, {"kinds": ["extension", "split"], "n": 2})
    assert {g["made"]["kind"] for g in answer["groups"]} == {"extension"}
    for group in answer["groups"]:
        assert {variant["aspect"] for variant in group["variants"]} <= set(EXTENDED)
        assert group["language"] is None
    # There is but one person.
    assert [one["reason"] for one in answer["refused"]] == ["no_two_characters"]
    with pytest.raises(PermanentError, match="unknown_kind"):
        composed(shelf, models, {"kinds": ["collage"]})


def test_a_gate_refuses_what_a_look_has_made_of_a_picture(tmp_path: Path, models: Models) -> None:
    night = np.clip(shipped(*SCENES[0]).astype(float) * 0.12, 0, 255).astype(np.uint8)
    maker = GroupMaker("t", "default", ImageStore(tmp_path), "test", models.figures)
    row = asdict(maker.group(night, assessed(night, models, TitleContext())))
    answer = composed((tmp_path, [row]), models, {"looks": ["cold"]})
    assert not answer["groups"] and answer["refused"][0]["reason"] == "dark"
    assert "cold grade" in answer["refused"][0]["detail"]


def test_two_characters_are_two_people(models: Models) -> None:
    portrait = shipped(*PORTRAIT)
    seen = assessed(portrait, models, TitleContext())
    same = [Source(name, portrait, seen, 0.5) for name in ("a", "b")]
    assert same[0].identity is not None
    assert couples(same) == []
