"""A filter in words: `genre:drama AND (year:1990..2000 OR NOT language:de)` to a condition.

    filter  = any
    any     = all ("OR" all)*
    all     = one ("AND" one)*
    one     = "NOT" one | "(" any ")" | field ":" test
    test    = "*" | ("<" | "<=" | ">" | ">=") value | [word] ".." [word] | value ("," value)*
    value   = word | a text in double quotes
    word    = without spaces, parentheses, commas and quotes

`*`: the field is there. `a..b`: both ends included, either may be missing. `a,b`: one of them. In
quotes `\\"` and `\\\\` stand for `"` and `\\`, and nothing is an operator. AND binds closer than
OR.
"""

import re
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from content.errors import Invalid
from content.ids import from_iso
from content.types import MATURITIES
from indexes.conditions import (
    DEPTH_MAX,
    AllOf,
    AnyOf,
    Condition,
    Equals,
    HasField,
    IsAny,
    Leaf,
    Not,
    Range,
    Value,
    check,
)
from indexes.fields import TIMES, asked_as, kind_of
from indexes.schema import maturity_rank

LENGTH_MAX = 4000
NAMES = {"genre": "genres", "maturity": "maturity_rank", "territory": "territories"}
"""What people call a field, where it is not its name."""
_QUOTED = r'"(?:[^"\\]|\\["\\])*"'
_TOKEN = re.compile(
    rf'\s*(?:(?P<mark>[()])|(?P<term>[A-Za-z0-9_.-]+:(?:{_QUOTED}|[^\s()"])*)|(?P<word>[^\s()]+))'
)
_VALUE = re.compile(rf'(?P<bound><=|>=|<|>)?(?:(?P<quoted>{_QUOTED})|(?P<bare>[^,"]*))(?:(,)|$)')
_BOUNDS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_INTEGER = re.compile(r"-?[0-9]{1,16}")
_DECIMAL = re.compile(r"-?[0-9]{1,16}\.[0-9]{1,16}")
_OPERATORS = ("AND", "OR", "NOT")


class _Token(NamedTuple):
    kind: str
    """`mark`, `term`, `word` or `end`."""
    text: str
    at: int
    """Where it begins, from 0."""


class _Told(NamedTuple):
    """One value of a term."""

    bound: str
    text: str
    quoted: bool


def parse(text: str) -> Condition:
    """The condition that a filter states.

    Raises:
        Invalid: `invalid_filter`, with `position`, the character from 1 at which it fails.
    """
    if len(text) > LENGTH_MAX:
        _fail(f"a filter has at most {LENGTH_MAX} characters", LENGTH_MAX)
    parser = _Parser(_tokens(text))
    found = parser.any_of(1)
    if parser.next.kind != "end":
        _fail(f"expected AND, OR or the end, not {parser.next.text[:40]!r}", parser.next.at)
    check(found)
    return found


