"""Sticky episodes: a viewer keeps a title's picture until it expires."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from artwork.choice.belief.policy import mix
from artwork.choice.record.decisions import latest_episodes
from artwork.choice.record.ways import HELD

ASTRAY_US = 24 * 3600 * 1_000_000
"""A clock may be wrong by a day, as of a device set to another zone; more is a mistake."""


@dataclass(slots=True, eq=False)
class Episode:
    """What a viewer sees for a title."""

    decision_id: str
    group_id: str
    propensity: float
    began_us: int
    expires_us: int
    held: bool = False
    """Was the incumbent the only arm on offer?"""


class Episodes:
    """The running episodes, from memory where possible, else from the ledger.

    Not safe to share between threads by itself.
    """

    def __init__(self, tenant: str, keep: int = 100_000) -> None:
        self._tenant, self._keep = tenant, keep
        self._kept: OrderedDict[tuple[bytes, str], Episode] = OrderedDict()

    def recall(
        self, connection: sa.Connection, viewer: bytes, title_ids: Sequence[str], now_us: int
    ) -> None:
        """Read the viewer's running episodes of titles that are not in memory."""
        absent = [title_id for title_id in title_ids if (viewer, title_id) not in self._kept]
        if not absent:
            return
        for decision, arms in latest_episodes(connection, self._tenant, viewer, absent, now_us):
            propensity = float(mix(decision.counts, decision.floor)[decision.chosen])
            group = arms.groups[decision.chosen]
            held = decision.way in HELD
            times = (decision.decided_us, decision.expires_us)
            episode = Episode(decision.id, group, propensity, *times, held=held)
            self.begin(viewer, decision.title_id, episode)

    def current(self, viewer: bytes, title_id: str, now_us: int) -> Episode | None:
        """The running episode, if there is one in memory. One of a clock that was far ahead would
        run until then: it is over."""
        episode = self._kept.get((viewer, title_id))
        if episode is None or episode.began_us > now_us + ASTRAY_US:
            return None
        return episode if episode.expires_us > now_us else None

    def begin(self, viewer: bytes, title_id: str, episode: Episode) -> None:
        """Let `episode` take the place of any earlier one."""
        self._kept[viewer, title_id] = episode
        self._kept.move_to_end((viewer, title_id))
        if len(self._kept) > self._keep:
            self._kept.popitem(last=False)

    def forget(self, viewer: bytes) -> None:
        """Drop all episodes of a viewer from memory."""
        for key in [key for key in self._kept if key[0] == viewer]:
            del self._kept[key]

    def clear(self) -> None:
        """Read them again from the ledger: another process took rows away."""
        self._kept.clear()
