"""Domain errors. Each carries a stable `code`; `api.errors` maps the types to HTTP statuses.

A code, once published in docs/errors.md, never changes its meaning.
"""

from collections.abc import Iterator


class KeyartError(Exception):
    """Base of every error that a caller of Keyart may see.

    `code` is stable and machine-readable, `detail` is for people, `extra` are further fields of
    the problem document (RFC 9457).
    """

    def __init__(self, code: str, detail: str, **extra: object) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.extra = extra


class Invalid(KeyartError):
    """The request or a value in it is not acceptable (422)."""


class Unauthorized(KeyartError):
    """No key, or an unknown one (401)."""


class Forbidden(KeyartError):
    """The key is known, and may not do this (403)."""


class NotFound(KeyartError):
    """What the request names does not exist (404)."""


class Gone(KeyartError):
    """What the request names was there once and has been deleted for its age (410)."""


class Conflict(KeyartError):
    """The request contradicts what is stored (409)."""


class TooLarge(KeyartError):
    """A body or file is over its cap (413)."""


class Busy(KeyartError):
    """A bounded queue is full (429); `retry_after_s` says when to come back."""

    def __init__(self, code: str, detail: str, retry_after_s: int = 5, **extra: object) -> None:
        super().__init__(code, detail, **extra)
        self.retry_after_s = retry_after_s


class NoSpace(KeyartError):
    """Less disk is free than KEYART_MIN_FREE_BYTES (507)."""


class Unavailable(KeyartError):
    """A part of the service is down; trying again may help (503), where it is known when, after
    `retry_after_s`."""

    def __init__(
        self, code: str, detail: str, retry_after_s: int | None = None, **extra: object
    ) -> None:
        super().__init__(code, detail, **extra)
        self.retry_after_s = retry_after_s


class OutcomeUnknown(Unavailable):
    """The database went away while it committed: what was sent may be kept, or not (503)."""


class PermanentError(KeyartError):
    """A job cannot succeed however often it is tried: this title's input is at fault."""


class TransientError(KeyartError):
    """A job may succeed when tried again: a child died, a disk was full, a peer was away."""


class Cancelled(KeyartError):
    """The job was cancelled by its owner."""

    def __init__(self) -> None:
        super().__init__("cancelled", "the job was cancelled")


def described(error: KeyartError) -> dict[str, str]:
    """An error as plain data, to cross a process or to be kept."""
    return {"kind": type(error).__name__, "code": error.code, "detail": error.detail}


def revived(kind: str, code: str, detail: str) -> KeyartError:
    """The error that `described` made data of, as the type that it was."""
    if kind == "Cancelled":
        return Cancelled()
    known = {each.__name__: each for each in _kinds(KeyartError)}
    return known.get(kind, TransientError)(code, detail)


def _kinds(kind: type[KeyartError]) -> Iterator[type[KeyartError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _kinds(each)
