"""One call of `choose` while it is decided: an answer for each title, and what is to be logged."""

from concurrent.futures import Future
from dataclasses import dataclass, field

from artwork.choice.arms import Arm, Offer, Shelf
from artwork.choice.decisions import Decision, Scope
from artwork.choice.episodes import Episode, Episodes
from artwork.choice.features import Circumstances, Context, assemble
from artwork.choice.learner import Learner
from artwork.choice.ledger import Appended
from artwork.choice.policy import draw, seed_of
from artwork.choice.sums import I16, SCALE
from artwork.images.display import Display
from artwork.rules.guardrails import Shares
from content.errors import NotFound
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
class Rules:
    """What is the same for every choice of a process."""

    scope: Scope
    secret: bytes
    floor: float
    draws: int
    episode_us: int


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, for what, when; `taste` (25,) as far as it is known."""

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
    shares: Shares
    made: list[tuple[Decision, str]] = field(default_factory=list)
    """New decisions, each with its chosen group."""
    offers: dict[str, Offer] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    """Earlier decisions that are shown again."""
    began: list[Episode] = field(default_factory=list)
    counted: list[tuple[str, bool]] = field(default_factory=list)
    """Impressions counted towards the share of generated pictures: title, and is it one?"""
    waits: list["Future[Appended]"] = field(default_factory=list)
    """What must be durable before the answers may be given."""

    def lose(self) -> None:
        """End the episodes that this page began: nobody was answered with them."""
        for episode in self.began:
            episode.expires_us = 0
        for title_id, generated in self.counted:
            self.shares.count(title_id, generated=generated, times=-1)

    def answer(self, title_id: str, shelf: Shelf | None) -> Choice:
        """Raises NotFound: `title_not_found`, `no_variants`; Invalid: `invalid_context`."""
        if shelf is None:
            raise NotFound("title_not_found", f"there is no title {title_id!r}")
        offer = self._offer(shelf)
        episode = self._running(title_id)
        arm = None if episode is None else _same_picture(offer, episode.group_id)
        if episode is None or arm is None:  # none runs, or its picture was withdrawn
            if shelf.rationed and not self.shares.room(title_id, shelf.share):
                offer = self._offer(shelf, generated=False)
            episode, arm = self._decide(offer)
        else:
            self._show_again(episode)
        if shelf.rationed:
            self._count(shelf, arm)
        return Choice(
            episode.decision_id,
            title_id,
            arm.variant_id,
            arm.group_id,
            arm.sha256,
            self.request.aspect,
            episode.propensity,
            episode.expires_us,
            Display.unpacked(arm.display),
        )

    def _offer(self, shelf: Shelf, *, generated: bool = True) -> Offer:
        audience = shelf.audience(self.request.context, generated=generated)
        return shelf.offer(self.request.aspect, audience)

    def _count(self, shelf: Shelf, arm: Arm) -> None:
        generated = shelf.pictures[arm.group_id].origin == "generated"
        self.shares.count(shelf.title_id, generated=generated)
        self.counted.append((shelf.title_id, generated))

    def _running(self, title_id: str) -> Episode | None:
        viewer = self.request.viewer
        if viewer is None:
            return None
        return self.episodes.current(viewer, title_id, self.request.now_us)

    def _show_again(self, episode: Episode) -> None:
        if episode.written is not None and not episode.written.done():
            self.waits.append(episode.written)
        if not self.request.defer:
            self.shown.append(episode.decision_id)

    def _decide(self, offer: Offer) -> tuple[Episode, Arm]:
        rules, request = self.rules, self.request
        x = assemble(offer.descriptors, request.taste, request.here)
        state = self.learner
        scores = state.posterior.scores(state.sums, offer.title_id, offer.groups, x / SCALE)
        decision_id = new_id()
        seed = seed_of(rules.secret, decision_id)
        drawn = draw(scores, seed, draws=rules.draws, floor=rules.floor)
        arm = offer.arms[drawn.chosen]
        decision = Decision(
            id=decision_id,
            offer_id=offer.id,
            title_id=offer.title_id,
            viewer=request.viewer,
            context=request.context,
            chosen=drawn.chosen,
            counts=drawn.counts,
            floor=rules.floor,
            seed=seed,
            x=x[drawn.chosen],
            policy_id=rules.scope.policy_id,
            feature_set=rules.scope.feature_set,
            ledger_offset=state.offset,
            decided_us=request.now_us,
            expires_us=request.now_us + rules.episode_us,
            deferred=request.defer,
        )
        propensity = float(drawn.pmf[drawn.chosen])
        episode = Episode(decision_id, arm.group_id, propensity, decision.expires_us)
        self.made.append((decision, arm.group_id))
        self.offers[offer.id] = offer
        self.began.append(episode)
        if request.viewer is not None:
            self.episodes.begin(request.viewer, offer.title_id, episode)
        return episode, arm


def _same_picture(offer: Offer, group_id: str) -> Arm | None:
    return next((arm for arm in offer.arms if arm.group_id == group_id), None)
