"""Query words to a vector, in a warm child: the API process never loads a model."""

import threading
from functools import lru_cache

import numpy as np

from content.errors import TransientError, Unavailable
from content.types import F32
from workers.pool import Pool


class Words:
    """Encodes short texts; repeated ones come from memory."""

    def __init__(self, *, timeout_s: float = 30.0) -> None:
        self._pool = Pool(1, nice=0)
        self._timeout_s = timeout_s
        self._encode = lru_cache(maxsize=1024)(self._encode_now)

    def warm(self) -> None:
        """Load the model in the background, so that the first query need not wait for it."""
        threading.Thread(target=self._try_warm, name="keyart-words", daemon=True).start()

    def encode(self, text: str) -> F32:
        """`text` as (384,) float32, unit norm.

        Raises:
            Unavailable: `words_unavailable`, when the model's process died or takes too long.
        """
        try:
            return np.frombuffer(self._encode(text), "<f4")
        except TransientError as error:
            raise Unavailable("words_unavailable", "the text encoder is not ready") from error

    def close(self) -> None:
        self._pool.close()

    def _encode_now(self, text: str) -> bytes:
        with self._pool.child() as child:
            answer: bytes = child.call("encode", {"text": text}, timeout_s=self._timeout_s)
            return answer

    def _try_warm(self) -> None:
        # A failure here is met again, and reported, by the first query.
        try:
            self.encode("a film")
        except Unavailable:
            return
