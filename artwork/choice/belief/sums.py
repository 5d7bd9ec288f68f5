"""What was learned, as exact integers: sums over activated decisions.

A feature, a reward and a weight are integers in units of 2⁻¹⁰ with magnitude at most 1; their
products are summed in int64. Addition of integers is associative, so any order, batching, merging
(`+`) or taking away (`-`) of the same rows gives the same bits: forgetting a viewer is subtracting
their rows.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

I16 = npt.NDArray[np.int16]
I64 = npt.NDArray[np.int64]

SCALE = 1024
"""The integer that stands for 1.0."""
INT64_MAX = 2**63 - 1
_WAITING = 64
_FULL = "a sum of the learned state left int64; start a new feature set"


def to_units(value: float) -> int:
    """A number in [-1, 1] in units of 2⁻¹⁰, rounded half to even."""
    return round(value * SCALE)


def checked(a: I64, b: I64) -> I64:
    """`a + b`.

    Raises:
        OverflowError: when an element leaves int64.
    """
    total = a + b
    # The sign of a sum differs from both of its terms only on overflow.
    if total.size and ((a ^ total) & (b ^ total)).min() < 0:
        raise OverflowError(_FULL)
    return total


def _checked_int(value: int) -> int:
    if abs(value) > INT64_MAX:
        raise OverflowError(_FULL)
    return value


def _units(x: I16 | I64, *scalars: int) -> I64:
    wide = x.astype(np.int64)
    far = wide.size and max(int(wide.max()), -int(wide.min()))
    if far > SCALE or any(abs(s) > SCALE for s in scalars):
        raise ValueError("features, rewards and weights lie in [-1, 1]: at most 1024 units")
    return wide


@dataclass(eq=False, slots=True)
class TitleSums:
    """The sums of one title's image groups, sorted by group id; k groups, d features."""

    groups: list[str]
    n: I64
    """(k,) Σ w, in 2⁻¹⁰."""
    c: I64
    """(k, d) Σ w x, in 2⁻²⁰."""
    s: I64
    """(k,) Σ w r, in 2⁻²⁰."""

    @classmethod
    def empty(cls, dim: int) -> "TitleSums":
        return cls([], np.zeros(0, np.int64), np.zeros((0, dim), np.int64), np.zeros(0, np.int64))

    def row(self, group: str) -> int:
        """The index of `group`, made where it is new."""
        where = bisect_left(self.groups, group)
        if where == len(self.groups) or self.groups[where] != group:
            self.groups.insert(where, group)
            self.n = np.insert(self.n, where, 0)
            self.c = np.insert(self.c, where, 0, axis=0)
            self.s = np.insert(self.s, where, 0)
        return where

    def add(self, group: str, n: int, c: I64, s: int) -> None:
        """Add to one group's sums; all or nothing.

        Raises:
            OverflowError: when a sum leaves int64.
        """
        k = self.row(group)
        new_n, new_s = _checked_int(int(self.n[k]) + n), _checked_int(int(self.s[k]) + s)
        self.c[k] = checked(self.c[k], c)
        self.n[k], self.s[k] = new_n, new_s

    def copy(self) -> "TitleSums":
        return TitleSums(list(self.groups), self.n.copy(), self.c.copy(), self.s.copy())

    def live(self) -> "TitleSums":
        """Without the groups that earned nothing: the form in which equal sums look equal."""
        keep = (self.n != 0) | (self.s != 0) | np.any(self.c != 0, axis=1)
        groups = [group for group, kept in zip(self.groups, keep, strict=True) if kept]
        return TitleSums(groups, self.n[keep], self.c[keep], self.s[keep])


