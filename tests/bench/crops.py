"""Crops of real photographs, beside a centre crop and smartcrop 0.5.0, by boxes made by hand.

Saliency is judged twice: by the bottom-up map, one half of what our crops go by (the other is the
picture's one thing, which U²-Net outlines), and by one that they do not know, frequency-tuned
saliency (Achanta et al., CVPR 2009) within its own threshold. Intervals are 95 %: Wilson's for
shares, by resampling whole photographs for ratios.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import cv2
import numpy as np
from PIL import Image
from smartcrop import SmartCrop

from artwork.assess import see
from artwork.framing.crops import RATIOS, Box, content_box
from artwork.framing.saliency import saliency
from artwork.framing.shown import Frame, frame
from artwork.framing.subject import Subject
from artwork.quality.picture import analysis_picture
from content.encoders.faces import FaceDetector
from content.encoders.figure import FigureFinder
from content.types import ASPECTS, F32, Aspect
from tests.bench.crops_truth import Example, framings, pairs

SLACK = 0.03
"""Of a box: how exact one made by eye is."""
RESAMPLES = 1000
MAPS = ("own map", "Achanta 2009", "subject box")
OURS, CENTRE, SMART, BEST = "Keyart", "centre", "smartcrop", "the best crop by each map"


@dataclass(frozen=True, slots=True)
class Measured:
    """One way to show one picture in one aspect."""

    photograph: str
    aspect: Aspect
    way: str
    fit: str
    """crop, bleed or none."""
    people: int
    faces: int
    """Of people, whose face is whole."""
    heads: int
    """Whose head is, hair and all."""
    lost: tuple[float, ...]
    """Of each of `MAPS`, 0..1."""


def run() -> list[dict[str, object]]:
    """The rows of the table: all aspects together, then each, then two portraits side by side."""
    finder, figures = FaceDetector(), FigureFinder()
    single = [one for example in framings() for one in _measure(example, finder, figures)]
    double = [one for example in pairs() for one in _measure(example, finder, figures)]
    people = [one for one in single if one.people]
    things = [one for one in single if not one.people]
    rows = [_row(f"all, {way}", single, way) for way in (OURS, CENTRE, SMART, BEST)]
    rows += [_row(f"one person, {OURS}", people, OURS), _row(f"a thing, {OURS}", things, OURS)]
    for aspect in ASPECTS:
        own = [one for one in single if one.aspect == aspect]
        rows += [_row(f"{aspect}, {way}", own, way) for way in (OURS, CENTRE, SMART)]
    return rows + [_row(f"two people, {way}", double, way) for way in (OURS, CENTRE, SMART, BEST)]


def _measure(example: Example, finder: FaceDetector, figures: FigureFinder) -> Iterable[Measured]:
    rgb = np.ascontiguousarray(example.rgb)
    seen = see(0.0, rgb, finder)
    inside = content_box(*seen.size, [seen.bars])
    small = analysis_picture(np.ascontiguousarray(inside.cut(rgb)))
    subject = Subject.of(inside, seen.faces, saliency(small), figure=figures.find(small))
    maps = _maps(example)
    height, width = rgb.shape[:2]
    for aspect, ratio in RATIOS.items():
        if abs(np.log(width / height / ratio)) < 0.02:
            continue  # every way shows all of it
        ways: dict[str, Callable[[], Frame | None]] = {
            OURS: lambda aspect=aspect: frame(aspect, subject),
            CENTRE: lambda ratio=ratio: _plain(_centre(ratio, width, height)),
            SMART: lambda ratio=ratio: _plain(_smart(ratio, example)),
        }
        for way, make in ways.items():
            shown = make()
            yield _judged(example, aspect, way, shown, maps)
        yield _best(example, aspect, maps)


def _best(example: Example, aspect: Aspect, maps: Sequence[F32]) -> Measured:
    """What no largest crop can do better by each map, whatever it does to heads."""
    whole = Box(0, 0, example.rgb.shape[1], example.rgb.shape[0])
    lost = []
    for each in maps:
        shown = frame(aspect, Subject.of(whole, (), each))
        assert shown is not None
        lost.append(1 - _kept(each, shown.window, example.rgb.shape))
    return Measured(example.photograph, aspect, BEST, "crop", 0, 0, 0, tuple(lost))


def _judged(
    example: Example, aspect: Aspect, way: str, shown: Frame | None, maps: Sequence[F32]
) -> Measured:
    if shown is None:
        return Measured(example.photograph, aspect, way, "none", len(example.heads), 0, 0, ())
    window = shown.window
    faces, heads = (
        sum(_grown(window, box).holds(box) for box in boxes)
        for boxes in (example.faces, example.heads)
    )
    lost = tuple(1 - _kept(each, window, example.rgb.shape) for each in maps)
    people = len(example.heads)
    return Measured(example.photograph, aspect, way, shown.fit, people, faces, heads, lost)


def _grown(window: Box, box: Box) -> Box:
    x, y = round(SLACK * box.width) + 1, round(SLACK * box.height) + 1
    return Box(window.x - x, window.y - y, window.width + 2 * x, window.height + 2 * y)


def _maps(example: Example) -> tuple[F32, ...]:
    """Each of `MAPS` at one size, sum 1."""
    small = analysis_picture(np.ascontiguousarray(example.rgb))
    boxes = np.zeros(example.rgb.shape[:2], np.float32)
    for box in example.subjects:
        box.cut(boxes[..., None])[:] = 1.0
    boxed = cv2.resize(boxes, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    return tuple(each / each.sum() for each in (saliency(small), _achanta(small), boxed))


def _achanta(rgb: "np.ndarray") -> F32:
    """Distance of the blurred colour from the mean in Lab, where it is twice its own mean."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    blurred = cv2.GaussianBlur(lab, (5, 5), 0)
    distance = np.linalg.norm(blurred - lab.reshape(-1, 3).mean(axis=0), axis=2)
    found = np.where(distance >= 2 * distance.mean(), distance, 0.0).astype(np.float32)
    return found if found.any() else distance.astype(np.float32)


