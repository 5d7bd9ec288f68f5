"""Every sub-score moves the right way, on photographs that packages ship and on made pictures."""

import io
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from PIL import Image

from artwork.framing.saliency import saliency
from artwork.quality import colour, composition, focus, subject
from artwork.quality.composition import NEUTRAL
from artwork.quality.damage import blockiness, mixture
from artwork.quality.faces import FaceDetail, face_scores
from artwork.quality.measures import measure
from artwork.quality.picture import analysis_picture, luma_of
from artwork.quality.scores import gathered, pictorial, pictured, text_free
from artwork.quality.weights import DEFAULT, SCORES
from content.encoders.face_mesh import Expression
from content.encoders.faces import Face, FaceDetector
from content.types import F32, U8
from tests.photographs import PORTRAIT, SCENES, shipped

PHOTOGRAPHS = [analysis_picture(shipped(*each)) for each in (PORTRAIT, *SCENES)]
WIDE = (480, 270)


def smeared(rgb: U8, length: int, angle: float) -> U8:
    """Motion blur: the mean along a line of `length` px."""
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1.0
    turn = cv2.getRotationMatrix2D(((length - 1) / 2,) * 2, angle, 1.0)
    kernel = cv2.warpAffine(kernel, turn, (length, length))
    return np.asarray(cv2.filter2D(rgb, -1, kernel / kernel.sum()), np.uint8)


def soft(rgb: U8, sigma: float) -> U8:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma), np.uint8)


def compressed(rgb: U8, quality: int) -> U8:
    with io.BytesIO() as file:
        Image.fromarray(rgb).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file).convert("RGB"))


def even(height: int = 54, width: int = 96) -> F32:
    return np.full((height, width), 1 / (height * width), np.float32)


def spot(x: float, y: float) -> F32:
    """All mass at one place, shares of the sides."""
    mass = np.zeros((54, 96), np.float32)
    mass[int(y * 54), int(x * 96)] = 1.0
    return mass


def face(x: int, y: int, side: int = 60, turn: float = 0.0) -> Face:
    """`turn`: of the nose, in distances between the eyes, to the right."""
    left, right = x + 0.3 * side, x + 0.7 * side
    nose = (left + right) / 2 + turn * (right - left)
    eyes, mouth = y + 0.36 * side, y + 0.8 * side
    points = ((left, eyes), (right, eyes), (nose, y + 0.6 * side), (left, mouth), (right, mouth))
    return Face(x, y, side, side, 0.9, landmarks=points)


@pytest.mark.parametrize("rgb", PHOTOGRAPHS, ids=["portrait", "china", "flower"])
def test_focus_falls_with_blur_of_either_kind_but_only_motion_unsteadies(rgb: U8) -> None:
    mass = saliency(rgb)
    out = [luma_of(soft(rgb, sigma)) for sigma in (1.0, 2.0, 4.0)]
    still = luma_of(rgb)
    focused = [focus.subject_focus(luma, mass) for luma in (still, *out)]
    assert focused == sorted(focused, reverse=True)
    assert focused[0] > 0.7 and focused[-1] < 0.2
    assert min(focus.steadiness(luma, mass) for luma in (still, *out)) > 0.9
    for angle in (0, 45, 90, 160):
        moved = [focus.steadiness(luma_of(smeared(rgb, n, angle)), mass) for n in (5, 11, 21)]
        assert moved[0] > moved[2] and moved[2] < 0.8, angle


def test_shallow_focus_is_sharp_where_the_subject_is() -> None:
    rgb = PHOTOGRAPHS[0]
    where = np.zeros(rgb.shape[:2], np.float32)
    where[90:300, 130:300] = 1.0
    where /= where.sum()
    shallow = soft(rgb, 6)
    shallow[90:300, 130:300] = rgb[90:300, 130:300]
    wrong = rgb.copy()
    wrong[90:300, 130:300] = soft(rgb, 6)[90:300, 130:300]
    assert focus.subject_focus(luma_of(shallow), where) > 0.6
    assert focus.subject_focus(luma_of(wrong), where) < 0.3
    assert focus.steadiness(luma_of(shallow), where) > 0.9
    # The whole frame's sharpest quarter sees no difference of this kind.
    assert measure(wrong).sharpness > 0.5


