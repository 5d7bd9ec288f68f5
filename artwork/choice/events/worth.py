"""What events are worth: a decision's reward as a function of what was reported for it.

Value is what a title earned, not the click: a click and a play are advances on it. Two guards keep
pictures that promise what the title is not (*click-bait*) from winning by their clicks alone:

* a viewer who leaves at once (`watch` below `left_below`) takes click and play back, and costs
  `cost`;
* a click that no deeper event follows within its window *lapses*: it earns nothing any more
  (`artwork.choice.events.settling`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from artwork.choice.belief.sums import to_units

HOUR_US = 3_600_000_000
LAPSED = "lapsed"
"""Kind of the ledger's own entry that a click lapsed; nobody may report it."""
ADVANCES = ("click", "play")
"""Kinds that count only as long as nothing says that the promise was not kept."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of event is worth.

    `weight` × value counts, 0..1; from the value `full_from` on (above 0, up to 1) all of the
    weight. Kinds that `add` are added to the largest of the others. An event that happened more
    than `window_h` hours after its decision says nothing of it.
    """

    weight: float
    window_h: float
    full_from: float = 1.0
    add: bool = False

    def credit(self, value: float) -> float:
        return self.weight * min(1.0, value / self.full_from)


@dataclass(frozen=True, slots=True)
class ClickBait:
    """`left_below`: share of a title watched, 0..1, below which the viewer left at once; 0: off.
    `cost`: what that costs, 0..1. `lapse`: do clicks without a play lapse?"""

    left_below: float = 0.05
    cost: float = 0.1
    lapse: bool = True


KINDS: Mapping[str, Kind] = {
    "impression": Kind(0.0, 24),
    "click": Kind(0.1, 24),  # curiosity, not yet satisfaction
    "play": Kind(0.3, 48),
    "watch": Kind(1.0, 14 * 24, full_from=0.7),  # value: the fraction watched
    "return": Kind(0.2, 14 * 24, add=True),  # the viewer came back to the title
    "custom": Kind(1.0, 30 * 24),
}


@dataclass(frozen=True, slots=True)
class RewardPolicy:
    """What each kind of event is worth, and what is done against click-bait."""

    kinds: Mapping[str, Kind]
    click_bait: ClickBait = ClickBait()

    def plain(self) -> dict[str, Any]:
        """As plain data, for people and for the policy's id."""
        kinds = {name: asdict(kind) for name, kind in self.kinds.items()}
        return {"kinds": kinds, "click_bait": asdict(self.click_bait)}

    def window_us(self, kind: str) -> int:
        return round(self.kinds[kind].window_h * HOUR_US)

    def earned(self, values: Mapping[str, float]) -> int:
        """A decision's reward in units of 2⁻¹⁰, -1024..1024, of the values that stand, by kind.

        A function of the values alone, so the order in which events arrive does not matter.
        """
        credits = {
            name: kind.credit(values[name])
            for name, kind in self.kinds.items()
            if name in values and not kind.add
        }
        least = 0.0
        if values.get("watch", 1.0) < self.click_bait.left_below:
            least = -self.click_bait.cost
            credits = {name: c for name, c in credits.items() if name not in (*ADVANCES, "watch")}
        elif LAPSED in values and values.keys() <= {"impression", "click", LAPSED}:
            credits = {}
        extra = sum(
            kind.credit(values[name])
            for name, kind in self.kinds.items()
            if name in values and kind.add
        )
        # What never earned anything must not hide a cost.
        best = max((credit for credit in credits.values() if credit > 0), default=least)
        return to_units(max(-1.0, min(1.0, best + extra)))


DEFAULT = RewardPolicy(KINDS)
