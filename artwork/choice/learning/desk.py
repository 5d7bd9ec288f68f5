"""What the rights of people need of the personalizer that they are exercised at."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.events.taste import Tastes, viewer_of
from artwork.choice.learning.learner import Learner
from artwork.choice.offer.changes import Changes
from artwork.choice.offer.shelves import Shelves
from artwork.choice.record.commits import Commits
from artwork.choice.record.decisions import Scope
from artwork.choice.record.episodes import Episodes
from artwork.choice.record.ledger import Appended


class Learn(Protocol):
    """As `Memory._learn`."""

    def __call__(self, appended: Appended, instead: Learner | None = None) -> None: ...


@dataclass(frozen=True)
class Desk:
    """`learn` is called under the lock; `ready`, which may raise Unavailable, from any thread."""

    engine: sa.Engine
    scope_in_use: Callable[[], Scope]
    secret: bytes
    parameters: Hyperparameters
    clock: Callable[[], int]
    lock: threading.RLock
    commits: Commits
    thread: ThreadPoolExecutor
    """Decides and submits, in order."""
    tastes_in_use: Callable[[], Tastes]
    shelves_in_use: Callable[[], Shelves]
    episodes: Episodes
    changes: Changes
    learn: Learn
    ready: Callable[[], Learner]

    @property
    def scope(self) -> Scope:
        """Another one once a reindex has cut over to another encoder."""
        return self.scope_in_use()

    @property
    def tastes(self) -> Tastes:
        return self.tastes_in_use()

    @property
    def shelves(self) -> Shelves:
        return self.shelves_in_use()

    def viewer(self, user: str) -> bytes:
        return viewer_of(self.secret, self.scope.tenant, user)
