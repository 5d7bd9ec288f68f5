"""Many titles in one request: NDJSON in, a line about each out while the rest still comes."""

import math
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from anyio import CapacityLimiter, create_memory_object_stream, create_task_group, to_thread
from anyio.streams.memory import MemoryObjectSendStream
from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.admission import AdmittedRoute
from api.bodies import TitleBody
from api.body import JSON_MAX_BYTES, media_type, validated
from api.errors import UnsupportedMediaType, problems, refusal
from api.lines import Line, Lines
from api.schemas.bulk import EndLine, RefusedLine, Stopped, TakenLine
from api.services import House, Intake
from api.titles import TITLE_CODES, TITLE_SCHEMA, inlined
from content.errors import Busy, KeyartError, NoSpace, TooLarge, Unavailable
from content.outages import DatabaseError, away, records_unavailable

router = APIRouter(tags=["titles"], route_class=AdmittedRoute)

NDJSON = "application/x-ndjson"
LINES_MAX = 10_000
"""So that the answers, held where a client does not read them yet, are a few MB at most."""
BYTES_MAX = 256 * 2**20
AT_ONCE = 2
"""Requests whose titles are taken in at the same time; others' threads are left to others."""
_TAKING = CapacityLimiter(AT_ONCE)
_GROUP = 32
"""Titles that are taken in before it is told of them."""

_DOCUMENTED = {
    "requestBody": {"required": True, "content": {NDJSON: {"schema": TITLE_SCHEMA}}},
}
_ANSWERED = {
    "description": "A line about each title, in their order, and one at the end.",
    "content": {
        NDJSON: {
            "schema": {
                "anyOf": [
                    inlined(each.model_json_schema()) for each in (TakenLine, RefusedLine, EndLine)
                ]
            }
        }
    },
}


class Import:
    """The titles of one request, taken in line by line."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._created = self._unchanged = self._refused = 0
        self.stopped: KeyartError | None = None
        self._at = 0

    @property
    def untouched(self) -> bool:
        """Whether nothing was taken in or refused yet."""
        return not (self._created or self._unchanged or self._refused)

    def take(self, lines: Sequence[Line]) -> list[BaseModel]:
        """Take in titles until one must wait; what is answered is durable. Blank lines are none."""
        told: list[BaseModel] = []
        for line in lines:
            if line.number > LINES_MAX:
                self.stop(line.number, _too_many())
            elif not line.blank:
                told += self._told(line)
            if self.stopped is not None:
                break
        return told

    def stop(self, line: int, error: KeyartError) -> None:
        """Read no further than before `line`."""
        self._at, self.stopped = line, error

    def end(self) -> EndLine:
        stopped = None
        if (error := self.stopped) is not None:
            later = error.retry_after_s if isinstance(error, Busy | Unavailable) else None
            told = {"code": error.code, "detail": error.detail}
            stopped = Stopped(line=self._at, retry_after_s=later, **told)
        return EndLine(
            created=self._created,
            unchanged=self._unchanged,
            refused=self._refused,
            stopped=stopped,
        )

    def _told(self, line: Line) -> list[BaseModel]:
        try:
            return [self._taken(line)]
        except (Busy, NoSpace, Unavailable) as error:  # the next ones would fare alike
            self.stop(line.number, error)
            return []
        except DatabaseError as error:
            if not away(error):
                raise
            self.stop(line.number, records_unavailable())
            return []
        except RequestValidationError as error:
            refused: KeyartError = refusal(error.errors())
        except KeyartError as error:
            refused = error
        self._refused += 1
        return [RefusedLine(line=line.number, code=refused.code, detail=refused.detail)]

    def _taken(self, line: Line) -> TakenLine:
        if line.raw is None:
            raise TooLarge("line_too_large", f"the line is over {JSON_MAX_BYTES} bytes")
        made = self._intake.submit(validated(line.raw, TitleBody).fields(), None)
        self._created += made.created
        self._unchanged += not made.created
        return TakenLine.of(line.number, made)


@router.post(
    "/v1/titles:bulk",
    response_class=StreamingResponse,
    openapi_extra=_DOCUMENTED,
    responses={
        200: _ANSWERED,
        **problems(
            *(*TITLE_CODES, "line_too_large", "too_many_lines", "bulk_too_large"),
            *("unsupported_media_type", "queue_full", "disk_full", "outcome_unknown"),
        ),
    },
)
async def submit_titles(request: Request, house: House) -> StreamingResponse:
    """Submit many titles: one JSON object a line, each as the JSON of `POST /v1/titles`.

    At most 10,000 lines of 1 MB each, 256 MB together. The answer has a line for each title as soon
    as it is taken in: `title_id`, `job_id` and `created`, or the `code` and `detail` of why it was
    refused, which keeps no other out. The last line counts them. Where the queue of jobs or the
    disk is full, the database is away, or there are too many lines, it stops there and the last
    line says so (`stopped`); if that is so at the very first title, the answer is that problem.
    Sending lines again is safe: those whose `id` and content are known already change nothing.
    """
    if media_type(request) != NDJSON:
        raise UnsupportedMediaType("unsupported_media_type", f"send {NDJSON}: a title a line")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > BYTES_MAX:
        raise _too_large()
    taking = Import(house.intake)
    answers = _answers(request, taking)
    first = await anext(answers)
    if taking.stopped is not None and taking.untouched:
        await answers.aclose()
        raise taking.stopped
    return _WhileReading(_joined(first, answers), media_type=NDJSON)


async def _answers(request: Request, taking: Import) -> AsyncGenerator[bytes]:
    """What is told of the request's lines, as they are taken in."""
    lines, received = Lines(JSON_MAX_BYTES), 0
    async for piece in request.stream():
        received += len(piece)
        if received > BYTES_MAX:
            taking.stop(lines.number, _too_large())
            break
        # The stream ends with an empty piece.
        ended = lines.feed(piece) if piece else lines.finish()
        for start in range(0, len(ended), _GROUP):
            group = ended[start : start + _GROUP]
            told = await to_thread.run_sync(taking.take, group, limiter=_TAKING)
            if told:
                yield _written(told)
            if taking.stopped is not None:
                break
        if taking.stopped is not None:
            break
    yield _written([taking.end()])


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for each in rest:
        yield each


class _WhileReading(StreamingResponse):
    """An answer that is sent while its request is still read.

    The class it is made of would read the request itself meanwhile, to see a client go; and many
    clients read no answer before they have sent all: reading on must not wait for them.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        told, ready = create_memory_object_stream[bytes](math.inf)
        async with create_task_group() as tasks:
            tasks.start_soon(self._gather, told)
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            async for piece in ready:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _gather(self, told: MemoryObjectSendStream[bytes]) -> None:
        async with told:
            try:
                async for piece in self.body_iterator:
                    assert isinstance(piece, bytes)
                    await told.send(piece)
            except ClientDisconnect:  # what came is taken in; nobody reads of it
                return


def _written(answers: Sequence[BaseModel]) -> bytes:
    return b"".join(each.model_dump_json().encode() + b"\n" for each in answers)


def _too_many() -> TooLarge:
    return TooLarge("too_many_lines", f"one request has at most {LINES_MAX} lines: send the rest")


def _too_large() -> TooLarge:
    return TooLarge("bulk_too_large", f"one request has at most {BYTES_MAX} bytes: send the rest")
