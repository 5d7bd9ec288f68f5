"""The file that says what events are worth (`KEYART_REWARDS`), read and checked."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from artwork.choice.events.worth import DEFAULT, KINDS, ClickBait, Kind, RewardPolicy
from content.errors import Invalid
from content.wording import worded

MOST_HOURS = 366 * 24


class _Kind(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)

    weight: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    window_h: Annotated[float, Field(gt=0, le=MOST_HOURS, allow_inf_nan=False)] | None = None
    full_from: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    add: bool | None = None

    def over(self, usual: Kind) -> Kind:
        told = self.model_dump(exclude_none=True)
        return Kind(**{name: told.get(name, getattr(usual, name)) for name in usual.__slots__})


class _ClickBait(BaseModel):
    model_config = ConfigDict(extra="forbid")

    left_below: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = (
        DEFAULT.click_bait.left_below
    )
    cost: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = DEFAULT.click_bait.cost
    lapse: bool = DEFAULT.click_bait.lapse


def read_reward_policy(file: Path | None) -> RewardPolicy:
    """The policy of a TOML file; what it leaves out is as in `DEFAULT`, and so is all without one.

    Raises:
        Invalid: `invalid_reward_policy`, naming the place and what may stand there.
    """
    if file is None:
        return DEFAULT
    try:
        told = tomllib.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise Invalid("invalid_reward_policy", f"{file}: {error}") from error
    try:
        return _policy(told)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise Invalid("invalid_reward_policy", f"{file}: {place}: {worded(first)}") from error


def _policy(told: dict[str, object]) -> RewardPolicy:
    unknown = sorted(told.keys() - KINDS.keys() - {"click_bait"})
    if unknown:
        known = ", ".join(KINDS)
        raise Invalid(
            "invalid_reward_policy",
            f"[{unknown[0]}] is no kind of event; there are {known}, and [click_bait]",
        )
    kinds = {
        name: _Kind.model_validate(told.get(name, {})).over(usual) for name, usual in KINDS.items()
    }
    bait = _ClickBait.model_validate(told.get("click_bait", {}))
    return RewardPolicy(kinds, ClickBait(**bait.model_dump()))
