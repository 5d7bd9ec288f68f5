"""Grades, posters, two characters in one picture, and groups composed of a title's own pictures."""

from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artwork.assess import TitleContext
from artwork.compose import grades
from artwork.compose.aspects import LEAST_PX
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
from workers.child import Operations
from workers.composing import compose
from workers.settings import Settings

SKIN = ("#f6ede4", "#f3e7db", "#eadaba", "#d7bd96", "#a07e56", "#825c43", "#604134", "#3a312a")
"""The Monk skin tone scale (Monk 2019) without its two darkest, which have no hue to lose."""

PALETTE = ["#26344e", "#c08a5a"]


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


@pytest.mark.parametrize("look", ["noir", "duotone"])
def test_what_is_drawn_with_lightness_alone_keeps_the_detail_of_its_lights(look: str) -> None:
    """A sunset: the upper half of its range is warm, bright and soft, as clouds are."""
    x = np.linspace(0, 1, 320)
    light = 150 + 90 * x + 6 * np.sin(60 * x)
    sky = np.stack([light, 0.82 * light, 0.55 * light], axis=-1)[None].repeat(90, axis=0)
    ground = np.full((90, 320, 3), 25.0)
    rgb = np.clip(np.concatenate([sky, ground]), 0, 255).astype(np.uint8)
    tones = grades.title_tones(["#8a5a30", "#203050"], rgb)
    drawn = from_rgb(grades.graded(rgb, look, tones))[:80, :, 0]
    before = from_rgb(rgb)[:80, :, 0]
    bright = before >= np.percentile(before, 90)
    # Neither burnt out nor pressed together: half of its own spread at least.
    assert (drawn >= 0.99).mean() < 0.01
    assert drawn[bright].std() > 0.5 * before[bright].std()
    assert np.corrcoef(drawn[bright], before[bright])[0, 1] > 0.95


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
    poster = extended(half.rgb, half.subject, aspect, 720)
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


def calm_above() -> U8:
    """A frame of 640 × 360: a plain sky, and somebody who stands before it, in view to the hips."""
    rng = np.random.default_rng(5)
    rgb = np.full((360, 640, 3), 130.0)
    rgb[200:, 250:390] = rng.integers(0, 255, (160, 140, 3))
    return rgb.astype(np.uint8)


def test_nobody_grows_a_second_body_where_the_picture_ends() -> None:
    rgb = calm_above()
    poster = extended(rgb, subject(rgb, Box(290, 120, 60, 80)), "2:3", 0)
    assert poster is not None and poster.picture is not None
    above = poster.picture.y
    assert above > 0, "the sky goes on"
    end = above + rgb.shape[0]
    ground = poster.rgb[end:].astype(int)
    # No edge of anything in what lies below, and not a trace of the pattern just above its end.
    assert np.abs(np.diff(ground, axis=1)).max() <= 3
    assert ground.mean() < 0.5 * rgb.mean()
    fall = poster.rgb[above + 200 : end].astype(float).std(axis=(1, 2))
    assert fall[-1] < 0.1 * fall[0], "it has fallen off before it ends"
    # The sky above is more of the same.
    sky = poster.rgb[:above].astype(int)
    assert np.abs(sky - poster.rgb[above].astype(int)).max() < 30
    # Heads are out of the fall's reach.
    (face,) = poster.faces
    inside = poster.rgb[face.y : face.bottom, face.x : face.right].astype(int)
    x, y = face.x + (640 - poster.rgb.shape[1]) // 2, face.y - above
    assert np.abs(inside - rgb[y : y + face.height, x : x + face.width]).max() <= 2


def test_a_head_at_a_restless_end_leaves_no_room_for_a_poster() -> None:
    half = wide(1, (280, 200, 90, 150))
    assert extended(half.rgb, half.subject, "2:3", 720) is None


def test_faces_too_far_apart_for_a_poster_make_none() -> None:
    rgb = wide(1, (20, 100, 90, 120)).rgb
    apart = subject(rgb, Box(20, 100, 90, 120), Box(540, 100, 90, 120))
    assert extended(rgb, apart, "9:16", 720) is None


