"""The builder: `python -m indexes.builder --shard PATH --parent PID [--int8]`.

Optimizes a side copy of a shard, in a process of its own because `optimize()` holds the GIL from
its begin to its end. Measures what the graph finds beside exact search, and writes that
(`graph.json`) when it is done. Ends with its parent; what it leaves unfinished has no `graph.json`.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import qdrant_edge as edge

from content.ids import now_us
from content.process import follow_parent
from content.types import Space
from indexes.durable import sync_tree
from indexes.fields import FIELDS, SHOT_FIELDS
from indexes.graph import RECALL_AIM, RECALL_AT, Graph
from indexes.search_params import approximate
from indexes.shard import declare, dense, dims_of, load, on_disk, rare, sparse_of

M = 16
EF_CONSTRUCT = 128
FULL_SCAN_KB = 4_000
"""Below so many KB of vectors that fit a filter, they are scored one by one."""
ONE_SEGMENT_KB = 2**26
EFS = (64, 128, 256, 512, 1024)
SAMPLE = 100
"""Stored points whose neighbours are looked for, in each space."""


def main(argv: Sequence[str] | None = None) -> int:
    """Build, measure, write; 0 when `graph.json` is there."""
    parser = argparse.ArgumentParser(prog="python -m indexes.builder", description=__doc__)
    parser.add_argument("--shard", type=Path, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--int8", action="store_true")
    options = parser.parse_args(argv)
    follow_parent(parent=options.parent)
    os.nice(10)
    build(options.shard, int8=options.int8).write(options.shard)
    return 0


def build(path: Path, *, int8: bool) -> Graph:
    """Build the graph of the shard at `path` and measure it; durable on return."""
    begun = time.monotonic()
    shard = load(path, _config(path, int8=int8))
    declare(shard, FIELDS if "genres" in shard.info().payload_schema else SHOT_FIELDS)
    shard.optimize()
    shard.flush()
    seconds = round(time.monotonic() - begun, 2)
    ef, recall = _measured(shard, list(dims_of(path)))
    points = int(shard.info().points_count)
    shard.close()
    sync_tree(path)  # what was copied and not rebuilt as well: the shard it is from goes
    return Graph(points, int8, ef, recall, seconds, now_us())


def _config(path: Path, *, int8: bool) -> Any:
    return edge.EdgeConfig(
        vectors=dense(dims_of(path), on_disk=on_disk(path)),
        sparse_vectors=rare(sparse_of(path)),
        hnsw_config=edge.HnswIndexConfig(M, EF_CONSTRUCT, FULL_SCAN_KB, max_indexing_threads=1),
        quantization_config=edge.ScalarQuantizationConfig(
            edge.ScalarType.Int8, quantile=0.99, memory=edge.Memory.Pinned
        )
        if int8
        else None,
        optimizers=edge.EdgeOptimizersConfig(
            default_segment_number=1, max_segment_size=ONE_SEGMENT_KB, indexing_threshold=1
        ),
    )


def _measured(shard: Any, spaces: list[Space]) -> tuple[int, dict[str, float]]:
    """The fewest candidates that find enough in every space, and what they find."""
    truth = {space: _sample(shard, space) for space in spaces}
    recall: dict[str, float] = {}
    for ef in EFS:
        recall = {space: _recall(shard, space, truth[space], ef) for space in spaces}
        if all(found >= RECALL_AIM for found in recall.values()):
            break
    return ef, recall


def _sample(shard: Any, space: Space) -> list[tuple[str, list[float], set[str]]]:
    """Stored points with their exact nearest."""
    asked = edge.QueryRequest(
        limit=SAMPLE,
        query=edge.Sample.Random,
        filter=edge.Filter(must=[edge.HasVectorCondition(space)]),
        with_vector=[space],
    )
    found = [(str(hit.id), hit.vector[space]) for hit in shard.query(asked)]
    exact = edge.SearchParams(exact=True)
    return [(key, v, _nearest(shard, space, key, v, exact)) for key, v in found]


def _recall(
    shard: Any, space: Space, sample: list[tuple[str, list[float], set[str]]], ef: int
) -> float:
    params = approximate(ef)
    shares = [
        len(_nearest(shard, space, key, vector, params) & exact) / len(exact)
        for key, vector, exact in sample
        if exact
    ]
    return round(sum(shares) / len(shares), 4) if shares else 1.0


def _nearest(shard: Any, space: Space, key: str, vector: list[float], params: Any) -> set[str]:
    request = edge.QueryRequest(
        limit=RECALL_AT + 1,  # itself is among them
        query=edge.Query.Nearest(vector, using=space),
        with_payload=False,
        params=params,
    )
    hits = [str(hit.id) for hit in shard.query(request)]
    return set([hit for hit in hits if hit != key][:RECALL_AT])


if __name__ == "__main__":
    sys.exit(main())
