"""Keyart in memory, and the yardsticks: uniform, the oracle, a beta distribution for each picture.

A policy chooses, and is told each reward when it is due. What it was shown to earn at once (a
click) is told by `hint`.
"""

from typing import Protocol

import numpy as np

from artwork.choice.belief.decay import epoch_end, half_life_us, outlived
from artwork.choice.belief.features import assemble
from artwork.choice.belief.policy import Hyperparameters, draw, seed_of
from artwork.choice.belief.sums import I16, SCALE
from artwork.choice.events.worth import DEFAULT, LAPSED
from artwork.choice.learning.folding import fold_sums
from artwork.choice.learning.learner import Learner
from artwork.choice.record.ledger import Entry
from tests.bench.bandit_looks import F64
from tests.bench.bandit_worlds import Sight

FLOOR, DRAWS = 0.01, 256
"""As the service has them by default."""


class Policy(Protocol):
    def choose(self, sight: Sight) -> int: ...

    def shown(self, sight: Sight, chosen: int) -> None:
        """The picture is seen now; nothing is earned yet."""

    def hint(self, sight: Sight, chosen: int, click: float) -> None:
        """An early sign; not the reward."""

    def learn(self, sight: Sight, chosen: int, reward: float) -> None: ...


class Keyart:
    """The service's own choice and learning, without its database: what is shown is learned at once
    with reward 0, what it earns corrects that."""

    def __init__(self, seed: int, half_life_days: float | None = None) -> None:
        self._secret = b"bandit %d" % seed
        self._parameters = Hyperparameters(half_life_days=half_life_days)
        self._half_life = half_life_us(half_life_days)
        self._learner = Learner(self._parameters)
        self._ledger: list[Entry] = []
        """Where rows lose weight: all that was learned, to be folded anew."""
        self._names: dict[int, list[str]] = {}
        self._open: dict[int, tuple[I16, int]] = {}

    def _groups(self, sight: Sight) -> list[str]:
        found = self._names.get(sight.title)
        if found is None:
            count = len(sight.descriptors)
            found = self._names[sight.title] = [f"{sight.title}-{k:03d}" for k in range(count)]
        return found

    def _renew(self, at_us: int) -> None:
        """Fold the ledger anew when an epoch of the decay is over, as `learning.renewal` does."""
        if self._half_life is None:
            return
        landmark = self._learner.decay.landmark_us
        if landmark is None or outlived(landmark, self._half_life, at_us):
            self._learner = Learner(self._parameters, epoch_end(self._half_life, at_us))
            if self._ledger:
                fold_sums(self._learner, self._ledger)
                self._learner.rebuild()

    def _apply(self, sight: Sight, chosen: int, x: I16, before: int | None, after: int) -> None:
        group = self._groups(sight)[chosen]
        entry = Entry(0, f"t{sight.title}", group, x, before, after, decided_us=sight.at_us)
        if self._half_life is not None:
            self._ledger.append(entry)
        self._learner.apply(entry)

    def choose(self, sight: Sight) -> int:
        self._renew(sight.at_us)
        state, groups = self._learner, self._groups(sight)
        title = f"t{sight.title}"
        x = assemble(sight.descriptors, sight.taste, sight.here)
        scores = state.posterior.scores(state.sums, title, groups, x / SCALE)
        seed = seed_of(self._secret, str(sight.number))
        chosen = draw(scores, seed, draws=DRAWS, floor=FLOOR).chosen
        self._open[sight.number] = x[chosen], 0
        return chosen

    def shown(self, sight: Sight, chosen: int) -> None:
        x, _ = self._open[sight.number]
        self._apply(sight, chosen, x, None, 0)

    def _correct(self, sight: Sight, chosen: int, after: int) -> None:
        x, before = self._open[sight.number]
        if after != before:
            self._apply(sight, chosen, x, before, after)
            self._open[sight.number] = x, after

    def hint(self, sight: Sight, chosen: int, click: float) -> None:
        self._correct(sight, chosen, DEFAULT.earned({"click": click}))

    def learn(self, sight: Sight, chosen: int, reward: float) -> None:
        # By now a click that nothing followed has lapsed.
        told = {"custom": reward} if reward else {"click": 1.0, LAPSED: 1.0}
        self._correct(sight, chosen, DEFAULT.earned(told))
        del self._open[sight.number]


class Uniform:
    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def choose(self, sight: Sight) -> int:
        return int(self._rng.integers(len(sight.descriptors)))

    def shown(self, sight: Sight, chosen: int) -> None:
        pass

    def hint(self, sight: Sight, chosen: int, click: float) -> None:
        pass

    def learn(self, sight: Sight, chosen: int, reward: float) -> None:
        pass


class BetaThompson(Uniform):
    """A beta distribution for each picture, whoever looks."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._earned: dict[int, F64] = {}

    def _of(self, sight: Sight) -> F64:
        new = np.ones((2, len(sight.descriptors)))
        return self._earned.setdefault(sight.title, new)

    def choose(self, sight: Sight) -> int:
        return int(self._rng.beta(*self._of(sight)).argmax())

    def learn(self, sight: Sight, chosen: int, reward: float) -> None:
        self._of(sight)[:, chosen] += reward, 1 - reward
