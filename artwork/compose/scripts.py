"""Which script a text is written in, which way it runs, and where its lines may break."""

import unicodedata
from typing import Literal

import regex

Direction = Literal["ltr", "rtl"]

SCRIPTS = (
    "Latin",
    "Cyrillic",
    "Greek",
    "Hebrew",
    "Arabic",
    "Devanagari",
    "Bengali",
    "Tamil",
    "Telugu",
    "Thai",
    "Han",
    "Hiragana",
    "Katakana",
    "Hangul",
)
"""Unicode script names (UAX #24) that some font here is made for."""
CJK = ("Han", "Hiragana", "Katakana", "Hangul")
_OF_SCRIPT = {name: regex.compile(rf"\p{{Script={name}}}") for name in SCRIPTS}
_KATAKANA = regex.compile(r"[\p{Script=Katakana}ー]")
_CLUSTER = regex.compile(r"\X")
_NO_START = frozenset(
    "、。，．・：；？！ー）」』】〉》〕］｝…‥々ゝゞぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ!?,.:;)]}%"
)
_NO_END = frozenset("（「『【〈《〔［｛([{")
"""What begins or ends no line in Chinese and Japanese (JIS X 4051)."""


def script(text: str) -> str:
    """The script of most letters of a text, "Common" where it has none of `SCRIPTS`.

    Kana make a text Japanese, whatever Han it holds: one kana is enough to be no Chinese.
    """
    counts = {name: len(found.findall(text)) for name, found in _OF_SCRIPT.items()}
    if counts["Hiragana"] + counts["Katakana"] and counts["Han"]:
        counts["Hiragana"] += counts["Han"]
    best = max(SCRIPTS, key=lambda name: counts[name])
    return best if counts[best] else "Common"


def direction(text: str) -> Direction:
    """Of a paragraph: that of its first strong character (UAX #9, rules P2 and P3)."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("R", "AL"):
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


def pieces(text: str) -> list[str]:
    """The parts of a text that are never broken; joined they are the text, each with the space
    that follows it.

    Words; of Chinese and Japanese single characters, with the signs that may not begin or end a
    line, and runs of Katakana, which are words. Korean breaks at its spaces, as display type does;
    Thai, which has few, only there, too: without a dictionary a break would fall within a word.
    """
    found: list[str] = []
    for word in regex.findall(r"\S+\s*", text):
        if script(word) in ("Han", "Hiragana", "Katakana"):
            found += _characters(word)
        else:
            found.append(word)
    return found


def _characters(word: str) -> list[str]:
    """Clusters of one word, those that must keep together joined; runs of Latin or Katakana stay
    whole."""
    parts: list[str] = []
    for cluster in _CLUSTER.findall(word):
        joins = parts and (
            cluster.isspace()
            or cluster[0] in _NO_START
            or parts[-1][-1] in _NO_END
            or (_narrow(cluster) and _narrow(parts[-1][-1]))
            or (_KATAKANA.match(cluster) and _KATAKANA.match(parts[-1][-1]))
        )
        if joins:
            parts[-1] += cluster
        else:
            parts.append(cluster)
    return parts


def _narrow(character: str) -> bool:
    return unicodedata.east_asian_width(character[0]) not in "WF" and not character.isspace()
