"""Shot boundaries, by every detector, on films whose cuts and transitions are known."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from content import decode
from content.decode import Signatures
from content.encoders.choice import EncoderChoice
from content.encoders.models import Models
from content.shots import (
    MIN_SHOT_S,
    PREROLL_S,
    AdaptiveShots,
    Boundary,
    BoundaryDetector,
    LearnedShots,
    boundary,
    chosen_detector,
    shot_detector,
)
from content.types import F32, U8
from tests.synth import Take, make_clip
from tests.transitions import (
    FPS,
    Camera,
    Film,
    Join,
    JoinKind,
    Scene,
    add_flash,
    add_noise,
    compose,
    darken,
    filmed,
    fractal,
)

MODELS = Models()


class Remembering:
    """The network, asked once for each window: the tests show the same ones again and again."""

    def __init__(self) -> None:
        self._told: dict[bytes, F32] = {}

    def predict(self, frames: U8) -> F32:
        key = sha256(frames.tobytes()).digest()
        if key not in self._told:
            self._told[key] = MODELS.transitions.predict(frames)
        return self._told[key]


NETWORK = Remembering()
MAKERS: dict[str, Callable[[float], BoundaryDetector]] = {
    "adaptive": AdaptiveShots,
    "transnetv2": lambda start_s: LearnedShots(NETWORK, start_s),
}
STILL, PAN = Camera(), Camera((0.08, 0.02), shake=0.003)


@cache
def film(kinds: tuple[tuple[JoinKind, int], ...], camera: Camera = PAN, seed: int = 5) -> Film:
    scenes, rng = scenery(len(kinds) + 1, camera, seed)
    return compose(deepcopy(rng), scenes, [Join(*kind) for kind in kinds])


@cache
def scenery(
    count: int, camera: Camera, seed: int
) -> tuple[list[tuple[Scene, int]], np.random.Generator]:
    """Scenes of 36 frames, which films of other joins have, too; and where the chance stands."""
    rng = np.random.default_rng(seed)
    return [(filmed(rng, fractal(rng), camera), 36) for _ in range(count)], rng


def signatures(film: Film, fps: float = FPS) -> Signatures:
    small = [cv2.resize(f, (64, 36), interpolation=cv2.INTER_AREA)[:, :, ::-1] for f in film.frames]
    return Signatures([n / fps for n in range(len(small))], np.stack(small))


def told(detector: BoundaryDetector, shown: Signatures, at_once: int = 12) -> list[Boundary]:
    found = []
    for at in range(0, len(shown.at_s), at_once):
        part = slice(at, at + at_once)
        found += detector.feed(Signatures(shown.at_s[part], shown.pixels[part]))
    return found + detector.finish()


def frames_of(found: Sequence[Boundary]) -> list[int]:
    return [round(each.at_s * FPS) for each in found]


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[[float], BoundaryDetector]:
    return MAKERS[request.param]


# What holds of every detector.


def test_cuts_are_found_to_the_frame(make: Callable[[float], BoundaryDetector]) -> None:
    clip = film((("cut", 0),) * 3)
    found = told(make(0.0), signatures(clip))
    assert frames_of(found) == [each.start for each in clip.truth]
    assert {each.kind for each in found} == {"cut"} and all(each.length_s == 0 for each in found)
    assert all(0.5 <= each.confidence <= 1 for each in found)


def test_a_dissolve_is_found_once(make: Callable[[float], BoundaryDetector]) -> None:
    clip = film((("dissolve", 20), ("cut", 0)))
    dissolve, cut = told(make(0.0), signatures(clip))
    assert clip.truth[0].start <= dissolve.at_s * FPS <= clip.truth[0].end
    assert (dissolve.kind, cut.kind) == ("dissolve", "cut")
    assert 0.3 <= dissolve.length_s <= 1.2
    assert dissolve.from_s is not None and dissolve.until_s is not None
    assert dissolve.from_s <= dissolve.at_s <= dissolve.until_s
    assert abs(dissolve.from_s * FPS - clip.truth[0].start) <= 6
    assert abs(dissolve.until_s * FPS - clip.truth[0].end) <= 6
    assert cut.from_s is cut.until_s is None


def test_a_fade_is_one_boundary_where_the_light_returns(
    make: Callable[[float], BoundaryDetector],
) -> None:
    clip = film((("fade", 24),))
    [found] = told(make(0.0), signatures(clip))
    middle = (clip.truth[0].start + clip.truth[0].end) / 2
    assert found.kind == "fade" and middle <= found.at_s * FPS <= clip.truth[0].end
    assert found.from_s is not None and found.until_s is not None
    assert abs(found.from_s * FPS - clip.truth[0].start) <= 6
    assert abs(found.until_s * FPS - clip.truth[0].end) <= 6


def test_what_is_told_does_not_depend_on_how_frames_come(
    make: Callable[[float], BoundaryDetector],
) -> None:
    shown = signatures(film((("cut", 0), ("fade", 20))))
    assert told(make(0.0), shown, 1000) == told(make(0.0), shown, 7)


def test_a_film_in_parts_is_the_film(make: Callable[[float], BoundaryDetector]) -> None:
    fps = 12
    shown = signatures(film((("cut", 0), ("dissolve", 16), ("fade", 20)) * 2), fps)
    first, half = make(0.0), 18 * fps
    found = first.feed(Signatures(shown.at_s[:half], shown.pixels[:half]))
    second = make(first.decided_s)
    since = int((first.decided_s - PREROLL_S) * fps)
    assert since > 0
    found += told(second, Signatures(shown.at_s[since:], shown.pixels[since:]))
    whole = told(make(0.0), shown)
    assert [each.kind for each in found] == [each.kind for each in whole]
    assert frames_of(found) == pytest.approx(frames_of(whole), abs=1)


def test_boundaries_ascend_and_none_comes_before_what_was_decided(
    make: Callable[[float], BoundaryDetector],
) -> None:
    shown = signatures(film((("cut", 0), ("dissolve", 16), ("fade", 20))))
    detector, decided_s, at_s = make(0.0), 0.0, [0.0]
    for n in range(0, len(shown.at_s), 12):
        new = detector.feed(Signatures(shown.at_s[n : n + 12], shown.pixels[n : n + 12]))
        assert all(each.at_s >= decided_s for each in new)
        assert decided_s <= detector.decided_s <= shown.at_s[min(n + 12, len(shown.at_s)) - 1]
        decided_s, at_s = detector.decided_s, at_s + [each.at_s for each in new]
    assert all(b - a >= MIN_SHOT_S for a, b in pairwise(at_s))


def test_nothing_comes_of_nothing(make: Callable[[float], BoundaryDetector]) -> None:
    assert make(0.0).finish() == []
    assert told(make(0.0), Signatures([0.0], np.zeros((1, 36, 64, 3), np.uint8))) == []
    black = Signatures([n / 2 for n in range(120)], np.zeros((120, 36, 64, 3), np.uint8))
    assert told(make(0.0), black) == []


# What ours keeps besides.


@pytest.mark.parametrize(
    ("kind", "least"),
    [("cut", 1.0), ("fade", 1.0), ("white fade", 1.0), ("dissolve", 0.97), ("wipe", 0.85)],
)
def test_each_kind_of_transition_is_found_and_told(kind: JoinKind, least: float) -> None:
    right, told_, true_ = 0, 0, 0
    for seed in range(4):
        clip = film(
            ((kind, 0 if kind == "cut" else 18), (kind, 0 if kind == "cut" else 30)), seed=seed
        )
        found = told(AdaptiveShots(), signatures(clip))
        told_, true_ = told_ + len(found), true_ + len(clip.truth)
        right += sum(
            any(true.start - 2 <= at <= true.end + 2 for at in frames_of(found))
            for true in clip.truth
        )
        assert {each.kind for each in found} == {kind.split()[-1]}
    assert 2 * right / (told_ + true_) >= least


@pytest.mark.parametrize("frames", [1, 3, 6])
def test_a_flash_is_no_cut(frames: int) -> None:
    clip = add_flash(film((("cut", 0),)), 15, frames, 0.95)
    assert frames_of(told(AdaptiveShots(), signatures(clip))) == [36]


def test_a_dropped_frame_is_no_cut() -> None:
    clip = film((("cut", 0),))
    frames = clip.frames.copy()
    frames[15:17] = 0
    assert frames_of(told(AdaptiveShots(), signatures(Film(frames)))) == [36]


@pytest.mark.parametrize(
    "camera", [Camera((0.5, 0.0)), Camera(zoom=0.4), Camera((0.1, 0.05), shake=0.015)]
)
def test_camera_motion_is_no_boundary(camera: Camera) -> None:
    rng = np.random.default_rng(3)
    clip = compose(rng, [(filmed(rng, fractal(rng), camera), 96)], [])
    assert told(AdaptiveShots(), signatures(clip)) == []


def test_cuts_in_the_dark_and_under_noise_are_found() -> None:
    rng, clip = np.random.default_rng(4), film((("cut", 0),) * 3)
    for hard in (add_noise(rng, darken(clip, 0.15), 4), add_noise(rng, clip, 20)):
        assert frames_of(told(AdaptiveShots(), signatures(hard))) == [36, 72, 108]


def test_a_clear_cut_is_surer_than_a_hidden_one() -> None:
    rng = np.random.default_rng(6)
    picture = fractal(rng)
    clear = film((("cut", 0),), STILL)
    parts = [(filmed(rng, picture[at : at + 350], Camera((0.4, 0.1))), 36) for at in (0, 300)]
    hidden = add_noise(rng, compose(rng, parts, [Join()]), 12)
    [sure], [unsure] = (told(AdaptiveShots(), signatures(each)) for each in (clear, hidden))
    assert sure.confidence > unsure.confidence


def test_black_at_the_start_and_a_fade_at_the_end_begin_no_shot() -> None:
    clip = film((("fade", 24),))
    middle = (clip.truth[0].start + clip.truth[0].end) // 2
    assert told(AdaptiveShots(), signatures(Film(clip.frames[middle:]))) == []
    assert told(AdaptiveShots(), signatures(Film(clip.frames[: middle + 1]))) == []


def test_a_part_that_begins_black_has_a_shot_when_the_light_returns() -> None:
    clip = film((("fade", 24),))
    middle = (clip.truth[0].start + clip.truth[0].end) // 2
    shown = signatures(Film(clip.frames[middle:]))
    later = Signatures([at_s + 100.0 for at_s in shown.at_s], shown.pixels)
    [found] = told(AdaptiveShots(100.0), later)
    assert found.kind == "fade"


def test_a_gap_in_time_is_passed_over() -> None:
    shown = signatures(film((("cut", 0),) * 2))
    at_s = [t if t < 2 else t + 1e6 for t in shown.at_s]
    found = told(AdaptiveShots(), Signatures(at_s, shown.pixels))
    assert [each.at_s for each in found] == [1.5, at_s[72]]


def flicker(count: int, fps: float) -> Signatures:
    pixels = np.random.default_rng(2).integers(0, 256, (count, 36, 64, 3), np.uint8)
    return Signatures([n / fps for n in range(count)], pixels)


def test_no_shot_is_shorter_than_the_shortest() -> None:
    sieve = boundary.Sieve(1.0)
    asked = [Boundary(n / 20, "cut", 0.5 + n / 1000) for n in range(100)]
    kept = [each.at_s for each in sieve.keep(asked)]
    assert kept[0] >= 1.0 and np.diff(kept).min() >= MIN_SHOT_S - 1e-9
    told(AdaptiveShots(), flicker(200, fps=25.0))


def test_memory_does_not_grow_with_the_film() -> None:
    shown, detector = signatures(film((("cut", 0),) * 3)), AdaptiveShots()
    for n in range(40):
        detector.feed(Signatures([at_s + 6 * n for at_s in shown.at_s], shown.pixels))
    assert detector._frames is not None and len(detector._frames) < 15 * FPS
    assert len(detector._claims) < 20


def test_the_packaged_network_is_fed_as_its_authors_feed_it() -> None:
    from content.encoders.torch_setup import import_torch

    torch = import_torch()
    shown = signatures(film((("cut", 0), ("dissolve", 16), ("cut", 0))))
    small = [
        cv2.resize(each, (48, 27), interpolation=cv2.INTER_AREA)[:, :, ::-1]
        for each in shown.pixels
    ]
    whole, _ = MODELS.transitions._network.predict_frames(
        torch.from_numpy(np.stack(small)), quiet=True
    )
    scenes = MODELS.transitions._network.predictions_to_scenes(whole.numpy())
    found = told(MAKERS["transnetv2"](0.0), shown)
    cuts = [round(each.at_s * FPS) for each in found if each.kind == "cut"]
    assert cuts and set(cuts) <= {int(start) for start, _ in scenes}
    assert len(found) == len(scenes) - 1


def test_the_setting_chooses_the_detector() -> None:
    assert isinstance(shot_detector("adaptive", MODELS), AdaptiveShots)
    assert isinstance(shot_detector("transnetv2", MODELS), LearnedShots)
    assert isinstance(shot_detector("auto", MODELS), AdaptiveShots | LearnedShots)


def test_on_a_gpu_the_network_is_the_default_unless_the_cpu_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert chosen_detector("auto", "cuda") == "transnetv2"
    monkeypatch.setattr("content.encoders.torch_setup.gpu_at_hand", lambda: True)
    assert chosen_detector("auto", "auto") == "transnetv2"
    assert chosen_detector("auto", "cpu") == "adaptive"
    assert chosen_detector("adaptive", "cuda") == "adaptive"
    cpu = Models(EncoderChoice(device="cpu"), shots="transnetv2")
    assert cpu.transitions._device == "cpu"


def test_hard_cuts_of_a_file_are_found_to_the_frame(tmp_path: Path) -> None:
    path = tmp_path / "cuts.mp4"
    takes = [
        Take(1.5, (180, 60, 50)),
        Take(1.0, (40, 90, 170), "bars"),
        Take(1.5, (60, 150, 70)),
        Take(2.0, (90, 90, 90)),
    ]
    assert make_clip(path, takes) == [1.5, 2.5, 4.0]
    detector = AdaptiveShots()
    parts = [part for part in decode.analyse(path) if isinstance(part, Signatures)]
    found = [each for part in parts for each in detector.feed(part)] + detector.finish()
    assert [each.at_s for each in found] == pytest.approx([1.5, 2.5, 4.0], abs=1e-3)