class Sums:
    """The sufficient statistics of the belief (DESIGN §3) in d features."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._A: I64 = np.zeros((dim, dim), np.int64)
        self._peak: int | None = 0
        """No element of `_A` is larger; None: not known."""
        self._waiting: list[tuple[I64, I64]] = []
        """Rows (w x, x) that are not in `_A` yet: many at once cost a tenth."""
        self.b: I64 = np.zeros(dim, np.int64)
        """Σ w r x, in 2⁻³⁰."""
        self.q = 0
        """Σ w r², in 2⁻³⁰."""
        self.rows = 0
        self.titles: dict[str, TitleSums] = {}
        """To be read; what changes one gets it from `title`."""
        self._shared: set[str] = set()
        """Titles whose sums are another's, too: copied before they change."""

    def copy(self) -> "Sums":
        """These sums, whatever becomes of either; titles are copied when one of them changes.

        So it costs microseconds for each title at most, and the copy may go to another thread.
        """
        other = Sums(self.dim)
        other.A, other.b = self.A.copy(), self.b.copy()
        other.q, other.rows = self.q, self.rows
        other.titles = dict(self.titles)
        self._shared, other._shared = set(self.titles), set(self.titles)
        return other

    @property
    def A(self) -> I64:
        """(d, d) Σ w x xᵀ, in 2⁻³⁰."""
        if self._waiting:
            wx, x = (np.array(part, np.float64) for part in zip(*self._waiting, strict=True))
            self._waiting.clear()
            # A sum of so few products below 2³⁰ is an exact integer whatever its order.
            self._A += (wx.T @ x).astype(np.int64)
        self._peak = None  # whoever has it may change it
        return self._A

    @A.setter
    def A(self, value: I64) -> None:
        self._waiting.clear()
        self._A, self._peak = value, None

    def _room(self) -> None:
        """Raises OverflowError where one more row might leave int64."""
        if len(self._waiting) == _WAITING or self._peak is None:
            # |A_ij| ≤ max A_ii, for A is a sum of squares.
            self._peak = int(self.A.diagonal().max(initial=0))
        if self._peak + (len(self._waiting) + 1) * SCALE**3 > INT64_MAX:
            raise OverflowError(_FULL)

    def add(self, title: str, group: str, x: I16 | I64, r: int = 0, w: int = SCALE) -> None:
        """Add one activated decision: x (d,), r and w in units of 2⁻¹⁰.

        Raises:
            ValueError: when a magnitude exceeds 1.
            OverflowError: when a sum leaves int64.
        """
        wide = _units(x, r, w)
        wx = w * wide
        self._room()
        q = _checked_int(self.q + w * r * r)
        b = checked(self.b, r * wx) if r else self.b  # most rows are activations, and earn 0
        self.title(title).add(group, w, wx, w * r)
        self._waiting.append((wx, wide))
        self.b, self.q, self.rows = b, q, _checked_int(self.rows + 1)

    def correct(
        self, title: str, group: str, x: I16 | I64, *, before: int, after: int, w: int = SCALE
    ) -> None:
        """Change the reward of a row added earlier from `before` to `after` (units of 2⁻¹⁰).

        Raises:
            ValueError, OverflowError: as `add`.
        """
        wide = _units(x, before, after, w)
        delta = w * (after - before)
        b = checked(self.b, delta * wide)
        q = _checked_int(self.q + w * (after * after - before * before))
        self.title(title).add(group, 0, np.zeros(self.dim, np.int64), delta)
        self.b, self.q = b, q

    def take_away(self, other: "Sums") -> None:
        """Subtract rows that are among these, in place.

        Raises:
            OverflowError: as `add`; then the sums are undefined.
        """
        self.A, self.b = checked(self.A, -other.A), checked(self.b, -other.b)
        self.q = _checked_int(self.q - other.q)
        self.rows = _checked_int(self.rows - other.rows)
        for name, sums in other.titles.items():
            into = self.title(name)
            for k, group in enumerate(sums.groups):
                into.add(group, -int(sums.n[k]), -sums.c[k], -int(sums.s[k]))

    def compact(self) -> None:
        """Drop the groups and titles that earned nothing: as if they had never been here."""
        live = {name: sums.live() for name, sums in self.titles.items()}
        self.titles = {name: sums for name, sums in live.items() if sums.groups}
        self._shared.clear()

    def title(self, title: str) -> TitleSums:
        """The sums of `title` to be changed, made where it is new."""
        found = self.titles.get(title)
        if title in self._shared:
            self._shared.discard(title)
            found = self.titles[title] = self.titles[title].copy()
        if found is None:
            found = self.titles[title] = TitleSums.empty(self.dim)
        return found

    def _combine(self, other: "Sums", sign: int) -> "Sums":
        total = Sums(self.dim)
        total.A, total.b = checked(self.A, sign * other.A), checked(self.b, sign * other.b)
        total.q = _checked_int(self.q + sign * other.q)
        total.rows = _checked_int(self.rows + sign * other.rows)
        for source, factor in ((self, 1), (other, sign)):
            for name, sums in source.titles.items():
                into = total.title(name)
                for k, group in enumerate(sums.groups):
                    into.add(group, factor * int(sums.n[k]), factor * sums.c[k],
                             factor * int(sums.s[k]))  # fmt: skip
        return total

    def __add__(self, other: "Sums") -> "Sums":
        return self._combine(other, 1)

    def __sub__(self, other: "Sums") -> "Sums":
        return self._combine(other, -1)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sums) and self.packed() == other.packed()

    __hash__ = None  # type: ignore[assignment]

    def packed(self) -> dict[str, Any]:
        """Plain values (ints, strings, little-endian bytes) for msgpack; equal for equal sums."""
        live = {name: sums.live() for name, sums in sorted(self.titles.items())}
        return {
            "dim": self.dim,
            "A": self.A.astype("<i8").tobytes(),
            "b": self.b.astype("<i8").tobytes(),
            "q": self.q,
            "rows": self.rows,
            "titles": [
                [name, t.groups, *(a.astype("<i8").tobytes() for a in (t.n, t.c, t.s))]
                for name, t in live.items()
                if t.groups
            ],
        }

    @classmethod
    def unpacked(cls, data: Mapping[str, Any]) -> "Sums":
        """The inverse of `packed`."""

        def array(raw: bytes, *shape: int) -> I64:
            return np.frombuffer(raw, "<i8").astype(np.int64).reshape(shape)

        sums = cls(int(data["dim"]))
        sums.A, sums.b = array(data["A"], sums.dim, sums.dim), array(data["b"], sums.dim)
        sums.q, sums.rows = int(data["q"]), int(data["rows"])
        for name, groups, n, c, s in data["titles"]:
            k = len(groups)
            sums.titles[name] = TitleSums(
                list(groups), array(n, k), array(c, k, sums.dim), array(s, k)
            )
        return sums
