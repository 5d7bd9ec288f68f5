"""Query words, pictures and sound to vectors, in a warm child: the API loads no model itself."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache

import numpy as np

from content.errors import Invalid, PermanentError, TransientError, Unavailable
from content.types import F32, U8, Space, Vector, Vectors
from workers.pool import Pool

LOAD_S = 600.0
_BLANK = np.zeros((32, 32, 3), np.uint8)
_QUIET = np.zeros(16_000, np.float32)


class Words:
    """Encodes short texts in every space that knows words, repeated ones from memory; pictures;
    sound."""

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
        self._sees = False
        """Whether a picture was asked for: then its encoder is loaded in the background, too."""
        self._hears = False
        """The same of sound."""

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
        with self._ready("words_unavailable", "the text encoder"):
            return self._encode(text)

    def encode_picture(self, rgb: U8) -> Vector:
        """A still, RGB (H, W, 3), 0..255, in the space `visual`, as the frames of films are.

        Raises:
            Unavailable: `pictures_unavailable`, as `encode`.
        """
        self._sees = True
        with self._ready("pictures_unavailable", "the encoder of pictures"):
            return self._look(rgb, self._timeout_s)

    def encode_sound(self, samples: F32) -> Vector | None:
        """A piece of sound, mono at 16 kHz (n,), in the space `audio`, as films' is; None where
        less than half a second can be heard.

        Raises:
            Unavailable: `sounds_unavailable`, as `encode`.
        """
        self._hears = True
        with self._ready("sounds_unavailable", "the encoder of sound"):
            return self._listen(samples, self._timeout_s)

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def _ready(self, code: str, what: str) -> Iterator[None]:
        """Around a question to the child: waits for models that load, and names what fails."""
        if not self._settled.wait(self._timeout_s):
            raise Unavailable(code, f"{what} is still being loaded")
        try:
            yield
        except TransientError as error:
            self.warm()  # a large model may need longer to load than a query may wait
            raise Unavailable(code, f"{what} is not ready") from error
        except (PermanentError, Invalid) as error:
            raise Unavailable(code, error.detail) from error

    def _encode_now(self, text: str) -> dict[Space, Vector]:
        return self._ask(text, self._timeout_s)

    def _ask(self, text: str, timeout_s: float) -> dict[Space, Vector]:
        with self._pool.child() as child:
            answer = child.call("query", {"text": text}, timeout_s=timeout_s)
        return {space: Vector(np.frombuffer(d, "<f4"), p) for space, (d, p) in answer.items()}

    def _look(self, rgb: U8, timeout_s: float) -> Vector:
        asked = {"pixels": rgb.tobytes(), "shape": rgb.shape}
        with self._pool.child() as child:
            data, fingerprint = child.call("picture", asked, timeout_s=timeout_s)
        return Vector(np.frombuffer(data, "<f4"), fingerprint)

    def _listen(self, samples: F32, timeout_s: float) -> Vector | None:
        asked = {"samples": samples.astype("<f4").tobytes()}
        with self._pool.child() as child:
            answer = child.call("sound", asked, timeout_s=timeout_s)
        return None if answer is None else Vector(np.frombuffer(answer[0], "<f4"), answer[1])

    def _load(self) -> None:
        # A failure here is met again, and reported, by the next query.
        with suppress(TransientError, PermanentError, Invalid):
            self._ask("a film", LOAD_S)
            if self._sees:
                self._look(_BLANK, LOAD_S)
            if self._hears:
                self._listen(_QUIET, LOAD_S)
        self._settled.set()
