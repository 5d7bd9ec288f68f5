"""Conditions as a Qdrant server's filters."""

from typing import Any, cast

from qdrant_client import models

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

NOTHING = models.HasIdCondition(has_id=[])


def filter_of(where: Where) -> models.Filter:
    """The server's filter for `where`."""
    return models.Filter(must=[translated(each) for each in where.conditions])


def translated(condition: Condition) -> models.Condition:
    """The server's own form; fields and values are checked already (`conditions.check`)."""
    match condition:
        case AllOf(conditions):
            return models.Filter(must=[translated(each) for each in conditions])
        case AnyOf(()):
            return NOTHING  # the engine takes an empty list of alternatives for no condition
        case AnyOf(conditions):
            return models.Filter(should=[translated(each) for each in conditions])
        case Not(inner):
            return models.Filter(must_not=[translated(inner)])
        case leaf:
            return _translated_leaf(leaf)


def _translated_leaf(condition: Leaf) -> models.Condition:
    match condition:
        case Equals(field, value):
            return models.FieldCondition(key=field, match=models.MatchValue(value=value))
        case IsAny(_, ()):
            return NOTHING
        case IsAny(field, values):
            return models.FieldCondition(
                key=field, match=models.MatchAny(any=cast(Any, list(values)))
            )
        case Range():
            bounds = {name: float(bound) for name, bound in condition.bounds.items()}
            return models.FieldCondition(key=condition.field, range=models.Range(**bounds))
        case HasField(field):
            empty = models.IsEmptyCondition(is_empty=models.PayloadField(key=field))
            return models.Filter(must_not=[empty])
        case Ids(ids):
            return models.HasIdCondition(has_id=list(ids))
