"""Implicit factors of titles: the space of co-watching.

A truncated singular value decomposition of who watched what, each title's column at length 1: dot
products of its factors are the cosines of co-watching, as nearly as so few numbers can tell
(PureSVD, Cremonesi et al. 2010, doi:10.1145/1864708.1864721, the columns scaled as in EigenRec,
Nikolakopoulos et al. 2019, doi:10.1007/s10115-018-1197-7).
"""

from typing import Any

import numpy as np

from indexes.taste.places import F64

DIM = 64
"""At most; a quarter of the titles where there are few."""
MIN_VIEWERS = 5
"""A title that fewer have watched has no factor of its own: it would tell of these few."""


def counts(watched: Any) -> F64:
    """How many viewers each title has, (titles,)."""
    found: F64 = np.asarray(watched.sum(axis=0), dtype=np.float64).ravel()
    return found


def title_factors(watched: Any, seed: int) -> F64:
    """(titles, dim) float64, rows of length 1 at most; dim is 64 or less.

    Args:
        watched: scipy sparse (viewers, titles) of 0 and 1; no column is empty.
    """
    from scipy import sparse
    from scipy.sparse import linalg

    columns = watched @ sparse.diags(1.0 / np.sqrt(counts(watched)))
    dim = max(1, min(DIM, watched.shape[1] // 4, min(watched.shape) - 1))
    _, sizes, rows = linalg.svds(columns, k=dim, rng=np.random.default_rng(seed))
    order = np.argsort(-sizes)
    found: F64 = rows[order].T * sizes[order]
    # The sign of a factor is the solver's whim: its largest number is made positive.
    peaks = found[np.abs(found).argmax(axis=0), np.arange(dim)]
    found *= np.where(peaks < 0, -1.0, 1.0)
    return found
