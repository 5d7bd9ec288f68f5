"""Which of the moments looked at become a title's pictures, and why the others do not."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from artwork.assess import Assessed
from artwork.candidates.considered import Verdict
from artwork.candidates.coverage import coverage, recurring, shots_at
from artwork.candidates.selection import (
    change,
    likeness_in_time,
    likeness_of_sketches,
    likeness_of_vectors,
    most_telling,
)
from artwork.framing.crops import Bools
from artwork.quality.gates import may_serve
from content.types import F32, Extraction

MIN_GROUPS, MAX_GROUPS = 6, 24
"""A title has so many where its film offers them: up to `MIN_GROUPS` lesser pictures do, too."""
ENOUGH = 3
"""Pictures that a title should have to choose from; up to here smaller differences and lesser
pictures do, beyond it they do not."""
ALIKE, STILL = 0.75, 7.0
"""Cosine of two pictures' embeddings from which on, and `change` below which, they are alike."""
SAME, FROZEN = 0.95, 3.0
"""The same where there are not `ENOUGH`: beyond these they are one picture."""
HASH_ALIKE, HASH_SAME = 10, 4
"""Bits of 64 in which the perceptual hashes of two pictures that are alike, or one, may differ."""
GOOD, POOR = 0.85, 0.7
"""A candidate whose overall score is below this share of the title's best is not offered; the
second where there are not `MIN_GROUPS`, or where it alone shows somebody or something wanted."""
HELD = 0.57
"""A candidate without a face that is `held` less than this has no subject, or has lost it."""
LEAST = -4.0
"""What a further picture must add to log det L; see `artwork.candidates.selection.most_telling`."""
FADE_S = 1.0
"""As long words may take to appear or go, half seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A moment as looked at: what was assessed, and its perceptual hash (64,)."""

    seen: Assessed
    phash: Bools


@dataclass(slots=True)
class Judged:
    """What becomes of a look."""

    verdict: Verdict
    reasons: list[str] = field(default_factory=list)


def judge(looks: Sequence[Look], extraction: Extraction) -> list[Judged]:
    """A verdict for each look, given in the order of the film.

    Those that a gate refuses are `refused`, with every gate's name. Of the others up to
    `MAX_GROUPS` are `chosen`: good ones, mutually different, which between them cover the title
    (`artwork.candidates.coverage`). The rest is `passed_over`: `duplicate` of one that was chosen,
    `weak` beside the title's best, `cut_face` where the film's edge cuts its largest face,
    `no_subject`, or `outranked`.
    """
    refusals = _refusals([look.seen for look in looks])
    pool = [i for i, why in enumerate(refusals) if not why]
    # A film that is soft or spare throughout still gets its pictures; a black one gets none.
    pool = pool or [i for i, why in enumerate(refusals) if may_serve(why)]
    choice = _Choice([looks[i] for i in pool], extraction)
    chosen = {pool[i] for i in choice.taken}
    judged = []
    for i, why in enumerate(refusals):
        if i in chosen:
            judged.append(Judged("chosen", why))
        elif why:
            judged.append(Judged("refused", why))
        else:
            judged.append(Judged("passed_over", [choice.why_not(pool.index(i))]))
    return judged


