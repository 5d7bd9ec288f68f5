"""Which of the moments looked at become a title's pictures, and why the others do not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt

from artwork.assess import Assessed
from artwork.candidates.considered import Verdict
from artwork.candidates.coverage import coverage, recurring, shots_at
from artwork.candidates.fading import FADE_S, SEEN, half_seen
from artwork.candidates.selection import (
    change,
    likeness_in_time,
    likeness_of_sketches,
    likeness_of_vectors,
    most_telling,
    same_tones,
    tones,
)
from artwork.framing.crops import Bools, Box
from artwork.quality.gates import may_serve
from content.types import F32, U8, Extraction

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
AKIN, TONED = 0.65, 0.92
"""Cosine and `same_tones` from which on two pictures of one shot, of the same people or of none,
are alike however the camera has moved."""
ANOTHER = 0.7
"""Distance of two identities of one shot from which on they are two people: more than
`content.encoders.identity.SAME_PERSON`, as a face that turns away grows unlike itself."""
SOFT_FACE, CLEAR_FACE = 0.5, 0.75
"""`face_focus` below which a face is blurred where the film has one that is clear …"""
LOST_FACE = 0.1
"""… and below which such a picture is refused."""
GOOD, POOR = 0.8, 0.65
"""A candidate whose overall score is below this share of the title's best is not offered; the
second where there are not `MIN_GROUPS`, or where it alone shows somebody or something wanted."""
HELD = 0.57
"""A candidate without a face that is `held` less than this has no subject, or has lost it."""
LEAST = -4.0
"""What a further picture must add to log det L; see `artwork.candidates.selection.most_telling`."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A moment as looked at: what was assessed, its perceptual hash (64,), its small picture."""

    seen: Assessed
    phash: Bools
    picture: U8
    """Of what is `seen.inside`, RGB (H, W, 3)."""

    @property
    def words(self) -> list[Box]:
        """Lines of words in px of `picture`."""
        inside, scale = self.seen.inside, self.picture.shape[1] / self.seen.inside.width
        return [
            Box(
                round((line.x - inside.x) * scale),
                round((line.y - inside.y) * scale),
                round(line.width * scale),
                round(line.height * scale),
            )
            for line in self.seen.words
        ]


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
    `soft_face` where that is blurred, `no_subject`, or `outranked`.
    """
    refusals = _refusals(looks)
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
        self._cut = [_cut(look.seen) for look in looks]
        known = any(_clear(look.seen) for look in looks)
        self._soft = [known and _focus(look.seen) < SOFT_FACE for look in looks]
        sharp = (worth for worth, soft in zip(self._worth, self._soft, strict=True) if not soft)
        best = max(sharp, default=0.0)
        able = np.asarray([worth >= POOR * best for worth in self._worth], np.bool_)
        clear = able & ~np.asarray(self._soft, np.bool_)
        # Not for anybody's sake, lest it lead; only where there is next to nothing else.
        self._able = (clear if clear.sum() >= ENOUGH else able).tolist()
        self._subject = [
            not cut and (bool(s.seen.faces) or s.seen.held >= HELD)
            for s, cut in zip(looks, self._cut, strict=True)
        ]
        good = [worth >= GOOD * best for worth in self._worth]
        self._strict = [
            a and b and not c for a, b, c in zip(good, self._subject, self._soft, strict=True)
        ]
        self._like = _likeness(looks, extraction) if looks else np.zeros((0, 0))
        self._cover = self._wanted(extraction)
        self._shots = shots_at([look.seen.at_s for look in looks], extraction) if looks else []
        self._alike = self._apart(ALIKE, STILL, HASH_ALIKE) & ~self._akin()
        self.taken = self._taken()

    def why_not(self, i: int) -> str:
        if any(not self._alike[i, j] for j in self.taken):
            return "duplicate"
        if self._cut[i]:
            return "cut_face"
        if self._soft[i]:
            return "soft_face"
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

    def _akin(self) -> Bools:
        """(n, n): which pairs show one thing from one shot, however the camera has moved.

        Of a place at which it moves, an embedding keeps less than of a still one, and a sketch or
        hash nothing; what goes on is which tones there are.
        """
        count = len(self._looks)
        found = np.zeros((count, count), np.bool_)
        told = [tones(look.picture) for look in self._looks]
        for i, j in combinations(range(count), 2):
            one, other = self._looks[i].seen, self._looks[j].seen
            found[i, j] = found[j, i] = (
                self._shots[i] == self._shots[j]
                and float(one.embedding @ other.embedding) >= AKIN
                and same_tones(told[i], told[j]) >= TONED
                and _same_people(one, other)
            )
        return found


def _cut(seen: Assessed) -> bool:
    """Does a side of the picture cut through its largest face? Hair may leave it at the top."""
    faces = sorted(seen.faces, key=lambda face: -face.width * face.height)[:1]
    edges = (seen.inside.x + 1, seen.inside.right - 1)
    return any(face.x <= edges[0] or face.right >= edges[1] for face in faces)


def _focus(seen: Assessed) -> float:
    """Of the largest face; 1 where there is none to be blurred."""
    return seen.scores.get("face_focus", 1.0) if seen.face_details else 1.0


def _clear(seen: Assessed) -> bool:
    """Has it a face, and one in focus?"""
    return bool(seen.face_details) and _focus(seen) >= CLEAR_FACE


def _same_people(one: Assessed, other: Assessed) -> bool:
    """Has each the faces of the other, as far as identities are known? True of two without any."""
    first, second = _identities(one), _identities(other)
    if len(first) != len(second):
        return False
    return all(
        min(float(np.linalg.norm(who - each)) for each in others) < ANOTHER
        for known, others in ((first, second), (second, first))
        for who in known
    )


def _identities(seen: Assessed) -> list[F32]:
    return [detail.identity for detail in seen.face_details if detail.identity is not None]


def _likeness(looks: Sequence[Look], extraction: Extraction) -> npt.NDArray[np.float64]:
    at_s = np.array([look.seen.at_s for look in looks])
    return np.asarray(
        0.6 * likeness_of_vectors(np.stack([look.seen.embedding for look in looks]))
        + 0.25 * likeness_of_sketches([look.seen.sketch for look in looks])
        + 0.15 * likeness_in_time(at_s, extraction.facts.duration_s / MAX_GROUPS)
    )


def _refusals(looks: Sequence[Look]) -> list[list[str]]:
    """Why each is refused: by its own gates, by words half seen, by a face that is lost."""
    reasons = [list(look.seen.reasons) for look in looks]
    written = [look for look, why in zip(looks, reasons, strict=True) if "lettering" in why]
    clear = any(_clear(look.seen) for look, why in zip(looks, reasons, strict=True) if not why)
    for look, why in zip(looks, reasons, strict=True):
        if not why and clear and _focus(look.seen) < LOST_FACE:
            why.append("blurred")
        if not why and any(_shows(look, one) for one in written):
            why.append("lettering")
    return reasons


def _shows(look: Look, written: Look) -> bool:
    near = abs(look.seen.at_s - written.seen.at_s) <= FADE_S
    return near and half_seen(look.picture, written.picture, written.words) >= SEEN