@pytest.mark.parametrize("which", [PORTRAIT, ("skimage", "data/astronaut.png")])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_a_face_is_sharp_or_blurred_at_its_own_size(which: tuple[str, str], scale: float) -> None:
    rgb = np.asarray(
        cv2.resize(shipped(*which), None, fx=scale, fy=scale, interpolation=3), np.uint8
    )
    [found, *_] = FaceDetector().detect(rgb)
    height = found.height
    assert focus.face_focus(rgb, found) > 0.8
    dim = (rgb * 0.3).astype(np.uint8)
    assert focus.face_focus(dim, found) > 0.8, "little light is no blur"
    blurs = [focus.face_focus(soft(rgb, share * height), found) for share in (0.01, 0.02, 0.04)]
    assert blurs == sorted(blurs, reverse=True) and blurs[1] < 0.25 and blurs[2] == 0.0
    for angle in (0, 60, 90):
        moved = smeared(rgb, max(5, round(0.15 * height)), angle)
        assert focus.face_focus(moved, found) < 0.7, angle


def test_a_close_up_is_as_sharp_as_its_face() -> None:
    assert focus.with_face(0.1, 1.0, 1.0) == 0.55, "smooth skin fills the picture"
    assert focus.with_face(0.6, 0.2, 1.0) == 0.4
    assert focus.with_face(0.6, 0.2, 0.0) == 0.6, "of a far face little is seen"


def test_exposure_and_contrast_fall_either_way_from_the_middle() -> None:
    rgb = PHOTOGRAPHS[1]
    dark, light = (np.clip(rgb.astype(float) * f, 0, 255).astype(np.uint8) for f in (0.3, 2.5))
    middle = measure(rgb).exposure
    assert middle > measure(dark).exposure and middle > measure(light).exposure
    flat = (rgb.astype(float) * 0.4 + 76).astype(np.uint8)
    assert measure(rgb).contrast > 2 * measure(flat).contrast


