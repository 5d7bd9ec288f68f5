"""100,000 decisions of a simulated service, audited, and its ledger folded again."""

import asyncio
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from artwork.choice.belief.policy import DRAWS, Hyperparameters
from artwork.choice.learning.learner import restore
from artwork.choice.personalize import Choice, Context, Personalizer, RewardEvent, WatchEvent
from artwork.choice.probability.audit import Auditor
from artwork.choice.probability.frequencies import battery
from content.records import Writer
from samples.worlds import synthetic_embeddings
from tests.shelf import fresh_engine, publish

DECISIONS = int(os.environ.get("BENCH_DECISIONS", "100000"))
TITLES, PICTURES, VIEWERS = 40, 12, 500
SECRET = b"s" * 32
PARAMETERS = Hyperparameters(half_life_days=20.0)


class Clock:
    us = 1_800_000_000_000_000


async def _lived(p: Personalizer, clock: Clock) -> None:
    """Pages of 40, an hour and a half apart: some are watched, taste and landmarks move."""
    rng = np.random.default_rng(0)
    titles = [f"title-{t:02d}" for t in range(TITLES)]
    here = [Context(device=d, country="DE", tz="Europe/Berlin") for d in ("tv", "phone")]
    for turn in range(DECISIONS // TITLES):
        clock.us += 5_400_000_000
        user = f"v{rng.integers(VIEWERS)}"
        page = await p.choose(titles, "16:9", user=user, context=here[turn % 2])
        shown = [c for c in page if isinstance(c, Choice)]
        told = [RewardEvent(c.decision_id, "watch", 0.5) for c in shown if rng.random() < 0.1]
        assert not any(await p.observe(told))
        await p.watch([WatchEvent(user, titles[int(rng.integers(TITLES))], 0.75)])
        prepared = p._renewal.due(p._state())
        if prepared is not None:
            p._switch(prepared)


def run() -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        engine, clock = fresh_engine(Path(folder)), Clock()
        for title, pictures in synthetic_embeddings(TITLES, PICTURES, seed=1).items():
            publish(engine, title, pictures)
        writer = Writer(engine)
        p = Personalizer(
            *(engine, writer),
            **{"secret": SECRET, "episode_s": 3600, "floor": 0.02, "parameters": PARAMETERS},
            clock=lambda: clock.us,
        )
        p.start()
        began = time.perf_counter()
        asyncio.run(_lived(p, clock))
        lived_s, scope, state = time.perf_counter() - began, p.scope, p._ready().packed()
        p.close()
        writer.close()
        rows = _audited(engine, scope.policy_id) + _folded(engine, scope, state)
        engine.dispose()
    return [{"what": "decided, rewarded, watched", "figure": f"{lived_s:.1f} s"}, *rows]


def _audited(engine: sa.Engine, policy: str) -> list[dict[str, object]]:
    auditor = Auditor(engine, "default", policy, PARAMETERS, SECRET, DRAWS)
    began, cpu = time.perf_counter(), time.process_time()
    found = auditor.audit(DECISIONS)
    passed, cpu = time.perf_counter(), time.process_time() - cpu
    tests = battery(found.served)
    tested_s = time.perf_counter() - passed
    return [
        {"what": "decisions audited", "figure": found.looked_at},
        {"what": "the same byte for byte", "figure": found.same},
        {"what": "not the same; left out", "figure": f"{len(found.mismatches)}; "
         f"{sum(found.left_out.values())}"},
        {"what": "computed again in", "figure": f"{passed - began:.1f} s, CPU {cpu:.1f} s"},
        {"what": "tests; least corrected p", "figure": f"{len(tests)}; {tests[0].holm:.3f}"},
        {"what": "tested in", "figure": f"{tested_s:.1f} s"},
    ]  # fmt: skip


def _folded(engine: sa.Engine, scope: object, state: bytes) -> list[dict[str, object]]:
    began, cpu = time.perf_counter(), time.process_time()
    with engine.connect() as connection:
        upto = connection.exec_driver_sql("SELECT seq FROM ledger_heads").scalar()
        again = restore(connection, scope, PARAMETERS, upto, afresh=True)
    spent, cpu = time.perf_counter() - began, time.process_time() - cpu
    return [
        {"what": "rows of the ledger", "figure": upto},
        {"what": "folded again in", "figure": f"{spent:.1f} s, CPU {cpu:.1f} s"},
        {"what": "the same bits as the state in use", "figure": again.packed() == state},
    ]
