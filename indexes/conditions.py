"""Which points may be answered: a small tree of conditions over the payload.

`AllOf`, `AnyOf` and `Not` hold the others. Each body of the store translates a tree into its
engine's own filter, so that it is decided within the search and not after it. A field that holds a
list satisfies `Equals`, `IsAny` and `Range` when one of its values does; one that is missing, null
or an empty list satisfies none of them (and so their `Not`).
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from content.errors import Invalid
from content.ids import DEFAULT_TENANT, stable_id
from indexes.fields import Kind, kind_of

DEPTH_MAX = 16
CONDITIONS_MAX = 256
"""In one tree."""
VALUES_MAX = 1000
"""In one `IsAny`."""
IDS_MAX = 10_000
INTEGER_MAX = 2**53
"""The engines compare ranges as float64, which is exact up to here."""

Value = str | int


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one holds; with none, it always does."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one holds; with none, it never does."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Equals:
    """The field is the value, or has it among its values. Not for floats: use `Range`."""

    field: str
    value: Value


@dataclass(frozen=True, slots=True)
class IsAny:
    """The field is one of the values; all of them text, or all integers. With none it never is."""

    field: str
    values: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """A number within the bounds given, at least one."""

    field: str
    gte: float | None = None
    gt: float | None = None
    lte: float | None = None
    lt: float | None = None

    @property
    def bounds(self) -> dict[str, float]:
        """Those given, by their names."""
        named = {"gte": self.gte, "gt": self.gt, "lte": self.lte, "lt": self.lt}
        return {name: bound for name, bound in named.items() if bound is not None}


@dataclass(frozen=True, slots=True)
class HasField:
    """The field is there: neither missing nor null nor an empty list."""

    field: str


@dataclass(frozen=True, slots=True)
class Ids:
    """One of these point ids. With none, no point."""

    ids: tuple[str, ...]

    @classmethod
    def of_titles(cls, title_ids: Iterable[str], tenant: str = DEFAULT_TENANT) -> "Ids":
        """The points of titles, in every generation."""
        return cls(tuple(stable_id(tenant, title_id) for title_id in title_ids))


def sparing(
    asked: "Condition | None", title_ids: Sequence[str], tenant: str = DEFAULT_TENANT
) -> "Condition | None":
    """What is asked, and that a point is none of these titles; None where neither asks anything."""
    if not title_ids:
        return asked
    others = Not(Ids.of_titles(title_ids, tenant))
    return others if asked is None else AllOf((asked, others))


Leaf = Equals | IsAny | Range | HasField | Ids
Condition = AllOf | AnyOf | Not | Leaf
CONDITIONS: tuple[type, ...] = get_args(Condition)
"""Every class, as `wire` carries them."""


def check(condition: Condition) -> None:
    """Refuse a tree that the engines would misread, or that is too large for one request.

    Raises:
        Invalid: `invalid_filter`: an unknown field, a value that is not of the field's kind, a
            range without bounds or with one that is not finite, or more than `DEPTH_MAX` levels,
            `CONDITIONS_MAX` conditions, `VALUES_MAX` values, `IDS_MAX` ids.
    """
    for number, (each, depth) in enumerate(_walk(condition, 1), 1):
        if depth > DEPTH_MAX or number > CONDITIONS_MAX:
            raise Invalid(
                "invalid_filter",
                f"a filter has at most {CONDITIONS_MAX} conditions, {DEPTH_MAX} levels deep",
            )
        if not isinstance(each, AllOf | AnyOf | Not):
            _check_leaf(each)


def _walk(condition: Condition, depth: int) -> Iterator[tuple[Condition, int]]:
    yield condition, depth
    if depth > DEPTH_MAX:
        return
    inner = condition.conditions if isinstance(condition, AllOf | AnyOf) else ()
    for each in (condition.condition,) if isinstance(condition, Not) else inner:
        yield from _walk(each, depth + 1)


def _check_leaf(condition: Leaf) -> None:
    if isinstance(condition, Ids):
        if len(condition.ids) > IDS_MAX:
            raise Invalid("invalid_filter", f"a filter names at most {IDS_MAX} ids")
        return
    kind = kind_of(condition.field)
    if isinstance(condition, Range):
        _check_range(condition, kind)
    elif isinstance(condition, IsAny):
        if len(condition.values) > VALUES_MAX:
            raise Invalid("invalid_filter", f"a filter lists at most {VALUES_MAX} values")
        for value in condition.values:
            _check_value(condition.field, value, kind)
        if len({type(value) for value in condition.values}) > 1:
            raise Invalid("invalid_filter", f"the values of {condition.field} are mixed")
    elif isinstance(condition, Equals):
        _check_value(condition.field, condition.value, kind)


def _check_range(condition: Range, kind: Kind | None) -> None:
    if kind not in ("integer", "float", None):
        raise Invalid("invalid_filter", f"{condition.field} is a {kind}: it has no range")
    if not condition.bounds:
        raise Invalid("invalid_filter", f"the range of {condition.field} has no bound")
    for bound in condition.bounds.values():
        if isinstance(bound, bool) or not isinstance(bound, int | float) or not _fits(bound):
            raise Invalid(
                "invalid_filter", f"{bound!r} is no bound of {condition.field}: a finite number"
            )


def _check_value(field: str, value: Any, kind: Kind | None) -> None:
    wanted = _TYPES.get(kind, (str, int))
    if type(value) not in wanted or (type(value) is int and not _fits(value)):
        raise Invalid(
            "invalid_filter",
            f"{field} is {kind or 'text or a whole number'}; {value!r} cannot equal it"
            + ("; ask for a range" if kind == "float" else ""),
        )


def _fits(number: float) -> bool:
    return math.isfinite(number) and abs(number) <= INTEGER_MAX


_TYPES: Mapping[Kind | None, tuple[type, ...]] = {
    "keyword": (str,),
    "integer": (int,),
    "float": (),
}
