"""Answers to many titles at once: a line for each, and one at the end."""

from pydantic import BaseModel

from content.entries import Submission


class TakenLine(BaseModel):
    """A title that was taken in, durably; `created` is false where the same content was there
    already: the job is that of then."""

    line: int
    title_id: str
    job_id: str
    created: bool

    @classmethod
    def of(cls, line: int, made: Submission) -> "TakenLine":
        return cls(line=line, title_id=made.title_id, job_id=made.job_id, created=made.created)


class RefusedLine(BaseModel):
    """A title that was not, and why: code and detail are those of a problem document."""

    line: int
    code: str
    detail: str


class Stopped(RefusedLine):
    """Why the rest was not read: send it again from `line` on, after `retry_after_s` if that is
    told."""

    retry_after_s: int | None = None


class EndLine(BaseModel):
    """The last line: how many titles were taken in as new or other ones, how many were there
    already, how many were refused. An answer without it is cut short."""

    created: int
    unchanged: int
    refused: int
    stopped: Stopped | None
