"""What the pooling of a film's pictures is for, and what centring does; parts of `understanding`.

Halves of real films should find each other. Made titles share a common look, and what tells them
apart is rare: two pictures of one category of stamps among 22 of household things, or the same
with as many near-black pictures between them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from sklearn.metrics import roc_auc_score

from content.decode import DecodeLimits
from content.encoders.models import Models
from content.extract import extract
from content.keyframes import merit
from content.look import look_facts, look_row
from content.pooling import RIDGE, pool, salience
from content.types import F32, U8
from indexes.calibration import Calibration
from samples.fetch import fetch
from tests.bench.retrieval import Corpus, Quality, guessed, lead, measure, same

TITLES, COMMON, RARE = 120, 22, 2
COMMON_LOOK = "household"
SEED = 20261122
MEAN = 1e9
"""A ridge so large that the pooled vector is the mean by weight."""
CACHE = Path(".cache/samples")
Row = dict[str, object]


def run(pictures: dict[str, list[U8]]) -> list[Row]:
    """`pictures`: RGB stamps by category."""
    films = [film for path in fetch(CACHE.resolve()).values() if (film := _film(path))]
    return [*_halves(films), *_rare(pictures), _centred(films)]


@dataclass(frozen=True, eq=False)
class Film:
    """Pictures (n, dim) in time order and the seconds each stands for."""

    pictures: F32
    seconds: F32


def _film(path: Path) -> Film | None:
    found = extract(path, Models(), limits=DecodeLimits(), on_progress=lambda *_: None)
    frames = sorted(found.keyframes, key=lambda keyframe: keyframe.at_s)
    if len(frames) < 2:
        return None
    edges = np.array([frame.at_s for frame in frames] + [found.facts.duration_s])
    rows = np.stack([frame.embedding for frame in frames])
    return Film(rows, np.diff(edges).astype(np.float32))


def _halves(films: list[Film]) -> list[Row]:
    """Each real film's two halves among all others'."""
    ways: dict[str, Callable[..., F32]] = {
        "halves, mean by time": partial(pool, ridge=MEAN),
        f"halves, pooled as shipped (ridge {RIDGE})": pool,
    }
    rows: list[Row] = []
    for name, way in ways.items():
        halves = [
            way(film.pictures[part], film.seconds[part]) for film in films for part in _parts(film)
        ]
        owners = [n // 2 for n in range(len(halves))]
        corpus = Corpus({"visual": dict(enumerate(halves))}, len(halves), owners)
        quality = measure(corpus.cosines()["visual"], same(owners))
        rows.append({"on": "real films", "space": name, **quality.row()})
    return rows


def _parts(film: Film) -> tuple[slice, slice]:
    middle = len(film.seconds) // 2
    return slice(0, middle), slice(middle, None)


def _rare(pictures: dict[str, list[U8]]) -> list[Row]:
    """Titles asked for others with the same rare look, pooled in four ways."""
    rng, models = np.random.default_rng(SEED), Models()
    looks = {name: own for name, own in pictures.items() if len(own) >= 2 * RARE}
    known = {name: models.pictures(own).visual for name, own in looks.items()}
    black = [_dimmed(picture) for picture in looks[COMMON_LOOK][: 2 * COMMON]]
    dark = models.pictures(black).visual
    plain = [_salience(picture) for picture in black]
    kinds = sorted(looks.keys() - {COMMON_LOOK})
    rows: list[Row] = []
    for darkened in (0, COMMON + RARE):
        labels, shots, salient = [], [], []
        for _ in range(TITLES):
            kind = str(rng.choice(kinds))
            picks = [(COMMON_LOOK, n) for n in rng.integers(0, len(looks[COMMON_LOOK]), COMMON)]
            picks += [(kind, n) for n in rng.choice(len(looks[kind]), RARE, replace=False)]
            unlit = rng.integers(0, len(black), darkened)
            labels.append(kind)
            shots.append(np.stack([known[name][n] for name, n in picks] + [dark[n] for n in unlit]))
            lit = [_salience(looks[name][n]) for name, n in picks]
            salient.append(np.array(lit + [plain[n] for n in unlit]))
        what = f"{RARE} of {COMMON + RARE + darkened} pictures" + (", half black" * bool(darkened))
        rows += _ways(what, labels, shots, salient)
    return rows


def _ways(what: str, labels: list[str], shots: list[F32], salient: list[F32]) -> list[Row]:
    found: dict[str, Quality] = {}
    relevant, matrix = same(labels), np.empty(0)
    for name, ridge, weighed in (
        ("mean", MEAN, False),
        ("mean by salience", MEAN, True),
        ("pooled", RIDGE, False),
        ("pooled by salience, as shipped", RIDGE, True),
    ):
        weights = salient if weighed else [np.ones(len(each)) for each in salient]
        pooled = [pool(rows, w, ridge) for rows, w in zip(shots, weights, strict=True)]
        corpus = Corpus({"visual": dict(enumerate(pooled))}, len(pooled))
        matrix = corpus.cosines()["visual"]
        found[name] = measure(matrix, relevant)
    found["chance"] = measure(guessed(matrix), relevant)
    rows: list[Row] = [{"space": name, **quality.row()} for name, quality in found.items()]
    shipped = found["pooled by salience, as shipped"]
    rows.append({"space": "as shipped − mean", "mAP": lead(shipped, found["mean"])})
    return [{"on": f"rare look, {what}", **row} for row in rows]


def _dimmed(picture: U8) -> U8:
    return np.asarray(cv2.GaussianBlur(picture // 24, (0, 0), 9), np.uint8)


def _salience(picture: U8) -> float:
    small = np.asarray(cv2.resize(picture, (480, 270), interpolation=cv2.INTER_AREA), np.uint8)
    facts = look_facts(look_row(small)[None])
    return salience(merit(facts["brightness"], facts["contrast"], facts["sharpness"]))


def _centred(films: list[Film]) -> Row:
    """AUC that two pictures of one film are more alike than two of different films."""
    rows = np.concatenate([film.pictures for film in films])
    owners = np.repeat(np.arange(len(films)), [len(film.seconds) for film in films])
    halves = np.isin(owners, np.random.default_rng(0).permutation(len(films))[::2])
    told: dict[str, list[float]] = {"raw": [], "centred": [], "centred and scaled": []}
    for half in (False, True):
        fitted = Calibration.fit({"visual": rows[halves != half]})
        others = np.stack([fitted.apply("visual", row) for row in rows[halves != half]])
        own = np.stack([fitted.apply("visual", row) for row in rows[halves == half]])
        scaled = own / (others.std(axis=0) + 1e-6)
        scaled /= np.linalg.norm(scaled, axis=1, keepdims=True)
        pairs = np.triu_indices(len(own), 1)
        truth = same(list(owners[halves == half]))[pairs]
        for name, data in zip(told, (rows[halves == half], own, scaled), strict=True):
            told[name].append(float(roc_auc_score(truth, (data @ data.T)[pairs])))
    figures = ", ".join(f"{name} {np.mean(aucs):.3f}" for name, aucs in told.items())
    return {"on": "real films", "space": "pictures of one film, AUC", "mAP": figures}
