"""The payload fields that a condition may name, and what a title's facts become among them.

Declared fields have a payload index in every body, so the engine filters while it searches. What
lies below `facts.`, `external_ids.` and `tags.` may be named too; where it is not declared the
engine reads the payload itself: the same answer, later.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import langcodes

from content.errors import Invalid
from content.types import Facts

Kind = Literal["keyword", "integer", "float"]
FactValue = str | int | float | tuple[str, ...]
Told = Mapping[str, Mapping[str, FactValue]]
"""Group to fact to value."""

TITLE_FIELDS: Mapping[str, Kind] = {
    "tenant": "keyword",
    "genres": "keyword",
    "language": "keyword",
    "country": "keyword",
    "maturity_rank": "integer",
    "year": "integer",
    "available_from": "integer",
    "available_until": "integer",
    "territories": "keyword",
}
"""maturity_rank: 0 for the mildest. year: of release. available: integer µs UTC, from included;
territories: where, as two letters."""
TIMES = frozenset({"available_from", "available_until"})

FACT_FIELDS: Mapping[str, Kind] = {
    "facts.look.palette": "keyword",
    "facts.look.brightness": "float",
    "facts.look.saturation": "float",
    "facts.look.warmth": "float",
    "facts.look.motion_local": "float",
    "facts.look.monochrome": "keyword",
    "facts.look.medium": "keyword",
    "facts.sound.speech": "float",
    "facts.sound.music": "float",
    "facts.sound.tempo_bpm": "float",
    "facts.words.language": "keyword",
    "facts.words.themes": "keyword",
    "facts.mood.top": "keyword",
    "facts.mood.moods": "keyword",
    "facts.mood.valence": "float",
    "facts.mood.arousal": "float",
    "facts.pacing.shots_per_minute": "float",
}
"""Those of docs/facts.md that are indexed; the others are in the payload all the same."""

SHOT_FIELDS: Mapping[str, Kind] = {
    "tenant": "keyword",
    "title_id": "keyword",
    "shot": "integer",
    "mood": "keyword",
    "plain": "keyword",
}
"""Of the points of shots (`indexes.moments.schema`)."""

IN_CAPITALS = ("country", "territories")
"""Fields whose values are stored so."""
LANGUAGES = ("language", "facts.words.language")

FIELDS: Mapping[str, Kind] = {**TITLE_FIELDS, **FACT_FIELDS}
"""Every declared field."""

OPEN = re.compile(r"(facts|external_ids|tags)(\.[A-Za-z0-9_-]{1,64}){1,4}")
"""What else may be named; the engines' paths take these characters unquoted."""

MOOD_SHARE = 0.1
"""Moods of at least twice the even share of twenty are told; the rest is background."""


def kind_of(field: str) -> Kind | None:
    """The declared kind of a field; None where it holds whatever a title's facts say.

    Raises:
        Invalid: `invalid_filter`, for a field that cannot be asked for.
    """
    if field in FIELDS:
        return FIELDS[field]
    if OPEN.fullmatch(field):
        return None
    raise Invalid(
        "invalid_filter",
        f"there is no field {field!r}; there are {', '.join(TITLE_FIELDS)}, "
        "facts.GROUP.FACT (docs/facts.md), external_ids.NAME and tags.NAME",
    )


def stored_genres(genres: Sequence[str]) -> list[str]:
    """As they were told, and folded, so that they are found in whatever case they are asked for."""
    return list(dict.fromkeys([*genres, *(genre.casefold() for genre in genres)]))


def asked_as(field: str, text: str) -> tuple[str, ...]:
    """The texts that a keyword field may hold for what is asked of it, one of which is enough.

    Countries are stored in capitals, languages as BCP 47 has them (`pt-BR` of `pt_br`), genres as
    they were told and folded (`stored_genres`; those of before as they were told alone).
    """
    if field in IN_CAPITALS:
        return (text.upper(),)
    if field in LANGUAGES:
        try:
            return (langcodes.standardize_tag(text),)
        except ValueError:  # no language's name: it is nowhere
            return (text,)
    if field == "genres":
        return tuple(dict.fromkeys((text, text.casefold())))
    return (text,)


def facts_of(profile: Facts) -> Told:
    """What a condition may ask of a title's profile: its groups, single values and short lists.

    A film's profile has some facts of its look at its top, too; these are found in their group.
    Lists of records are told by their names (colours, themes); moods by those of a share of at
    least `MOOD_SHARE`, the strongest first; truths as the words `true` and `false` (the embedded
    engine matches text and integers only). What cannot be told is left out.
    """
    groups = {group: facts for group, facts in profile.items() if isinstance(facts, Mapping)}
    told = {group: _group(group, facts) for group, facts in groups.items()}
    return {group: facts for group, facts in told.items() if facts}


def stored_facts(told: Told) -> dict[str, dict[str, Any]]:
    """The same as JSON has it."""
    return {
        group: {name: list(v) if isinstance(v, tuple) else v for name, v in facts.items()}
        for group, facts in told.items()
    }


def _group(group: str, facts: Mapping[str, Any]) -> dict[str, FactValue]:
    told: dict[str, FactValue] = {}
    for name, value in facts.items():
        declared = FACT_FIELDS.get(f"facts.{group}.{name}")
        if name == "moods":
            shares = sorted(value.items(), key=lambda item: (-item[1], item[0]))
            told[name] = tuple(mood for mood, share in shares if share >= MOOD_SHARE)
        elif name in _NAMED:
            told[name] = tuple(dict.fromkeys(each[_NAMED[name]] for each in value or ()))
        elif isinstance(value, bool):
            told[name] = "true" if value else "false"
        elif isinstance(value, str):
            told[name] = value
        elif isinstance(value, int | float):
            told[name] = float(value) if declared == "float" else value
    return told


_NAMED = {"palette": "name", "themes": "theme"}
"""Lists of records, and which of their fields names one."""