class _Parser:
    """Recursive descent, as deep as conditions may be."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens

    @property
    def next(self) -> _Token:
        return self._tokens[0]

    def any_of(self, depth: int) -> Condition:
        found = self._joined("OR", self._all_of, depth)
        return found[0] if len(found) == 1 else AnyOf(tuple(found))

    def _all_of(self, depth: int) -> Condition:
        found = self._joined("AND", self._one, depth)
        return found[0] if len(found) == 1 else AllOf(tuple(found))

    def _joined(
        self, operator: str, part: Callable[[int], Condition], depth: int
    ) -> list[Condition]:
        found = [part(depth)]
        while self.next.text == operator:
            self._take()
            found.append(part(depth))
        return found

    def _one(self, depth: int) -> Condition:
        token = self._take()
        if depth > DEPTH_MAX:
            _fail(f"a filter is at most {DEPTH_MAX} levels deep", token.at)
        if token.text == "NOT":
            return Not(self._one(depth + 1))
        if token.text == "(":
            found = self.any_of(depth + 1)
            if self._take().text != ")":
                _fail("this parenthesis is not closed", token.at)
            return found
        if token.kind != "term":
            _fail(_expected(token), token.at)
        return _test(token)

    def _take(self) -> _Token:
        return self._tokens.pop(0) if len(self._tokens) > 1 else self.next


def _tokens(text: str) -> list[_Token]:
    """Never empty: the last is the `end`."""
    found, at, length = list[_Token](), 0, len(text.rstrip())
    while at < length:
        match = _TOKEN.match(text, at)
        assert match is not None and match.lastgroup is not None  # a word takes whatever is left
        start, kind = match.start(match.lastgroup), match.lastgroup
        if kind == "word" and match[kind].startswith('"'):
            _fail('these quotes are not closed, or hold a \\ before neither " nor \\', start)
        found.append(_Token(kind, match[kind], start))
        at = match.end()
    return [*found, _Token("end", "", len(text))]


def _test(token: _Token) -> Condition:
    name, _, told = token.text.partition(":")
    field = NAMES.get(name, name)
    try:
        leaf = _leaf(field, _told(field, told))
        check(leaf)
    except Invalid as error:
        _fail(error.detail, token.at)
    return leaf


def _told(field: str, text: str) -> list[_Told]:
    found, at = list[_Told](), 0
    while (match := _VALUE.match(text, at)) is not None:
        quoted = match["quoted"]
        value = match["bare"] if quoted is None else re.sub(r'\\(["\\])', r"\1", quoted[1:-1])
        found.append(_Told(match["bound"] or "", value, quoted is not None))
        if match[4] is None:
            break
        at = match.end()
    if match is None:
        raise Invalid("invalid_filter", f"a text in quotes stands alone or between commas: {field}")
    if any(not each.text and not each.quoted for each in found):
        raise Invalid("invalid_filter", f"{field} is to be what? Write it right behind the colon")
    if len(found) > 1 and any(each.bound for each in found):
        raise Invalid("invalid_filter", f"{field}: a bound stands alone; join several by AND")
    return found


def _leaf(field: str, told: list[_Told]) -> Leaf | AnyOf:
    kind = kind_of(field)
    first = told[0]
    if first.bound:
        return Range(field, **{_BOUNDS[first.bound]: _number(field, first.text)})
    if len(told) == 1 and not first.quoted:
        if first.text == "*":
            return HasField(field)
        low, dots, high = first.text.partition("..")
        if dots:
            ends = {"gte": low, "lte": high}
            return Range(field, **{name: _number(field, end) for name, end in ends.items() if end})
        if kind == "float":
            exactly = _number(field, first.text)
            return Range(field, gte=exactly, lte=exactly)
    return _one_of(field, [_values(field, each) for each in told])


def _one_of(field: str, wanted: list[tuple[Value | float, ...]]) -> Leaf | AnyOf:
    """The engines compare texts with texts and whole numbers with those: one leaf of each, and a
    range for each other number."""
    values = list(dict.fromkeys(value for each in wanted for value in each))
    texts = tuple(value for value in values if isinstance(value, str))
    numbers = tuple(value for value in values if isinstance(value, int))
    leaves: list[Leaf] = [
        Equals(field, each[0]) if len(each) == 1 else IsAny(field, each)
        for each in (texts, numbers)
        if each
    ]
    leaves += [Range(field, gte=v, lte=v) for v in values if isinstance(v, float)]
    return leaves[0] if len(leaves) == 1 else AnyOf(tuple(leaves))


def _values(field: str, told: _Told) -> tuple[Value | float, ...]:
    """What a value stands for: what looks like a number may be one or a text, in a field that may
    hold either."""
    kind = kind_of(field)
    if kind == "integer":
        return (int(_number(field, told.text)),)
    either = kind is None and not told.quoted and not field.startswith("external_ids.")
    if either and _INTEGER.fullmatch(told.text):
        return (told.text, int(told.text))
    if either and _DECIMAL.fullmatch(told.text):
        return (told.text, float(told.text))
    return asked_as(field, told.text)


def _number(field: str, text: str) -> float:
    if field == "maturity_rank":
        if text not in MATURITIES:
            raise Invalid("invalid_filter", f"maturity is one of {', '.join(MATURITIES)}")
        return maturity_rank(text)
    if field in TIMES:
        return _moment(field, text)
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError as error:
        raise Invalid("invalid_filter", f"{text!r} is no number for {field}") from error
    if kind_of(field) == "integer" and not number.is_integer():
        raise Invalid("invalid_filter", f"{text!r} is no whole number for {field}")
    return number


def _moment(field: str, text: str) -> int:
    try:
        return from_iso(text)
    except Invalid as error:
        raise Invalid("invalid_filter", f"{field}: {error.detail}") from error


def _expected(token: _Token) -> str:
    if token.kind == "end":
        return "expected field:value, but it ends here"
    if token.text.upper() in _OPERATORS and token.text not in _OPERATORS:
        return f"expected field:value; operators are in capitals: {token.text.upper()}"
    return f"expected field:value, not {token.text[:40]!r}"


def _fail(detail: str, at: int) -> NoReturn:
    raise Invalid("invalid_filter", f"at character {at + 1}: {detail}", position=at + 1)
