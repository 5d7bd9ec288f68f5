"""Types of request fields: what a text, a time or a number from outside may be."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal, TypeVar
from unicodedata import category

import langcodes
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from artwork.choice.belief.zones import check_zone
from content.errors import Invalid
from content.ids import before, check_title_id, from_iso
from content.wording import worded

SYNOPSIS_MAX = 20_000
T = TypeVar("T")


def _coded(check: Callable[[T], Any]) -> AfterValidator:
    """`check`, its `Invalid` turned into a failure of the field that keeps the code."""

    def run(value: T) -> T:
        try:
            check(value)
        except Invalid as error:
            raise PydanticCustomError(error.code, "{detail}", {"detail": error.detail}) from error
        return value

    return AfterValidator(run)


def _named(code: str) -> WrapValidator:
    """The field's own check, its failure with `code`."""

    def run(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
        try:
            return check(value)
        except ValidationError as error:
            detail = worded(error.errors()[0])
            raise PydanticCustomError(code, "{detail}", {"detail": detail}) from error

    return WrapValidator(run)


def _said(words: str, *kept: str) -> WrapValidator:
    """The field's own check, whatever it refuses told by `words`, but for failures of these types:
    what pydantic has to say is a regular expression, or one thing for each branch of a union."""

    def run(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
        try:
            return check(value)
        except ValidationError as error:
            for each in error.errors():
                if each["type"] in ("string_unicode", *kept):
                    raise PydanticCustomError(
                        each["type"], "{msg}", {"msg": each["msg"]}
                    ) from error
            raise PydanticCustomError("form", "{words}", {"words": words}) from error

    return WrapValidator(run)


def check_text(value: str) -> None:
    """Refuse what no database or encoder can keep.

    Raises:
        Invalid: `invalid_text` for a NUL or a lone surrogate.
    """
    if "\x00" in value or not _encodable(value):
        raise Invalid("invalid_text", "the text holds a NUL or a lone surrogate character")


def check_line(value: str) -> None:
    """Refuse what would not stand in one line of a table or a log.

    Raises:
        Invalid: `invalid_text` for a control character or a separator of lines.
    """
    if any(category(each) in ("Cc", "Zl", "Zp") for each in value):
        raise Invalid("invalid_text", "the text holds a control character, such as a line break")


def check_readable(value: str) -> None:
    """Refuse an id that was not UTF-8: those of several people would be one.

    Raises:
        Invalid: `invalid_text` for U+FFFD, which stands for what could not be decoded.
    """
    if "\ufffd" in value:
        raise Invalid("invalid_text", "the id holds U+FFFD: it was not sent as UTF-8")


def check_synopsis(value: str) -> None:
    """Refuse a synopsis that says nothing, or a whole book.

    Raises:
        Invalid: `synopsis_empty`, `synopsis_too_long`.
    """
    if not value.strip():
        raise Invalid("synopsis_empty", "the synopsis is blank; write a sentence on the title")
    if len(value) > SYNOPSIS_MAX:
        raise Invalid(
            "synopsis_too_long", f"the synopsis has {len(value)} characters; cap {SYNOPSIS_MAX}"
        )


def language_tag(value: str) -> str:
    """A BCP 47 tag in its usual form: `en` of `EN` and `eng`, `pt-BR` of `pt_br`.

    Raises:
        PydanticCustomError: it names no language of the IANA registry.
    """
    try:
        tag = langcodes.standardize_tag(value)
        if not tag.startswith(("und", "x-")) and langcodes.tag_is_valid(tag):
            return tag
    except ValueError:  # not even of a tag's form
        pass
    raise PydanticCustomError("language", "this is not a known language code, such as en or pt-BR")


def _unit(code: str) -> Callable[[float], None]:
    """A check that refuses with `code` what is not within 0..1."""

    def check(value: float) -> None:
        if not 0 <= value <= 1:  # false for NaN too
            raise Invalid(code, "the value must be a number from 0 to 1")

    return check


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


_TEXT = _coded(check_text)
Synopsis = Annotated[
    str, _TEXT, _coded(check_synopsis), Field(json_schema_extra={"maxLength": SYNOPSIS_MAX})
]
Name = Annotated[str, Field(min_length=1, max_length=300), _TEXT]
TitleId = Annotated[str, _coded(check_title_id)]
AnyUser = Annotated[str, Field(min_length=1, max_length=512), _TEXT]
"""Whatever was once taken as a user's id, so that it can be forgotten."""
User = Annotated[AnyUser, _coded(check_readable)]
Short = Annotated[str, Field(min_length=1, max_length=64), _TEXT]
Line = Annotated[Short, _coded(check_line)]
EventId = Annotated[str, Field(min_length=1, max_length=128), _TEXT]
Words = Annotated[
    str,
    Field(min_length=1, max_length=1000, pattern=r"\S"),
    _TEXT,
    _said("this must be a text of 1 to 1000 characters that is not blank", "invalid_text"),
]
MediaPath = Annotated[str, Field(min_length=1, max_length=4096), _TEXT]
ExternalId = Annotated[str, Field(max_length=256), _TEXT]
TagName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", examples=["series"]),
    _said("a tag's name is 1 to 64 letters, digits, hyphens or underscores"),
]
TagText = Annotated[str, Field(min_length=1, max_length=256), _TEXT]
_EXACT = 2**53
"""Numbers are compared as float64."""
TagValue = Annotated[
    TagText
    | Annotated[int, Field(ge=-_EXACT, le=_EXACT)]
    | Annotated[float, Field(ge=-_EXACT, le=_EXACT, allow_inf_nan=False)]
    | Annotated[list[TagText], Field(max_length=64)],
    _said(
        "this must be a text of 1 to 256 characters, a number from -2^53 to 2^53, or a list of at "
        "most 64 such texts",
        "invalid_text",
    ),
]
Time = Annotated[str, Field(max_length=40), _coded(from_iso)]
Age = Annotated[str, _coded(partial(before, now_us=0))]
"""So long ago, or a moment: see `content.ids.before`."""
_UNIT = Field(json_schema_extra={"minimum": 0, "maximum": 1})
RewardValue = Annotated[float, _coded(_unit("invalid_reward")), _UNIT]
RewardKind = Annotated[
    Literal["impression", "click", "play", "watch", "return", "custom"],
    _named("invalid_reward_kind"),
]
WatchValue = Annotated[float, _coded(_unit("invalid_event")), _UNIT]
Language = Annotated[
    str, Field(max_length=35, examples=["en", "pt-BR"]), AfterValidator(language_tag)
]
Zone = Annotated[str, _TEXT, _coded(check_zone), Field(max_length=64, examples=["Europe/Berlin"])]
Country = Annotated[
    str,
    Field(pattern=r"^[A-Za-z]{2}$", examples=["NL"]),
    _said("this must be two letters, such as NL"),
]
Released = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$",
        examples=["2008", "2008-04-10"],
    ),
    _said("this must be a year, month or day, such as 2008, 2008-04 or 2008-04-10"),
]


class Body(BaseModel):
    """A request body: types are taken literally, unknown fields are refused."""

    model_config = ConfigDict(strict=True, extra="forbid")
