"""Query words to vectors, in a warm child: the API process never loads a model."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache

import numpy as np

from content.errors import Invalid, PermanentError, TransientError, Unavailable
from content.types import Space, Vector, Vectors
from workers.pool import Pool

LOAD_S = 600.0


class Words:
    """Encodes short texts in every space that knows words; repeated ones come from memory."""

    def __init__(
        self, *, environment: Mapping[str, str] | None = None, timeout_s: float = 30.0
    ) -> None:
        self._pool = Pool(1, nice=0, environment=environment)
        self._timeout_s = timeout_s
        self._encode = lru_cache(maxsize=1024)(self._encode_now)
        self._lock = threading.Lock()
        self._settled = threading.Event()
        """Set unless models are being loaded in the background."""
        self._settled.set()

    def warm(self) -> None:
        """Load the models in the background, so that the first query need not wait for them."""
        with self._lock:
            if not self._settled.is_set():
                return
            self._settled.clear()
        threading.Thread(target=self._load, name="keyart-words", daemon=True).start()

    def encode(self, text: str) -> Vectors:
        """`text` in each space that words can be compared in, unit norm: the synopsis space
        always, that of pictures and of sound as `Models.query` says.

        Raises:
            Unavailable: `words_unavailable`, when the models still load, do not load, or their
                process died or takes too long.
        """
        if not self._settled.wait(self._timeout_s):
            raise Unavailable("words_unavailable", "the text encoder is still being loaded")
        try:
            return self._encode(text)
        except TransientError as error:
            self.warm()  # a large model may need longer to load than a query may wait
            raise Unavailable("words_unavailable", "the text encoder is not ready") from error
        except (PermanentError, Invalid) as error:
            raise Unavailable("words_unavailable", error.detail) from error

    def close(self) -> None:
        self._pool.close()

    def _encode_now(self, text: str) -> dict[Space, Vector]:
        return self._ask(text, self._timeout_s)

    def _ask(self, text: str, timeout_s: float) -> dict[Space, Vector]:
        with self._pool.child() as child:
            answer = child.call("query", {"text": text}, timeout_s=timeout_s)
        return {space: Vector(np.frombuffer(d, "<f4"), p) for space, (d, p) in answer.items()}

    def _load(self) -> None:
        # A failure here is met again, and reported, by the next query.
        with suppress(TransientError, PermanentError, Invalid):
            self._ask("a film", LOAD_S)
        self._settled.set()