def hues(*degrees: int) -> U8:
    """Equal patches of saturated hues, 0..360."""
    stripes = np.array([[(d // 2, 220, 220) for d in degrees]], np.uint8)
    large = cv2.resize(stripes, WIDE, interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_HSV2RGB), np.uint8)


def test_harmony_knows_the_templates_of_the_paper() -> None:
    assert colour.harmony(hues(10)) == 1.0  # i
    assert colour.harmony(hues(10, 190)) == 1.0  # I: opposites
    assert colour.harmony(hues(10, 100)) == 1.0  # L
    assert colour.harmony(hues(0, 40, 80, 120, 160)) == 1.0  # T: half the circle
    discord = colour.harmony(hues(0, 72, 144, 216, 288))
    assert discord < colour.harmony(hues(0, 120, 240)) < 0.5, "three apart are none of them"
    assert colour.harmony(np.full((90, 160, 3), 128, np.uint8)) == 1.0


def test_harmony_does_not_depend_on_the_turn_of_the_hues() -> None:
    told = [
        colour.harmony(hues(*((d + turn) % 360 for d in (0, 72, 144)))) for turn in (0, 60, 120)
    ]
    assert max(told) - min(told) < 0.02


def test_colourfulness_falls_as_colour_is_taken() -> None:
    rgb = PHOTOGRAPHS[2].astype(np.float32)
    grey = rgb.mean(axis=2, keepdims=True)
    told = [
        measure((grey + share * (rgb - grey)).astype(np.uint8)).colourfulness
        for share in (1.0, 0.5, 0.0)
    ]
    assert told[0] > told[1] > told[2]


def test_thirds_fall_from_the_crossing_to_the_edge() -> None:
    told = [composition.thirds(spot(x, 1 / 3), (), WIDE) for x in (1 / 3, 0.42, 0.5, 0.02)]
    assert told[0] > 0.98 and told[0] > told[1] > told[2] > told[3]
    on = face(160 - 30, 90 - 30)
    off = face(240 - 30, 135 - 30)
    assert composition.thirds(even(), [on], WIDE) > composition.thirds(even(), [off], WIDE)


def test_symmetry_of_a_mirrored_picture() -> None:
    rgb = PHOTOGRAPHS[1]
    half = rgb[:, : rgb.shape[1] // 2]
    mirrored = np.concatenate([half, half[:, ::-1]], axis=1)
    assert composition.symmetry(luma_of(mirrored)) > 0.98
    assert composition.symmetry(luma_of(rgb)) < 0.3


def test_headroom_wants_the_eyes_on_the_upper_third_and_the_head_whole() -> None:
    good, low, cut = face(200, 68), face(200, 190), face(200, 0)
    assert composition.headroom([good], WIDE) > 0.98
    assert composition.headroom([low], WIDE) < 0.2
    assert composition.headroom([cut], WIDE) == 0.0
    assert composition.headroom([], WIDE) == NEUTRAL


def test_leading_space_is_room_before_the_face() -> None:
    left_side, right_side = face(60, 100, turn=0.3), face(360, 100, turn=0.3)
    assert composition.leading_space([left_side], WIDE) == 1.0
    assert composition.leading_space([right_side], WIDE) == 0.0
    assert composition.leading_space([face(360, 100, turn=-0.3)], WIDE) == 1.0
    assert composition.leading_space([face(360, 100)], WIDE) == NEUTRAL
    assert composition.leading_space([], WIDE) == NEUTRAL


def test_separation_of_a_figure_from_its_ground() -> None:
    ground = soft(PHOTOGRAPHS[1], 5)
    height, width = ground.shape[:2]
    mass = np.zeros((54, 80), np.float32)
    mass[18:40, 28:52] = 1.0
    told = []
    for colour_of in ((230, 40, 40), None):
        figure = ground.copy()
        box = figure[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
        if colour_of is not None:
            box[:] = colour_of
            box[::6] = (250, 220, 60)
        told.append(subject.separation(figure, luma_of(figure), mass / mass.sum()))
    assert told[0] > 0.7 and told[1] < 0.5
    assert subject.subject_size(spot(0.5, 0.5)) < 0.01 < subject.subject_size(even())


def test_a_face_takes_half_of_the_subject() -> None:
    mass = subject.subject_mass(even(), [face(240, 100, 54)], WIDE)
    assert mass.sum() == pytest.approx(1.0, abs=1e-4)
    inside = mass[20:31, 48:59]
    assert 0.45 < float(inside.sum()) < 0.6
    assert subject.subject_mass(even(), [], WIDE).std() < 1e-8


@pytest.mark.parametrize("rgb", PHOTOGRAPHS, ids=["portrait", "china", "flower"])
def test_blocks_show_as_compression_grows_wherever_the_grid_begins(rgb: U8) -> None:
    small = np.asarray(cv2.resize(rgb, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA))
    told = [blockiness(compressed(small, quality)) for quality in (95, 40, 15, 5)]
    assert told == sorted(told) and told[0] == 0.0 and told[-1] > 0.7
    assert blockiness(compressed(small, 5)[3:, 5:]) > 0.7
    assert blockiness(np.zeros((20, 20, 3), np.uint8)) == 0.0


def test_stripes_are_no_blocks() -> None:
    stripes = np.zeros((240, 320, 3), np.uint8)
    stripes[:, ::8] = 200
    assert blockiness(stripes) == 0.0


def test_two_pictures_over_each_other_look_mixed() -> None:
    rgb = [cv2.resize(p, WIDE, interpolation=cv2.INTER_AREA) for p in PHOTOGRAPHS]
    pairs = [(0, 1), (1, 2), (0, 2)]
    mixed = [mixture(luma_of(cv2.addWeighted(rgb[a], 0.5, rgb[b], 0.5, 0))) for a, b in pairs]
    assert float(np.mean(mixed)) > float(np.mean([mixture(luma_of(p)) for p in rgb])) + 0.1


def detail(height: float, *expression: float) -> FaceDetail:
    return FaceDetail(height, Expression(*expression) if expression else None, None)


def test_face_scores_by_hand() -> None:
    told = face_scores([detail(0.2, 0.9, 1.0, 0.1), detail(0.1, 0.6, 0.4, 0.7)], 2)
    assert told["face_count"] == pytest.approx(2 / 3, abs=1e-5)
    assert told["face_size"] == pytest.approx(0.6)
    assert told["frontal"] == pytest.approx((0.2 * 0.9 + 0.1 * 0.6) / 0.3, abs=1e-5)
    assert told["eyes_open"] == pytest.approx((0.2 * 1.0 + 0.1 * 0.4) / 0.3, abs=1e-5)
    assert told["expression"] == 0.7
    nobody = face_scores([], 0)
    assert nobody["face_count"] == nobody["face_size"] == nobody["expression"] == 0.0
    assert nobody["frontal"] == nobody["eyes_open"] == NEUTRAL
    assert face_scores([detail(0.9)], 7)["face_count"] == 1.0


def test_a_card_is_no_picture_and_words_count() -> None:
    card = np.full((270, 480, 3), 12, np.uint8)
    cv2.putText(card, "THE END", (150, 150), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (230,) * 3, 3)
    assert pictorial(measure(card)) < 0.1
    assert min(pictorial(measure(rgb)) for rgb in PHOTOGRAPHS) > 0.95
    assert text_free(0.0) == 1.0 > text_free(0.1) > text_free(0.4) == 0.0


def complete(rgb: U8, **changes: object) -> dict[str, float]:
    mass = saliency(rgb)
    quality = measure(rgb, mass)
    given: dict[str, object] = {
        "face_count": 0,
        "text_width": 0.0,
        "bars": 0.0,
        "blockiness": 0.0,
        "face_focus": None,
        "motion": None,
        "closeness": 0.6,
        "weights": DEFAULT,
    }
    return gathered(pictured(rgb, quality, mass, ()), (), **(given | changes))


def test_all_the_named_scores_are_told_within_bounds() -> None:
    for rgb in (*PHOTOGRAPHS, np.zeros((2, 300, 3), np.uint8), np.full((9, 9, 3), 255, np.uint8)):
        told = complete(rgb)
        assert set(told) == {*SCORES, "overall"}
        assert all(0.0 <= value <= 1.0 for value in told.values())


def test_what_is_known_beside_the_pixels_moves_its_score_and_the_overall_one() -> None:
    rgb = PHOTOGRAPHS[1]
    plain = complete(rgb)
    for name, change in (
        ("text_free", {"text_width": 0.3}),
        ("full_frame", {"bars": 0.25}),
        ("clean", {"blockiness": 0.8}),
        ("meaning", {"closeness": 0.3}),
    ):
        worse = complete(rgb, **change)
        assert worse[name] < plain[name] and worse["overall"] < plain["overall"], name
    assert complete(rgb, motion=0.3)["action"] == 1.0 > complete(rgb, motion=0.1)["action"]
    assert "meaning" not in complete(rgb, closeness=None)


def test_overall_prefers_the_photograph_to_what_was_spoilt_of_it() -> None:
    rgb = PHOTOGRAPHS[1]
    best = complete(rgb)["overall"]
    spoilt: Sequence[U8] = (
        soft(rgb, 4),
        smeared(rgb, 21, 20),
        (rgb // 5).astype(np.uint8),
        (rgb.astype(float) * 0.3 + 150).astype(np.uint8),
    )
    assert all(complete(other)["overall"] < best for other in spoilt)
