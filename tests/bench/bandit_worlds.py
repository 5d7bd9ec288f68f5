"""The six worlds of `bandit`: streams of decisions, the same for every policy.

All chance is drawn before anybody chooses (common random numbers): who comes when, for which title,
in what circumstances, and one uniform number that decides whether what is shown is taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from artwork.choice.belief.features import Circumstances, Context, circumstances
from artwork.choice.belief.sums import I16
from tests.bench.bandit_looks import (
    DAY_US,
    EPOCH_US,
    F64,
    FACTORS,
    Audience,
    audience,
    catalogue,
    liked,
)

Ints = npt.NDArray[np.int64]
DEVICES = ("tv", "phone", "desktop", "tablet")
VERSION = 3
"""Another when the same spec and seed come to give another stream."""


@dataclass(frozen=True)
class Spec:
    """A kind of world; logits unless `linear`."""

    name: str
    decisions: int = 20_000
    viewers: int = 2_000
    titles: int = 60
    pictures: int = 8
    watches: int = 12
    linear: bool = False
    base: float = -1.4
    pull: float = 1.5
    """How strongly a viewer's own taste moves the reward."""
    common: float = 0.4
    """How strongly what all like does."""
    quality_sd: float = 0.25
    """A picture's own appeal, which no vector tells."""
    title_sd: float = 0.4
    arriving: bool = False
    drift: float = 0.0
    """Share of a taste that is new after the whole run, for viewers and for what all like."""
    delay: int = 0
    """A reward is told up to so many decisions later, …"""
    batch: int = 1
    """… at the next multiple of this."""
    bait: float = 0.0
    """Share of pictures that draw clicks which are not followed by watching."""
    silent: bool = False


WORLDS = {
    spec.name: spec
    for spec in (
        Spec("linear", linear=True),
        Spec("arriving", 100_000, 5_000, 300, base=-3.7, pull=1.1, arriving=True),
        Spec("drifting", drift=1.0),
        Spec("delayed", delay=1_000, batch=100),
        Spec("click-bait", delay=500, bait=0.35),
        Spec("no signal", base=-2.9, silent=True),
    )
}


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What may be known when choosing: the same for every policy."""

    number: int
    viewer: int
    title: int
    descriptors: I16
    """(K, 33) of the pictures on offer."""
    taste: I16 | None
    here: Circumstances
    at_us: int


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Of one decision, by picture (K,): hidden until one is shown."""

    expected: F64
    """The expected reward."""
    reward: F64
    click: F64
    """A click that is told at once; zeros in worlds without."""
    due: int
    """The reward is told before the decision of this number."""
    best: float
    """The expected reward of the best picture."""
    blind: float
    """That of one taken at random."""


