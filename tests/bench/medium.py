"""Live action or animation: fits the formula of content.medium and checks it on what it has not
seen: `python -m tests.bench medium`.

Sources: photographs (Tux Paint's, a set of wallpapers, two of scikit-learn), drawings (Tux Paint's,
backgrounds of a game), films of both kinds. Each source in turn is left out of the fit and judged
by it; a film is judged as a whole, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from sklearn.linear_model import LogisticRegression

from content import decode, medium
from content.types import U8
from samples.fetch import Source, debian, fetch, fetch_source
from samples.stamps import fetch_stamps

CACHE = Path(".cache/samples")
LIVE_CLIPS = ("bikes.mp4", "carphone_pristine.mp4", "test.mp4")
STAMPS_DRAWN = ("town/houses", "seasonal/easter", "seasonal/hanukkah", "clothes", "sports/cartoon")
STAMPS_PHOTO = ("animals", "food", "plants")
STAMPS_UNCLEAR = ("hedgehog", "pizza", "edward", "bee", "fly", "echidna")
WALLPAPERS = "lomiri-wallpapers-16.04", "usr/share/backgrounds/*.jpg"
BACKGROUNDS = "supertux-data", "usr/share/games/supertux2/images/background/*/*"
NO_PICTURES = ("black", "grid", "heat", "fog", "trans", "vign")
LONG_SIDE_PX = 480
LEAST_SIDE_PX = 48
FRAMES = 40
"""Of a film, evenly spread."""

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Pictures:
    """The flatness of a source's pictures, (n,)."""

    source: str
    animation: bool
    flatness: np.ndarray


def run() -> list[Row]:
    """A row a source, judged by a fit without it, and one for the fit of all."""
    sources = [pictures for pictures in _sources() if len(pictures.flatness)]
    rows = [_judged(pictures, sources) for pictures in sources]
    right = [
        float(np.mean(_right(pictures, *_fit(_others(pictures, sources))))) for pictures in sources
    ]
    intercept, slope = _fit(sources)
    shipped = f"shipped {medium.INTERCEPT}, {medium.SLOPE}"
    return [
        *rows,
        {
            "source left out": "mean",
            "pictures": sum(len(pictures.flatness) for pictures in sources),
            "right, each": f"{np.mean(right):.2f}",
            "animation, as a whole": f"fit {intercept:.2f}, {slope:.2f}; {shipped}",
        },
    ]


def _judged(pictures: Pictures, sources: list[Pictures]) -> Row:
    intercept, slope = _fit(_others(pictures, sources))
    whole = 1 / (1 + np.exp(-(intercept + slope * pictures.flatness.mean())))
    return {
        "source left out": pictures.source,
        "is": "animation" if pictures.animation else "live action",
        "pictures": len(pictures.flatness),
        "right, each": f"{np.mean(_right(pictures, intercept, slope)):.2f}",
        "animation, as a whole": f"{whole:.2f}",
    }


def _others(pictures: Pictures, sources: list[Pictures]) -> list[Pictures]:
    """All sources that are not of the same make."""
    return [other for other in sources if other.source != pictures.source]


def _right(pictures: Pictures, intercept: float, slope: float) -> np.ndarray:
    return (intercept + slope * pictures.flatness > 0) == pictures.animation


def _fit(sources: list[Pictures]) -> tuple[float, float]:
    """Intercept and slope; both kinds weigh the same, a source as the root of its pictures."""
    x = np.concatenate([pictures.flatness for pictures in sources])[:, None]
    y = np.concatenate([np.full(len(p.flatness), p.animation) for p in sources])
    weight = np.concatenate([np.full(len(p.flatness), len(p.flatness) ** -0.5) for p in sources])
    for kind in (False, True):
        weight[y == kind] /= weight[y == kind].sum()
    model = LogisticRegression(C=100).fit(x, y, sample_weight=weight * len(y))
    return float(model.intercept_[0]), float(model.coef_[0, 0])


def _sources() -> Iterator[Pictures]:
    stamps = [stamp for stamp in fetch_stamps(CACHE) if stamp.picture]
    drawn = [s.picture for s in stamps if "cartoon" in s.name or s.name.startswith(STAMPS_DRAWN)]
    photo = [
        s.picture
        for s in stamps
        if s.picture not in drawn
        and s.name.startswith(STAMPS_PHOTO)
        and not any(word in s.name.rsplit("/", 1)[-1] for word in STAMPS_UNCLEAR)
    ]
    yield _measured("stamps, drawn", True, map(_opaque, drawn))
    yield _measured("stamps, photographs", False, map(_opaque, photo))
    for (package, pattern), animation in ((WALLPAPERS, False), (BACKGROUNDS, True)):
        folder = fetch_source(CACHE, Source(package, debian(package, pattern)))
        yield _measured(package, animation, map(_picture, sorted(folder.glob("*.*g"))))
    package = find_spec("sklearn.datasets")
    assert package is not None and package.origin is not None
    images = sorted((Path(package.origin).parent / "images").glob("*.jpg"))
    yield _measured("scikit-learn", False, map(_picture, images))
    films: dict[str, list[Path]] = {}
    for name, path in fetch(CACHE).items():
        films.setdefault("planetblupi" if path.suffix == ".mkv" else name, []).append(path)
    for name, paths in films.items():
        frames = (frame for path in paths for frame in _frames(path))
        yield _measured(name, name not in LIVE_CLIPS, frames)


def _measured(source: str, animation: bool, pictures: Iterator[U8 | None]) -> Pictures:
    found = [medium.measure(_scaled(rgb))[0] for rgb in pictures if rgb is not None]
    flatness = np.array(found)
    return Pictures(source, animation, flatness[np.isfinite(flatness)])


def _scaled(rgb: U8) -> U8:
    scale = min(1.0, LONG_SIDE_PX / max(rgb.shape[:2]))
    return cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _frames(path: Path) -> list[U8]:
    frames = [part.rgb for part in decode.analyse(path) if isinstance(part, decode.Sample)]
    step = max(1, len(frames) // FRAMES)
    return frames[::step]


def _picture(path: Path) -> U8 | None:
    """The whole picture, or None where it is see-through or none."""
    if any(word in path.name for word in NO_PICTURES):
        return None
    image = Image.open(path)
    if min(image.size) < 200 or np.mean(np.array(image.convert("RGBA"))[..., 3] > 250) < 0.98:
        return None
    return np.array(image.convert("RGB"))


def _opaque(path: Path) -> U8 | None:
    """The largest rectangle of a cut-out picture without its surroundings; None if it is small."""
    rgba = np.array(Image.open(path).convert("RGBA"))
    height = np.zeros(rgba.shape[1], int)
    best = (0, 0, 0, 0, 0)
    for y, row in enumerate(rgba[..., 3] > 250):
        height = np.where(row, height + 1, 0)
        open_: list[tuple[int, int]] = []
        for x, now in enumerate([*height.tolist(), 0]):
            left = x
            while open_ and open_[-1][1] >= now:
                left, tall = open_.pop()
                if min(tall, x - left) >= LEAST_SIDE_PX:
                    best = max(best, (tall * (x - left), y - tall + 1, y + 1, left, x))
            open_.append((left, now))
    _, top, bottom, left, right = best
    return np.ascontiguousarray(rgba[top:bottom, left:right, :3]) if best[0] else None
