"""Golden queries: what a house knows must be found, asked of a generation before it answers.

`golden.ndjson`: one query a line, `{"q": "a ship at sea", "expect": ["sea-1", "sea-2"]}` by words,
`{"title_id": "sea-1", "expect": ["sea-2"]}` by a title; `expect` are the ids of titles, in any
order.
"""

import hashlib
import json
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from content.errors import Invalid
from workers.settings import Settings

AT = 10
"""Answers that count."""
MOST = 1000
"""Queries; more would hold a reindex up for nothing."""
Kind = Literal["words", "titles"]


@dataclass(frozen=True, slots=True)
class Golden:
    """One query: by words, or by a title; and the titles that it should find."""

    kind: Kind
    asked: str
    expect: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """How well queries were answered, the mean over them; shares, 0..1."""

    queries: int
    ndcg: float
    """nDCG@10 with equal gains (Järvelin & Kekäläinen 2002)."""
    recall: float
    """Share of what was expected, at most ten, that is among the first ten."""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def path_of(settings: Settings) -> Path:
    return settings.golden or settings.data / "golden.ndjson"


def read(settings: Settings) -> tuple[list[Golden], str | None]:
    """The golden queries and the first 12 hex digits of their file's SHA-256.

    No file is no query, unless a setting names it.

    Raises:
        Invalid: `golden_invalid`, with the line.
    """
    path = path_of(settings)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        if settings.golden is None:
            return [], None
        raise Invalid("golden_invalid", f"KEYART_GOLDEN: there is no file {path}") from error
    except OSError as error:
        raise Invalid("golden_invalid", f"{path.name}: {error.strerror}") from error
    lines = [(n, line) for n, line in enumerate(data.splitlines(), 1) if line.strip()]
    if len(lines) > MOST:
        raise Invalid("golden_invalid", f"{path.name}: more than {MOST} queries")
    queries = [_parsed(line, f"{path.name}, line {n}") for n, line in lines]
    return queries, hashlib.sha256(data).hexdigest()[:12]


def _parsed(line: bytes, where: str) -> Golden:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise Invalid("golden_invalid", f"{where} is not JSON") from error
    if not isinstance(value, dict) or value.keys() not in ({"q", "expect"}, {"title_id", "expect"}):
        raise Invalid("golden_invalid", f"{where}: give `expect`, and `q` or `title_id`")
    asked, expect = value.get("q", value.get("title_id")), value["expect"]
    if not isinstance(asked, str) or not asked.strip() or len(asked) > MOST:
        raise Invalid("golden_invalid", f"{where}: the query is no text of 1 to {MOST} characters")
    if not isinstance(expect, list) or not expect or not all(isinstance(e, str) for e in expect):
        raise Invalid("golden_invalid", f"{where}: `expect` is no list of title ids")
    return Golden("words" if "q" in value else "titles", asked, frozenset(expect))


def answerable(queries: Sequence[Golden], known: Collection[str]) -> list[Golden]:
    """The queries as the catalogue is: titles that are not there are not expected, and a query
    of which nothing is left is left out."""
    found = []
    for query in queries:
        left = query.expect & set(known) - {query.asked if query.kind == "titles" else ""}
        if left and (query.kind == "words" or query.asked in known):
            found.append(Golden(query.kind, query.asked, left))
    return found


def judged(queries: Sequence[Golden], answer: Callable[[Golden], Sequence[str]]) -> Found | None:
    """How well `answer` answers; None without queries."""
    if not queries:
        return None
    scores = [
        (ndcg(found, q.expect), recall(found, q.expect)) for q, found in _asked(queries, answer)
    ]
    n = len(scores)
    return Found(
        n, round(sum(s for s, _ in scores) / n, 4), round(sum(r for _, r in scores) / n, 4)
    )


def _asked(
    queries: Sequence[Golden], answer: Callable[[Golden], Sequence[str]]
) -> list[tuple[Golden, Sequence[str]]]:
    return [(query, answer(query)[:AT]) for query in queries]


def ndcg(found: Sequence[str], expect: Collection[str]) -> float:
    """nDCG of the answers `found`, best first, against a set of equally good ones; 0..1."""
    gained = sum(1 / math.log2(n + 2) for n, each in enumerate(found[:AT]) if each in expect)
    best = sum(1 / math.log2(n + 2) for n in range(min(len(expect), AT)))
    return gained / best


def recall(found: Sequence[str], expect: Collection[str]) -> float:
    """Share of what is expected, at most `AT`, that was found; 0..1."""
    return len(set(found[:AT]) & set(expect)) / min(len(expect), AT)
