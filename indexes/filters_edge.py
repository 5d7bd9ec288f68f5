"""Conditions as the embedded engine's filters."""

from typing import Any, cast

import qdrant_edge as edge

from indexes.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Equals,
    HasField,
    Ids,
    IsAny,
    Leaf,
    Not,
    Range,
)
from indexes.store import Where

NOTHING = edge.HasIdCondition(set())


def filter_of(where: Where) -> Any:
    """The engine's filter for `where`."""
    return edge.Filter(must=[translated(each) for each in where.conditions])


def translated(condition: Condition) -> Any:
    """The engine's own form; fields and values are checked already (`conditions.check`)."""
    match condition:
        case AllOf(conditions):
            return edge.Filter(must=[translated(each) for each in conditions])
        case AnyOf(()):
            return NOTHING  # the engine takes an empty list of alternatives for no condition
        case AnyOf(conditions):
            return edge.Filter(should=[translated(each) for each in conditions])
        case Not(inner):
            return edge.Filter(must_not=[translated(inner)])
        case leaf:
            return _translated_leaf(leaf)


def _translated_leaf(condition: Leaf) -> Any:
    match condition:
        case Equals(field, value):
            return edge.FieldCondition(field, match=edge.MatchValue(value))
        case IsAny(_, ()):
            return NOTHING
        case IsAny(field, values):
            return edge.FieldCondition(field, match=edge.MatchAny(cast(Any, list(values))))
        case Range():
            bounds = {name: float(bound) for name, bound in condition.bounds.items()}
            return edge.FieldCondition(condition.field, range=edge.RangeFloat(**bounds))
        case HasField(field):
            return edge.Filter(must_not=[edge.IsEmptyCondition(field)])
        case Ids(ids):
            return edge.HasIdCondition(set(ids))
