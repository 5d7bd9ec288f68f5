"""What the rules come to for one title, read once with its shelf."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from artwork.rules.guardrails import ArtworkPolicy, FallbackName, HouseRules, Picture
from artwork.rules.limits import NO_CAP, Cap, borders, ends_us


@dataclass(frozen=True, slots=True)
class Standing:
    """Rules that look at the moment, the viewer or the page; the default rules nothing."""

    territorial: bool = False
    """Does any picture depend on the viewer's country?"""
    borders: tuple[int, ...] = ()
    """Moments (µs UTC) at which a picture's window opens or closes, in order."""
    until_us: Mapping[str, int] = field(default_factory=dict)
    """Group → when its window closes."""
    caps: Mapping[str, Cap] = field(default_factory=dict)
    """Group → its cap; all of them where any has one, else none."""
    change_every_us: int = 0
    fallback: FallbackName = "none"
    distinct: bool = True

    @classmethod
    def of(
        cls, policy: ArtworkPolicy, house: HouseRules, pictures: Mapping[str, Picture]
    ) -> "Standing":
        limits = [one for picture in pictures.values() for one in picture.limits]
        ends = {group: ends_us(picture.limits) for group, picture in pictures.items()}
        caps = {group: policy.cap_on(group, house) for group in pictures}
        every_s = policy.change_every_s
        return cls(
            territorial=any(one.territorial for one in limits),
            borders=borders(limits),
            until_us={group: us for group, us in ends.items() if us is not None},
            caps=caps if any(cap != NO_CAP for cap in caps.values()) else {},
            change_every_us=round(
                (house.change_every_s if every_s is None else every_s) * 1_000_000
            ),
            fallback=policy.fallback or house.fallback,
            distinct=house.distinct_neighbours,
        )

    def epoch(self, at_us: int) -> int:
        """A number that is the same for moments in which the same windows are open."""
        return bisect_right(self.borders, at_us)
