"""What work took, by operation: kept with a job's row, so that a reindex can tell its cost."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Took:
    """Sums over `titles`; of films also over their length."""

    titles: int = 0
    media_s: float = 0.0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    """Of the worker and its children, user and system; not that of the index process."""

    def plus(self, other: "Took") -> "Took":
        return Took(
            self.titles + other.titles,
            round(self.media_s + other.media_s, 3),
            round(self.wall_s + other.wall_s, 3),
            round(self.cpu_s + other.cpu_s, 3),
        )


@dataclass(slots=True)
class Spent:
    """By operation: those of `workers.child`, and `copy`, `gates`, `refold` of a reindex."""

    by: dict[str, Took] = field(default_factory=dict)

    def add(self, operation: str, took: Took) -> None:
        self.by[operation] = self.by.get(operation, Took()).plus(took)

    @contextmanager
    def timed(self, operation: str, titles: int) -> Iterator[None]:
        """What this thread does itself meanwhile, where it ends well."""
        wall, cpu = time.monotonic(), time.thread_time()
        yield
        took = Took(titles, 0.0, time.monotonic() - wall, time.thread_time() - cpu)
        self.add(operation, took)

    def plain(self) -> dict[str, dict[str, Any]]:
        return {operation: asdict(took) for operation, took in self.by.items()}

    @classmethod
    def of(cls, plain: Mapping[str, Mapping[str, Any]] | None) -> "Spent":
        return cls({operation: Took(**took) for operation, took in (plain or {}).items()})

    def plus(self, other: "Spent") -> "Spent":
        """Both together; neither is changed."""
        both = Spent(dict(self.by))
        for operation, took in other.by.items():
            both.add(operation, took)
        return both
