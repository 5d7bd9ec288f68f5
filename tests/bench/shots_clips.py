"""The generated clips of `keyart bench shots`: one recipe a difficulty, drawn by seed."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from sklearn.datasets import load_sample_images

from tests.transitions import (
    FPS,
    U8,
    Camera,
    Film,
    Join,
    Scene,
    add_flash,
    add_noise,
    add_passer,
    compose,
    darken,
    filmed,
    footage,
)

TAKE_S = 0.8, 1.8
Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class Pool:
    """What films are made of. Two pools share no picture and no footage."""

    pictures: Sequence[U8]
    takes: Sequence[U8]
    """Footage without a cut, (n, H, W, 3) each."""


def make_pools(clips: dict[str, Path], cuts: dict[str, list[int]]) -> tuple[Pool, Pool]:
    """A pool to tune on and one to report on, of the sample clips and scikit-learn's photographs.

    Args:
        cuts: by file name, the frames at which the shots of a clip begin, 0 and the end too.
    """
    takes = [take for name in sorted(cuts) for take in _takes(clips[name], cuts[name])]
    stills = [take[len(take) // 2] for take in takes]
    photographs = list(load_sample_images().images)
    halves = []
    for half in (0, 1):
        crops = [crop for photo in photographs for crop in _crops(photo)[half::2]]
        halves.append(Pool([*stills[half::2], *crops], takes[half::2]))
    return halves[0], halves[1]


def _takes(path: Path, cuts: list[int]) -> list[U8]:
    """The shots of a clip that are long enough, without the frames beside the cuts."""
    frames = []
    video = cv2.VideoCapture(str(path))
    while True:
        more, picture = video.read()
        if not more:
            break
        frames.append(cv2.resize(picture, (480, 270), interpolation=cv2.INTER_AREA)[:, :, ::-1])
    spans = [(a + 2, min(b - 2, a + 62)) for a, b in itertools.pairwise(cuts)]
    left, right = _bars(frames)
    return [np.stack(frames[a:b])[:, :, left:right] for a, b in spans if b - a >= 20]


def _bars(frames: Sequence[U8]) -> tuple[int, int]:
    """Where the picture of a clip with black bars at its sides begins and ends."""
    lit = np.flatnonzero(np.max(frames[:: max(1, len(frames) // 50)], axis=(0, 1, 3)) > 60)
    return int(lit[0]) + 2, int(lit[-1]) - 1


def _crops(photo: U8) -> list[U8]:
    height, width = photo.shape[:2]
    return [
        photo[: height // 2],
        photo[height // 2 :],
        photo[:, : width // 2],
        photo[:, width // 2 :],
    ]


def _draw(rng: Rng, pool: Pool, count: int) -> list[Scene]:
    """Different scenes: footage or a filmed picture, evenly."""
    takes = iter(rng.permutation(len(pool.takes)))
    pictures = iter(rng.permutation(len(pool.pictures)))
    return [
        footage(pool.takes[next(takes)])
        if rng.random() < 0.5
        else filmed(rng, pool.pictures[next(pictures)], _camera(rng))
        for _ in range(count)
    ]


def _camera(rng: Rng) -> Camera:
    angle, speed = rng.uniform(0, 2 * np.pi), rng.choice([0.0, rng.uniform(0.02, 0.25)])
    pan = (float(speed * np.cos(angle)), float(0.5 * speed * np.sin(angle)))
    zoom = float(rng.choice([0.0, rng.uniform(-0.15, 0.15)]))
    return Camera(pan, zoom, float(rng.choice([0, 0.003])))


def _film(
    rng: Rng, pool: Pool, joins: Sequence[Join], scene: Callable[[], Scene] | None = None
) -> Film:
    lengths = [round(FPS * rng.uniform(*TAKE_S)) for _ in range(len(joins) + 1)]
    scenes = [scene() for _ in lengths] if scene else _draw(rng, pool, len(lengths))
    return compose(rng, list(zip(scenes, lengths, strict=True)), joins)


CUTS = [Join()] * 3


def cuts(rng: Rng, pool: Pool) -> Film:
    """Plain cuts between moving pictures."""
    return _film(rng, pool, CUTS)


def close_cuts(rng: Rng, pool: Pool) -> Film:
    """Cuts from wide to close within one picture: the same colours, another framing."""
    picture = pool.pictures[rng.integers(len(pool.pictures))]
    height, width = picture.shape[:2]

    sizes = itertools.cycle([rng.uniform(0.7, 0.9), rng.uniform(0.35, 0.5)])

    def framing() -> Scene:
        size = next(sizes)
        top, left = rng.uniform(0, 1 - size, 2) * (height, width)
        part = picture[int(top) : int(top + size * height), int(left) : int(left + size * width)]
        return filmed(rng, part, _camera(rng))

    return _film(rng, pool, CUTS, framing)


def dark_cuts(rng: Rng, pool: Pool) -> Film:
    """Cuts in low light, with its noise."""
    return add_noise(rng, darken(_film(rng, pool, CUTS), rng.uniform(0.12, 0.25)), 4.0)


def noisy_cuts(rng: Rng, pool: Pool) -> Film:
    """Cuts under strong noise."""
    return add_noise(rng, _film(rng, pool, CUTS), rng.uniform(12, 25))


def wild_cuts(rng: Rng, pool: Pool) -> Film:
    """Cuts while the camera shakes and sweeps."""

    def wild() -> Scene:
        picture = pool.pictures[rng.integers(len(pool.pictures))]
        sweep = float(rng.choice([-1, 1]) * rng.uniform(0.3, 0.9))
        return filmed(rng, picture, Camera((sweep, 0.1), float(rng.uniform(-0.4, 0.4)), 0.012))

    return _film(rng, pool, CUTS, wild)


def flashes(rng: Rng, pool: Pool) -> Film:
    """Flashes of 1 to 6 frames, and one cut that is none."""
    film = _film(rng, pool, [Join()])
    cut = film.truth[0].start
    for low, high in ((6, cut - 12), (cut + 6, len(film.frames) - 12)):
        film = add_flash(
            film,
            int(rng.integers(low, max(low + 1, high))),
            int(rng.integers(1, 7)),
            rng.uniform(0.6, 1),
        )
    return film


def moves(rng: Rng, pool: Pool) -> Film:
    """Pans, zooms and shakes without any cut."""
    picture = pool.pictures[rng.integers(len(pool.pictures))]
    sweep, zoom = [(0.6, 0.0), (0.25, 0.5), (1.2, 0.0), (0.0, -0.6)][rng.integers(4)]
    scene = filmed(rng, picture, Camera((sweep, 0.0), zoom, float(rng.choice([0, 0.012]))))
    return compose(rng, [(scene, 72)], [])


def passers(rng: Rng, pool: Pool) -> Film:
    """Something large passes before the camera; one cut."""
    film = _film(rng, pool, [Join()])
    cut = film.truth[0].start
    cloth = pool.pictures[rng.integers(len(pool.pictures))]
    return add_passer(rng, film, cut // 4, min(cut // 2, int(rng.integers(8, 16))), cloth)


def fades(rng: Rng, pool: Pool) -> Film:
    """Fades through black, one in three through white."""
    kinds = ["white fade" if rng.random() < 1 / 3 else "fade" for _ in range(2)]
    return _film(rng, pool, [Join(kind, int(rng.integers(10, 36))) for kind in kinds])  # type: ignore[arg-type]


def dissolves(rng: Rng, pool: Pool) -> Film:
    """Dissolves of a quarter of a second to two seconds."""
    return _film(rng, pool, [Join("dissolve", int(rng.integers(6, 48))) for _ in range(2)])


def wipes(rng: Rng, pool: Pool) -> Film:
    """Wipes: straight, diagonal, round; hard and soft."""
    return _film(rng, pool, [Join("wipe", int(rng.integers(8, 36))) for _ in range(2)])


RECIPES: dict[str, tuple[int, Callable[[Rng, Pool], Film]]] = {
    "cuts": (8, cuts),
    "close cuts": (6, close_cuts),
    "cuts in low light": (6, dark_cuts),
    "cuts under noise": (6, noisy_cuts),
    "cuts in shake and sweep": (6, wild_cuts),
    "flashes": (8, flashes),
    "camera motion": (6, moves),
    "passers-by": (4, passers),
    "fades": (8, fades),
    "dissolves": (12, dissolves),
    "wipes": (6, wipes),
}
"""How many clips of each, and how one is made."""


GRADUAL = ("fades", "dissolves", "wipes")


def generate(seed: int, pool: Pool) -> list[tuple[str, Film]]:
    """Every clip of a seed: its recipe's name and the film."""
    films = []
    for number, (name, (count, make)) in enumerate(RECIPES.items()):
        for n in range(count):
            films.append((name, make(np.random.default_rng([seed, number, n]), pool)))
    return films
