"""Taking in what viewers watched, at the personalizer's desk."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial

import sqlalchemy as sa

from artwork.choice.events.late import append_late, pictured
from artwork.choice.events.outcomes import Outcomes, checked, merged
from artwork.choice.events.taste import Watched, WatchEvent, append_watched, check_watch
from artwork.choice.learning.desk import Desk
from artwork.choice.record.commits import durable, ledger_unavailable
from artwork.choice.record.ledger import Appended
from content.errors import NotFound

_Written = tuple[Outcomes, Appended | None]
LATE = 64
"""Titles whose pictures are told at once of what was watched before: a fifth of a second beside the
choices, which wait for one short transaction."""


class Watching:
    """Stores watch events with their titles' mean descriptors, from which tastes are derived."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def watch(self, events: Sequence[WatchEvent]) -> Outcomes:
        """As `Personalizer.watch`."""
        now = self._desk.clock()
        outcomes, good = checked(partial(check_watch, at_us=now), events)
        if not good:
            return outcomes
        loop, thread = asyncio.get_running_loop(), self._desk.thread
        future, missing = await loop.run_in_executor(thread, self._submitted, good)
        written = iter((await durable(future))[0])
        later: Outcomes = [
            NotFound("title_not_found", f"there is no title {event.title_id!r}")
            if event.title_id in missing
            else next(written)
            for event in good
        ]
        return merged(outcomes, later)

    def _submitted(self, events: Sequence[WatchEvent]) -> "tuple[Future[_Written], set[str]]":
        desk, now = self._desk, self._desk.clock()
        desk.ready()
        title_ids = list(dict.fromkeys(event.title_id for event in events))
        with desk.lock, desk.engine.connect() as connection:
            means = {
                title_id: shelf.mean
                for title_id, shelf in desk.shelves.read(connection, title_ids).items()
            }
        known = [event for event in events if event.title_id in means]
        rows = [
            Watched.of(event, desk.viewer(event.user), means[event.title_id], now)
            for event in known
        ]

        def write(connection: sa.Connection) -> _Written:
            return append_watched(connection, desk.scope, rows, now)

        def learn(written: _Written) -> None:
            for viewer in {row.viewer for row in rows}:
                desk.tastes.forget(viewer)
            if written[1] is not None:
                desk.learn(written[1])

        return desk.commits.submit(write, learn), set(title_ids) - set(means)

    def complete(self) -> int:
        """Let what was watched before its title had pictures count, of up to `LATE` titles that
        have them by now; of how many it was.

        Raises:
            Unavailable: `not_started`, `learning_stopped`, `ledger_unavailable`.
        """
        try:
            return self._completed()
        except sa.exc.SQLAlchemyError as error:
            raise ledger_unavailable() from error

    def _completed(self) -> int:
        desk = self._desk
        desk.ready()
        with desk.lock:
            scope, shelves = desk.scope, desk.shelves.apart()
        with desk.engine.connect() as connection:
            means = shelves.means(connection, pictured(connection, scope.tenant, LATE))

        def write(connection: sa.Connection) -> Appended | None:
            return append_late(connection, scope, means)

        def learn(appended: Appended | None) -> None:
            if appended is not None:
                desk.tastes.clear()  # whose they are nobody has looked up
                desk.learn(appended)

        def work() -> Appended | None:
            if desk.scope != scope:  # pictures are seen otherwise by now: the next time
                return None
            return desk.commits.submit(write, learn).result()

        # In the deciding thread: nothing is decided between the rows and what they change.
        appended = desk.thread.submit(work).result() if means else None
        return 0 if appended is None else appended.last - appended.first + 1
