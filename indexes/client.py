"""The client of the index process: the same calls as `service.IndexService`, over its socket."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from content.errors import Unavailable
from content.types import F32, Space, Vectors
from indexes.calibration import Calibration
from indexes.cuts import CutHit
from indexes.moments import MomentHit
from indexes.patience import Patience
from indexes.pictured import MediaPage, MediaQuestion
from indexes.question import HitPage, Question, like_one
from indexes.schema import (
    NO_FILTER,
    Comparison,
    Filter,
    GenerationInfo,
    Hit,
    SimilarSpace,
    TitlePoint,
    Verification,
    WordsHit,
)
from indexes.wire import pack, unpack, unpack_error

BATCH = 256
"""Points of titles and of their shots in one request (a title goes whole), so that none is large
(about 2 MB) nor holds up others for long."""
SNAPSHOT_S = 3600.0
RETRY_AFTER_S = 2
"""About as long as the process takes to be started again."""
IDLE_S = 30.0
"""Unused connections are closed here before the server closes them (75 s)."""


def batches(points: Iterable[TitlePoint]) -> Iterator[list[TitlePoint]]:
    """Titles in order, with not many more than `BATCH` points in each."""
    batch: list[TitlePoint] = []
    count = 0
    for point in points:
        batch.append(point)
        count += 1 + len(point.shots)
        if count >= BATCH:
            yield batch
            batch, count = [], 0
    if batch:
        yield batch


class IndexClient:
    """Thread-safe and synchronous. All calls are idempotent: after an `Unavailable`, call again.

    Every method raises Unavailable `index_unavailable` when the process does not answer in time,
    `index_failed` when it failed inside, and the errors of `service.IndexService`.

    Args:
        patience_s: how long a question waits while a process that died is started again. Writes do
            not wait: by then they may be out of date, so whoever makes them has to look again.
    """

    def __init__(self, socket: Path, *, timeout_s: float = 30, patience_s: float = 0.0) -> None:
        self._socket = socket
        self._patience = Patience(patience_s)
        self._http = httpx.Client(
            base_url="http://index",
            timeout=timeout_s,
            transport=httpx.HTTPTransport(
                uds=str(socket),
                limits=httpx.Limits(max_keepalive_connections=32, keepalive_expiry=IDLE_S),
            ),
        )

    def ready(self) -> bool:
        """Whether the process answers."""
        try:
            return self._http.get("/ready").status_code == 200
        except httpx.TransportError:
            return False

    def ensure(self, fingerprints: dict[Space, str]) -> str:
        """The live generation's name; makes the first when there is none."""
        return str(self._call("ensure", fingerprints=fingerprints))

    def upsert(self, points: Iterable[TitlePoint]) -> None:
        """Store in the live generation and in those being built; durable on return.

        All or none of the titles of each batch is stored.
        """
        for batch in batches(points):
            self._call("upsert", points=batch)

    def upsert_into(
        self, generation: str, points: Iterable[TitlePoint], *, copied: bool = True
    ) -> None:
        """Store in one generation, unless `copied` is false never over a newer version; durable
        on return."""
        for batch in batches(points):
            self._call("upsert_into", generation=generation, points=batch, copied=copied)

    def delete(self, title_ids: Sequence[str]) -> None:
        """Remove from every generation."""
        self._call("delete", title_ids=list(title_ids))

    def alike(self, question: Question) -> HitPage:
        """One page of the titles that are like some and unlike others, best first."""
        answer: HitPage = self._ask("alike", question=question)
        return answer

    def similar(
        self,
        title_id: str,
        *,
        space: SimilarSpace,
        limit: int,
        filter: Filter = NO_FILTER,
        exact: bool = False,
        generation: str | None = None,
    ) -> list[Hit]:
        """The titles most like a stored one, best first, never itself."""
        asked = like_one(title_id, space, limit, filter, exact=exact, generation=generation)
        return list(self.alike(asked).hits)

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[Comparison]:
        """How alike the titles of each pair are, in the order given."""
        return list(self._ask("compare", pairs=list(pairs)))

    def weights(self) -> dict[Space, float]:
        """How much each space counts in the fused score; they sum to 1."""
        return dict(self._ask("weights"))

    def set_weights(self, wanted: Mapping[str, float]) -> dict[Space, float]:
        """Let the spaces count so from now on, scaled to sum 1; durable on return."""
        return dict(self._call("set_weights", wanted=dict(wanted)))

    def search(
        self,
        words: Vectors,
        *,
        text: str | None = None,
        limit: int,
        filter: Filter = NO_FILTER,
        exact: bool = False,
        generation: str | None = None,
    ) -> list[WordsHit]:
        """The titles that mean what words mean and, with `text`, have them; best first."""
        return list(
            self._ask(
                "search",
                words=dict(words),
                text=text,
                limit=limit,
                filter=filter,
                exact=exact,
                generation=generation,
            )
        )

    def moments(
        self,
        words: Vectors,
        *,
        text: str | None,
        mood: str | None,
        title_id: str | None,
        limit: int,
    ) -> list[MomentHit]:
        """The stretches of titles that show, say or feel what is asked for, best first."""
        return list(
            self._ask(
                "moments", words=dict(words), text=text, mood=mood, title_id=title_id, limit=limit
            )
        )

    def cuts(self, title_id: str, *, limit: int) -> list[CutHit]:
        """Pairs of a title's shots with others' that look or sound alike, best first."""
        return list(self._ask("cuts", title_id=title_id, limit=limit))

    def pictured(self, question: MediaQuestion) -> MediaPage:
        """One page of the titles that show something like a picture, best first."""
        answer: MediaPage = self._ask("pictured", question=question)
        return answer

    def begin(
        self,
        generation: str,
        fingerprints: dict[Space, str],
        calibration: Calibration | None = None,
    ) -> None:
        """Start to build a generation, or go on with it; its first calibration stays."""
        self._call(
            "begin", generation=generation, fingerprints=fingerprints, calibration=calibration
        )

    def verify(self, generation: str, expected: Mapping[str, int]) -> Verification:
        """Compare with the catalogue (title id to version); when complete it may be cut over."""
        result: Verification = self._call("verify", generation=generation, expected=dict(expected))
        return result

    def judged(self, generation: str, quality: Mapping[str, Any]) -> None:
        """Keep with a generation what was measured of it."""
        self._call("judged", generation=generation, quality=dict(quality))

    def cut_over(self, generation: str, *, keep_s: float = 0.0) -> None:
        """Let a verified generation answer from now on, at once for all readers; the one before
        is kept for so long."""
        self._call("cut_over", generation=generation, keep_s=keep_s)

    def roll_back(self, generation: str, *, keep_s: float) -> str:
        """Let the generation answer again that was live before this one; its name."""
        return str(self._call("roll_back", generation=generation, keep_s=keep_s))

    def release(self, generation: str) -> None:
        """Keep a generation no longer."""
        self._call("release", generation=generation)

    def expire(self) -> list[str]:
        """Drop the generations that are not kept any more; their names."""
        return list(self._call("expire"))

    def build(self, generation: str) -> None:
        """Have the generation's graph built soon, though it may not be due."""
        self._call("build", generation=generation)

    def building(self, generation: str) -> bool:
        """Whether a graph of the generation is asked for, or being built."""
        return bool(self._call("building", generation=generation))

    def snapshot(self, folder: Path) -> int:
        """Copy the index to a new folder (absolute) of this machine; how many points it has."""
        return int(self._call("snapshot", folder=str(folder), timeout_s=SNAPSHOT_S))

    def drop(self, generation: str) -> None:
        """Remove a generation that is not live."""
        self._call("drop", generation=generation)

    def generations(self, *, detailed: bool = False) -> list[GenerationInfo]:
        """Oldest first; in detail with vectors by space, and bytes."""
        return list(self._ask("generations", detailed=detailed))

    def count(self) -> int:
        """Titles in the live generation."""
        return int(self._ask("count"))

    def vectors(self, title_id: str) -> dict[Space, F32]:
        """The calibrated vectors of a title in the live generation."""
        return dict(self._ask("vectors", title_id=title_id))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _call(self, method: str, *, timeout_s: float | None = None, **arguments: object) -> Any:
        try:
            return self._answer(method, self._post(method, arguments, timeout_s))
        except httpx.TransportError as error:
            raise self._unavailable(error) from error

    def _ask(self, method: str, **arguments: object) -> Any:
        """A question: it may be asked again, and is, while the process is being started again."""
        try:
            return self._answer(method, self._post(method, arguments))
        except httpx.TimeoutException as error:  # it is there, and busy
            raise self._unavailable(error) from error
        except httpx.TransportError as error:
            with self._patience.place() as mine:
                return self._ask_again(method, arguments, error, wait=mine)

    def _ask_again(
        self, method: str, arguments: dict[str, object], error: Exception, *, wait: bool
    ) -> Any:
        while wait and self._patience.wait():
            try:
                return self._answer(method, self._post(method, arguments))
            except httpx.TimeoutException as late:
                raise self._unavailable(late) from late
            except httpx.TransportError as again:
                error = again
        raise self._unavailable(error) from error

    def _post(
        self, method: str, arguments: dict[str, object], timeout_s: float | None = None
    ) -> httpx.Response:
        timeout = httpx.USE_CLIENT_DEFAULT if timeout_s is None else timeout_s
        return self._http.post(f"/call/{method}", content=pack(arguments), timeout=timeout)

    def _answer(self, method: str, response: httpx.Response) -> Any:
        self._patience.answered()
        if response.status_code == 200:
            return unpack(response.content)
        if response.status_code == 400:
            raise unpack_error(response.content)
        raise Unavailable("index_failed", f"the index process failed on {method}; see its log")

    def _unavailable(self, error: Exception) -> Unavailable:
        return Unavailable(
            "index_unavailable",
            f"the index process did not answer at {self._socket} "
            f"({type(error).__name__}); is `keyart serve` running?",
            retry_after_s=RETRY_AFTER_S,
        )
