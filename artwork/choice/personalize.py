"""Choosing pictures for viewers and learning from what follows.

One thread decides for all that wait, under one lock: read, draw, register; then it appends and
commits what they made together. What was appended is learned after its commit, in the order of the
ledger, before anybody has the answer and before the next is decided. So an answer is durable, and a
reward is visible to the next decision.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from artwork.choice.belief.features import Context, Lens, circumstances
from artwork.choice.belief.policy import DRAWS, Hyperparameters, policy_id
from artwork.choice.events.attribution import RewardEvent, attributed
from artwork.choice.events.outcomes import Outcomes
from artwork.choice.events.rewards import RewardRow, append_rewards
from artwork.choice.events.settling import Lapses
from artwork.choice.events.taste import Tastes, WatchEvent
from artwork.choice.events.worth import DEFAULT, RewardPolicy
from artwork.choice.gathering import Asked, Gathering, parted, tell
from artwork.choice.learning.desk import Desk
from artwork.choice.learning.learner import Learner
from artwork.choice.learning.memory import Memory
from artwork.choice.modes.steering import Guard, Steering
from artwork.choice.observing import Observing
from artwork.choice.offer.arms import Shelf
from artwork.choice.offer.restraints import Restraints
from artwork.choice.offer.shelves import Shelves
from artwork.choice.page import Answer, Choice, Fallback, Page, Question, Request, Rules
from artwork.choice.pages import Pages
from artwork.choice.people.certificates import Certificates
from artwork.choice.people.forgetting import People
from artwork.choice.probability.replay import DecisionView, replay, view
from artwork.choice.record.commits import ledger_unavailable, told_of
from artwork.choice.record.decisions import Scope
from artwork.choice.record.episodes import Episodes
from artwork.choice.record.horizons import Horizons
from artwork.choice.record.ledger import Appended, Entry, append_decisions, save_features
from artwork.choice.record.offers import save_offers
from artwork.choice.watching import Watching
from artwork.rules.exposure import save_exposures
from artwork.rules.guardrails import HouseRules
from content.errors import NotFound
from content.ids import now_us
from content.records import Kept, Writer, snapshot
from content.types import Aspect

__all__ = [
    "Choice",
    "Context",
    "DecisionView",
    "Fallback",
    "Personalizer",
    "RewardEvent",
    "RewardRow",
    "WatchEvent",
]

T = TypeVar("T")
CHECKPOINT_EVERY = 20_000
"""Ledger rows between two checkpoints: a start learns at most about this many."""
KEPT_OFFERS = 20_000
"""Ids remembered of offers that are in the ledger already."""


class Personalizer(Memory):
    """The choice, as a service to one process.

    Args:
        secret: keys the viewers' pseudonyms and the seeds; the same for ever.
        episode_s: how long a viewer keeps a title's picture.
        floor: probability shared by all arms, 0..1.
        draws: M, 1..65535.
        house: what may be shown in the whole catalogue; by default everything, and generated
            pictures in a fifth of a title's impressions.
        encoder: fingerprint of the encoder whose picture vectors are used; others count as
            neutral. None takes every vector.
        worth: what events are worth.
        certificates: folder of what is kept of forgotten people; None keeps nothing.
        horizons: how long rows are kept; by default for ever.
        guard: who is the control, and when the policy gives way to it; by default nobody.
    """

    def __init__(
        self,
        engine: sa.Engine,
        writer: Writer,
        *,
        secret: bytes,
        episode_s: float,
        floor: float,
        draws: int = DRAWS,
        clock: Callable[[], int] = now_us,
        tenant: str = "default",
        encoder: str | None = None,
        parameters: Hyperparameters | None = None,
        house: HouseRules | None = None,
        worth: RewardPolicy = DEFAULT,
        certificates: Path | None = None,
        horizons: Horizons | None = None,
        guard: Guard | None = None,
    ) -> None:
        parameters = parameters or Hyperparameters()
        policy = policy_id(parameters, draws, worth.plain())
        scope = Scope(tenant, policy, Lens(encoder).feature_set)
        super().__init__(
            *(engine, writer, scope), encoder=encoder, parameters=parameters, clock=clock
        )
        self._rules = Rules(scope, secret, draws, round(episode_s * 1_000_000))
        self._worth, self._house = worth, house
        self._shelves = Shelves(scope, Lens(encoder), house)
        self._restraints = Restraints(tenant)
        self._tastes = Tastes(scope)
        self._episodes = Episodes(tenant)
        self._lapses = Lapses(worth)
        self._offers_saved: set[str] = set()
        self._horizons = horizons or Horizons()
        self._reading = Kept(engine)
        """Of the deciding thread."""
        self._choices = Gathering(self._thread, self._decide, lambda ask: len(ask.title_ids))
        self._observing = Observing(self._thread, self._observed)
        desk = Desk(
            *(engine, lambda: self.scope, secret, parameters, clock, self._lock, self._commits),
            *(self._thread, lambda: self._tastes, lambda: self._shelves, self._episodes),
            self._restraints.changes,
            *(self._learn, self._ready),
        )
        self._viewer = desk.viewer
        self.steering = Steering(desk, floor, guard or Guard())
        self._watching = Watching(desk)
        self.people = People(desk, Certificates(certificates, secret), self._horizons)

    def start(self) -> None:
        """As `Memory.start`. Whoever was forgotten and is there again, as in a backup, is
        forgotten before."""
        if self._learner is None:
            self.people.reapply()
        super().start()
        with self._lock, snapshot(self._engine).connect() as connection:
            self.steering.follow(connection, -1, self._ready())

    def close(self) -> None:
        """As `Memory.close`."""
        super().close()
        self._reading.close()

    def _removed(self, gone: Sequence[Entry]) -> None:
        self.steering.unlearn(gone)

    def _see_anew(self) -> None:
        self._rules = replace(self._rules, scope=self.scope)
        self._shelves = Shelves(self.scope, self._lens, self._house)
        self._tastes = Tastes(self.scope)
        self.steering.made_anew()

    def _happened_elsewhere(self, *, removed: bool) -> None:
        if removed:
            self._episodes.clear()
            self._restraints.clear()
            self.steering.made_anew()
        self._tastes.clear()

    # ---- choose -------------------------------------------------------------------------------

    async def choose(
        self,
        title_ids: Sequence[str],
        aspect: Aspect,
        *,
        user: str | None,
        context: Context,
        defer: bool = False,
    ) -> list[Answer]:
        """A picture for each title, in the order asked; durable when this returns.

        A viewer keeps a title's picture until the episode expires or the picture is withdrawn:
        the same decision comes back and each showing is logged. Without a user nothing of the
        viewer is kept and each call decides anew. With `defer` a decision counts only once an
        impression (or a reward) arrives for it.

        What the rules forbid (`artwork.rules.guardrails`) is not on offer, not drawn and has no
        probability; a running episode with it ends. Of titles asked for together, two neighbours
        have no picture of the same look or face, where there is a choice.

        Returns:
            For each title a Choice, or NotFound: `title_not_found`, `no_variants`; a Fallback in
            place of the last where the rules ask for one.

        Raises:
            Invalid: `invalid_context`.
            Unavailable: `not_started`, `learning_stopped`, `ledger_unavailable`.
        """
        return await self._choices.ask(Question(list(title_ids), aspect, user, context, defer))

    def _decide(self, asked: Sequence[Asked[Question, list[Answer]]]) -> None:
        """Answer calls of `choose` from one read and one learned state, and append all of it."""
        now, pages = self._clock(), Pages()
        with self._lock:  # before the read begins, so that it sees all that is learned
            state = self._ready()
            try:
                with self._reading.begin() as connection:
                    wanted = {title_id for each in asked for title_id in each.question.title_ids}
                    shelves = self._shelves.read(connection, list(wanted))
                    drawn_from = self.steering.follow(connection, self._shelves.mode_changes, state)
                    for each in asked:
                        try:
                            pages.add(self._page(connection, each, shelves, drawn_from, now))
                        except Exception as error:  # noqa: BLE001 - handed to the one who asked
                            each.error = told_of(error)
            except sa.exc.SQLAlchemyError as error:
                pages.lose()  # a connection that broke: nothing of it is appended
                raise ledger_unavailable() from error
            due = state.offset - self._checkpointed >= CHECKPOINT_EVERY
        # The lock is free again: whoever commits takes it.
        refused, good = parted(asked)
        tell(refused)
        if pages.made or pages.shown:
            self._append(pages, now).add_done_callback(partial(_told_durable, good))
        else:
            tell(good)
        if due and self._sound:  # those who asked have their answers already
            self._checkpoint()

    def _page(
        self,
        connection: sa.Connection,
        asked: Asked[Question, list[Answer]],
        shelves: Mapping[str, Shelf],
        state: Learner,
        now: int,
    ) -> Page:
        ask = asked.question
        here = circumstances(ask.context, now)
        viewer = None if ask.user is None else self._viewer(ask.user)
        theirs = {title: shelves[title] for title in ask.title_ids if title in shelves}
        taste = None
        if viewer is not None:
            taste = self._tastes.at(connection, viewer, state.offset, now)
            self._episodes.recall(connection, viewer, list(theirs), now)
        self._restraints.recall(connection, viewer, theirs, now)
        request = Request(ask.aspect, ask.context, here, viewer, taste, ask.defer, now)
        stance = self.steering.stance(viewer)
        page = Page(self._rules, request, state, self._episodes, self._restraints, stance)
        try:
            asked.answer = page.answers(ask.title_ids, theirs)
        except BaseException:
            page.lose()
            raise
        return page

    def _append(self, pages: Pages, now: int) -> "Future[Appended]":
        features = dict(self._shelves.unsaved)
        offers = pages.offers(besides=self._offers_saved)

        def write(connection: sa.Connection) -> Appended:
            save_features(connection, self.scope, features)
            save_offers(connection, self.scope.tenant, offers)
            save_exposures(connection, self.scope.tenant, pages.exposed, now)
            return append_decisions(connection, self.scope, pages.made, pages.shown, now)

        def learn(appended: Appended) -> None:
            for group in features:
                self._shelves.unsaved.pop(group, None)
            if len(self._offers_saved) >= KEPT_OFFERS:  # saving one again changes nothing
                self._offers_saved.clear()
            self._offers_saved.update(offer.id for offer in offers)
            self._learn(appended)

        return self._commits.submit(write, learn, lose=pages.lose)

    # ---- observe ------------------------------------------------------------------------------

    async def observe(self, events: Sequence[RewardEvent]) -> Outcomes:
        """Take in rewards; for each why it was refused, or None. Durable when this returns.

        An event that names viewer and title belongs to the decision that `attribution` finds.
        Refusals: Invalid `invalid_reward`, `invalid_reward_kind`, `reward_too_late`; NotFound
        `decision_not_found`; Gone `decision_expired`; Conflict `reward_conflict`,
        `event_conflict`. A refused event leaves the others be.

        Raises:
            Unavailable: as `choose`.
        """
        return await self._observing.observe(events)

    def _observed(
        self, events: Sequence[RewardEvent]
    ) -> "Future[tuple[Outcomes, Appended | None]]":
        def write(connection: sa.Connection) -> tuple[Outcomes, Appended | None]:
            at_us = self._clock()
            named = attributed(
                *(connection, self.scope.tenant, events),
                pseudonym=self._viewer,
                policy=self._worth,
                at_us=at_us,
            )
            found, news = append_rewards(connection, self.scope, named, at_us, self._worth)
            ids = [event.decision_id for event in named]
            return [
                self._horizons.told(*each, at_us) for each in zip(found, ids, strict=True)
            ], news

        return self._submit(write)

    async def watch(self, events: Sequence[WatchEvent]) -> Outcomes:
        """Take in what viewers watched; for each why it was refused, or None.

        Refusals: Invalid `invalid_event`; NotFound `title_not_found`; Conflict `event_conflict`.
        An event of a title without pictures yet counts once there are some (`complete_watched`).

        Raises:
            Unavailable: as `choose`.
        """
        return await self._watching.watch(events)

    def complete_watched(self) -> int:
        """As `Watching.complete`. Called every so often."""
        return self._watching.complete()

    def lapse(self) -> None:
        """Take back what clicks earned that nothing followed within their window.

        Raises:
            Unavailable: as `choose`.
        """
        upto = -1
        while True:
            before = upto
            try:
                upto, _ = self._thread.submit(self._submit, self._lapse).result().result()
            except sa.exc.SQLAlchemyError as error:
                raise ledger_unavailable() from error
            self._lapses.written(upto)
            if upto == before:
                return

    def _lapse(self, connection: sa.Connection) -> tuple[int, Appended | None]:
        return self._lapses.write(connection, self.scope, self._clock())

    def _submit(
        self, write: Callable[[sa.Connection], tuple[T, Appended | None]]
    ) -> "Future[tuple[T, Appended | None]]":
        self._ready()

        def learn(result: tuple[T, Appended | None]) -> None:
            if result[1] is not None:
                self._learn(result[1])

        return self._commits.submit(write, learn)

    # ---- look back ----------------------------------------------------------------------------

    def decision(self, decision_id: str) -> DecisionView:
        """Raises NotFound: `decision_not_found`. Gone: `decision_expired`."""
        with self._engine.connect() as connection:
            try:
                return view(connection, self.scope, decision_id)
            except NotFound as error:
                raise self._horizons.told(error, decision_id, self._clock()) from None

    def replay(self, decision_id: str) -> dict[str, float]:
        """The probabilities of a logged decision, by variant id, computed anew by `replay`.

        The live state is neither read nor changed.

        Raises:
            NotFound: `decision_not_found`. Conflict: `policy_mismatch`.
        """
        with self._engine.connect() as connection:
            return replay(connection, self.scope, self._parameters, decision_id)


def _told_durable(asked: Sequence[Asked[Question, list[Answer]]], done: "Future[Appended]") -> None:
    error = done.exception()
    if error is not None:
        for each in asked:
            each.error = told_of(error)
    tell(asked)
