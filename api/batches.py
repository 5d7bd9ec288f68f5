"""Answers to a batch of events: all taken, or which were not and why."""

from collections.abc import Sequence

from starlette.responses import JSONResponse, Response

from api.errors import MEDIA_TYPE, document, item, problem, status_of
from api.metrics import Metrics
from content.errors import KeyartError

CODES = (
    "invalid_json",
    "body_too_large",
    "unsupported_media_type",
    "invalid_request",
    "invalid_text",
    "invalid_time",
    "event_conflict",
    "not_started",
    "learning_stopped",
    "ledger_unavailable",
    "outcome_unknown",
)
"""What any route that takes events may refuse a body with."""


def taken(
    outcomes: Sequence[KeyartError | None], meters: Metrics, *, single: bool, ignored: int = 0
) -> Response:
    """The answer to a batch whose good items are durable by now, but for those `ignored`.

    With some refused the answer is the problem of the first, and `items` names each by its
    index. The good ones are kept: events are idempotent, so the whole batch may be sent again.
    """
    refused = [(index, error) for index, error in enumerate(outcomes) if error is not None]
    accepted = len(outcomes) - len(refused) - ignored
    dropped = {"ignored": ignored} if ignored else {}
    meters.rewards.inc(accepted)
    if not refused:
        return JSONResponse({"accepted": accepted, **dropped}, 202)
    first = refused[0][1]
    if single:
        return problem(first)
    status = status_of(first)
    body = document(
        status,
        first.code,
        f"{len(refused)} of {len(outcomes)} items were refused, the first: {first.detail}",
        accepted=accepted,
        **dropped,
        items=[{"index": index, **item(error)} for index, error in refused],
    )
    return JSONResponse(body, status, media_type=MEDIA_TYPE)