# ---- two characters ---------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["split", "two_shot"])
@pytest.mark.parametrize("aspect", ASPECTS)
def test_both_faces_are_whole_on_their_own_side(style: Any, aspect: Any) -> None:
    halves = wide(1, (300, 90, 80, 110)), wide(2, (150, 110, 70, 90))
    tones = grades.title_tones(["#e8d8a0", "#302010"], halves[0].rgb)
    shape = paired(halves, aspect, style, tones=tones, least_px=360)
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
    assert paired((filled, filled), "16:9", "split", tones=tones, least_px=360) is None


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
    shelf: tuple[Path, list[Any]],
    models: Models,
    request: dict[str, Any],
    language: str | None = "en",
) -> dict[str, Any]:
    folder, rows = shelf
    look = {"palette": [{"hex": tone} for tone in PALETTE]}
    profile = {"look": look, "mood": {"moods": {"solemn": 0.6, "calm": 0.4}}}
    title = {
        "id": "t",
        "name": "Grace",
        "language": language,
        "maturity": "all",
        "profile": profile,
    }
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
    assert answer["pictures"] == 1 and not answer["warnings"]
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


def test_what_is_not_lettered_is_drawn_no_larger_than_need_be(
    shelf: tuple[Path, list[Any]], models: Models
) -> None:
    (group,) = composed(shelf, models, {"kinds": ["extension"], "n": 1})["groups"]
    widths = {variant["aspect"]: variant["width"] for variant in group["variants"]}
    # The windows of a frame 427 px high are 370 and 312 px wide.
    assert widths == {"2:3": pytest.approx(370, abs=1), "9:16": LEAST_PX}
    assert group["made"]["upscaled"] == pytest.approx(LEAST_PX / 312, abs=0.01)


def test_a_lettered_picture_is_embedded_anew_from_under_its_letters(
    shelf: tuple[Path, list[Any]], models: Models, tmp_path: Path
) -> None:
    (group,) = composed(shelf, models, {"kinds": ["title"], "looks": ["noir"], "n": 1})["groups"]
    source = next(row for row in shelf[1] if row["id"] == group["made"]["sources"][0])
    looks = Operations(Settings(data=tmp_path)).looks(
        lambda *_: None,
        images=str(shelf[0]),
        masters=[(source["source_sha256"], "noir")],
        palette=PALETTE,
    )
    again, before = np.frombuffer(looks[0], "<f4"), np.frombuffer(group["embedding"], "<f4")
    assert float(again @ before) > 0.999


def test_our_own_lettering_passes_and_foreign_lettering_does_not(
    shelf: tuple[Path, list[Any]], models: Models
) -> None:
    answer = composed(shelf, models, {"kinds": ["title"], "n": 1}, language=None)
    (group,) = answer["groups"]
    rgb = ImageStore(shelf[0]).pixels(group["variants"][0]["sha256"])
    seen = assessed(rgb, models, TitleContext())
    assert seen.words  # the gate's own eyes see what was written
    # Nobody has told the language of the title's name: it is marked so, and that is told.
    assert group["made"]["text"] == "Grace" and group["language"] == "und"
    assert [each["reason"] for each in answer["warnings"]] == ["language_unknown"]


def test_posters_and_refusals_are_told(shelf: tuple[Path, list[Any]], models: Models) -> None:
    answer = composed(shelf, models, {"kinds": ["extension", "split"], "n": 2})
    assert {g["made"]["kind"] for g in answer["groups"]} == {"extension"}
    for group in answer["groups"]:
        assert {variant["aspect"] for variant in group["variants"]} <= set(EXTENDED)
        assert group["language"] is None
    # There is but one person, and the frame of the portrait ends at the chin.
    reasons = [one["reason"] for one in answer["refused"]]
    assert reasons == ["no_two_characters", "fewer_sources"] and answer["pictures"] == 1
    assert "1 of 2" in answer["refused"][1]["detail"]
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
