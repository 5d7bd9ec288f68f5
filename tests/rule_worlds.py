"""Titles, pictures and rules at random, for the referee (`tests.rule_referee`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from artwork.choice.belief.features import DESCRIPTOR
from artwork.choice.offer.arms import Shelf
from artwork.choice.offer.likeness import Likeness
from artwork.choice.record.offers import Arm
from artwork.images.display import Display
from artwork.rules.guardrails import ORIGINS, ArtworkPolicy, HouseRules, Picture, Verdict, barred
from artwork.rules.limits import Cap, Limits, PictureRules
from artwork.rules.standing import Standing
from content.types import MATURITIES

LARGEST = 10
EPISODE_US = 3_600_000_000
COUNTRIES = ("DE", "FR", "US", "NL")
TONGUES = ("de", "pt-BR")
DISPLAY = Display(16, 9).packed()


@dataclass
class Ruled:
    """A title under today's rules."""

    shelf: Shelf
    policy: ArtworkPolicy
    verdicts: dict[str, Verdict | None]
    house: HouseRules


@dataclass
class Maker:
    rng: np.random.Generator
    now_us: int

    def house(self) -> HouseRules:
        rng = self.rng
        return HouseRules(
            origins=tuple(o for o in ORIGINS if rng.random() < 0.97),
            generated_share=float(rng.choice([0.0, 0.2, 1.0])),
            review_required=bool(rng.random() < 0.03),
            limits=self._limits(0.05),
            cap=self._cap(0.1),
            change_every_s=float(rng.choice([0, 0, 7200, 86400])),
            fallback="title_card" if rng.random() < 0.5 else "none",
            distinct_neighbours=bool(rng.random() < 0.8),
        )

    def pictures(self, t: int) -> dict[str, Picture]:
        rng = self.rng
        names = [f"t{t}g{i}" for i in range(rng.integers(2, LARGEST + 1))]
        return {
            name: Picture(
                name,
                pick(rng, ("frame", "frame", *ORIGINS)),
                pick(rng, (None, None, None, None, *MATURITIES)),
                pick(rng, (None, None, None, None, *TONGUES)),
            )
            for name in names
        }

    def look(self, looks: list[np.ndarray]) -> np.ndarray:
        near = looks[self.rng.integers(len(looks))] + 0.3 * vector(self.rng)
        return np.asarray(near, np.float32)

    def faces(self) -> np.ndarray:
        """Of one of five people, or of nobody."""
        who = int(self.rng.integers(0, 10))
        if who >= 5:
            return np.zeros((0, 128), np.int8)
        face = np.random.default_rng(who).integers(-40, 40, 128)
        return (face + self.rng.integers(-3, 4, 128)).astype(np.int8)[None]

    def ruled(
        self,
        title: str,
        pictures: Mapping[str, Picture],
        likeness: Likeness,
        house: HouseRules,
    ) -> Ruled:
        rng, names = self.rng, list(pictures)
        policy = ArtworkPolicy(
            pin=pick(rng, names) if rng.random() < 0.05 else None,
            veto=tuple(name for name in names if rng.random() < 0.05),
            origins=tuple(o for o in ORIGINS if rng.random() < 0.95),
            review_required=bool(rng.random() < 0.05),
            limits=self._limits(0.08),
            cap=self._cap(0.2),
            change_every_s=pick(rng, (None, None, 0.0, 14_400.0)),
            fallback=pick(rng, (None, "none", "title_card")),
            pictures={n: PictureRules(self._limits(0.3), self._cap(0.3)) for n in names[::2]},
        )
        verdicts: dict[str, Verdict | None] = {
            name: pick(rng, (None, None, None, None, None, "approve", "veto")) for name in names
        }
        limited = {
            name: Picture(
                p.group_id, p.origin, p.maturity, p.language, policy.limits_on(name, house)
            )
            for name, p in pictures.items()
        }
        reasons = {n: barred(limited[n], house, policy, verdicts[n]) for n in names}
        shelf = Shelf(
            "default",
            title,
            pick(rng, ("all",) * 8 + ("7", "16")),
            {"16:9": [Arm(f"v-{n}", n, n, DISPLAY) for n in names]},
            limited,
            {name: reason for name, reason in reasons.items() if reason is not None},
            dict.fromkeys(names, np.zeros(DESCRIPTOR, np.int16)),
            share=1.0 if policy.pin is not None else house.generated_share,
            standing=Standing.of(policy, house, limited),
            likeness=likeness,
            published=True,
        )
        return Ruled(shelf, policy, verdicts, house)

    def _limits(self, often: float) -> Limits:
        rng = self.rng
        if rng.random() > often:
            return Limits()
        allow = tuple(c for c in COUNTRIES if rng.random() < 0.7) or ("DE",)
        start = self.now_us + int(rng.integers(-20, 40)) * EPISODE_US
        return Limits(
            allow=allow if rng.random() < 0.3 else None,
            deny=tuple(c for c in COUNTRIES if rng.random() < 0.15),
            from_us=start if rng.random() < 0.3 else None,
            until_us=start + int(rng.integers(1, 60)) * EPISODE_US // 7
            if rng.random() < 0.3
            else None,
        )

    def _cap(self, often: float) -> Cap:
        rng = self.rng
        if rng.random() > often:
            return Cap()
        return Cap(
            share=pick(rng, (None, 0.2, 0.5, 0.9)),
            per_day=pick(rng, (None, 2, 6, 20)),
            in_all=pick(rng, (None, None, None, 300, 3000)),
        )


def pick(rng: np.random.Generator, values: Sequence[object]) -> object:
    return values[rng.integers(len(values))]


def vector(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=64).astype(np.float32)
