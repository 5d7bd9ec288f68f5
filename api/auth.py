"""Who may ask: API keys, compared in constant time, and the role of each."""

import hmac
from collections.abc import Iterable, MutableMapping
from typing import Any

from starlette.datastructures import Headers

from content.errors import Unauthorized
from workers.keys import ROLES, Role, parsed

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
OPEN_PREFIX = "/v1/images/"  # a content hash is its own capability


class Keys:
    """The keys of a service, `KEY` or `ROLE:KEY`; with none of them every request is welcome."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = tuple((parsed(key)[1].encode(), parsed(key)[0]) for key in keys)

    def admit(self, path: str, headers: Headers) -> Role:
        """Let a request pass, or not; what its key may do. One that is there twice may do what it
        may do anywhere.

        Raises:
            Unauthorized: `unauthorized`, without `Authorization: Bearer KEY` or `X-API-Key: KEY`.
        """
        if not self._keys or path in OPEN_PATHS or path.startswith(OPEN_PREFIX):
            return "admin"
        given = _given(headers).encode("latin-1")  # as headers were decoded: the bytes sent
        # Every key is compared, so that the time taken does not tell which one came close.
        found = [role for key, role in self._keys if hmac.compare_digest(given, key)]
        if not found:
            raise Unauthorized(
                "unauthorized", "send a key of this service as `Authorization: Bearer KEY`"
            )
        return max(found, key=ROLES.index)


def note_role(scope: MutableMapping[str, Any], role: Role) -> None:
    """Keep with a request what its key may do."""
    scope["keyart_role"] = role


def role_in(scope: MutableMapping[str, Any]) -> Role:
    """What the key of a request may do; the least where nobody has looked at it."""
    role: Role = scope.get("keyart_role", ROLES[0])
    return role


def _given(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return headers.get("x-api-key", "")
