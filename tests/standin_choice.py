"""The choice of pictures in memory: one picture, no learning."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from artwork.choice.belief.features import Context
from artwork.choice.events.rewards import RewardEvent
from artwork.choice.events.taste import WatchEvent
from artwork.choice.personalize import Choice, DecisionView
from artwork.images.display import Display
from content.errors import Conflict, KeyartError, NotFound
from content.ids import new_id
from content.types import Aspect

if TYPE_CHECKING:
    from tests.standin_catalog import Catalog


class Personalizer:
    """Always the same picture; remembers what it was asked and told."""

    def __init__(self, catalog: "Catalog") -> None:
        self._catalog = catalog
        self.asked: list[tuple[str | None, Aspect, Context, bool]] = []
        self.rewards: dict[tuple[str, str], float] = {}
        self.watched: list[WatchEvent] = []
        self.decisions: dict[str, Choice] = {}

    async def choose(
        self,
        title_ids: Sequence[str],
        aspect: Aspect,
        *,
        user: str | None,
        context: Context,
        defer: bool = False,
    ) -> list[Choice | KeyartError]:
        self.asked.append((user, aspect, context, defer))
        return [self._choose(title_id, aspect) for title_id in title_ids]

    def _choose(self, title_id: str, aspect: Aspect) -> Choice | KeyartError:
        if title_id == "bare":
            return NotFound("no_variants", "there is no picture yet")
        if title_id not in self._catalog.titles:
            return NotFound("title_not_found", "there is no such title")
        made = Choice(
            new_id(),
            title_id,
            "v1",
            "g1",
            "cd" * 32,
            aspect,
            0.25,
            1_800_000_000_000_000,
            Display(1000, 562, [0.5, 0.4], {"progress": [0.0, 0.92, 1.0, 0.08]}, "L0", "#102030"),
        )
        self.decisions[made.decision_id] = made
        return made

    async def observe(self, events: Sequence[RewardEvent]) -> list[KeyartError | None]:
        return [self._observe(event) for event in events]

    def _observe(self, event: RewardEvent) -> KeyartError | None:
        if event.decision_id not in self.decisions:
            return NotFound("decision_not_found", "there is no such decision")
        key = (event.decision_id, event.kind)
        if self.rewards.get(key, event.value) != event.value and not event.correct:
            return Conflict("reward_conflict", "another value was given before")
        self.rewards[key] = event.value
        return None

    async def watch(self, events: Sequence[WatchEvent]) -> list[KeyartError | None]:
        self.watched.extend(events)
        return [None] * len(events)

    def decision(self, decision_id: str) -> DecisionView:
        if decision_id not in self.decisions:
            raise NotFound("decision_not_found", f"there is no decision {decision_id!r}")
        made = self.decisions[decision_id]
        return DecisionView(
            decision_id=decision_id,
            title_id=made.title_id,
            variant_id="v1",
            group_id="g1",
            aspect=made.aspect,
            propensity=0.25,
            propensities={"v1": 0.25, "v2": 0.75},
            policy_id="p-1",
            feature_set="f-1",
            ledger_offset=7,
            decided_us=1_700_000_000_000_000,
            expires_us=made.expires_us,
            deferred=False,
            mode="learn",
            agrees=None,
            active=True,
            rewards=[],
            context=Context(device="tv"),
        )
