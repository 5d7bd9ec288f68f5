"""Rules in force on the real shelves and pages, in memory, and a referee with the same rules in the
words of the documentation and counts of its own.

Nothing is read or written; every decision is drawn uniformly (floor 1). The referee says of each
answer whether any rule forbade it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil, fsum

import numpy as np

from artwork.choice.belief.features import Context, circumstances
from artwork.choice.belief.policy import Hyperparameters, mix
from artwork.choice.learning.learner import Learner
from artwork.choice.offer.likeness import Likeness
from artwork.choice.offer.restraints import Restraints
from artwork.choice.page import Answer, Choice, Fallback, Page, Request, Rules
from artwork.choice.record.decisions import Scope
from artwork.choice.record.episodes import Episodes
from artwork.choice.record.mode import Stance
from artwork.rules.guardrails import reads
from artwork.rules.limits import Limits, PictureRules
from content.errors import NotFound
from content.types import MATURITIES
from tests.rule_worlds import COUNTRIES, EPISODE_US, Maker, Ruled, pick, vector

TITLES, VIEWERS = 6, 8
BEGAN_US = 1_800_000_000_000_000
ASKED_COUNTRIES = (None, "DE", "fr", "US", "NL", "BR", "ZZ")
ASKED_TONGUES = (None, "de-AT", "pt", "en")
_RULES = Rules(Scope("default", "p", "f"), b"s" * 32, 4, EPISODE_US)
_STANCE = Stance("explore", 1.0)


@dataclass(frozen=True)
class Said:
    """What all rules together say of one picture."""

    ever: bool
    """May anybody be shown it?"""
    level: int
    tongue: str | None
    limits: tuple[Limits, ...]
    per_day: int | None
    in_all: int | None
    share: float


def _said(ruled: Ruled, group: str) -> Said:
    house, policy, verdict = ruled.house, ruled.policy, ruled.verdicts[group]
    picture, own = ruled.shelf.pictures[group], policy.pictures.get(group, PictureRules())
    caps = (own.cap, policy.cap, house.cap)
    reviewed = house.review_required or policy.review_required
    return Said(
        ever=verdict != "veto"
        and group not in policy.veto
        and policy.pin in (None, group)
        and picture.origin in set(house.origins) & set(policy.origins)
        and (not reviewed or verdict == "approve" or picture.origin == "uploaded"),
        level=MATURITIES.index(picture.maturity or "all"),
        tongue=picture.language,
        limits=(house.limits, policy.limits, own.limits),
        per_day=next((cap.per_day for cap in caps if cap.per_day is not None), None),
        in_all=next((cap.in_all for cap in caps if cap.in_all is not None), None),
        share=next((cap.share for cap in caps if cap.share is not None), 1.0),
    )


@lru_cache
def _served(asked: str | None, lettering: str) -> bool:
    return asked is not None and reads(asked, lettering)


@dataclass
class World:
    rng: np.random.Generator
    now_us: int = BEGAN_US
    decided: int = 0
    left_none: int = 0
    held: int = 0
    capped: int = 0
    parted: int = 0
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.learner = Learner(Hyperparameters())
        self.episodes, self.restraints = Episodes("default"), Restraints("default")
        maker = Maker(self.rng, self.now_us)
        self.pictures = {f"t{t}": maker.pictures(t) for t in range(TITLES)}
        looks = [vector(self.rng) for _ in range(6)]  # so few that neighbours often are alike
        self.likeness = {
            title: Likeness.of([(g, maker.look(looks), maker.faces()) for g in pictures])
            for title, pictures in self.pictures.items()
        }
        self.shown: dict[tuple[str, str], int] = defaultdict(int)
        self.today: dict[tuple[str, str, int], int] = defaultdict(int)
        self.shares: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        self.last: dict[tuple[bytes, str], tuple[str, int]] = {}
        self.running: dict[tuple[bytes, str], tuple[str, int]] = {}
        self.rule()

    # ---- the world ----------------------------------------------------------------------------

    def rule(self) -> None:
        """Other rules for the catalogue and for every title, from the next page on."""
        self.said: dict[str, dict[str, Said]] = {}
        maker = Maker(self.rng, self.now_us)
        house = maker.house()
        self.titles = {
            title: maker.ruled(title, pictures, self.likeness[title], house)
            for title, pictures in self.pictures.items()
        }

    def page(self) -> None:
        """One viewer asks for some titles; the referee looks at every answer."""
        rng = self.rng
        self.now_us += int(rng.integers(0, EPISODE_US))
        names = [f"t{t}" for t in rng.permutation(TITLES)[: rng.integers(1, TITLES + 1)]]
        viewer = None if rng.random() < 0.1 else bytes([rng.integers(VIEWERS)])
        context = Context(
            country=pick(rng, ASKED_COUNTRIES),
            maturity_max=pick(rng, (None, None, None, None, *MATURITIES)),
            language=pick(rng, ASKED_TONGUES),
        )
        here = circumstances(context, self.now_us)
        request = Request("16:9", context, here, viewer, None, False, self.now_us)
        page = Page(_RULES, request, self.learner, self.episodes, self.restraints, _STANCE)
        shelves = {name: self.titles[name].shelf for name in names}
        answers = page.answers(names, shelves)
        if rng.random() < 0.03:  # the write fails: nobody has an answer, nothing has happened
            page.lose()
            for name in names if viewer is not None else ():
                if any(d.title_id == name for d, _ in page.made):
                    self.running.pop((viewer, name), None)
                    self.last.pop((viewer, name), None)  # the ledger is not there to tell it
            return
        self._judge(page, names, answers)

    # ---- the referee --------------------------------------------------------------------------

    def _judge(self, page: Page, names: Sequence[str], answers: Sequence[Answer]) -> None:
        made = {decision.id: decision for decision, _ in page.made}
        before: tuple[str, str] | None = None
        for at, (name, answer) in enumerate(zip(names, answers, strict=True)):
            after = None
            if page.request.viewer is not None and at + 1 < len(names):
                run = self.running.get((page.request.viewer, names[at + 1]))
                if run is not None and run[1] > self.now_us:
                    after = (names[at + 1], run[0])
            ruled = self.titles[name]
            free = self._free(ruled, page.request.context)
            if isinstance(answer, Choice):
                decision = made.get(answer.decision_id)
                if decision is None:
                    self._judge_again(page, ruled, answer, free)
                else:
                    offer = page.offers[decision.offer_id]
                    pmf = mix(decision.counts, decision.floor)
                    self._say(abs(fsum(pmf.tolist()) - 1) < 1e-12, "probabilities sum to 1")
                    self._say(min(pmf) >= _STANCE.floor / len(pmf) - 1e-12, "floor")
                    self._say(offer.groups[decision.chosen] == answer.group_id, "the drawn one")
                    beside = [n for n in (before, after) if n is not None]
                    self._judge_new(page, ruled, answer, free, offer.groups, beside)
                self._note(page, ruled, answer)
                before = (name, answer.group_id)
            else:
                self._judge_none(ruled, answer, free, page.request)
                before = None

    def _free(self, ruled: Ruled, context: Context) -> list[str]:
        """What no hard rule forbids, in the words of the documentation."""
        title, day = ruled.shelf.title_id, self.now_us // 86_400_000_000
        country = (context.country or "").upper()
        country = country if country in (*COUNTRIES, "BR") else ""
        ceiling = MATURITIES.index(context.maturity_max or "18")
        if MATURITIES.index(ruled.shelf.maturity) > ceiling:
            return []
        return [
            group
            for group, said in self._sayings(ruled).items()
            if said.ever
            and said.level <= ceiling
            and (said.per_day is None or self.today[title, group, day] < said.per_day)
            and (said.in_all is None or self.shown[title, group] < said.in_all)
            and (said.tongue is None or _served(context.language, said.tongue))
            and all(one.allow is None or country in one.allow for one in said.limits)
            and all(not one.deny or (country and country not in one.deny) for one in said.limits)
            and all(one.from_us is None or one.from_us <= self.now_us for one in said.limits)
            and all(one.until_us is None or self.now_us < one.until_us for one in said.limits)
        ]

    def _sayings(self, ruled: Ruled) -> dict[str, Said]:
        """What the rules say of each picture of a title, once for as long as they hold."""
        title = ruled.shelf.title_id
        if title not in self.said:
            self.said[title] = {group: _said(ruled, group) for group in ruled.shelf.pictures}
        return self.said[title]

    def _judge_again(self, page: Page, ruled: Ruled, answer: Choice, free: list[str]) -> None:
        title = ruled.shelf.title_id
        viewer = page.request.viewer
        assert viewer is not None
        self._say(answer.group_id in free, "a running episode with what is forbidden")
        group, expires = self.running[viewer, title]
        self._say(group == answer.group_id and expires > self.now_us, "another episode")
        self._say_until(ruled, answer)

    def _judge_new(
        self,
        page: Page,
        ruled: Ruled,
        answer: Choice,
        free: list[str],
        offered: Sequence[str],
        beside: list[tuple[str, str]],
    ) -> None:
        self.decided += 1
        title, viewer, pictures = ruled.shelf.title_id, page.request.viewer, ruled.shelf.pictures
        self._say(set(offered) <= set(free), "forbidden and on offer")
        self._say(answer.group_id in free, "forbidden and shown")
        if viewer is not None and (run := self.running.get((viewer, title))) is not None:
            self._say(run[1] <= self.now_us or run[0] not in free, "an episode was cut short")
        left = list(free)
        if ruled.shelf.rationed:
            shown, generated = self.shares[title]
            if generated + 1 > ruled.shelf.share * (shown + 1) + 1e-9:
                left = [g for g in left if pictures[g].origin != "generated"]
        left = self._within_share(ruled, left)
        every_us = self._every_us(ruled)
        last = None if viewer is None else self.last.get((viewer, title))
        if every_us and last is not None and last[1] + every_us > self.now_us and last[0] in left:
            self.held += 1
            self._say(list(offered) == [last[0]] and answer.propensity == 1.0, "change budget")
        elif ruled.house.distinct_neighbours and beside:
            self._judge_beside(title, left, offered, beside)
        else:
            self._say(set(offered) == set(left), "free and not on offer")
        self._say_until(ruled, answer)

    def _within_share(self, ruled: Ruled, left: list[str]) -> list[str]:
        title = ruled.shelf.title_id
        total = 1 + sum(self.shown[title, group] for group in ruled.shelf.pictures)
        kept = []
        for group in left:
            share = self._sayings(ruled)[group].share
            if self.shown[title, group] + 1 <= ceil(share * total - 1e-9):
                kept.append(group)
        self.capped += bool(kept) and kept != left
        return kept or left

    def _judge_beside(
        self, title: str, left: list[str], offered: Sequence[str], beside: list[tuple[str, str]]
    ) -> None:
        likes = [{g for g in left if self._alike((title, g), neighbour)} for neighbour in beside]
        wanted = left
        for masks in (likes, *([one] for one in likes)):
            clear = [g for g in left if not any(g in mask for mask in masks)]
            if clear:
                wanted = clear
                break
        self.parted += wanted != left
        self._say(set(offered) == set(wanted), "neighbours alike, or masked without need")

    def _alike(self, one: tuple[str, str], other: tuple[str, str]) -> bool:
        first, second = (self.likeness[title].looks[group] for title, group in (one, other))
        assert first.sketch is not None
        assert second.sketch is not None
        far = [
            float(np.linalg.norm(a.astype(float) - b.astype(float)))
            for a in first.faces
            for b in second.faces
        ]
        return bin(first.sketch ^ second.sketch).count("1") <= 154 or any(d < 128 for d in far)

    def _judge_none(self, ruled: Ruled, answer: Answer, free: list[str], request: Request) -> None:
        self.left_none += 1
        if free and ruled.shelf.rationed:  # generated ones that had their share are all
            free = [g for g in free if ruled.shelf.pictures[g].origin != "generated"]
        self._say(free == [], f"nothing, though {free} are free")
        fallback = ruled.policy.fallback or ruled.house.fallback
        if fallback == "none":
            self._say(isinstance(answer, NotFound) and answer.code == "no_variants", "no_variants")
        else:
            ceiling = request.context.maturity_max or "18"
            kept = MATURITIES.index(ruled.shelf.maturity) <= MATURITIES.index(ceiling)
            name = "title_card" if kept else "plain_card"
            self._say(isinstance(answer, Fallback) and answer.name == name, "the named fallback")

    def _note(self, page: Page, ruled: Ruled, answer: Choice) -> None:
        title, group = ruled.shelf.title_id, answer.group_id
        if ruled.shelf.standing.caps:
            self.shown[title, group] += 1
            self.today[title, group, self.now_us // 86_400_000_000] += 1
        if ruled.shelf.rationed:
            shown, generated = self.shares[title]
            made = ruled.shelf.pictures[group].origin == "generated"
            self.shares[title] = (shown + 1, generated + made)
        viewer = page.request.viewer
        if viewer is None or answer.decision_id not in {d.id for d, _ in page.made}:
            return
        self.running[viewer, title] = (group, answer.expires_us)
        last = self.last.get((viewer, title))
        if not self._every_us(ruled):
            self.last.pop((viewer, title), None)
        elif last is None or last[0] != group:
            self.last[viewer, title] = (group, self.now_us)

    def _every_us(self, ruled: Ruled) -> int:
        own = ruled.policy.change_every_s
        return round((ruled.house.change_every_s if own is None else own) * 1_000_000)

    def _say_until(self, ruled: Ruled, answer: Choice) -> None:
        own = ruled.policy.pictures.get(answer.group_id, PictureRules()).limits
        for one in (ruled.house.limits, ruled.policy.limits, own):
            if one.until_us is not None:
                self._say(answer.expires_us <= one.until_us, "expires after its window")

    def _say(self, held: bool, rule: str) -> None:
        if not held:
            self.violations.append(rule)
