"""Made films whose palette, movement, sound and story are drawn independently of each other.

What a space should retrieve is then known: pictures the palette, sound the sound, words the
story, style the movement. Texture, shapes, phrasing and notes differ in every film.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.synth import RATE_HZ, write_clip

Rng = np.random.Generator
SIZE = 192, 108
FPS = 12
SECONDS = 6.0

PALETTES = {
    "embers": ((196, 92, 38), (240, 178, 88), (110, 34, 22)),
    "night": ((12, 22, 48), (28, 58, 84), (70, 96, 110)),
    "candy": ((235, 70, 160), (90, 210, 120), (250, 225, 80)),
    "ash": ((60, 60, 62), (128, 128, 126), (196, 196, 192)),
}
MOVEMENTS = ("still", "drift", "shake", "cutting")
SOUNDS = ("chimes", "drone", "drums", "storm")
STORIES = {
    "heist": (
        "Five thieves plan to empty a casino vault in one night.",
        "A safecracker leaves prison and gathers her old crew for a last bank robbery.",
        "Forgers and a getaway driver set out to steal a painting under every camera.",
        "The plan to rob the mint is perfect until one of the gang talks.",
    ),
    "sea": (
        "A lone sailor fights storms on the way around the world.",
        "Whalers chase a white whale across the southern ocean.",
        "After the shipwreck three fishermen drift on a raft among sharks.",
        "A captain searches the reefs for the island on his grandfather's chart.",
    ),
    "school": (
        "A shy girl joins the school orchestra and finds her first friends.",
        "A new teacher wins over the hardest class in town.",
        "Two pupils on the eve of their exams swap lives for a week.",
        "The debating club of a village school makes it to the national final.",
    ),
    "space": (
        "The crew of a failing spaceship must reach Jupiter's moon.",
        "An astronaut alone on Mars grows potatoes and waits for rescue.",
        "A signal from a distant star makes a radio astronomer doubt everything.",
        "Colonists wake from cold sleep a hundred years too early.",
    ),
}
FACTORS = ("palette", "movement", "sound", "story")


@dataclass(frozen=True, slots=True)
class Film:
    """One made film; the four labels were drawn independently."""

    path: Path
    synopsis: str
    palette: str
    movement: str
    sound: str
    story: str


def make_films(folder: Path, count: int, seed: int) -> list[Film]:
    """Write `count` films of SECONDS each."""
    rng = np.random.default_rng(seed)
    return [_make(folder / f"film-{n:03}.mp4", rng) for n in range(count)]


def _make(path: Path, rng: Rng) -> Film:
    palette, movement = rng.choice(list(PALETTES)), rng.choice(MOVEMENTS)
    sound, story = rng.choice(SOUNDS), rng.choice(list(STORIES))
    write_clip(
        path,
        _frames(PALETTES[palette], movement, rng),
        fps=FPS,
        size=SIZE,
        sound=_heard(sound, rng),
    )
    words = STORIES[story][rng.integers(len(STORIES[story]))]
    return Film(path, words, str(palette), str(movement), str(sound), str(story))


def _frames(
    colours: tuple[tuple[int, int, int], ...], movement: str, rng: Rng
) -> Iterator[npt.NDArray[np.uint8]]:
    width, height = SIZE
    world = _texture(colours, rng)
    x = y = 60.0
    for n in range(round(SECONDS * FPS)):
        if movement == "cutting" and n % 8 == 0 and n:
            world = _texture(colours, rng)
        if movement == "drift":
            x += 1.5
        if movement == "shake":
            x, y = 60 + rng.normal(0, 14), 40 + rng.normal(0, 9)
        left, top = (int(np.clip(v, 0, m)) for v, m in ((x, 180), (y, 90)))
        seen = world[top : top + height, left : left + width].astype(np.float32)
        yield np.clip(seen + rng.normal(0, 3, seen.shape), 0, 255).astype(np.uint8)


def _texture(colours: tuple[tuple[int, int, int], ...], rng: Rng) -> npt.NDArray[np.uint8]:
    """Blobs and boxes in the palette's colours, lit unevenly, twice the size of the picture."""
    import cv2

    height, width = 220, 400
    coarse = rng.normal(size=(rng.integers(4, 9), rng.integers(6, 14))).astype(np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    bands = np.digitize(field, np.quantile(field, np.sort(rng.uniform(0.2, 0.8, 2))))
    picture = np.array(colours, np.float32)[bands]
    for _ in range(rng.integers(3, 9)):
        colour = tuple(float(c) for c in np.array(colours[rng.integers(3)]) * rng.uniform(0.8, 1.2))
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(picture, centre, int(rng.integers(6, 32)), colour, -1)
    return np.clip(picture * rng.uniform(0.85, 1.15), 0, 255).astype(np.uint8)


def _heard(sound: str, rng: Rng) -> npt.NDArray[np.float32]:
    at_s = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    root = float(rng.choice([196.0, 220.0, 246.9, 261.6]))
    if sound == "storm":
        swell = 0.5 + 0.4 * np.sin(2 * np.pi * at_s / rng.uniform(2, 4) + rng.uniform(0, 6))
        wave = swell * np.convolve(rng.normal(size=at_s.size), np.ones(12) / 12, "same") * 2
    elif sound == "drums":
        beat = at_s % rng.uniform(0.32, 0.42)
        wave = np.sin(2 * np.pi * 90 * beat) * np.exp(-18 * beat)
        wave = wave + 0.4 * rng.normal(size=at_s.size) * np.exp(-60 * beat)
    elif sound == "drone":
        wave = sum(np.sin(2 * np.pi * root / 2 * k * at_s) / k for k in (1, 1.2, 1.5, 2))
        wave = wave * (0.7 + 0.3 * np.sin(2 * np.pi * at_s / 5))
    else:
        step = (at_s / 0.25).astype(int)
        note = rng.choice([2.0, 2.52, 3.0, 4.0], size=step.max() + 1)[step]
        wave = np.sin(2 * np.pi * np.cumsum(root * note) / RATE_HZ) * np.exp(-5 * (at_s % 0.25))
    return (0.5 * rng.uniform(0.6, 1.0) * wave / np.abs(wave).max()).astype(np.float32)
