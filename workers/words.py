"""Query words, pictures and sound to vectors, in warm children: the API loads no model itself."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np

from content.errors import Invalid, PermanentError, TransientError, Unavailable
from content.types import F32, U8, Space, Vector, Vectors
from workers.pool import Pool

LOAD_S = 600.0


class Words:
    """Encodes short texts in every space that knows words, repeated ones from memory; pictures;
    sound. Each has a child of its own, started when it is first asked: words do not wait for two
    minutes of sound, nor fail with them."""

    def __init__(
        self, *, environment: Mapping[str, str] | None = None, timeout_s: float = 30.0
    ) -> None:
        def asked(operation: str, probe: dict[str, Any], code: str, what: str) -> _Asked:
            pool = Pool(1, nice=0, environment=environment)
            return _Asked(pool, operation, probe, code=code, what=what, timeout_s=timeout_s)

        black, quiet = np.zeros((32, 32, 3), np.uint8), np.zeros(16_000, np.float32)
        self._texts = asked("query", {"text": "a film"}, "words_unavailable", "the text encoder")
        self._pictures = asked(
            "picture", _pixels(black), "pictures_unavailable", "the encoder of pictures"
        )
        self._sounds = asked("sound", _samples(quiet), "sounds_unavailable", "the encoder of sound")
        self._encode = lru_cache(maxsize=1024)(self._encode_now)

    def warm(self) -> None:
        """Load the models of words in the background, so that the first query need not wait."""
        self._texts.warm()

    def encode(self, text: str) -> Vectors:
        """`text` in each space that words can be compared in, unit norm: the synopsis space
        always, that of pictures and of sound as `Models.query` says.

        Raises:
            Unavailable: `words_unavailable`, when the models still load, do not load, or their
                process died or takes too long.
        """
        return self._encode(text)

    def encode_picture(self, rgb: U8) -> Vector:
        """A still, RGB (H, W, 3), 0..255, in the space `visual`, as the frames of films are.

        Raises:
            Unavailable: `pictures_unavailable`, as `encode`.
        """
        return _vector(self._pictures.ask(_pixels(rgb)))

    def encode_sound(self, samples: F32) -> Vector | None:
        """A piece of sound, mono at 16 kHz (n,), in the space `audio`, as films' is; None where
        less than half a second can be heard.

        Raises:
            Unavailable: `sounds_unavailable`, as `encode`.
        """
        answer = self._sounds.ask(_samples(samples))
        return None if answer is None else _vector(answer)

    def close(self) -> None:
        for each in (self._texts, self._pictures, self._sounds):
            each.close()

    def _encode_now(self, text: str) -> dict[Space, Vector]:
        return {space: _vector(found) for space, found in self._texts.ask({"text": text}).items()}


class _Asked:
    """One operation of a warm child, whose models load in the background if need be."""

    def __init__(
        self,
        pool: Pool,
        operation: str,
        probe: dict[str, Any],
        *,
        code: str,
        what: str,
        timeout_s: float,
    ) -> None:
        """`probe`: arguments that have everything loaded. `code`, `what`: of its failures."""
        self._pool, self._operation, self._probe = pool, operation, probe
        self._code, self._what, self._timeout_s = code, what, timeout_s
        self._lock = threading.Lock()
        self._settled = threading.Event()
        """Set unless models are being loaded in the background."""
        self._settled.set()

    def warm(self) -> None:
        with self._lock:
            if not self._settled.is_set():
                return
            self._settled.clear()
        threading.Thread(target=self._load, name=f"keyart-{self._operation}", daemon=True).start()

    def ask(self, arguments: dict[str, Any]) -> Any:
        """The child's answer; waits for models that load.

        Raises:
            Unavailable: the code given.
        """
        if not self._settled.wait(self._timeout_s):
            raise Unavailable(self._code, f"{self._what} is still being loaded")
        try:
            return self._call(arguments, self._timeout_s)
        except TransientError as error:
            self.warm()  # a large model may need longer to load than a query may wait
            raise Unavailable(self._code, f"{self._what} is not ready") from error
        except (PermanentError, Invalid) as error:
            raise Unavailable(self._code, error.detail) from error

    def close(self) -> None:
        self._pool.close()

    def _call(self, arguments: dict[str, Any], timeout_s: float) -> Any:
        with self._pool.child() as child:
            return child.call(self._operation, arguments, timeout_s=timeout_s)

    def _load(self) -> None:
        # A failure here is met again, and reported, by the next query.
        with suppress(TransientError, PermanentError, Invalid):
            self._call(self._probe, LOAD_S)
        self._settled.set()


def _pixels(rgb: U8) -> dict[str, Any]:
    return {"pixels": rgb.tobytes(), "shape": rgb.shape}


def _samples(samples: F32) -> dict[str, Any]:
    return {"samples": samples.astype("<f4").tobytes()}


def _vector(found: tuple[bytes, str]) -> Vector:
    data, fingerprint = found
    return Vector(np.frombuffer(data, "<f4"), fingerprint)
