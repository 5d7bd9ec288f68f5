"""The gates beyond the pixels: transitions, words that are read, unsafe pictures, maturity."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from artwork.assess import TitleContext, assess, see
from artwork.quality.faces import FaceDetail
from artwork.quality.gates import (
    GATES,
    face_gates,
    in_transition,
    maturity_gates,
    maturity_of,
    may_serve,
    ordered,
    text_gates,
)
from content.encoders.face_mesh import Expression
from content.encoders.faces import Face
from content.encoders.models import Models
from content.types import F32, U8, Shot
from tests.bench import lids
from tests.photographs import PORTRAIT, SCENES, shipped

MODELS = Models()
SHOTS = (
    Shot(0.0, 10.0, 5.0, "start"),
    Shot(10.0, 20.0, 15.0, "cut"),
    Shot(20.0, 30.0, 25.0, "dissolve"),
    Shot(30.0, 40.0, 35.0, "fade"),
)


@pytest.mark.parametrize(
    ("at_s", "mixed", "shut"),
    [
        (0.0, 1.0, False),  # the film's beginning is no change
        (9.9, 0.0, False),
        (9.95, 0.0, True),
        (10.05, 0.0, True),
        (10.2, 1.0, False),  # two pictures do not shine through each other at a cut
        (19.5, 0.0, True),
        (20.7, 0.0, True),
        (21.0, 0.0, False),
        (21.0, 0.5, True),
        (21.6, 1.0, False),
        (29.2, 0.0, True),
        (30.4, 0.0, True),
        (30.6, 0.0, False),
    ],
)
def test_moments_within_a_change_of_shot(at_s: float, mixed: float, shut: bool) -> None:
    assert in_transition(at_s, mixed, SHOTS) is shut
    assert not in_transition(at_s, mixed, ())


@pytest.mark.parametrize(
    ("at_s", "mixed", "shut"),
    [
        (19.55, 0.0, False),
        (19.65, 0.0, True),  # 0.3 s before the boundary, and a tenth around
        (20.25, 0.0, True),
        (20.35, 0.0, False),
        (20.35, 0.5, True),
        (26.8, 0.0, False),
        (27.0, 0.0, True),  # it is black for three seconds
        (30.9, 0.0, True),
        (31.15, 0.0, False),
    ],
)
def test_a_change_is_as_long_as_it_is(at_s: float, mixed: float, shut: bool) -> None:
    shots = (
        *SHOTS[:2],
        Shot(20.0, 30.0, 25.0, "dissolve", 1.0, 19.7, 20.2),
        Shot(30.0, 40.0, 35.0, "fade", 1.0, 27.0, 31.0),
    )
    assert in_transition(at_s, mixed, shots) is shut


def test_words_that_are_read() -> None:
    assert text_gates([]) == text_gates([0.1, 0.05]) == ()
    assert text_gates([0.15, 0.1]) == ("lettering",)
    assert text_gates([0.03] * 4) == ("credits",)
    assert text_gates([0.3] * 6) == ("credits", "lettering")


def seen_face(height: float, eyes_open: float | None) -> FaceDetail:
    return FaceDetail(height, Expression(1.0, eyes_open, 0.0), None)


@pytest.mark.parametrize(
    ("faces", "refused"),
    [
        ([], False),
        ([(0.4, 0.0)], True),
        ([(0.4, 0.01)], False),
        ([(0.4, None)], False),
        ([(0.09, 0.0)], False),  # nobody notices
        ([(0.4, 1.0), (0.21, 0.0)], True),  # a picture of two is one of both
        ([(0.4, 1.0), (0.19, 0.0)], False),
    ],
)
def test_somebody_who_is_noticed_has_open_eyes(
    faces: Sequence[tuple[float, float | None]], refused: bool
) -> None:
    details = [seen_face(*face) for face in faces]
    assert face_gates(details) == (("eyes_shut",) if refused else ())
    assert face_gates([FaceDetail(0.4, None, None)]) == ()


def test_maturity_rises_with_the_unsafe_score() -> None:
    assert [maturity_of(score) for score in (0.0, 0.49, 0.5, 0.6, 0.7, 0.95)] == [
        *("all", "all", "13", "16", "18", "18")
    ]
    assert maturity_gates(0.95, 0.0, "18") == ("unsafe",)
    assert maturity_gates(0.95, 0.0, "7") == ("unsafe", "above_maturity")
    assert maturity_gates(0.55, 0.0, "7") == ("above_maturity",)
    assert maturity_gates(0.55, 0.0, "13") == maturity_gates(0.55, 0.0, None) == ()


def test_guns_are_for_thirteen_and_lower_nothing() -> None:
    assert [maturity_of(0.0, score) for score in (0.29, 0.3, 1.0)] == ["all", "13", "13"]
    assert [maturity_of(score, 1.0) for score in (0.55, 0.65, 0.75)] == ["13", "16", "18"]
    assert maturity_gates(0.0, 0.5, "7") == ("above_maturity",)
    assert maturity_gates(0.0, 0.5, "13") == maturity_gates(0.0, 0.5, None) == ()


def test_reasons_are_told_once_in_one_order() -> None:
    assert ordered(("lettering", "dark"), ("lettering",), ("unsafe",)) == (
        *("dark", "lettering", "unsafe"),
    )
    assert may_serve(("blurred", "lettering")) and may_serve(())
    assert not any(may_serve((name, "blurred")) for name in set(GATES) - set(LESSER))


LESSER = ("blown", "blurred", "title_card", "credits", "lettering", "eyes_shut")


@dataclass
class Watched:
    """The real models, counting which of the later ones are asked; unsafe as told."""

    told: float | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def visual(self) -> "Watched":
        return self

    def encode(self, frames: Sequence[U8]) -> F32:
        return np.ones((len(frames), 4), np.float32) / 2

    @property
    def faces(self) -> object:
        return MODELS.faces

    @property
    def unsafe(self) -> "Watched":
        return self

    def score(self, rgb: U8, faces: Sequence[Face]) -> float:
        self.asked.append("unsafe")
        return MODELS.unsafe.score(rgb, faces) if self.told is None else self.told

    def __getattr__(self, name: str) -> object:
        self.asked.append(name)
        return getattr(MODELS, name)


def written(rgb: U8, *words: str) -> U8:
    """Words in red, which the finder of white strokes does not see."""
    picture = rgb.copy()
    for line, text in enumerate(words):
        at = (40, 80 + 60 * line)
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_DUPLEX, 1.3, (230, 20, 20), 3)
    return picture


def test_a_portrait_passes_and_is_told_in_full() -> None:
    models, rgb = Watched(), shipped(*PORTRAIT)
    (one,) = assess([see(0.0, rgb, models.faces)], models)
    assert one.reasons == () and one.maturity == "all" and one.words == ()
    (detail,) = one.face_details
    assert detail.identity is not None and detail.identity.shape == (128,)
    again = MODELS.identities.encode(rgb, MODELS.faces.detect(rgb))[0]
    assert np.linalg.norm(detail.identity - again) < 0.2, "the small copy is as good"
    assert one.scores["eyes_open"] > 0.6 and one.scores["face_size"] > 0.9
    assert one.scores["overall"] > 0.5
    (repeat,) = assess([see(0.0, rgb, models.faces)], models)
    assert repeat.scores == one.scores


def test_coloured_words_are_read_refused_and_told_where_they_stand() -> None:
    models, rgb = Watched(), shipped(*SCENES[0])
    picture = written(rgb, "DIRECTED BY", "SOMEBODY")
    clean, lettered = assess([see(0.0, p, models.faces) for p in (rgb, picture)], models)
    assert clean.reasons == () and clean.words == ()
    assert lettered.reasons == ("lettering",)
    assert len(lettered.words) == 2 and all(30 < box.x < 50 for box in lettered.words)
    assert lettered.scores["text_free"] < 0.2 < clean.scores["text_free"]
    (roll,) = assess([see(0.0, written(rgb, *["NAME NAME"] * 5), models.faces)], models)
    assert roll.reasons == ("credits", "lettering")


def test_shut_eyes_are_refused_and_open_ones_are_not() -> None:
    models, rgb = Watched(), shipped("skimage", "data/astronaut.png")
    whole, blinked = assess([see(0.0, p, models.faces) for p in (rgb, lids.shut(rgb))], models)
    assert whole.reasons == () and blinked.reasons == ("eyes_shut",)
    assert whole.scores["eyes_open"] == 1.0 and blinked.scores["eyes_open"] == 0.0


def test_unsafe_and_above_its_title() -> None:
    rgb = shipped(*SCENES[1])
    for score, wanted, reasons, maturity in (
        (0.95, "18", ("unsafe",), "18"),
        (0.65, "13", ("above_maturity",), "16"),
        (0.65, "16", (), "16"),
        (None, "all", (), "all"),
    ):
        models = Watched(told=score)
        (one,) = assess([see(0.0, rgb, models.faces)], models, TitleContext(maturity=wanted))
        assert (one.reasons, one.maturity) == (reasons, maturity)


def test_a_gun_is_above_a_title_for_all() -> None:
    class Armed(Watched):
        @property
        def weapons(self) -> "Armed":
            return self

        def score(self, rgb: U8, faces: Sequence[Face] | None = None) -> float:
            return 0.0 if faces is not None else 0.9

    rgb = shipped(*SCENES[1])
    for wanted, reasons in (("all", ("above_maturity",)), ("13", ())):
        models = Armed()
        (one,) = assess([see(0.0, rgb, models.faces)], models, TitleContext(maturity=wanted))
        assert (one.reasons, one.maturity) == (reasons, "13")


def test_models_are_not_asked_about_what_the_pixels_refuse() -> None:
    models = Watched()
    black = np.zeros((270, 480, 3), np.uint8)
    (one,) = assess([see(0.0, black, models.faces)], models)
    assert {"dark", "flat"} <= set(one.reasons) and models.asked == []
    blurred = np.asarray(cv2.GaussianBlur(shipped(*SCENES[1]), (0, 0), 9), np.uint8)
    (two,) = assess([see(0.0, blurred, models.faces)], models)
    assert two.reasons == ("blurred",)
    assert models.asked == ["unsafe", "weapons"], (
        "what may serve where nothing better is must be safe"
    )


def test_a_moment_of_a_dissolve_is_refused_and_its_neighbour_is_not() -> None:
    models, rgb = Watched(), shipped(*SCENES[0])
    seen = [see(at_s, rgb, models.faces) for at_s in (20.2, 25.0)]
    during, after = assess(seen, models, TitleContext(shots=SHOTS))
    assert during.reasons == ("mid_transition",) and after.reasons == ()


def test_closeness_and_motion_of_the_title_are_taken_in() -> None:
    models, rgb = Watched(), shipped(*SCENES[0])
    same = np.full(4, 0.5, np.float32)
    seen = [see(1.5, rgb, models.faces)]
    motion = np.array([0.0, 0.5, np.nan], np.float32)
    (near,) = assess(seen, models, TitleContext(visual=same, motion=motion))
    (far,) = assess(seen, models, TitleContext(visual=-same, motion=motion[2:]))
    (none,) = assess(seen, models)
    assert near.scores["meaning"] == 1.0 and far.scores["meaning"] == 0.0
    assert "meaning" not in none.scores
    assert near.scores["action"] == 1.0 > far.scores["action"] == none.scores["action"]


def test_nothing_seen_gives_nothing() -> None:
    assert assess([], Watched()) == []