def _kept(mass: F32, window: Box, shape: Sequence[int]) -> float:
    rows, columns = mass.shape
    whole = cv2.resize(
        mass, (max(columns, shape[1]), max(rows, shape[0])), interpolation=cv2.INTER_NEAREST
    )
    return float(window.cut(whole[..., None]).sum() / whole.sum())


def _plain(window: Box) -> Frame:
    return Frame(window, (window.width, window.height))


def _centre(ratio: float, width: int, height: int) -> Box:
    wide, high = min(width, round(height * ratio)), min(height, round(width / ratio))
    return Box((width - wide) // 2, (height - high) // 2, wide, high)


def _smart(ratio: float, example: Example) -> Box:
    """As its README and command line do it, with all its defaults."""
    size = (round(1000 * ratio), 1000) if ratio < 1 else (1000, round(1000 / ratio))
    found = SmartCrop().crop(Image.fromarray(example.rgb), *size)["top_crop"]
    height, width = example.rgb.shape[:2]
    box = Box(found["x"], found["y"], found["width"], found["height"])
    return box.overlap(Box(0, 0, width, height)) or box


def _row(what: str, measured: Sequence[Measured], way: str) -> dict[str, object]:
    own = [one for one in measured if one.way == way]
    centre = [one for one in measured if one.way == CENTRE]
    shown = [one for one in own if one.fit != "none"]
    people = sum(one.people for one in shown)
    fits = [sum(one.fit == fit for one in own) for fit in ("bleed", "none")]
    row: dict[str, object] = {
        "what": what,
        "pictures": len(own),
        "bleed / none": f"{fits[0]} / {fits[1]}",
        "people": people,
        "faces whole %": _share(sum(one.faces for one in shown), people),
        "heads whole %": _share(sum(one.heads for one in shown), people),
    }
    for i, name in enumerate(MAPS):
        row[f"{name}: lost"] = f"{100 * np.mean([one.lost[i] for one in shown]):.1f} %"
        if way != CENTRE:
            row[f"{name}: of centre's"] = _ratio(own, centre, i)
    return row


def _share(count: int, of: int) -> str:
    """With its interval (Wilson 1927)."""
    if of == 0:
        return ""
    z, p = NormalDist().inv_cdf(0.975), count / of
    middle, half = p + z * z / (2 * of), z * np.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = ((middle + side * half) / (1 + z * z / of) for side in (-1, 1))
    return f"{100 * p:.1f} [{100 * max(0, low):.1f}, {100 * min(1, high):.1f}]"


def _ratio(own: Sequence[Measured], centre: Sequence[Measured], i: int) -> str:
    """What is lost over what the centre crop loses of the same pictures, with its interval."""
    photographs = sorted({one.photograph for one in own})
    lost = np.zeros((len(photographs), 2))
    for ours, theirs in zip(own, centre, strict=True):
        if ours.fit != "none":
            at = photographs.index(ours.photograph)
            lost[at] += ours.lost[i], theirs.lost[i]
    draws = np.random.default_rng(0).integers(0, len(lost), (RESAMPLES, len(lost)))
    sums = lost[draws].sum(axis=1)
    low, high = np.percentile(sums[:, 0] / np.maximum(sums[:, 1], 1e-9), [2.5, 97.5])
    total = lost.sum(axis=0)
    return f"{total[0] / max(1e-9, total[1]):.2f} [{low:.2f}, {high:.2f}]"
