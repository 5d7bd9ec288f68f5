"""From text to terms: words at Unicode's boundaries, stemmed in their language, marks taken off.

Where words are not set apart (Chinese, Japanese, Thai, …) terms are pairs of neighbouring letters,
as in Lucene's CJKAnalyzer.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import regex

from indexes.lexical.languages import STEMMERS, base, languages_of, stem

UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
TOKEN = regex.compile(rf"{UNSPACED}+|(?:(?!{UNSPACED})[\p{{L}}\p{{M}}\p{{N}}])+"
                      rf"(?:['’](?:(?!{UNSPACED})[\p{{L}}\p{{M}}])+)*")  # fmt: skip
RUN = regex.compile(rf"{UNSPACED}+")
ELIDED = regex.compile(r"^(?:[ldjmnstc]|qu|gl|un|(?:d|n|s|qu)?[aeu]ll)['’](?=\p{L}{2})")
"""`l'` of `l'amour`, `dell'` of `dell'amico`."""
MARKS = regex.compile(r"(?<=[\p{Latin}\p{Greek}])\p{Mn}+")
LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ё": "е", "’": "'"}
)
LONGEST = 64
"""Letters of a word; longer ones are cut."""


def words_of(text: str) -> list[str]:
    """The words of a text in order: compatibility forms resolved (NFKC), small letters."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return list(_words(plain))


def _words(text: str) -> Iterator[str]:
    for token in TOKEN.findall(text):
        if RUN.fullmatch(token):
            yield from (token[k : k + 2] for k in range(max(1, len(token) - 1)))
        else:
            yield ELIDED.sub("", token)[:LONGEST]


def terms_of(text: str, language: str | None) -> list[str]:
    """The terms by which a text is found, one for each word: `en:bike`, or a bare word.

    Args:
        language: of the text, such as `de` or `pt-BR`; where there is none it is told from its
            function words, and where they do not tell its words are left unstemmed.
    """
    words = words_of(text)
    if language is None:
        told = languages_of(words)
        known = told[0] if len(told) == 1 else None
    else:
        known = base(language)
    return [_term(word, known) for word in words]


@lru_cache(maxsize=4096)
def variants(word: str) -> frozenset[str]:
    """Every term that a word of a query may be stored as: in each language its stem, and itself,
    which may be another word's stem (`ciudad` of `ciudades`, where its own is `ciud`)."""
    stems = {_term(word, language) for language in (None, *STEMMERS)}
    return frozenset(stems | {f"{language}:{fold(word)}" for language in STEMMERS})


def fold(text: str) -> str:
    """Without marks on Latin and Greek letters: `cafe` of `café`."""
    bare = MARKS.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", bare).translate(LETTERS)


@lru_cache(maxsize=65_536)
def _term(word: str, language: str | None) -> str:
    """Of its language: `bee` in a text is not what stems to `bee`, nor `be`, in another one."""
    return fold(word) if language is None else f"{language}:{fold(stem(word, language))}"