class World:
    """One seed of a spec; iterate over it once for each policy."""

    def __init__(self, spec: Spec, seed: int) -> None:
        self.spec, self.seed = spec, seed
        rng = np.random.default_rng([seed, *spec.name.encode()])
        known = spec.titles // 10 if spec.arriving else spec.titles
        self.shelf = catalogue(spec.titles, spec.pictures, known, rng)
        self.viewers = audience(spec.viewers, self.shelf, spec.watches, rng)
        n = spec.decisions
        self._common = _direction(rng), _direction(rng)
        self._next = rng.permutation(self.viewers.tastes)
        self.quality = spec.quality_sd * rng.standard_normal((2, spec.titles, spec.pictures))
        self._appeal = spec.title_sd * rng.standard_normal(spec.titles)
        self.bait = rng.random((spec.titles, spec.pictures)) < spec.bait
        self._viewer = rng.integers(spec.viewers, size=n)
        self._title = _asked(spec, rng)
        self._device = rng.integers(len(DEVICES), size=spec.viewers)
        self._small = 0.25 * _direction(rng)
        self._chance: F64 = rng.random((n, 2))
        self._noise = 0.25 * rng.standard_normal(n)
        delays = rng.integers(0, spec.delay + 1, size=n) if spec.delay else np.zeros(n, np.int64)
        due = np.arange(n) + delays
        self._due = -(-due // spec.batch) * spec.batch if spec.delay else due
        [self.watching] = rng.spawn(1)
        self._here: dict[tuple[int, int], Circumstances] = {}
        self._made: list[tuple[Sight, Outcomes]] = []
        self._making = self._steps()

    def __iter__(self) -> Iterator[tuple[Sight, Outcomes]]:
        """Made by the first that walks so far, and kept for the others."""
        for t in range(self.spec.decisions):
            self.make(t + 1)
            yield self._made[t]

    def make(self, decisions: int) -> None:
        """Have the first so many ready."""
        while len(self._made) < decisions:
            self._made.append(next(self._making))

    def _steps(self) -> Iterator[tuple[Sight, Outcomes]]:
        seen = Seen(self)
        expected, reward, click = self.outcomes()
        best, blind = expected.max(axis=1).tolist(), expected.mean(axis=1).tolist()
        due = self._due.tolist()
        for t in range(self.spec.decisions):
            hidden = Outcomes(expected[t], reward[t], click[t], due[t], best[t], blind[t])
            yield seen.sight(t), hidden

    def at_us(self, t: int) -> int:
        """30 days pass in every world, an hour at a time."""
        return EPOCH_US + 30 * 24 * t // self.spec.decisions * (DAY_US // 24)

    def here(self, t: int) -> Circumstances:
        device, at_us = int(self._device[self._viewer[t]]), self.at_us(t)
        key = (device, at_us)
        if key not in self._here:
            context = Context(DEVICES[device], "DE", "Europe/Berlin")
            self._here[key] = circumstances(context, at_us)
        return self._here[key]

    def tastes(self, t: Ints) -> F64:
        """(n, factors) the tastes of those who come at decisions t (n,), as they are then."""
        who = self._viewer[t]
        return _moved(self.viewers.tastes[who], self._next[who], self._share(t)[:, None])

    def _share(self, t: Ints) -> F64:
        return self.spec.drift * t / self.spec.decisions

    def utility(self) -> F64:
        """(n, K) in logits, or in twelfths of the reward where linear."""
        spec, title, t = self.spec, self._title, np.arange(self.spec.decisions)
        share = self._share(t)[:, None]
        wants = spec.pull * self.tastes(t) + spec.common * _moved(*self._common, share)
        wants += (self._device[self._viewer] == 1)[:, None] * self._small
        quality = _moved(self.quality[0, title], self.quality[1, title], share)
        looks = np.einsum("nkf,nf->nk", self.shelf.looks[title], wants)
        total: F64 = looks + quality + self._appeal[title][:, None]
        return total

    def outcomes(self) -> tuple[F64, F64, F64]:
        """(n, K) each: the expected reward, the reward, the click told at once."""
        spec, chance = self.spec, self._chance[:, :1]
        none = np.zeros((spec.decisions, spec.pictures))
        if spec.silent:
            expected = np.full(none.shape, 1 / (1 + np.exp(-spec.base)))
            return expected, (chance < expected).astype(np.float64), none
        utility = self.utility()
        if spec.linear:
            expected = np.clip(0.4 + 0.08 * utility, 0.02, 0.98)
            # Noise that is cut on both sides alike leaves the expectation as it is.
            room = np.minimum(expected, 1 - expected)
            return expected, expected + np.clip(self._noise[:, None], -room, room), none
        bait = self.bait[self._title]
        likely = 1 / (1 + np.exp(-(spec.base + utility + 1.2 * bait)))
        click = (chance < likely).astype(np.float64)
        if not spec.bait:
            return likely, click, none
        stays = np.where(bait, 0.12, 0.6)
        return likely * stays, click * (self._chance[:, 1:] < stays), click


class Seen:
    """One walk through a world: the watching that goes on while a policy chooses."""

    def __init__(self, world: World) -> None:
        self._world = world
        old = world.viewers
        copies = ([list(row) for row in rows] for rows in (old.titles, old.values, old.occurred_us))
        self._audience: Audience = replace(
            old, **dict(zip(("titles", "values", "occurred_us"), copies, strict=True))
        )
        self._means = world.shelf.means
        self._looks = world.shelf.looks.mean(axis=1)
        self._tastes: dict[tuple[int, int, int], I16 | None] = {}

    def sight(self, t: int) -> Sight:
        world = self._world
        viewer, title = int(world._viewer[t]), int(world._title[t])
        at_us = world.at_us(t)
        if world.spec.drift and world.watching.random() < 0.5:
            self._watch(t, viewer, at_us)
        key = (viewer, len(self._audience.titles[viewer]), at_us // DAY_US)
        if key not in self._tastes:
            self._tastes[key] = self._audience.taste(viewer, self._means, at_us)
        descriptors = world.shelf.descriptors[title]
        return Sight(
            t, viewer, title, descriptors, self._tastes[key], world.here(t), at_us
        )  # fmt: skip

    def _watch(self, t: int, viewer: int, at_us: int) -> None:
        """A viewer whose taste moves watches other titles, whatever artwork they see."""
        rng = self._world.watching
        [taste] = self._world.tastes(np.array([t]))
        [title] = liked(taste, self._looks, 1, rng)
        self._audience.watch(viewer, int(title), float(rng.uniform(0.3, 1.0)), at_us)


def _direction(rng: np.random.Generator) -> F64:
    raw = rng.standard_normal(FACTORS)
    return np.asarray(raw / np.linalg.norm(raw))


def _moved(first: F64, last: F64, share: F64) -> F64:
    """On the arc from the first to the last, so that the spread stays what it was."""
    if not share.any():
        return first
    angle = share * np.pi / 2
    return np.asarray(np.cos(angle) * first + np.sin(angle) * last)


def _asked(spec: Spec, rng: np.random.Generator) -> Ints:
    """(decisions,) the title of each: popular ones more often; where they arrive, new ones."""
    popular = rng.permutation(1 / (1 + np.arange(spec.titles)) ** 0.5)
    if not spec.arriving:
        return rng.choice(spec.titles, spec.decisions, p=popular / popular.sum())
    begin = np.maximum(0, np.arange(spec.titles) - spec.titles // 10) / (0.95 * spec.titles)
    out = np.empty(spec.decisions, np.int64)
    steps = 200
    for step in range(steps):
        now = step / steps
        age = now - begin
        weight = np.where(age >= 0, popular * (0.15 + np.exp(-np.maximum(age, 0) / 0.1)), 0.0)
        lo, hi = step * spec.decisions // steps, (step + 1) * spec.decisions // steps
        out[lo:hi] = rng.choice(spec.titles, hi - lo, p=weight / weight.sum())
    return out