class _Choice:
    """Of looks that passed the gates: which are taken."""

    def __init__(self, looks: Sequence[Look], extraction: Extraction) -> None:
        self._looks = looks
        self._worth = [look.seen.scores["overall"] for look in looks]
        best = max(self._worth, default=0.0)
        self._able = [worth >= POOR * best for worth in self._worth]
        self._cut = [_cut(look.seen) for look in looks]
        self._subject = [
            not cut and (bool(s.seen.faces) or s.seen.held >= HELD)
            for s, cut in zip(looks, self._cut, strict=True)
        ]
        good = [worth >= GOOD * best for worth in self._worth]
        self._strict = [a and b for a, b in zip(good, self._subject, strict=True)]
        self._like = _likeness(looks, extraction) if looks else np.zeros((0, 0))
        self._cover = self._wanted(extraction)
        self._alike = self._apart(ALIKE, STILL, HASH_ALIKE)
        self.taken = self._taken()

    def why_not(self, i: int) -> str:
        if any(not self._alike[i, j] for j in self.taken):
            return "duplicate"
        if self._cut[i]:
            return "cut_face"
        if not self._strict[i]:
            return "weak" if self._subject[i] else "no_subject"
        return "outranked"

    def _taken(self) -> list[int]:
        taken = self._most(self._strict, self._alike, MAX_GROUPS)
        same = self._apart(SAME, FROZEN, HASH_SAME)
        lesser = [a and b for a, b in zip(self._able, self._subject, strict=True)]
        for count, free, apart in (
            (MIN_GROUPS, lesser, self._alike),
            (ENOUGH, self._strict, same),
            (ENOUGH, self._able, self._alike),
            (ENOUGH, self._able, same),
        ):
            if len(taken) < count:
                taken = max(taken, self._most(free, apart, count), key=len)
        return taken

    def _most(self, free: Sequence[bool], apart: Bools, count: int) -> list[int]:
        least = LEAST if count == MAX_GROUPS else -np.inf
        able = np.flatnonzero(self._able).tolist()
        place = {i: n for n, i in enumerate(able)}
        cover = [frozenset(place[i] for i in one if i in place) for one in self._cover]
        found = most_telling(
            [self._worth[i] for i in able],
            self._like[np.ix_(able, able)],
            count,
            apart=apart[np.ix_(able, able)],
            cover=[one for one in cover if one] if count > ENOUGH else (),
            free=[free[i] for i in able],
            least=least,
        )
        return [able[n] for n in found]

    def _wanted(self, extraction: Extraction) -> list[frozenset[int]]:
        at_s = [look.seen.at_s for look in self._looks]
        if not at_s:
            return []
        faces = [_identities(look.seen) for look in self._looks]
        return coverage(at_s, recurring(faces, shots_at(at_s, extraction)), extraction)

    def _apart(self, alike: float, still: float, bits: int) -> Bools:
        """(n, n): which pairs are so unlike that both may be taken."""
        if not self._looks:
            return np.zeros((0, 0), np.bool_)
        vectors = np.stack([look.seen.embedding for look in self._looks])
        hashes = np.stack([look.phash for look in self._looks])
        moved = np.array(
            [
                [change(a.seen.sketch, b.seen.sketch) >= still for b in self._looks]
                for a in self._looks
            ]
        )
        differ = (hashes[:, None] != hashes[None, :]).sum(axis=2) > bits
        return np.asarray((vectors @ vectors.T < alike) & moved & differ, np.bool_)


def _cut(seen: Assessed) -> bool:
    """Does a side of the picture cut through its largest face? Hair may leave it at the top."""
    faces = sorted(seen.faces, key=lambda face: -face.width * face.height)[:1]
    edges = (seen.inside.x + 1, seen.inside.right - 1)
    return any(face.x <= edges[0] or face.right >= edges[1] for face in faces)


def _identities(seen: Assessed) -> list[F32]:
    return [detail.identity for detail in seen.face_details if detail.identity is not None]


def _likeness(looks: Sequence[Look], extraction: Extraction) -> npt.NDArray[np.float64]:
    at_s = np.array([look.seen.at_s for look in looks])
    return np.asarray(
        0.6 * likeness_of_vectors(np.stack([look.seen.embedding for look in looks]))
        + 0.25 * likeness_of_sketches([look.seen.sketch for look in looks])
        + 0.15 * likeness_in_time(at_s, extraction.facts.duration_s / MAX_GROUPS)
    )


def _refusals(seen: Sequence[Assessed]) -> list[list[str]]:
    """Why each is refused; words refuse the moments of their fading, too."""
    reasons = [list(one.reasons) for one in seen]
    written = [one.at_s for one, why in zip(seen, reasons, strict=True) if "lettering" in why]
    for one, why in zip(seen, reasons, strict=True):
        if not why and any(abs(one.at_s - at_s) <= FADE_S for at_s in written):
            why.append("lettering")
    return reasons
