"""How the embedded engine searches: exactly, or along its graph."""

from typing import Any

import qdrant_edge as edge

from indexes.store import HNSW_EF, OVERSAMPLING

EXACT = edge.SearchParams(exact=True)


def approximate(ef: int = HNSW_EF) -> Any:
    """Look at `ef` candidates; what int8 proposed is scored again by the vectors themselves."""
    return edge.SearchParams(
        hnsw_ef=ef,
        quantization=edge.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING),
    )
