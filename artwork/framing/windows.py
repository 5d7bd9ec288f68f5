"""The best window of a shape in a picture: which cuts nobody and keeps the most."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from artwork.framing.crops import Bools, Box
from artwork.framing.subject import F64, Ints, Subject, covered

PROGRESS = 0.08
"""The lower share of a picture over which a player lays its progress bar."""
SCALES = (1.0, 0.93, 0.86, 0.8)
"""Windows that are tried, of the largest: a smaller one only where a larger would cut."""
STEPS = 48
"""Places tried along an axis where a window can move along both."""


def best_window(
    ratio: float, subject: Subject, main: Sequence[Box], *, airy: bool = False
) -> Box | None:
    """The best window of a ratio that holds the heads of `main` whole, None where none can.

    It cuts through no other head nor through words; where it cannot spare the hair of lesser
    people, it spares their faces. The largest where several sizes can.

    Args:
        ratio: width over height.
        main: of the subject's faces, those who matter.
        airy: the heads of `main` with air around them as well.
    """
    lesser = [face for face in subject.faces if face not in main]
    heads = [subject.head(face) for face in lesser]
    whole = [subject.airy(face) if airy else subject.head(face) for face in main]
    cores = [subject.core(face) for face in lesser]
    width, height = _largest(ratio, subject.inside)
    for others in (heads, cores) if lesser else (heads,):
        for scale in SCALES:
            size = max(1, round(width * scale)), max(1, round(height * scale))
            places = _Places.of(size, subject)
            found = places.best(whole, [*others, *subject.words], subject, main)
            if found is not None:
                return found
    return None


def _largest(ratio: float, inside: Box) -> tuple[int, int]:
    """Width and height; one of them is all of `inside`."""
    if inside.height * ratio <= inside.width:
        return max(1, round(inside.height * ratio)), inside.height
    return inside.width, max(1, min(inside.height, round(inside.width / ratio)))


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Where a window of `size` may lie: corners at every one of `xs` with every one of `ys`, px."""

    size: tuple[int, int]
    xs: Ints
    ys: Ints

    @staticmethod
    def of(size: tuple[int, int], subject: Subject) -> "_Places":
        inside = subject.inside
        room = inside.width - size[0], inside.height - size[1]
        most = STEPS if min(room) > 0 else max(room) + 1
        xs, ys = (np.unique(np.linspace(0, each, min(each + 1, most)).round()) for each in room)
        return _Places(size, inside.x + xs.astype(np.intp), inside.y + ys.astype(np.intp))

    def best(
        self, whole: Sequence[Box], uncut: Sequence[Box], subject: Subject, main: Sequence[Box]
    ) -> Box | None:
        """The window that holds `whole`, and each of `uncut` wholly or not at all, and the most.

        Among those, where there are any: with every eye above the progress bar, then with air
        around the main face.
        """
        allowed = np.ones((len(self.ys), len(self.xs)), dtype=np.bool_)
        for box in whole:
            allowed &= self.holding(box)
        for box in uncut:
            allowed &= self.holding(box) | self.apart(box)
        if not allowed.any():
            return None
        for wish in self._wishes(subject, main):
            allowed = allowed & wish if (allowed & wish).any() else allowed
        score = np.where(allowed, self._score(subject), -np.inf)
        y, x = np.unravel_index(int(np.argmax(score)), score.shape)
        return Box(int(self.xs[x]), int(self.ys[y]), *self.size)

    def _wishes(self, subject: Subject, main: Sequence[Box]) -> Iterator[Bools]:
        eyes = [face.y + face.height // 2 for face in main]
        under = (self.ys + round((1 - PROGRESS) * self.size[1]))[:, None]
        yield np.all([under > eye for eye in eyes], axis=0) if eyes else under > 0
        if main:
            # Air may reach beyond the window: then as much of it as there can be.
            airy = subject.airy(main[0])
            width, height = min(airy.width, self.size[0]), min(airy.height, self.size[1])
            left = _within(airy.x, airy.width, width, main[0].x, main[0].width)
            top = _within(airy.y, airy.height, height, main[0].y, main[0].height)
            yield self.holding(Box(left, top, width, height))

    def _score(self, subject: Subject) -> F64:
        width, height = subject.inside.width, subject.inside.height
        xs, ys = self.xs - subject.inside.x, self.ys - subject.inside.y
        rows = covered(ys, self.size[1], height, subject.mass.shape[0])
        columns = covered(xs, self.size[0], width, subject.mass.shape[1])
        score: F64 = rows @ subject.mass.astype(np.float64) @ columns.T
        for face in subject.faces:
            score = score + self.holding(subject.core(face))
        # Among equals the middle wins, and a little mass does not buy an odd framing.
        off = np.abs(xs + self.size[0] / 2 - width / 2)[None, :] / width
        off = off + np.abs(ys + self.size[1] / 2 - height / 2)[:, None] / height
        framed: F64 = score - 0.02 * off
        return framed

    def holding(self, box: Box) -> Bools:
        """Which windows hold all of a box, (ys, xs)."""
        across = (self.xs <= box.x) & (box.right <= self.xs + self.size[0])
        down = (self.ys <= box.y) & (box.bottom <= self.ys + self.size[1])
        return across[None, :] & down[:, None]

    def apart(self, box: Box) -> Bools:
        """Which windows hold nothing of a box, (ys, xs)."""
        across = (box.right <= self.xs) | (self.xs + self.size[0] <= box.x)
        down = (box.bottom <= self.ys) | (self.ys + self.size[1] <= box.y)
        return across[None, :] | down[:, None]


def _within(first: int, size: int, window: int, face: int, face_size: int) -> int:
    """Where `window` px of `size` begin, the room around the face shared out as it is in all."""
    if size <= window or size <= face_size:
        return first
    before = (face - first) / (size - face_size)
    return max(first, round(face - before * (window - face_size)))
