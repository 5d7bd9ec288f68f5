"""The segments of a film as one: rows one behind the other, shots joined over the borders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from content.keyframes import PICTURES_A_SHOT, merit
from content.letterbox import Bars
from content.segment import Picture, Segment, Stretch
from content.sound.facts import stretch
from content.transcript import Line
from content.types import F32, MediaFacts, Shot
from content.windows import Window

SLIVER_S = 0.2
"""Two segments that place one boundary a little before and a little after their border leave a
shot this short between; it becomes part of the next."""

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """All that was read; the fields are those of `Segment`, of the whole."""

    facts: MediaFacts
    """With the decoded duration."""
    bars: Bars
    shots: tuple[Shot, ...]
    """They tile `[0, facts.duration_s)`."""
    pictures: tuple[tuple[Picture, ...], ...]
    """Of each shot, its own first."""
    look_s: F64
    look: F32
    motion: F64
    sound: F32 | None
    power: F32 | None
    lines: tuple[Line, ...]
    windows: tuple[Window, ...]
    steady: bool
    """As `decode.End.steady`."""

    def looks(self, shot: Shot) -> F32:
        """The look rows of a shot."""
        return self.look[self._within(self.look_s, shot)]

    def moves(self, shot: Shot) -> F64:
        """The motion rows of a shot: of the half seconds that begin in it, or of the nearest."""
        begins: F64 = self.motion[:, 0]
        rows: F64 = self.motion[self._within(begins, shot)]
        if len(rows) or not len(begins):
            return rows
        nearest = max(0, int(np.searchsorted(begins, shot.start_s, "right")) - 1)
        return self.motion[nearest : nearest + 1]

    def heard(self, start_s: float, end_s: float) -> tuple[F32, F32 | None]:
        """Sound rows and power of a stretch, no rows without sound."""
        if self.sound is None:
            return np.zeros((0, 0), np.float32), None
        return stretch(self.sound, self.power, start_s, end_s)

    @staticmethod
    def _within(times: F64, shot: Shot) -> slice:
        first, last = np.searchsorted(times, (shot.start_s, shot.end_s))
        return slice(int(first), int(last))


def join(segments: Iterable[Segment]) -> Film:
    """The film of consecutive segments, the last of them its end."""
    parts = list(segments)
    facts = replace(parts[0].facts, duration_s=parts[-1].end.duration_s)
    stretches = _joined(each for part in parts for each in part.stretches)
    return Film(
        facts=facts,
        bars=parts[0].bars,
        shots=tuple(_shot(each) for each in stretches),
        pictures=tuple(each.pictures for each in stretches),
        look_s=np.concatenate([part.look_s for part in parts]),
        look=np.concatenate([part.look for part in parts]),
        motion=np.concatenate([part.motion for part in parts]),
        sound=_rows([part.sound for part in parts]),
        power=_rows([part.power for part in parts]),
        lines=tuple(line for part in parts for line in part.lines),
        windows=tuple(window for part in parts for window in part.windows),
        steady=parts[-1].end.steady,
    )


def merit_of(picture: Picture) -> float:
    """How well a picture shows its shot, 0..1 (content.keyframes)."""
    return merit(picture.brightness, picture.contrast, picture.sharpness)


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    shots: list[Stretch] = []
    for each in stretches:
        if shots and (each.boundary is None or _too_little(shots[-1])):
            shots[-1] = _together(shots[-1], each)
        else:
            shots.append(each)
    if len(shots) > 1 and not shots[-1].pictures:
        shots[-2:] = [_together(*shots[-2:])]
    return shots


def _too_little(stretch: Stretch) -> bool:
    return not stretch.pictures or stretch.end_s - stretch.start_s < SLIVER_S


def _together(first: Stretch, second: Stretch) -> Stretch:
    """One shot of two stretches: its own picture is the better of theirs, of the others the best
    are kept."""
    own = sorted([*first.pictures[:1], *second.pictures[:1]], key=merit_of, reverse=True)
    others = [p for p in (*first.pictures, *second.pictures) if p is not own[0]] if own else []
    others.sort(key=merit_of, reverse=True)
    return replace(first, end_s=second.end_s, pictures=(*own[:1], *others[: PICTURES_A_SHOT - 1]))


def _shot(stretch: Stretch) -> Shot:
    return Shot(
        stretch.start_s,
        stretch.end_s,
        stretch.pictures[0].at_s,
        stretch.boundary or "start",
        stretch.confidence,
        stretch.boundary_from_s,
        stretch.boundary_until_s,
    )


def _rows(parts: Sequence[F32 | None]) -> F32 | None:
    told = [part for part in parts if part is not None]
    return np.concatenate(told) if told else None
