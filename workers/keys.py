"""API keys as the settings have them: `KEY`, which may do everything, or `ROLE:KEY`."""

from difflib import get_close_matches
from typing import Literal, get_args

Role = Literal["viewer", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what the one before it may."""
_NEAR = 0.7


def parsed(told: str) -> tuple[Role, str]:
    """The role of a key, and the key as it is sent.

    Raises:
        ValueError: there is no key behind the role, or what stands in front looks like a role
            misspelt, which would make the key an admin's.
    """
    name, colon, key = told.partition(":")
    role = next((role for role in ROLES if colon and role == name.strip().lower()), None)
    if role is None:
        near = get_close_matches(name.strip().lower(), ROLES, 1, _NEAR) if colon else []
        if near:
            raise ValueError(f"{name!r} is no role; did you mean {near[0]}? ({', '.join(ROLES)})")
        return "admin", told
    if not key.strip():
        raise ValueError(f"no key follows {name!r}")
    return role, key.strip()
