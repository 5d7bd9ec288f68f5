"""Does each space find what it should, and do they find more together?

Tux Paint's stamps (real pictures, sounds and captions in categories), made films whose factors
are known, what pooling is for (`pooled`), and what is read and seen in pictures (`onscreen`).
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from content.decode import DecodeLimits
from content.encoders.models import Models
from content.extract import extract
from content.synopsis import encode_synopsis
from content.types import F32, Space
from indexes.fitting import fit
from indexes.weights import DEFAULT, FUSED
from tests.bench import onscreen, pooled, stamps
from tests.bench.factors import FACTORS, Film, make_films
from tests.bench.retrieval import Corpus, Matrix, fuse, lead, measure, same

FILMS = 96
SEED = 20261122
OWN: dict[Space, str] = {
    "visual": "palette",
    "style": "movement",
    "audio": "sound",
    "synopsis": "story",
}
"""Which factor each space is there for."""
ALIKE = 3
"""Factors of four that two films share to be alike as a whole."""
Row = dict[str, object]


def run() -> list[Row]:
    """All tables, one below the other."""
    pictures = stamps.pictures()
    found = [*_titled("stamps", stamps.run()), *_titled("made films", _made())]
    return [*found, *pooled.run(pictures), *onscreen.run(pictures)]


def _titled(name: str, rows: list[Row]) -> list[Row]:
    return [{"on": name, **row} for row in rows]


def _made() -> list[Row]:
    with TemporaryDirectory() as folder:
        films = make_films(Path(folder), FILMS, SEED)
        corpus = Corpus(_understood(films), len(films))
    cosines = {s: m for s, m in corpus.cosines().items() if s in FUSED}
    labels = {factor: [getattr(film, factor) for film in films] for factor in FACTORS}
    rows: list[Row] = []
    for space, matrix in cosines.items():
        found = {factor: measure(matrix, same(labels[factor])) for factor in FACTORS}
        own = found[OWN[space]]
        others = "; ".join(
            f"{factor} {quality.precision.mean():.2f}"
            for factor, quality in found.items()
            if factor != OWN[space]
        )
        rows.append({"space": f"{space} → {OWN[space]}", **own.row(), "others' mAP": others})
    return [*rows, *_together(cosines, labels)]


def _together(cosines: dict[Space, Matrix], labels: dict[str, list[str]]) -> list[Row]:
    shared = np.sum([same(values) for values in labels.values()], axis=0)
    alike = shared >= ALIKE
    singles = {space: measure(matrix, alike) for space, matrix in cosines.items()}
    fused = measure(fuse(cosines, DEFAULT), alike)
    best = max(singles, key=lambda space: float(singles[space].precision.mean()))
    rows: list[Row] = [
        {"space": f"{space} → {ALIKE} of 4 factors", **quality.row()}
        for space, quality in singles.items()
    ]
    rows.append({"space": f"fused → {ALIKE} of 4 factors", **fused.row()})
    rows.append({"space": f"fused − {best}, the best single", "mAP": lead(fused, singles[best])})
    return [*rows, _learned(cosines, alike)]


def _learned(cosines: dict[Space, Matrix], alike: np.ndarray) -> Row:
    """What `fit-weights` makes of pairs that are alike."""
    left, right = np.triu_indices(len(alike), 1)
    nowhere = np.full(alike.shape, np.nan)  # nobody watches here: there is no taste
    values = np.stack([cosines.get(s, nowhere)[left, right] for s in FUSED], axis=1)
    left, right, values = (each[~np.isnan(values).all(axis=1)] for each in (left, right, values))
    truth, titles = alike[left, right], np.stack([left, right], axis=1)
    found = fit(values.astype(np.float32), truth, titles, DEFAULT)
    told = ", ".join(f"{space} {weight:.2f}" for space, weight in found.weights.items())
    gain = f"AUC {found.auc_now:.3f} → {found.auc:.3f}"
    return {"space": f"weights learned: {told}", "mAP": gain, "queries": str(found.pairs)}


def _understood(films: list[Film]) -> dict[Space, dict[int, F32]]:
    models = Models()
    rows: dict[Space, dict[int, F32]] = {}
    for number, film in enumerate(films):
        found = extract(film.path, models, limits=DecodeLimits(), on_progress=lambda *_: None)
        vectors = {space: vector.data for space, vector in found.vectors.items()}
        words = encode_synopsis(film.synopsis, models)
        assert words is not None
        for space, data in {**vectors, "synopsis": words.data}.items():
            rows.setdefault(space, {})[number] = data  # type: ignore[arg-type]
    return rows
