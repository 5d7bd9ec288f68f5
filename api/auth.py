"""Who may ask: API keys, compared in constant time."""

import hmac
from collections.abc import Iterable

from starlette.datastructures import Headers

from content.errors import Unauthorized

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
OPEN_PREFIX = "/v1/images/"  # a content hash is its own capability


class Keys:
    """The keys of a service; with none of them every request is welcome."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = tuple(key.encode() for key in keys)

    def admit(self, path: str, headers: Headers) -> None:
        """Let a request pass, or not.

        Raises:
            Unauthorized: `unauthorized`, without `Authorization: Bearer KEY` or `X-API-Key: KEY`.
        """
        if not self._keys or path in OPEN_PATHS or path.startswith(OPEN_PREFIX):
            return
        given = _given(headers).encode("latin-1")  # as headers were decoded: the bytes sent
        # Every key is compared, so that the time taken does not tell which one came close.
        if not sum(hmac.compare_digest(given, key) for key in self._keys):
            raise Unauthorized(
                "unauthorized", "send a key of this service as `Authorization: Bearer KEY`"
            )


def _given(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return headers.get("x-api-key", "")
