"""Artwork decisions a second: the policy alone, and with the durable append on SQLite."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from artwork.choice.belief.features import DIM, assemble, circumstances, descriptor
from artwork.choice.belief.policy import Hyperparameters, draw
from artwork.choice.belief.sums import SCALE
from artwork.choice.learning.learner import Learner
from artwork.choice.personalize import Choice, Context, Personalizer, RewardEvent
from artwork.choice.record.ledger import Entry
from content.records import Writer
from samples.worlds import synthetic_embeddings
from tests.shelf import fresh_engine, publish

TITLES, PICTURES, PAGE = 40, 12, 40
HERE = Context(device="tv", country="DE", tz="Europe/Berlin")


def _median_us(work: Callable[[], object], blocks: int = 60, block: int = 20) -> float:
    """CPU time of one call, which neighbours on the machine disturb least: the median of blocks.

    Reading that clock is a system call, after which some µs of work are slower.
    """
    spent = []
    for _ in range(blocks):
        began = time.thread_time_ns()
        for _ in range(block):
            work()
        spent.append(time.thread_time_ns() - began)
    return statistics.median(spent) / block / 1e3


def policy_alone(count: int) -> dict[str, float]:
    """Medians in µs of the pure parts of one decision among so many pictures."""
    pictures = synthetic_embeddings(1, count, seed=1)["title-00"]
    own = np.stack([descriptor({}, vector) for vector in pictures.values()])
    groups, here = list(pictures), circumstances(HERE, 1_800_000_000_000_000)
    taste = own.mean(axis=0).astype(np.int16)
    state = Learner(Hyperparameters())
    x = assemble(own, taste, here)
    seqs = iter(range(10**6))

    def learn() -> None:
        k = next(seqs) % count
        state.apply(Entry(0, "title-00", groups[k], x[k], None, 0))

    learning = _median_us(learn)

    def decide() -> None:
        features = assemble(own, taste, here) / SCALE
        scores = state.posterior.scores(state.sums, "title-00", groups, features)
        draw(scores, b"0123456789abcdef", draws=256, floor=0.02)

    return {f"decide_of_{count}_us": _median_us(decide), f"learn_of_{count}_us": learning}


def fitting(titles: int, pictures: int, rows: int = 10_000) -> dict[str, float]:
    """How long choices wait for the hyperparameters and the rebuild, in ms of CPU time."""
    rng, state = np.random.default_rng(1), Learner(Hyperparameters(rebuild_every=10**9))
    for _ in range(rows):
        x = rng.integers(-300, 301, DIM).astype(np.int16)
        title, group = f"t{rng.integers(titles)}", f"g{rng.integers(pictures)}"
        taken = SCALE if rng.random() < 0.05 + 0.05 * x[1] / 300 else 0
        state.sums.add(title, group, x, taken)
    began = time.thread_time_ns()
    state.rebuild()
    spent = (time.thread_time_ns() - began) / 1e6
    return {f"rebuild_with_fit_of_{titles * pictures}_pictures_ms": spent}


async def durable() -> dict[str, float]:
    """Choices with their append: a single title, then pages of 40; rewards by pages."""
    with tempfile.TemporaryDirectory() as folder:
        engine = fresh_engine(Path(folder))
        for title, pictures in synthetic_embeddings(TITLES, PICTURES, seed=1).items():
            publish(engine, title, pictures)
        writer = Writer(engine)
        p = Personalizer(engine, writer, secret=b"s" * 32, episode_s=3600, floor=0.02)
        p.start()
        titles = [f"title-{t:02d}" for t in range(TITLES)]
        await p.choose(titles, "16:9", user="first", context=HERE)
        single, page, reward = [], [], []
        for i in range(300):
            began = time.perf_counter()
            await p.choose(titles[:1], "16:9", user=f"one {i}", context=HERE)
            single.append(time.perf_counter() - began)
        for i in range(50):
            began = time.perf_counter()
            answers = await p.choose(titles[:PAGE], "16:9", user=f"page {i}", context=HERE)
            page.append(time.perf_counter() - began)
            events = [
                RewardEvent(a.decision_id, "watch", 0.5) for a in answers if isinstance(a, Choice)
            ]
            began = time.perf_counter()
            await p.observe(events)
            reward.append(time.perf_counter() - began)
        began = time.perf_counter()
        await asyncio.gather(
            *(p.choose(titles[:1], "16:9", user=f"many {i}", context=HERE) for i in range(1000))
        )
        together = 1000 / (time.perf_counter() - began)
        p.close()
        writer.close()
        engine.dispose()
    return {
        "single_p50_ms": statistics.median(single) * 1e3,
        "single_p99_ms": float(np.quantile(single, 0.99)) * 1e3,
        "page_p50_ms": statistics.median(page) * 1e3,
        "page_decisions_per_s": PAGE / statistics.median(page),
        "concurrent_decisions_per_s": together,
        "rewards_per_s": PAGE / statistics.median(reward),
    }


def run() -> list[dict[str, object]]:
    figures = policy_alone(PICTURES) | policy_alone(50)
    figures |= fitting(300, 8) | fitting(1_000, 12) | asyncio.run(durable())
    return [{"what": name, "figure": f"{value:.1f}"} for name, value in figures.items()]
