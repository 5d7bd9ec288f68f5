"""What every answer may be made of: pages, problems, links."""

from typing import Generic, TypeVar

from pydantic import BaseModel

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next` is the `cursor` of the following one, null on the last."""

    items: list[Item]
    next: str | None = None


class Problem(BaseModel):
    """A problem document (RFC 9457). `code` is stable; docs/errors.md explains each."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, str]] | None = None


class Failure(BaseModel):
    code: str
    detail: str


class Accepted(BaseModel):
    """`ignored`: watch events that were dropped because their viewer had not consented."""

    accepted: int
    ignored: int = 0


def image_url(sha256: str) -> str:
    """Where an image is, relative to the service.

    With an extension, so that the link works in any page; leave it out to have the format
    negotiated by `Accept`.
    """
    return f"/v1/images/{sha256}.webp"
