"""A house to choose in: four titles of twelve pictures each, and a personalizer on them."""

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from artwork.choice.personalize import (
    Choice,
    Context,
    Personalizer,
    RewardEvent,
)
from content.errors import KeyartError
from content.receipts import Receipts
from content.records import Writer
from samples.worlds import synthetic_embeddings
from tests.shelf import publish

T = TypeVar("T")
SECRET = b"0123456789abcdef0123456789abcdef"
EPISODE_S = 100.0
HERE = Context(device="tv", tz="Europe/Berlin", country="DE")


@dataclass
class House:
    """A database, and personalizers on it that come and go."""

    engine: sa.Engine
    now_us: int = 1_800_000_000_000_000
    receipts: Receipts | None = None
    writer: Writer = field(init=False)
    p: Personalizer = field(init=False)
    _opened: list[tuple[Personalizer, Writer]] = field(default_factory=list)

    def open(self, **options: Any) -> Personalizer:
        self.writer = Writer(self.engine, receipts=self.receipts)
        settings: dict[str, Any] = {"secret": SECRET, "episode_s": EPISODE_S, "floor": 0.02}
        self.p = Personalizer(
            self.engine, self.writer, clock=lambda: self.now_us, **settings | options
        )
        self._opened.append((self.p, self.writer))
        self.p.start()
        return self.p

    def close(self) -> None:
        self.p.close()
        self.writer.close()

    def crash(self) -> None:
        """Gone without a checkpoint; what was answered is committed."""
        stop(self.p)
        self.writer.close()

    def end(self) -> None:
        """Stop the threads of every personalizer that there was, also of a test that failed."""
        for p, writer in self._opened:
            stop(p)
            writer.close()

    def choose(self, *titles: str, user: str | None = "ann", **options: Any) -> list[Choice]:
        settings: dict[str, Any] = {"aspect": "16:9", "context": HERE} | options
        aspect = settings.pop("aspect")
        answers = run(self.p.choose(list(titles), aspect, user=user, **settings))
        for answer in answers:
            if isinstance(answer, KeyartError):
                raise answer
        return [answer for answer in answers if isinstance(answer, Choice)]

    def refusals(self, *events: RewardEvent) -> list[str | None]:
        return [e.code if e else None for e in run(self.p.observe(events))]

    def count(self, table: sa.Table) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)

    def later(self, seconds: float) -> None:
        self.now_us += round(seconds * 1_000_000)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


EMBEDDINGS = synthetic_embeddings(4, 12, seed=5)
TITLES = list(EMBEDDINGS)


def furnished(engine: sa.Engine) -> Iterator[House]:
    for title in TITLES:
        publish(engine, title, EMBEDDINGS[title])
    house = House(engine)
    house.open()
    yield house
    house.end()


def stop(p: Personalizer) -> None:
    """End its threads as they are: no checkpoint, nothing is finished."""
    p._renewal.stop()
    for threads in (p._thread, p._packing, p._rebuilding):
        threads.shutdown(wait=True, cancel_futures=True)
    p._reading.close()


def state_of(p: Personalizer) -> bytes:
    assert p._learner is not None
    return p._learner.packed()
