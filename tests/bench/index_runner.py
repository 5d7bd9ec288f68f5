"""One way of the index's bench in a process of its own: `index_runner NAME FOLDER`, a JSON row."""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import psutil

from content.types import F32
from tests.bench.index_contenders import CONTENDERS, GENRES, Served

DIM, LATENT, CLUSTERS, K = 512, 48, 200, 10


def main() -> None:
    """Build, open, ask; print the row."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    titles, spaces, queries = (
        int(os.environ.get(f"KEYART_BENCH_{key}", default))
        for key, default in (("TITLES", 20_000), ("SPACES", 3), ("QUERIES", 300))
    )
    vectors = [_vectors(titles, seed) for seed in range(spaces)]
    genres = np.random.default_rng(7).integers(0, GENRES, titles)
    contender = CONTENDERS[name]()
    begun = time.perf_counter()
    contender.build(vectors, genres, folder)
    built = time.perf_counter() - begun
    before = psutil.Process().memory_info().rss
    begun = time.perf_counter()
    contender.open(vectors, folder)
    opened = time.perf_counter() - begun
    row: dict[str, object] = {"what": name, "titles": titles, "built_per_s": round(titles / built)}
    served = isinstance(contender, Served)
    for label, genre in (("plain", None), ("filtered", 3)):
        row |= _asked(contender, vectors[0], genres, queries, label, genre, served=served)
    after = psutil.Process(contender.pid if isinstance(contender, Served) else None).memory_info()
    row |= {"mb": round((after.rss - (0 if served else before)) / 2**20)}
    row |= {"open_s": round(opened, 2)}
    if isinstance(contender, Served):
        contender.stop()
    print(json.dumps(row))


def _asked(contender, rows: F32, genres: F32, queries: int, label: str, genre, *, served: bool):  # type: ignore[no-untyped-def]
    chosen = np.random.default_rng(3).integers(0, len(rows), queries)
    times, cpu, recalls = [], [], []
    for number, i in enumerate((chosen[0], *chosen)):
        asked = np.full(DIM, i, np.float32) if served else rows[i]
        begun, used = time.perf_counter(), time.process_time()
        found = contender.query(asked, K + 1, genre)
        if number:  # the first warms up
            times.append(time.perf_counter() - begun)
            cpu.append(time.process_time() - used)
            recalls.append(_recall(found, rows, genres, int(i), genre))
    p50, p99 = np.percentile(times, [50, 99]) * 1000
    return {
        f"{label}_p50_ms": round(float(p50), 2),
        f"{label}_p99_ms": round(float(p99), 2),
        f"{label}_cpu_ms": round(float(np.median(cpu)) * 1000, 2),
        f"{label}_recall": round(float(np.mean(recalls)), 4),
    }


def _recall(found: list[int], rows: F32, genres: F32, own: int, genre: int | None) -> float:
    scores = rows @ rows[own]
    scores[own] = -2
    if genre is not None:
        scores[genres != genre] = -2
    truth = set(np.argpartition(-scores, K)[:K].tolist())
    return len(truth & set([f for f in found if f != own][:K])) / K


def _vectors(titles: int, seed: int) -> F32:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(CLUSTERS, LATENT))
    mix = rng.normal(size=(LATENT, DIM)).astype(np.float32) / np.sqrt(LATENT)
    latent = centres[rng.integers(0, CLUSTERS, titles)] + 0.8 * rng.normal(size=(titles, LATENT))
    rows = latent.astype(np.float32) @ mix
    rows += 0.3 * rng.standard_normal(rows.shape, dtype=np.float32)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


if __name__ == "__main__":
    main()
