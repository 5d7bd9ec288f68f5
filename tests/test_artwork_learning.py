"""The whole circle learns: simulated viewers with hidden tastes, through the real Personalizer.

Prints the figures (`pytest -s`). The parameters were chosen on other seeds than these.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pytest

from artwork.choice.personalize import Choice, Context, Personalizer, RewardEvent, WatchEvent
from artwork.rules.guardrails import HouseRules
from content.records import Writer
from samples.worlds import World, synthetic_embeddings
from tests.shelf import fresh_engine, publish

TITLES, PICTURES, DECISIONS, LAST = 20, 6, 10_000, 2_000
QUICK, ALL = range(3), range(10)


@dataclass(frozen=True)
class Figures:
    """Mean take fractions; `last…` over the last 2,000 decisions only."""

    learned: float
    uniform: float
    oracle: float
    last_learned: float
    last_single: float

    @property
    def share(self) -> float:
        """How much of the way from uniform to the best picture for each viewer was gone."""
        return (self.learned - self.uniform) / (self.oracle - self.uniform)

    @property
    def gain(self) -> float:
        """Over the best single picture of each title, at the end."""
        return self.last_learned - self.last_single


async def _watch_history(
    p: Personalizer, world: World, lives: Sequence[int], rng: np.random.Generator
) -> None:
    for viewer in range(world.spec.viewers):
        seen = world.watched(lives[viewer], rng)
        assert not any(await p.watch([WatchEvent(f"v{viewer}", t, value) for t, value in seen]))


async def _live(p: Personalizer, world: World, names: dict[str, str], hours: list[int],
                rng: np.random.Generator) -> Figures:  # fmt: skip
    rows: list[tuple[float, ...]] = []
    while len(rows) < DECISIONS:
        hours[0] += 2  # every episode is over: each page is decided anew
        viewer = int(rng.integers(world.spec.viewers))
        page = await p.choose(world.titles, "16:9", user=f"v{viewer}", context=Context())
        events = []
        for choice in page:
            assert isinstance(choice, Choice)
            title = choice.title_id
            chance = world.chance(viewer, title, names[choice.group_id])
            rows.append((chance, world.uniform(viewer, title), world.oracle(viewer, title),
                         world.best_single(viewer, title)))  # fmt: skip
            if rng.random() < chance:
                events.append(RewardEvent(choice.decision_id, "watch", 1.0))
        assert not any(await p.observe(events))
    table = np.array(rows)
    mean, last = table.mean(axis=0), table[-LAST:].mean(axis=0)
    return Figures(*(float(v) for v in (mean[0], mean[1], mean[2], last[0], last[3])))


def _learn(folder: Path, seed: int, *, shuffled: bool) -> Figures:
    """10,000 decisions in one world; with `shuffled` viewers carry each other's histories."""
    embeddings = synthetic_embeddings(TITLES, PICTURES, seed)
    engine = fresh_engine(folder)
    names = {}
    for title, pictures in embeddings.items():
        groups = publish(engine, title, pictures, aspects=("16:9",))
        names.update({group: name for name, group in groups.items()})
    world, rng = World(embeddings, seed), np.random.default_rng(seed + 1000)
    lives = np.arange(world.spec.viewers)
    if shuffled:
        lives = rng.permutation(lives)
    hours = [500_000]
    writer = Writer(engine)
    p = Personalizer(
        engine,
        writer,
        secret=b"the secret of a simulated world!",
        episode_s=3600,
        floor=0.02,
        clock=lambda: hours[0] * 3_600_000_000,
        # The worlds' pictures share most of their vectors, so all would pass for alike.
        house=HouseRules(distinct_neighbours=False),
    )
    p.start()

    async def whole() -> Figures:
        await _watch_history(p, world, lives.tolist(), rng)
        return await _live(p, world, names, hours, rng)

    figures = asyncio.run(whole())
    p.close()
    writer.close()
    engine.dispose()
    return figures


def _show(title: str, found: Sequence[Figures]) -> None:
    names = [field.name for field in fields(Figures)] + ["share", "gain"]
    print(f"\n{title}, {DECISIONS} decisions, {TITLES} titles x {PICTURES} pictures")
    print("seed " + " ".join(f"{name:>12}" for name in names))
    for seed, figures in enumerate(found):
        print(f"{seed:4} " + " ".join(f"{getattr(figures, name):12.4f}" for name in names))
    means = [float(np.mean([getattr(figures, name) for figures in found])) for name in names]
    print("mean " + " ".join(f"{mean:12.4f}" for mean in means))


def _prove(folder: Path, seeds: range) -> None:
    true = [_learn(folder, seed, shuffled=False) for seed in seeds]
    _show("own tastes", true)
    false = [_learn(folder, seed, shuffled=True) for seed in seeds]
    _show("tastes shuffled between viewers", false)
    assert np.mean([f.share for f in true]) >= 0.4
    assert all(f.gain > 0 for f in true)
    assert np.mean([f.gain for f in false]) < 0.005


def test_it_learns_whom_to_show_what(tmp_path: Path) -> None:
    _prove(tmp_path, QUICK)


@pytest.mark.proof
def test_it_learns_in_ten_worlds(tmp_path: Path) -> None:
    _prove(tmp_path, ALL)
