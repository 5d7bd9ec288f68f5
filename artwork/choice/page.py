"""One call of `choose` while it is decided: an answer for each title, and what is to be logged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from artwork.choice.belief.features import Circumstances, Context, assemble
from artwork.choice.belief.policy import Draw, draw, seed_of
from artwork.choice.belief.sums import I16, SCALE
from artwork.choice.learning.learner import Learner
from artwork.choice.offer.arms import Shelf
from artwork.choice.offer.likeness import Look
from artwork.choice.offer.narrowings import Narrowing, bits_of
from artwork.choice.offer.restraints import Counted, Restraints
from artwork.choice.record.decisions import Decision, Scope
from artwork.choice.record.episodes import Episode, Episodes
from artwork.choice.record.mode import Stance
from artwork.choice.record.offers import Arm, Offer
from artwork.images.display import Display
from artwork.rules.guardrails import above
from content.errors import KeyartError, NotFound
from content.ids import new_id
from content.types import Aspect


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
    """Of the picture, in the draw that began the episode."""
    expires_us: int
    display: Display


@dataclass(frozen=True, slots=True)
class Fallback:
    """What stands in for a picture where the rules leave none: no decision, nothing learned."""

    title_id: str
    aspect: Aspect
    name: Literal["title_card", "plain_card"]
    """A card with the title's name or, where not even that may be shown, one without."""
    reason: str
    """Which rules left nothing."""


Answer = Choice | Fallback | KeyartError


@dataclass(frozen=True, slots=True)
class Rules:
    """What is the same for every choice of a process."""

    scope: Scope
    secret: bytes
    draws: int
    episode_us: int


