"""Candidates from films painted here: what is kept, what is refused, and that it repeats."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from artwork.assess import Sighting, see
from artwork.candidates.choosing import MAX_GROUPS
from artwork.candidates.probing import MAX_LOOKS, MIN_LOOKS, probe_times, unseen
from artwork.candidates.steadier import steadier
from artwork.candidates.walk import make_candidates
from artwork.image_groups import PictureGroup
from artwork.images.store import ImageStore
from content.encoders.faces import Face
from content.encoders.ocr import Line
from content.types import ASPECTS, F32, U8, Extraction, Keyframe, MediaFacts, Shot, Vector
from tests.photographs import shipped

SIZE = (270, 480)
Film = Callable[[float], U8]


class Colours:
    """Stands in for an encoder of pictures: a 10 × 16 × 8 picture of the picture, unit norm."""

    def encode(self, frames: Sequence[U8]) -> F32:
        small = [cv2.resize(frame, (32, 20), interpolation=cv2.INTER_AREA) for frame in frames]
        flat = np.stack([s.reshape(-1)[:1280].astype(np.float32) - 110 for s in small])
        norms = np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
        return np.asarray(flat / norms, np.float32)


class Quiet:
    """Stands in for the models behind the later gates: nothing is unsafe, written or expressed, and
    nothing stands out."""

    def score(self, rgb: U8, faces: Sequence[Face] = ()) -> float:
        return 0.0

    def expressions(self, rgb: U8, faces: Sequence[Face]) -> list[None]:
        return [None] * len(faces)

    def encode(self, rgb: U8, faces: Sequence[Face]) -> F32:
        return np.zeros((len(faces), 128), np.float32)

    def read(self, rgb: U8) -> list[Line]:
        return []

    def find(self, rgb: U8) -> F32:
        return np.zeros((32, 32), np.float32)


class Framed:
    """Models that say there are faces, always in the same places, in px of the full picture."""

    visual = Colours()
    face_mesh = identities = unsafe = weapons = text_reader = figures = Quiet()

    def __init__(self, *faces: Face) -> None:
        self.faces = self
        self._faces = list(faces)

    def detect(self, rgb: U8) -> list[Face]:
        return self._faces


@lru_cache(maxsize=128)
def scene(seed: int) -> U8:
    random = np.random.default_rng(seed)
    ground = random.integers(60, 190, 3)
    picture = np.tile(np.linspace(0.6, 1.3, SIZE[1])[None, :, None], (SIZE[0], 1, 3)) * ground
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    for _ in range(12):
        centre = (int(random.integers(SIZE[1])), int(random.integers(SIZE[0])))
        colour = tuple(int(c) for c in random.integers(0, 255, 3))
        cv2.circle(picture, centre, int(random.integers(15, 50)), colour, -1)
    subject = tuple(int(c) for c in random.permutation([20, 90, 250]))
    cv2.circle(picture, (SIZE[1] // 2, SIZE[0] // 2), 60, subject, -1)
    return picture


def understood(film: Film, cuts: Sequence[float]) -> Extraction:
    """What extraction would say of a film with shots between `cuts`, a keyframe in each middle."""
    shots, keyframes = [], []
    for start_s, end_s in pairwise(cuts):
        at_s = (start_s + end_s) / 2
        shots.append(Shot(start_s, end_s, at_s))
        luma = film(at_s).mean(axis=2) / 255
        embedding = Colours().encode([film(at_s)])[0]
        keyframes.append(
            Keyframe(at_s, len(keyframes), float(luma.mean()), float(luma.std()), 0.5, embedding)
        )
    facts = MediaFacts(cuts[-1], 25.0, SIZE[1], SIZE[0], False, "test")
    vector = Vector(keyframes[0].embedding, "test@1:1280:0")
    return Extraction(facts, tuple(shots), tuple(keyframes), {"visual": vector})


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., list[PictureGroup]]:
    def run(
        film: Film, cuts: Sequence[float], *, models: object = None, folder: str = "images"
    ) -> list[PictureGroup]:
        def grab(_path: Path, times: Sequence[float]) -> Iterator[tuple[float, U8]]:
            assert list(times) == sorted(times), "seeking goes forwards only"
            return ((at_s, film(at_s)) for at_s in times)

        told = list[float]()
        found = make_candidates(
            tmp_path / "film.mp4",
            understood(film, cuts),
            title_id="t",
            tenant="default",
            images=ImageStore(tmp_path / folder),
            models=models or Framed(),  # type: ignore[arg-type]
            grab=grab,
            on_progress=told.append,
        )
        assert told == sorted(told) and told[-1] == 1.0
        return found.groups

    return run


def six_scenes(at_s: float) -> U8:
    return scene((0, 1, 2, 4, 5, 6)[int(at_s // 4) % 6])


def test_each_scene_gives_one_picture_in_every_aspect(
    make: Callable[..., list[PictureGroup]], tmp_path: Path
) -> None:
    groups = make(six_scenes, [0, 4, 8, 12, 16, 20, 24])
    assert [int(g.source_s // 4) for g in groups if g.source_s is not None] == [0, 1, 2, 3, 4, 5]
    for group in groups:
        assert [v.aspect for v in group.variants] == list(ASPECTS)
        assert group.origin == "frame" and group.embedding_fingerprint == "test@1:1280:0"
        assert np.linalg.norm(group.embedding) == pytest.approx(1, abs=1e-5)
        assert group.facts["position"] == pytest.approx((group.source_s or 0) / 24, abs=1e-6)
        assert all(0 <= value <= 1 for value in group.facts.values())
        for variant in group.variants:
            assert all(0 <= value <= 1 for value in variant.scores.values())
            assert (tmp_path / "images" / "masters" / variant.sha256[:2] / variant.sha256).is_file()
            assert variant.crop["width"] == variant.width
    names = {"brightness", "contrast", "saturation", "warmth", "sharpness", "colourfulness"}
    names |= {"face_count", "face_size", "subject_size", "position"}
    assert names <= set(groups[0].facts)


def test_the_same_film_gives_the_same_pictures(make: Callable[..., list[PictureGroup]]) -> None:
    cuts = [0, 4, 8, 12]
    first, again = make(six_scenes, cuts), make(six_scenes, cuts, folder="elsewhere")
    assert [(g.id, g.facts, g.variants) for g in first] == [
        (g.id, g.facts, g.variants) for g in again
    ]


def test_black_blurred_noisy_and_flat_scenes_are_passed_over(
    make: Callable[..., list[PictureGroup]],
) -> None:
    spoiled: list[U8] = [
        scene(0),
        np.zeros((*SIZE, 3), np.uint8),
        np.asarray(cv2.GaussianBlur(scene(1), (0, 0), 12), np.uint8),
        np.random.default_rng(5).integers(0, 256, (*SIZE, 3)).astype(np.uint8),
        np.full((*SIZE, 3), 120, np.uint8),
        scene(2),
    ]
    groups = make(lambda at_s: spoiled[min(5, int(at_s // 4))], [0, 4, 8, 12, 16, 20, 24])
    assert [int((g.source_s or 0) // 4) for g in groups] == [0, 5]


def test_a_black_film_gives_none_and_a_soft_one_still_gives_some(
    make: Callable[..., list[PictureGroup]],
) -> None:
    assert make(lambda _: np.zeros((*SIZE, 3), np.uint8), [0, 6]) == []
    soft = np.asarray(cv2.GaussianBlur(scene(1), (0, 0), 9), np.uint8)
    assert len(make(lambda _: soft, [0, 6])) == 1


def test_one_long_take_gives_several_when_it_changes_and_one_when_it_does_not(
    make: Callable[..., list[PictureGroup]],
) -> None:
    assert len(make(lambda _: scene(4), [0, 5])) == 1
    wide = np.concatenate([scene(4), scene(5), scene(6)], axis=1)

    def pan(at_s: float) -> U8:
        start = int(at_s / 5 * 2 * SIZE[1])
        return np.ascontiguousarray(wide[:, start : start + SIZE[1]])

    assert 3 <= len(make(pan, [0, 5])) <= MAX_GROUPS


def test_one_take_gives_three_alike_rather_than_six(
    make: Callable[..., list[PictureGroup]],
) -> None:
    def film(at_s: float) -> U8:
        picture = scene(7).copy()
        cv2.circle(picture, (60 + int(60 * at_s), 60), 50, (250, 240, 20), -1)
        return picture

    assert len(make(film, [0, 6])) == 3


def test_words_and_the_moments_of_their_fading_are_not_offered(
    make: Callable[..., list[PictureGroup]],
) -> None:
    def film(at_s: float) -> U8:
        written = six_scenes(at_s).copy()
        cv2.putText(written, "BUNNY", (130, 150), cv2.FONT_HERSHEY_SIMPLEX, 2.2, (250,) * 3, 12)
        shown = min(1.0, max(0.0, at_s - 13.0))
        return cv2.addWeighted(written, shown, six_scenes(at_s), 1 - shown, 0).astype(np.uint8)

    times = [g.source_s or 0.0 for g in make(film, [0, 4, 8, 12, 16, 20])]
    assert len(times) >= 3 and max(times) < 13.2
    always = make(lambda at_s: film(14.0 + 0 * at_s), [0, 4])
    assert len(always) == 1, "words throughout do not leave a title without a picture"
    for variant in always[0].variants:
        left, right = variant.crop["x"], variant.crop["x"] + variant.crop["width"]
        assert (left <= 134 and right >= 300) or left >= 300, "whole, or not at all"


def test_a_long_film_costs_no_more_than_the_cap(make: Callable[..., list[PictureGroup]]) -> None:
    seen = set[float]()

    def film(at_s: float) -> U8:
        seen.add(at_s)
        return scene(int(at_s // 4) % 90)

    cuts = [4.0 * i for i in range(400)]
    wanted = probe_times(understood(film, cuts))
    seen.clear()
    assert len(wanted) == MAX_LOOKS
    assert len(make(film, cuts)) <= MAX_GROUPS


def test_bars_are_cut_from_every_crop(make: Callable[..., list[PictureGroup]]) -> None:
    def film(at_s: float) -> U8:
        picture = six_scenes(at_s).copy()
        picture[:33] = picture[-33:] = 0
        return picture

    for group in make(film, [0, 4, 8, 12]):
        for variant in group.variants:
            assert variant.crop["y"] >= 33
            assert variant.crop["y"] + variant.crop["height"] <= SIZE[0] - 33


def test_a_face_that_fills_the_width_is_shown_whole_in_every_aspect(
    make: Callable[..., list[PictureGroup]],
) -> None:
    groups = make(six_scenes, [0, 4, 8], models=Framed(Face(100, 20, 220, 230, 0.9)))
    for group in groups:
        fits = {v.aspect: v.fit for v in group.variants}
        assert fits["16:9"] == "crop" and fits["2:3"] == "bleed" and fits["21:9"] == "bleed"
        assert group.facts["face_count"] == pytest.approx(1 / 3, abs=1e-6)
        assert group.facts["face_size"] == pytest.approx(230 / 270, abs=1e-6)
        for variant in group.variants:
            crop = variant.crop
            assert crop["x"] <= 100 and crop["x"] + crop["width"] >= 320
            assert crop["y"] <= 20 and crop["y"] + crop["height"] >= 250
        [wide] = [v for v in group.variants if v.aspect == "16:9"]
        assert wide.scores["face"] > 0.8


def test_a_crowd_of_specks_is_no_face(make: Callable[..., list[PictureGroup]]) -> None:
    crowd = [Face(x, 100, 8, 9, 0.9) for x in range(0, 470, 6)]
    groups = make(six_scenes, [0, 4, 8], models=Framed(*crowd))
    for group in groups:
        assert group.facts["face_count"] == 0
        assert [(v.aspect, v.fit) for v in group.variants] == [(a, "crop") for a in ASPECTS]


def test_few_keyframes_are_filled_up_within_the_shots() -> None:
    times = probe_times(understood(six_scenes, [0, 4, 4.2, 34]))
    assert len(times) == MIN_LOOKS and times == sorted(set(times))
    assert all(0 <= t < 34 for t in times)
    assert sum(t > 4.2 for t in times) > 12, "the long shot gets most"
    short = probe_times(understood(six_scenes, [0, 0.3]))
    assert short == [0.15], "too short for more than its keyframe"


def test_unfit_keyframes_are_not_fetched() -> None:
    extraction = understood(six_scenes, [0, 0.3, 0.6])
    dark = replace(extraction.keyframes[0], brightness=0.01)
    extraction = replace(extraction, keyframes=(dark, extraction.keyframes[1]))
    assert probe_times(extraction) == [pytest.approx(0.45)]


def test_the_ends_of_a_film_are_kept_clear() -> None:
    cuts = [0, 0.6, 20, 39.4, 40]
    times = probe_times(understood(lambda at_s: scene(int(at_s)), cuts))
    assert min(times) >= 1.0 and max(times) <= 39.0, "the keyframes at 0.3 and 39.7 may be fades"


def faded(film: Film, extent: tuple[float, float]) -> Extraction:
    """Three shots; that of 20.0 to 21.0 ends in a fade of this extent."""
    found = understood(film, [0, 20, 21, 40])
    last = replace(
        found.shots[2],
        boundary="fade",
        boundary_from_s=extent[0],
        boundary_until_s=extent[1],
    )
    return replace(found, shots=(*found.shots[:2], last))


def test_a_short_shot_before_a_fade_gives_a_moment_that_is_whole() -> None:
    times = probe_times(faded(six_scenes, (20.45, 21.8)))
    between = [t for t in times if 20 <= t < 22]
    assert between and all(20.08 <= t < 20.35 or t >= 21.9 for t in between)
    # The keyframe at 20.5 was in the fade: what is near is looked at instead of it, even of a film
    # whose keyframes are enough.
    cuts = [0.5 * n for n in range(100)]
    many = understood(six_scenes, cuts)
    shots = list(many.shots)
    shots[51] = replace(shots[51], boundary="dissolve", boundary_from_s=25.2, boundary_until_s=25.6)
    times = probe_times(replace(many, shots=tuple(shots)))
    assert 25.25 not in times and any(25.08 <= t < 25.1 for t in times)


def test_every_shot_without_a_moment_is_told_with_its_reason() -> None:
    short = faded(six_scenes, (19.95, 21.8))
    times = probe_times(short)
    assert unseen(short, times) == [(20.5, "mid_transition")]
    dark = replace(short.keyframes[0], brightness=0.01)
    black = replace(short, keyframes=(dark, *short.keyframes[1:]), shots=short.shots)
    assert unseen(black, [30.0]) == [(10.0, "dark"), (20.5, "mid_transition")]
    story = understood(six_scenes, [0, 0.4, 20, 37, 38.5, 40])
    told = dict(unseen(story, probe_times(story)))
    assert told == {0.2: "film_edge", 37.75: "ending", 39.25: "ending"}
    assert dict(unseen(story, probe_times(story, spoilers=True), spoilers=True)) == {
        0.2: "film_edge"
    }
    long = understood(six_scenes, [4.0 * i for i in range(200)])
    times = probe_times(long)
    shots = {int(t // 4) for t in times}
    missing = unseen(long, times)
    assert {int(t // 4) for t, _ in missing} | shots == set(range(199))
    assert {why for _, why in missing} == {"unseen", "ending"}


def turning(at_s: float) -> Sighting:
    """A face that is blurred but for about 10.0 s."""
    blur = 0.1 + 20 * abs(at_s - 10.0)
    rgb = shipped("skimage", "data/astronaut.png")
    rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), blur), np.uint8)
    landmarks = ((200.0, 95.0), (245.0, 95.0), (222.0, 120.0), (205.0, 140.0), (240.0, 140.0))
    found = Face(170, 60, 100, 110, 0.9, landmarks=landmarks)
    return see(at_s, rgb, Framed(found))


def test_a_blurred_face_is_looked_at_again_near_by() -> None:
    asked = list[float]()

    def look_at(times: Sequence[float]) -> Iterator[Sighting]:
        asked.extend(times)
        return (turning(at_s) for at_s in times)

    shots = (Shot(0.0, 20.0, 10.0, "start"), Shot(20.0, 40.0, 30.0))
    moved = steadier([turning(9.85), turning(15.0)], shots, look_at)
    assert [one.at_s for one in moved] == [10.0, 15.0], "nothing sharper is near the other"
    assert len(asked) == 8 and asked == sorted(asked)
    asked.clear()
    assert [one.at_s for one in steadier([turning(10.0)], shots, look_at)] == [10.0]
    assert asked == [], "it is sharp"
    early = (Shot(0.0, 9.95, 5.0, "start"), Shot(9.95, 40.0, 30.0))
    assert steadier([turning(9.85)], early, look_at)[0].at_s < 9.95, "its shot is not left"


def test_a_film_of_one_frame_has_its_picture() -> None:
    extraction = understood(six_scenes, [0, 1 / 24])
    [first] = extraction.keyframes
    extraction = replace(extraction, keyframes=(replace(first, at_s=0.0),))
    assert probe_times(extraction) == [0.0]
