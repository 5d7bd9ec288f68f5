"""The weights in use, told and fitted anew from the ledger."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from artwork.choice.belief.sums import SCALE
from artwork.quality import weights
from artwork.quality.fitting import Earned, Fit, fit
from artwork.quality.weights import SCORES
from artwork.tables import decisions, image_groups, impressions, offers, rewards
from content.ids import DEFAULT_TENANT

Picture = tuple[str, str]
"""Title and group."""


class QualityWeights:
    """Of one deployment: its data folder and its records."""

    def __init__(self, engine: sa.Engine, folder: Path, tenant: str = DEFAULT_TENANT) -> None:
        self._engine, self._folder, self._tenant = engine, folder, tenant

    def read(self) -> dict[str, float]:
        """Those in use. Raises Invalid: `invalid_quality_weights`."""
        return weights.read(self._folder)

    def fit(self, *, keep: bool) -> tuple[Fit, bool]:
        """Learn from every decision that showed a picture; put to use only what is better than the
        present weights on held-out titles, beyond chance, and if `keep`.

        Returns:
            What was learned, and whether it is in use now.

        Raises:
            Conflict: `too_few_decisions`. Invalid: `invalid_quality_weights`.
        """
        with self._engine.connect() as connection:
            earned = read_earned(connection, self._tenant)
        found = fit(earned, self.read())
        used = keep and found.better
        if used:
            weights.write(self._folder, found.weights)
        return found, used


def read_earned(connection: sa.Connection, tenant: str = DEFAULT_TENANT) -> Earned:
    """What each picture whose sub-scores are kept has earned, over all decisions that showed it."""
    shown, gained = Counter[Picture](), Counter[Picture]()
    d = decisions.c
    arm = (d.title_id, d.offer_id, d.chosen)
    same = sa.and_(impressions.c.tenant == d.tenant, impressions.c.decision_id == d.id)
    activated = (
        sa.select(*arm, sa.func.count().label("amount"))
        .join_from(decisions, impressions, same)
        .where(d.tenant == tenant, impressions.c.first)
        .group_by(*arm)
    )
    same = sa.and_(rewards.c.tenant == d.tenant, rewards.c.decision_id == d.id)
    changes = (
        sa.select(*arm, sa.func.sum(rewards.c.after - rewards.c.before).label("amount"))
        .join_from(decisions, rewards, same)
        .where(d.tenant == tenant)
        .group_by(*arm)
    )
    arms = _arms(connection, tenant)
    for counted, query in ((shown, activated), (gained, changes)):
        for row in connection.execute(query):
            counted[(row.title_id, arms[row.offer_id][row.chosen])] += int(row.amount)
    scores = _scores(connection, tenant)
    pictures = sorted(key for key in shown if key in scores)
    titles = {title: n for n, title in enumerate(sorted({title for title, _ in pictures}))}
    rows = [[scores[key].get(name, np.nan) for name in SCORES] for key in pictures]
    counts = np.array([shown[key] for key in pictures], np.float64)
    sums = np.array([gained[key] for key in pictures], np.float64)
    return Earned(
        scores=np.array(rows, np.float64).reshape(len(pictures), len(SCORES)),
        reward=sums / SCALE / np.maximum(counts, 1),
        shown=counts,
        title=np.array([titles[title] for title, _ in pictures], np.int64),
    )


def _arms(connection: sa.Connection, tenant: str) -> dict[str, list[str]]:
    """Of each offer: its groups, in the order of the arms."""
    query = sa.select(offers.c.id, offers.c.arms).where(offers.c.tenant == tenant)
    return {
        row.id: [group for _, group in json.loads(row.arms)] for row in connection.execute(query)
    }


def _scores(connection: sa.Connection, tenant: str) -> dict[Picture, dict[str, float]]:
    """Of each picture that has any: those of its newest version."""
    g = image_groups.c
    query = (
        sa.select(g.title_id, g.id, g.scores)
        .where(g.tenant == tenant, g.scores.is_not(None))
        .order_by(g.version)
    )
    return {(r.title_id, r.id): r.scores for r in connection.execute(query) if r.scores}