@dataclass(frozen=True, slots=True)
class Question:
    """A call of `choose`, as it was asked."""

    title_ids: Sequence[str]
    aspect: Aspect
    user: str | None
    context: Context
    defer: bool


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, for what, when; `taste` (33,) as far as it is known."""

    aspect: Aspect
    context: Context
    here: Circumstances
    viewer: bytes | None
    taste: I16 | None
    defer: bool
    now_us: int


@dataclass(slots=True)
class Page:
    """Answers titles one by one from one learned state, and gathers what must become durable."""

    rules: Rules
    request: Request
    learner: Learner
    episodes: Episodes
    restraints: Restraints
    stance: Stance
    made: list[tuple[Decision, str]] = field(default_factory=list)
    """New decisions, each with its chosen group."""
    offers: dict[str, Offer] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    """Earlier decisions that are shown again."""
    began: list[Episode] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    """Impressions that rules count."""
    beside: list[Look] = field(default_factory=list)
    """The neighbours of the title that is answered now, as far as they are known."""

    @property
    def exposed(self) -> list[tuple[str, str]]:
        """Impressions under a cap: title and group."""
        return [(one.title_id, one.group_id) for one in self.counted if one.capped]

    def lose(self) -> None:
        """End the episodes that this page began: nobody was answered with them."""
        for episode in self.began:
            episode.expires_us = 0
        for noted in self.counted:
            self.restraints.take_back(noted, self.request.now_us)
        if self.request.viewer is not None:
            for decision, _ in self.made:
                self.restraints.changes.drop(self.request.viewer, decision.title_id)

    def answers(self, title_ids: Sequence[str], shelves: Mapping[str, Shelf]) -> list[Answer]:
        """An answer for each title, in order; each knows its neighbours: the one before as it was
        answered, the one after where an episode of it runs.

        Raises:
            Invalid: `invalid_context`.
        """
        out: list[Answer] = []
        before: Look | None = None
        for at, title_id in enumerate(title_ids):
            after = title_ids[at + 1] if at + 1 < len(title_ids) else None
            looks = (before, self._look_of_running(after, shelves))
            self.beside = [look for look in looks if look is not None]
            shelf = shelves.get(title_id)
            answer = self._or_error(title_id, shelf)
            before = None
            if shelf is not None and isinstance(answer, Choice):
                before = shelf.likeness.looks.get(answer.group_id)
            out.append(answer)
        return out

    def _or_error(self, title_id: str, shelf: Shelf | None) -> Answer:
        try:
            return self.answer(title_id, shelf)
        except NotFound as error:
            if error.code != "no_variants" or shelf is None or shelf.standing.fallback == "none":
                return error
            named = shelf.published and not above(shelf.maturity, self.request.context.maturity_max)
            name: Literal["title_card", "plain_card"] = "title_card" if named else "plain_card"
            return Fallback(title_id, self.request.aspect, name, error.detail)

    def answer(self, title_id: str, shelf: Shelf | None) -> Choice:
        """Raises NotFound: `title_not_found`, `no_variants`; Invalid: `invalid_context`."""
        if shelf is None:
            raise NotFound("title_not_found", f"there is no title {title_id!r}")
        spent = self.restraints.spent(shelf, self.request.now_us)
        offer = self._offer(shelf, spent)
        episode = self._running(title_id)
        arm = None if episode is None else _same_picture(offer, episode.group_id)
        if episode is None or arm is None:  # none runs, or its picture was withdrawn
            offer, narrowed = self._drawable(shelf, offer, spent)
            episode, arm = self._decide(offer, shelf, narrowed)
            self._count(shelf, arm)
        elif self._show_again(episode):
            self._count(shelf, arm)
        return Choice(
            episode.decision_id,
            title_id,
            arm.variant_id,
            arm.group_id,
            arm.sha256,
            self.request.aspect,
            episode.propensity,
            min(episode.expires_us, shelf.standing.until_us.get(arm.group_id, episode.expires_us)),
            Display.unpacked(arm.display),
        )

    def _offer(self, shelf: Shelf, spent: frozenset[str], *, generated: bool = True) -> Offer:
        request = self.request
        audience = shelf.audience(
            request.context, generated=generated, at_us=request.now_us, spent=spent
        )
        return shelf.offer(request.aspect, audience)

    def _drawable(self, shelf: Shelf, offer: Offer, spent: frozenset[str]) -> tuple[Offer, int]:
        """What a new decision is drawn from, and why not from more, in bits."""
        restraints, request = self.restraints, self.request
        why: list[Narrowing] = []
        if spent and len(self._offer(shelf, frozenset()).groups) > len(offer.groups):
            why.append("cap")
        if shelf.rationed and not restraints.shares.room(shelf.title_id, shelf.share):
            left = self._offer(shelf, spent, generated=False)
            if len(left.groups) < len(offer.groups):
                why.append("generated")
            offer = left
        viewer, now = request.viewer, request.now_us
        offer, by = restraints.drawable(shelf, offer, viewer, now, self.beside)
        return offer, bits_of((*why, *by))

    def _look_of_running(self, title_id: str | None, shelves: Mapping[str, Shelf]) -> Look | None:
        if title_id is None or self.request.viewer is None:
            return None
        episode, shelf = self._running(title_id), shelves.get(title_id)
        if episode is None or shelf is None:
            return None
        return shelf.likeness.looks.get(episode.group_id)

    def _running(self, title_id: str) -> Episode | None:
        viewer = self.request.viewer
        if viewer is None:
            return None
        episode = self.episodes.current(viewer, title_id, self.request.now_us)
        # Who is to be shown the incumbent is so at once, not when an episode ends.
        return None if episode and self.stance.held and not episode.held else episode

    def _count(self, shelf: Shelf, arm: Arm) -> None:
        noted = self.restraints.count(shelf, arm.group_id, self.request.now_us)
        if noted is not None:
            self.counted.append(noted)

    def _show_again(self, episode: Episode) -> bool:
        """Is it shown now? With `defer` it is once its client says so."""
        if not self.request.defer:
            self.shown.append(episode.decision_id)
        return not self.request.defer

    def _decide(self, offer: Offer, shelf: Shelf, narrowed: int) -> tuple[Episode, Arm]:
        rules, request, stance = self.rules, self.request, self.stance
        decision_id = new_id()
        seed = seed_of(rules.secret, decision_id)
        agrees = None
        if stance.held:
            incumbent = shelf.incumbent(offer.groups)
            if stance.compares:
                agrees = offer.groups[self._draw(offer, seed)[1].chosen] == incumbent
            offer = shelf.narrowed(offer, [incumbent])
        x, drawn = self._draw(offer, seed)
        arm = offer.arms[drawn.chosen]
        ends = request.now_us + rules.episode_us
        decision = Decision(
            id=decision_id,
            offer_id=offer.id,
            title_id=offer.title_id,
            viewer=request.viewer,
            context=request.context,
            chosen=drawn.chosen,
            counts=drawn.counts,
            floor=stance.floor,
            seed=seed,
            x=x[drawn.chosen],
            policy_id=rules.scope.policy_id,
            feature_set=rules.scope.feature_set,
            ledger_offset=self.learner.offset,
            decided_us=request.now_us,
            expires_us=min(ends, shelf.standing.until_us.get(arm.group_id, ends)),
            deferred=request.defer,
            way=stance.way,
            agrees=agrees,
            narrowed=narrowed,
        )
        propensity = float(drawn.pmf[drawn.chosen])
        times = (request.now_us, decision.expires_us)
        episode = Episode(decision_id, arm.group_id, propensity, *times, held=stance.held)
        self.made.append((decision, arm.group_id))
        self.offers[offer.id] = offer
        self.began.append(episode)
        if request.viewer is not None:
            self.episodes.begin(request.viewer, offer.title_id, episode)
            self.restraints.decided(shelf, request.viewer, arm.group_id, request.now_us)
        return episode, arm

    def _draw(self, offer: Offer, seed: bytes) -> tuple[I16, Draw]:
        """The features (K, d) of the arms, and the draw among them."""
        request, state = self.request, self.learner
        x = assemble(offer.descriptors, request.taste, request.here)
        scores = state.posterior.scores(state.sums, offer.title_id, offer.groups, x / SCALE)
        return x, draw(scores, seed, draws=self.rules.draws, floor=self.stance.floor)


def _same_picture(offer: Offer, group_id: str) -> Arm | None:
    return next((arm for arm in offer.arms if arm.group_id == group_id), None)
