"""Query words to vectors, in a warm child: the API process never loads a model."""

import threading
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from content.errors import TransientError, Unavailable
from content.types import Space, Vector, Vectors
from workers.pool import Pool


class Words:
    """Encodes short texts in every space that knows words; repeated ones come from memory."""

    def __init__(
        self, *, environment: Mapping[str, str] | None = None, timeout_s: float = 30.0
    ) -> None:
        self._pool = Pool(1, nice=0, environment=environment)
        self._timeout_s = timeout_s
        self._encode = lru_cache(maxsize=1024)(self._encode_now)

    def warm(self) -> None:
        """Load the models in the background, so that the first query need not wait for them."""
        threading.Thread(target=self._try_warm, name="keyart-words", daemon=True).start()

    def encode(self, text: str) -> Vectors:
        """`text` in each space that words can be compared in, unit norm: the synopsis space
        always, that of pictures and of sound as `Models.query` says.

        Raises:
            Unavailable: `words_unavailable`, when the model's process died or takes too long.
        """
        try:
            return self._encode(text)
        except TransientError as error:
            raise Unavailable("words_unavailable", "the text encoder is not ready") from error

    def close(self) -> None:
        self._pool.close()

    def _encode_now(self, text: str) -> dict[Space, Vector]:
        with self._pool.child() as child:
            answer = child.call("query", {"text": text}, timeout_s=self._timeout_s)
        return {space: Vector(np.frombuffer(d, "<f4"), p) for space, (d, p) in answer.items()}

    def _try_warm(self) -> None:
        # A failure here is met again, and reported, by the first query.
        try:
            self.encode("a film")
        except Unavailable:
            return
