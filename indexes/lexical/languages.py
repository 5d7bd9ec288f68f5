"""Languages: which stemmer each has, and which of its words only hold a sentence together.

Stems are Snowball's (PyStemmer); function words are the lists of Qdrant's own BM25.
"""

import threading
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import Stemmer

STEMMERS: Mapping[str, str] = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque",
    "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""ISO 639-1 to Snowball's name."""

STOPPED: Mapping[str, str] = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "eu": "basque", "fi": "finnish", "fr": "french",
    "hu": "hungarian", "id": "indonesian", "it": "italian", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
"""ISO 639-1 to the engine's name of those whose function words it knows."""

ENOUGH = 2
"""Function words that must be of a language before a text is taken for it."""
LOOKED_AT = 200
"""Words of a text by which its language is told."""

_own = threading.local()


def base(language: str | None) -> str | None:
    """`pt` of `pt-BR`; None where there is no stemmer for it."""
    code = (language or "").split("-")[0].casefold()
    return code if code in STEMMERS else None


def stem(word: str, language: str) -> str:
    """The word's stem in a language of `STEMMERS`."""
    made: dict[str, Stemmer.Stemmer] = _own.__dict__.setdefault("made", {})  # not thread-safe
    name = STEMMERS[language]
    if name not in made:
        made[name] = Stemmer.Stemmer(name, 0)
    return str(made[name].stemWord(word))


@lru_cache(maxsize=65_536)
def is_function_word(word: str, language: str) -> bool:
    """Is it one of a language of `STOPPED`, such as `the`?"""
    return not _bm25(STOPPED[language]).embed_query(word).indices


def languages_of(words: Sequence[str], least: int = ENOUGH) -> list[str]:
    """Those of `STOPPED` with the most function words among these, at least `least`."""
    shown = words[:LOOKED_AT]
    counts = {code: sum(is_function_word(word, code) for word in shown) for code in STOPPED}
    most = max(counts.values())
    return [code for code, count in counts.items() if count == most] if most >= least else []


@cache
def _bm25(name: str) -> Any:
    import qdrant_edge as edge  # whoever only asks for an answer need not load it

    return edge.Bm25(edge.Bm25Config(language=name))
