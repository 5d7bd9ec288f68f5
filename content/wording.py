"""What pydantic refused, in words for people who have never heard of it.

The one place for them: requests, rules files, settings and files of settings are all told this way.
"""

from collections.abc import Mapping
from typing import Any

_WORDS = {
    "missing": "this field is required",
    "extra_forbidden": "there is no such field",
    "string_type": "this must be a text",
    "int_type": "this must be a whole number",
    "int_parsing": "this must be a whole number",
    "int_parsing_size": "this must be a whole number, and not so large",
    "int_from_float": "this must be a whole number",
    "float_type": "this must be a number",
    "float_parsing": "this must be a number",
    "finite_number": "this must be a finite number",
    "bool_type": "this must be true or false",
    "bool_parsing": "this must be true or false",
    "list_type": "this must be a list",
    "tuple_type": "this must be a list",
    "dict_type": "this must be an object",
    "model_type": "this must be an object",
    "model_attributes_type": "this must be an object",
    "greater_than": "this must be more than {gt}",
    "greater_than_equal": "this must be {ge} or more",
    "less_than": "this must be less than {lt}",
    "less_than_equal": "this must be {le} or less",
    "too_short": "this needs at least {min_length} {entries}",
    "too_long": "this has at most {max_length} {entries}",
    "string_too_short": "this needs at least {min_length} {characters}",
    "string_too_long": "this has at most {max_length} {characters}",
    "string_unicode": "the text is not UTF-8",
    "literal_error": "this must be {expected}",
    "enum": "this must be {expected}",
}
"""Type of a failure -> what is told; the names are those of its `ctx`."""


def worded(failure: Mapping[str, Any]) -> str:
    """One failure of `ValidationError.errors()` in our words; nothing of the input is repeated."""
    words = _WORDS.get(str(failure["type"]))
    if words is None:  # a check of ours, which says it itself
        return str(failure["msg"]).removeprefix("Value error, ")
    told = {name: _plain(value) for name, value in (failure.get("ctx") or {}).items()}
    most = told.get("max_length", told.get("min_length"))
    told["entries"] = "entry" if most == 1 else "entries"
    told["characters"] = "character" if most == 1 else "characters"
    return words.format(**told)


def _plain(value: Any) -> Any:
    """`1` of 1.0, and a truth as JSON has it."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.lower() if value in ("True", "False") else value
