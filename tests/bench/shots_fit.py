"""Fits the constants of `content/shots`: `python -m tests.bench.shots_fit`.

Logistic regression on generated clips whose seeds, pictures and footage the benchmark never
reports on, and on footage that merely moves, fast. Prints the weights and biases to be written
there, and the errors on what was fitted.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.linear_model import LogisticRegression

from content import decode
from content.decode import Signatures
from content.shots.adaptive import AdaptiveShots
from content.shots.cuts import cut_features
from content.shots.frames import Frames
from content.shots.gradual import Window, windows
from samples.fetch import fetch
from tests.bench.shots_clips import generate, make_pools
from tests.bench.shots_truth import CUTS
from tests.transitions import Film, Transition, footage, write

SEEDS = (1, 11, 12)
CLASSES = ("cut", "dissolve", "wipe")
GRADUAL_WEIGHT = 2.0
"""Of a window that holds a transition, against one that does not."""

Examples = dict[str, list[tuple[np.ndarray, bool]]]


def main() -> None:
    pool = make_pools(fetch(Path(".cache/samples").resolve()), CUTS)[0]
    examples: Examples = {name: [] for name in CLASSES}
    with TemporaryDirectory() as folder:
        for seed in SEEDS:
            for _, film in generate(seed, pool):
                _learn(examples, _frames(film, Path(folder, "film.mp4")), film.truth)
        for take in pool.takes:
            for speed in (2, 3):
                scene = footage(take)
                film = Film(np.stack([scene(n) for n in range(0, len(take), speed)]))
                _learn(examples, _frames(film, Path(folder, "film.mp4")), [])
    for name, seen in examples.items():
        _fit(name, seen)


def _frames(film: Film, path: Path) -> Frames:
    """The whole film as the detector sees it, its proposals marked."""
    parts = [part for part in decode.analyse(write(film, path)) if isinstance(part, Signatures)]
    whole = Signatures(
        [at_s for part in parts for at_s in part.at_s],
        np.concatenate([part.pixels for part in parts]),
    )
    return AdaptiveShots().look(whole)


def _learn(examples: Examples, frames: Frames, truth: list[Transition]) -> None:
    gradual = [each for each in truth if each.kind != "cut"]
    cuts = np.array([each.start for each in truth if each.kind == "cut"] or [-99])
    for index in np.flatnonzero(frames.proposed):
        off = int(np.abs(cuts - index).min())
        inside = any(each.start - 3 <= index <= each.end + 3 for each in gradual)
        features = cut_features(frames, int(index))
        if features is not None and not inside and (off == 0 or off > 2):
            examples["cut"].append((features, off == 0))
    for window in windows(frames, 0.0, np.inf):
        for name in ("dissolve", "wipe"):
            if (holds := _holds(frames, window, gradual, name)) is not None:
                examples[name].append((window.features, holds))


def _holds(frames: Frames, window: Window, gradual: list[Transition], name: str) -> bool | None:
    """Whether a window fits a transition of this kind; None when it fits one, but badly."""
    start, end = np.searchsorted(frames.at_s, window.at_s[[0, -1]])
    near = [each for each in gradual if each.start - 3 < end and each.end + 3 > start]
    if not near:
        return False
    if len(near) > 1 or near[0].kind != name:
        return None
    (true,) = near
    length = true.end - true.start
    aside = abs((true.start + true.end) - (start + end)) / 2
    fits = aside <= max(2, 0.15 * length) and 0.9 * length <= end - start <= 2 * length + 4
    return True if fits else None


def _fit(name: str, seen: list[tuple[np.ndarray, bool]]) -> None:
    features = np.array([each for each, _ in seen], float)
    holds = np.array([each for _, each in seen])
    weight = {False: 1.0, True: 1.0 if name == "cut" else GRADUAL_WEIGHT}
    model = LogisticRegression(C=3.0, max_iter=5000, class_weight=weight).fit(features, holds)
    told = model.predict(features)
    print(f"{name}: {len(seen)} examples, {holds.sum()} true")
    print(f"  weights {np.round(model.coef_[0], 2).tolist()}, bias {model.intercept_[0]:.2f}")
    print(f"  missed {(holds & ~told).sum()}, wrong {(told & ~holds).sum()}")


if __name__ == "__main__":
    main()
