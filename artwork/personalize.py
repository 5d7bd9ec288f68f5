"""Choosing pictures for viewers and learning from what follows.

One thread decides, in order, under one lock: read, draw, register; the append is group-committed
by the `Writer`; what was appended is learned after its commit, in the order of the ledger, before
anybody has the answer. So an answer is durable, and a reward is visible to the next decision.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import sqlalchemy as sa

from artwork.arms import Arm, Offer, Shelf, Shelves, stored_features
from artwork.decisions import Decision, Scope, load
from artwork.episodes import Episode, Episodes
from artwork.features import Circumstances, Context, assemble, circumstances, feature_set_id
from artwork.guardrails import allowed
from artwork.learner import Learner, restore, save_checkpoint
from artwork.ledger import (
    Appended,
    activated,
    append_decisions,
    head,
    save_features,
    save_offers,
)
from artwork.policy import Hyperparameters, draw, mix, policy_id, seed_of
from artwork.rewards import (
    WEIGHTS,
    RewardEvent,
    RewardRow,
    append_rewards,
    check_reward,
    rewards_of,
)
from artwork.sums import I16, SCALE
from artwork.taste import (
    Tastes,
    Watched,
    WatchEvent,
    append_watched,
    check_watch,
    read_history,
    taste_of,
    viewer_of,
)
from content.errors import Conflict, KeyartError, NotFound, Unavailable
from content.ids import new_id, now_us
from content.records import Writer
from content.types import Aspect

T = TypeVar("T")
CHECKPOINT_EVERY = 20_000
"""Ledger rows between two checkpoints: a start folds at most about this many."""


@dataclass(frozen=True)
class Choice:
    """A picture for a title: `variant_id` in the requested aspect, `sha256` of its master."""

    decision_id: str
    title_id: str
    variant_id: str
    group_id: str
    sha256: str
    aspect: Aspect
    propensity: float
    expires_us: int


@dataclass(frozen=True)
class DecisionView:
    """A logged decision; `propensities` over every arm on offer, by variant id."""

    decision_id: str
    title_id: str
    variant_id: str
    group_id: str
    aspect: str
    propensity: float
    propensities: dict[str, float]
    policy_id: str
    feature_set: str
    ledger_offset: int
    decided_us: int
    expires_us: int
    deferred: bool
    active: bool
    rewards: list[RewardRow]
    context: Context


@dataclass(slots=True)
class _Page:
    """One call of `choose` while it is made."""

    viewer: bytes | None
    context: Context
    here: Circumstances
    taste: I16 | None
    aspect: Aspect
    defer: bool
    now_us: int
    made: list[tuple[Decision, str]]
    offers: dict[str, Offer]
    shown: list[str]
    began: list[Episode]
    waits: list["Future[Appended]"]


class Personalizer:
    """The choice, as a service to one process.

    Args:
        secret: keys the viewers' pseudonyms and the seeds; the same for ever.
        episode_s: how long a viewer keeps a title's picture.
        floor: probability shared by all arms, 0..1.
        draws: M, 1..65535.
        encoder: fingerprint of the encoder whose picture vectors are used; others count as
            neutral. None takes every vector.
    """

    def __init__(
        self,
        engine: sa.Engine,
        writer: Writer,
        *,
        secret: bytes,
        episode_s: float,
        floor: float,
        draws: int = 256,
        clock: Callable[[], int] = now_us,
        tenant: str = "default",
        encoder: str | None = None,
        parameters: Hyperparameters | None = None,
    ) -> None:
        self._engine, self._writer, self._clock = engine, writer, clock
        self._secret, self._floor, self._draws = secret, floor, draws
        self._episode_us = round(episode_s * 1_000_000)
        self._parameters = parameters or Hyperparameters()
        policy = policy_id(self._parameters, draws, WEIGHTS)
        self.scope = Scope(tenant, policy, feature_set_id(encoder))
        self._shelves = Shelves(self.scope, encoder)
        self._tastes = Tastes(self.scope)
        self._episodes = Episodes(tenant)
        self._offers_saved: set[str] = set()
        self._learner: Learner | None = None
        self._checkpointed = 0
        self._failure: BaseException | None = None
        self._lock = threading.RLock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keyart-choice")

    # ---- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Learn what the ledger holds: the newest checkpoint and the rows since. Idempotent."""
        with self._lock, self._engine.connect() as connection:
            if self._learner is None:
                upto = head(connection, self.scope.tenant)
                self._learner = restore(connection, self.scope, self._parameters, upto)
                self._checkpointed = self._learner.offset

    def close(self) -> None:
        """Finish what is under way and write a checkpoint. The writer must still be open."""
        self._thread.shutdown(wait=True)
        with self._lock:
            learner = self._learner
            behind = learner is not None and learner.offset > self._checkpointed
        if behind:
            self._checkpoint().result()

    @property
    def offset(self) -> int:
        """How many rows of the ledger are learned."""
        return self._ready().offset

    def _ready(self) -> Learner:
        if self._failure is not None:
            raise Unavailable(
                "learning_stopped", f"learning stopped and needs a restart: {self._failure}"
            )
        if self._learner is None:
            raise Unavailable("not_started", "the personalizer is still reading its ledger")
        return self._learner

    def _checkpoint(self) -> "Future[None]":
        with self._lock:
            learner = self._ready()
            offset, data = learner.offset, learner.packed()
            self._checkpointed = offset
        return self._writer.submit(
            lambda connection: save_checkpoint(connection, self.scope, offset, data, self._clock())
        )

    # ---- choose -------------------------------------------------------------------------------

    async def choose(
        self,
        title_ids: Sequence[str],
        aspect: Aspect,
        *,
        user: str | None,
        context: Context,
        defer: bool = False,
    ) -> list[Choice | KeyartError]:
        """A picture for each title, in the order asked; durable when this returns.

        A viewer keeps a title's picture until the episode expires or the picture is withdrawn:
        the same decision comes back and each showing is logged. Without a user nothing of the
        viewer is kept and each call decides anew. With `defer` a decision counts only once an
        impression (or a reward) arrives for it.

        Returns:
            For each title a Choice, or NotFound: `title_not_found`, `no_variants`.

        Raises:
            Invalid: `invalid_context`.
            Unavailable: `not_started`, `learning_stopped`, `ledger_unavailable`.
        """
        decide = partial(
            self._decide, list(title_ids), aspect, user=user, context=context, defer=defer
        )
        answers, waits = await self._in_order(decide)
        for future in waits:
            await _durable(future)
        return answers

    def _decide(
        self, title_ids: list[str], aspect: Aspect, *, user: str | None, context: Context,
        defer: bool,
    ) -> tuple[list[Choice | KeyartError], "list[Future[Appended]]"]:  # fmt: skip
        now = self._clock()
        here = circumstances(context, now)
        viewer = None if user is None else viewer_of(self._secret, self.scope.tenant, user)
        with self._lock:  # before the read begins, so that it sees all that is learned
            learner = self._ready()
            with self._engine.connect() as connection:
                shelves = self._shelves.read(connection, title_ids)
                taste = None
                if viewer is not None:
                    taste = self._tastes.at(connection, viewer, learner.offset, now)
                    self._episodes.recall(connection, viewer, list(shelves), now)
            page = _Page(viewer, context, here, taste, aspect, defer, now, [], {}, [], [], [])
            answers: list[Choice | KeyartError] = []
            for title_id in title_ids:
                try:
                    answers.append(self._answer(learner, shelves.get(title_id), title_id, page))
                except NotFound as error:
                    answers.append(error)
            due = learner.offset - self._checkpointed >= CHECKPOINT_EVERY
        # The lock is free again: a full queue must not keep the writer from learning.
        if page.made or page.shown:
            page.waits.append(self._append(page))
        if due:
            self._checkpoint()
        return answers, page.waits

    def _answer(self, learner: Learner, shelf: Shelf | None, title_id: str, page: _Page) -> Choice:
        offer = _offer(shelf, title_id, page)
        episode = None
        if page.viewer is not None:
            episode = self._episodes.current(page.viewer, title_id, page.now_us)
        arm = None if episode is None else _same_picture(offer, episode.group_id)
        if episode is None or arm is None:
            episode, arm = self._new(learner, offer, page)
        else:
            if episode.written is not None and not episode.written.done():
                page.waits.append(episode.written)
            if not page.defer:
                page.shown.append(episode.decision_id)
        return Choice(
            episode.decision_id,
            title_id,
            arm.variant_id,
            arm.group_id,
            arm.sha256,
            page.aspect,
            episode.propensity,
            episode.expires_us,
        )

    def _new(self, learner: Learner, offer: Offer, page: _Page) -> tuple[Episode, Arm]:
        decision_id = new_id()
        seed = seed_of(self._secret, decision_id)
        x = assemble(offer.descriptors, page.taste, page.here)
        scores = learner.posterior.scores(learner.sums, offer.title_id, offer.groups, x / SCALE)
        drawn = draw(scores, seed, draws=self._draws, floor=self._floor)
        arm = offer.arms[drawn.chosen]
        expires_us = page.now_us + self._episode_us
        decision = Decision(
            id=decision_id,
            offer_id=offer.id,
            title_id=offer.title_id,
            viewer=page.viewer,
            context=page.context,
            chosen=drawn.chosen,
            counts=drawn.counts,
            floor=self._floor,
            seed=seed,
            x=x[drawn.chosen],
            policy_id=self.scope.policy_id,
            feature_set=self.scope.feature_set,
            ledger_offset=learner.offset,
            decided_us=page.now_us,
            expires_us=expires_us,
            deferred=page.defer,
        )
        episode = Episode(decision_id, arm.group_id, float(drawn.pmf[drawn.chosen]), expires_us)
        page.made.append((decision, arm.group_id))
        page.offers[offer.id] = offer
        if page.viewer is not None:
            self._episodes.begin(page.viewer, offer.title_id, episode)
            page.began.append(episode)
        return episode, arm

    def _append(self, page: _Page) -> "Future[Appended]":
        features = dict(self._shelves.unsaved)
        offers = [page.offers[key] for key in page.offers.keys() - self._offers_saved]

        def write(connection: sa.Connection) -> Appended:
            save_features(connection, self.scope, features)
            save_offers(connection, self.scope.tenant, offers)
            return append_decisions(connection, self.scope, page.made, page.shown, page.now_us)

        future = self._writer.submit(write)
        for episode in page.began:
            episode.written = future
        future.add_done_callback(partial(self._decided, page, features, offers))
        return future

    def _decided(
        self, page: _Page, features: dict[str, tuple[str, I16]], offers: list[Offer],
        future: "Future[Appended]",
    ) -> None:  # fmt: skip
        with self._lock:
            if future.exception() is not None:
                for episode in page.began:  # nobody was answered with them
                    episode.expires_us = 0
                return
            for group in features:
                self._shelves.unsaved.pop(group, None)
            self._offers_saved.update(offer.id for offer in offers)
            for episode in page.began:
                episode.written = None
            self._learn(future.result())

    def _learn(self, appended: Appended) -> None:
        """Learn what was committed, in the order of the ledger. Called under the lock."""
        learner = self._learner
        if learner is None or self._failure is not None:
            return
        try:
            if not learner.advance(appended):  # somebody else appended rows before these
                with self._engine.connect() as connection:
                    learner.catch_up(connection, self.scope, appended.last)
                self._tastes.clear()
        except (OverflowError, ValueError, sa.exc.SQLAlchemyError) as error:
            self._failure = error

    # ---- observe ------------------------------------------------------------------------------

    async def observe(self, events: Sequence[RewardEvent]) -> list[KeyartError | None]:
        """Take in rewards; for each why it was refused, or None. Durable when this returns.

        Refusals: Invalid `invalid_reward`, `invalid_reward_kind`; NotFound `decision_not_found`;
        Conflict `reward_conflict`, `event_conflict`. A refused event leaves the others be.

        Raises:
            Unavailable: as `choose`.
        """
        outcomes = [_refusal(check_reward, event) for event in events]
        good = [event for event, refused in zip(events, outcomes, strict=True) if refused is None]
        if not good:
            return outcomes

        def write(
            connection: sa.Connection,
        ) -> tuple[list[KeyartError | None], Appended | None]:
            return append_rewards(connection, self.scope, good, self._clock())

        future = await self._in_order(lambda: self._submit(write, ()))
        return _merged(outcomes, (await _durable(future))[0])

    async def watch(self, events: Sequence[WatchEvent]) -> list[KeyartError | None]:
        """Take in what viewers watched; for each why it was refused, or None.

        Refusals: Invalid `invalid_event`; NotFound `title_not_found`; Conflict `event_conflict`.
        A title without pictures yet is remembered but tells nothing of the viewer's taste.

        Raises:
            Unavailable: as `choose`.
        """
        outcomes = [_refusal(check_watch, event) for event in events]
        good = [event for event, refused in zip(events, outcomes, strict=True) if refused is None]
        future, missing = await self._in_order(partial(self._watched, good))
        written = iter((await _durable(future))[0])
        found = [
            NotFound("title_not_found", f"there is no title {event.title_id!r}")
            if event.title_id in missing
            else next(written)
            for event in good
        ]
        return _merged(outcomes, found)

    def _watched(
        self, events: Sequence[WatchEvent]
    ) -> "tuple[Future[tuple[list[KeyartError | None], Appended | None]], set[str]]":
        now = self._clock()
        title_ids = list(dict.fromkeys(event.title_id for event in events))
        with self._lock, self._engine.connect() as connection:
            shelves = self._shelves.read(connection, title_ids)
        rows = [
            Watched(
                viewer_of(self._secret, self.scope.tenant, event.user),
                event.title_id,
                event.kind,
                event.value,
                event.event_id,
                shelves[event.title_id].mean,
                now if event.occurred_us is None else event.occurred_us,
            )
            for event in events
            if event.title_id in shelves
        ]
        viewers = tuple({row.viewer for row in rows})
        future = self._submit(
            lambda connection: append_watched(connection, self.scope, rows, now), viewers
        )
        return future, set(title_ids) - set(shelves)

    def _submit(
        self,
        write: Callable[[sa.Connection], tuple[list[KeyartError | None], Appended | None]],
        viewers: tuple[bytes, ...],
    ) -> "Future[tuple[list[KeyartError | None], Appended | None]]":
        self._ready()
        future = self._writer.submit(write)

        def learn(done: "Future[tuple[list[KeyartError | None], Appended | None]]") -> None:
            if done.exception() is not None:
                return
            appended = done.result()[1]
            with self._lock:
                for viewer in viewers:
                    self._tastes.forget(viewer)
                if appended is not None:
                    self._learn(appended)

        future.add_done_callback(learn)
        return future

    async def _in_order(self, work: Callable[[], T]) -> T:
        """Run `work` in the deciding thread: off the event loop, and in order."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # ---- look back ----------------------------------------------------------------------------

    def decision(self, decision_id: str) -> DecisionView:
        """Raises NotFound: `decision_not_found`."""
        with self._engine.connect() as connection:
            found = load(connection, self.scope.tenant, [decision_id]).get(decision_id)
            if found is None:
                raise NotFound("decision_not_found", f"there is no decision {decision_id!r}")
            decision, arms = found
            active = bool(activated(connection, self.scope.tenant, [decision_id]))
            rewards = rewards_of(connection, self.scope.tenant, decision_id)
        pmf = mix(decision.counts, decision.floor)
        return DecisionView(
            decision_id=decision.id,
            title_id=decision.title_id,
            variant_id=arms.variants[decision.chosen],
            group_id=arms.groups[decision.chosen],
            aspect=arms.aspect,
            propensity=float(pmf[decision.chosen]),
            propensities=dict(zip(arms.variants, pmf.tolist(), strict=True)),
            policy_id=decision.policy_id,
            feature_set=decision.feature_set,
            ledger_offset=decision.ledger_offset,
            decided_us=decision.decided_us,
            expires_us=decision.expires_us,
            deferred=decision.deferred,
            active=active,
            rewards=rewards,
            context=decision.context,
        )

    def replay(self, decision_id: str) -> dict[str, float]:
        """The probabilities of a decision computed anew, by variant id.

        From the ledger up to the decision's offset, the frozen picture features and its seed; the
        live state is neither read nor changed.

        Raises:
            NotFound: `decision_not_found`.
            Conflict: `policy_mismatch`, when another policy or feature set made the decision.
        """
        with self._engine.connect() as connection:
            found = load(connection, self.scope.tenant, [decision_id]).get(decision_id)
            if found is None:
                raise NotFound("decision_not_found", f"there is no decision {decision_id!r}")
            decision, arms = found
            if (decision.policy_id, decision.feature_set) != (
                self.scope.policy_id,
                self.scope.feature_set,
            ):
                raise Conflict(
                    "policy_mismatch",
                    f"policy {decision.policy_id} with features {decision.feature_set} decided; "
                    f"this one is {self.scope.policy_id} with {self.scope.feature_set}",
                )
            offset = decision.ledger_offset
            learner = restore(connection, self.scope, self._parameters, offset)
            taste = None
            if decision.viewer is not None:
                history = read_history(connection, self.scope, decision.viewer, offset)
                taste = taste_of(history, decision.decided_us)
            features = stored_features(connection, self.scope, decision.title_id)
        here = circumstances(decision.context, decision.decided_us)
        x = assemble(np.stack([features[group] for group in arms.groups]), taste, here)
        scores = learner.posterior.scores(learner.sums, decision.title_id, arms.groups, x / SCALE)
        draws = int(decision.counts.sum(dtype=np.int64))
        drawn = draw(scores, decision.seed, draws=draws, floor=decision.floor)
        return dict(zip(arms.variants, drawn.pmf.tolist(), strict=True))


async def _durable(future: "Future[T]") -> T:
    """The result once committed. Shielded: a caller that goes away does not undo the write."""
    try:
        return await asyncio.shield(asyncio.wrap_future(future))
    except sa.exc.SQLAlchemyError as error:
        raise Unavailable(
            "ledger_unavailable", "the ledger could not be written; nothing was kept, try again"
        ) from error


def _offer(shelf: Shelf | None, title_id: str, page: _Page) -> Offer:
    if shelf is None:
        raise NotFound("title_not_found", f"there is no title {title_id!r}", title_id=title_id)
    offer = shelf.offers.get(page.aspect)
    if offer is None:
        raise NotFound(
            "no_variants", f"title {title_id!r} has no picture in {page.aspect} yet",
            title_id=title_id,
        )  # fmt: skip
    ceiling = page.context.maturity_max
    if not allowed(offer.arms, maturity=shelf.maturity, ceiling=ceiling):
        raise NotFound(
            "no_variants",
            f"title {title_id!r} is rated {shelf.maturity}, above the ceiling {ceiling}",
            title_id=title_id,
        )
    return offer


def _same_picture(offer: Offer, group_id: str) -> Arm | None:
    return next((arm for arm in offer.arms if arm.group_id == group_id), None)


def _refusal(check: Callable[[T], None], event: T) -> KeyartError | None:
    try:
        check(event)
    except KeyartError as refusal:
        return refusal
    return None


def _merged(
    outcomes: list[KeyartError | None], later: Sequence[KeyartError | None]
) -> list[KeyartError | None]:
    """`outcomes` with `later` in the places that were not refused."""
    rest = iter(later)
    return [next(rest) if refused is None else refused for refused in outcomes]
