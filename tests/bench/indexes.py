"""Similarity and word search: through the socket, in process, and numpy exact beside them.

Titles are made in 40 clusters, so that neighbours are as close as a real catalogue's and not
random; a quarter of them has no sound. Dimensions are those of the embedded encoders.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from content.encoders.specs import embedded_specs
from content.types import F32, Space, Vector
from indexes.client import IndexClient
from indexes.schema import TitlePoint
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from indexes.weights import DEFAULT as WEIGHTS

DIMS: dict[Space, int] = {space: spec.dim for space, spec in embedded_specs().items()}
FINGERPRINTS: dict[Space, str] = {space: f"made@1:{dim}:abc" for space, dim in DIMS.items()}
QUERIES = 100
LIMIT = 20

Row = dict[str, object]


def run(sizes: tuple[int, ...] = (2_000, 10_000)) -> list[Row]:
    """One row per size and way: p50 and p99 in ms, and the ratio to numpy's p50 in that row."""
    rows: list[Row] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            rows += _measure(Path(folder), size)
    return rows


def _measure(folder: Path, size: int) -> list[Row]:
    titles = _titles(size)
    service = IndexService(folder / "index", EdgeStores())
    service.ensure(FINGERPRINTS)
    begun = time.perf_counter()
    for start in range(0, size, 256):
        service.upsert(titles[start : start + 256])
    filled = time.perf_counter() - begun
    calibrated = [service.vectors(title.title_id) for title in titles]
    exact = _Exact([title.title_id for title in titles], calibrated)
    chosen = [titles[i].title_id for i in np.random.default_rng(1).integers(0, size, QUERIES)]
    queries = [_words(title.vectors["synopsis"]) for title in titles[:QUERIES]]
    base, truth = _timed([lambda name=name: exact.similar(name) for name in chosen])
    rows = [_row(size, "numpy exact, in memory", base, base)]
    fused, answers = _timed([_similar(service, name, "fused") for name in chosen])
    found = [{hit.title_id for hit in answer} for answer in answers]  # type: ignore[attr-defined]
    recall = np.mean([len(a & set(b)) / LIMIT for a, b in zip(found, truth, strict=True)])  # type: ignore[call-overload]
    rows.append(_row(size, "fused, in process", fused, base) | {"recall": round(float(recall), 4)})
    single, _ = _timed([_similar(service, name, "visual") for name in chosen])
    rows.append(_row(size, "visual, in process", single, base))
    service.close()
    with _served(folder) as client:
        over, _ = _timed([_similar(client, name, "fused") for name in chosen])
        rows.append(_row(size, "fused, through the socket", over, base))
        found_by, _ = _timed([lambda q=q: client.search(q, limit=LIMIT) for q in queries])
        rows.append(_row(size, "words, through the socket", found_by, base))
        empty, _ = _timed([client.ready for _ in chosen])
        rows.append(_row(size, "the socket alone", empty, base))
        one, _ = _timed([lambda t=t: client.upsert([t]) for t in titles[:50]])
        rows.append(_row(size, "upsert of one title, durable", one, base))
    rows.append({"titles": size, "what": "fill, in batches of 256", "per_s": round(size / filled)})
    return rows


def _words(told: Vector) -> dict[Space, Vector]:
    return {"synopsis": told, "concept": told}


def _similar(index: IndexService | IndexClient, name: str, space: str) -> Callable[[], object]:
    return lambda: index.similar(name, space=space, limit=LIMIT)  # type: ignore[arg-type]


def _titles(size: int) -> list[TitlePoint]:
    rng = np.random.default_rng(0)
    cluster = rng.integers(0, 40, size)
    spaces: dict[Space, F32] = {}
    for space, dim in DIMS.items():
        centres = rng.normal(size=(40, dim))
        rows = np.abs(centres[cluster] + 0.8 * rng.normal(size=(size, dim)))
        if space in ("synopsis", "concept"):
            rows = centres[cluster] + 1.5 * rng.normal(size=(size, dim))
        spaces[space] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return [
        TitlePoint(
            f"t{i:06d}",
            1,
            {
                space: Vector(rows[i], FINGERPRINTS[space])
                for space, rows in spaces.items()
                if space != "audio" or i % 4
            },
        )
        for i in range(size)
    ]


class _Exact:
    """The fused score of every title, by matrix products over all of them."""

    def __init__(self, names: list[str], vectors: list[dict[Space, F32]]) -> None:
        self._names = names
        self._row = {name: i for i, name in enumerate(names)}
        self._spaces = {
            space: np.stack([v.get(space, np.zeros(DIMS[space], np.float32)) for v in vectors])
            for space in DIMS.keys() & WEIGHTS.keys()
        }
        self._has = {
            space: np.array([space in v for v in vectors], np.float32) for space in self._spaces
        }

    def similar(self, name: str) -> list[str]:
        own = self._row[name]
        total = np.zeros(len(self._names), np.float32)
        weight = np.full(len(self._names), 1e-9, np.float32)
        for space in self._spaces:
            share = WEIGHTS[space]
            if self._has[space][own]:
                total += share * (self._spaces[space] @ self._spaces[space][own])
                weight += share * self._has[space]
        score = total / weight
        score[own] = -np.inf
        best = np.argpartition(-score, LIMIT)[:LIMIT]
        return [self._names[i] for i in best[np.argsort(-score[best])]]


class _served:  # noqa: N801 - reads as a verb at its place of use
    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "indexes.server", "--socket", str(folder / "s")]
        command += ["--folder", str(folder / "index")]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        self._client = IndexClient(folder / "s")

    def __enter__(self) -> IndexClient:
        while not self._client.ready():
            time.sleep(0.05)
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait()


def _timed(calls: list[Callable[[], object]]) -> tuple[F32, list[object]]:
    calls[0]()
    times, answers = [], []
    for call in calls:
        begun = time.perf_counter()
        answers.append(call())
        times.append(time.perf_counter() - begun)
    return np.array(times, np.float32) * 1000, answers


def _row(size: int, what: str, ms: F32, base: F32) -> Row:
    p50, p99 = np.percentile(ms, [50, 99])
    ratio = p50 / np.percentile(base, 50)
    return {
        "titles": size,
        "what": what,
        "p50_ms": round(float(p50), 2),
        "p99_ms": round(float(p99), 2),
        "x_numpy": round(float(ratio), 2),
    }
