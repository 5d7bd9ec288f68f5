"""A rules file: TOML as people write it, checked against what the service takes, line by line."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from content.wording import worded

_HEADER = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]+")
_KEY = re.compile(r"""\s*([\w."'-]+)\s*=""")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, where, and what to write instead; `line` from 1, None of the whole file."""

    line: int | None
    field: str
    message: str


def read_rules(text: str) -> tuple[dict[str, Any], list[Fault]]:
    """A file's rules as a request body, and every fault of it."""
    from api.rulebook import RulesBody  # the service's own check; loads much, for this alone

    try:
        told = plain(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        return {}, [Fault(int(at[1]) if at else None, "", f"this is not TOML: {error}")]
    try:
        RulesBody.model_validate(told)
    except ValidationError as error:
        lines = _lines(text)
        return told, [_fault(failure, lines, RulesBody) for failure in error.errors()]
    return told, []


def rules_warnings(told: Mapping[str, Any], text: str) -> list[Fault]:
    """What a file's good rules say in vain, and where."""
    from api.rulebook import RulesBody
    from artwork.rules.contradictions import warnings_of

    lines, found = _lines(text), warnings_of(RulesBody.model_validate(told).rules())
    return [
        Fault(_line(tuple(each.fields[0].split(".")), lines), each.fields[0], each.message)
        for each in found
    ]


def policy_warnings(answer: Mapping[str, Any]) -> list[Fault]:
    """What a title's policy, as the service answers it, says in vain."""
    from api.bodies import ArtworkPolicyBody
    from artwork.rules.contradictions import warnings_of

    told = {name: value for name, value in answer.items() if name != "title_id"}
    found = warnings_of(ArtworkPolicyBody.model_validate(told).policy())
    return [Fault(None, each.fields[0], each.message) for each in found]


def _fault(
    failure: Mapping[str, Any], lines: Mapping[tuple[str, ...], int], model: type[BaseModel]
) -> Fault:
    path = tuple(failure["loc"])
    field = ""
    for part in path:
        field += f"[{part}]" if isinstance(part, int) else f"{'.' if field else ''}{part}"
    names = tuple(part for part in path if isinstance(part, str))
    return Fault(_line(names, lines), field, _message(failure, names, model))


def _line(names: tuple[str, ...], lines: Mapping[tuple[str, ...], int]) -> int | None:
    """Of a field, or of the nearest table that it stands in."""
    tried = (names[:count] for count in range(len(names), 0, -1))
    return next((lines[each] for each in tried if each in lines), None)


def _message(failure: Mapping[str, Any], names: Sequence[str], model: type[BaseModel]) -> str:
    if failure["type"] == "model_type":
        return f"this is a table: [{'.'.join(names)}]"
    if failure["type"] != "extra_forbidden":
        return worded(failure)
    known = _fields(model, names[:-1])
    near = get_close_matches(names[-1], known, 1)
    hint = f"write `{near[0]}`" if near else f"there are: {', '.join(known)}"
    return f"there is no such rule; {hint}"


def _fields(model: type[BaseModel], names: Sequence[str]) -> list[str]:
    """What may stand in the table of this name."""
    for name in names:
        of = model.model_fields[name].annotation
        parts = (of, *getattr(of, "__args__", ()))
        model = next(p for p in parts if isinstance(p, type) and issubclass(p, BaseModel))
    return [field.alias or name for name, field in model.model_fields.items()]


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Where each table and key stands: its names -> its line, from 1."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _names(header[1])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_names(key[1])), number)
    return found


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def plain(value: Any) -> Any:
    """TOML's values as JSON's: its moments become ISO 8601."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, date | datetime | time) else value
