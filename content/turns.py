"""Turns of speech, cut out of sound at its pauses, and where they lie in the film."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from content.types import F32

HZ = 16_000
WINDOW = 512
"""Samples that one speech probability is of: 32 ms."""
SECOND = HZ / WINDOW
BEGIN, CONTINUE = 0.5, 0.35
"""Speech begins at the one probability and goes on above the other."""
MARGIN = 8
"""Windows kept before and after a turn: 0.26 s."""
PAUSE = 19
"""Windows without speech that end a turn: 0.6 s."""
SHORTEST = 6
"""Windows of speech below which a turn is a noise: 0.2 s."""
LONGEST = 875
"""Windows after which a turn is cut wherever it is least spoken: 28 s."""


@dataclass(slots=True)
class Turn:
    """Speech between two pauses, as windows of 512 samples at 16 kHz."""

    begin: float
    """Its first window, counted from the start of the stretch; before it below 0."""
    windows: list[F32]
    speech: list[float]
    """Of each window: the probability that somebody speaks."""

    def __len__(self) -> int:
        return len(self.windows)

    @property
    def end(self) -> float:
        return self.begin + len(self.windows)

    @property
    def is_speech(self) -> bool:
        return sum(probability >= CONTINUE for probability in self.speech) >= SHORTEST

    def later(self, windows: float) -> "Turn":
        """The same, counted from so many windows later."""
        return Turn(self.begin - windows, [*self.windows], [*self.speech])

    def split(self, at: int) -> tuple["Turn", "Turn"]:
        return (
            Turn(self.begin, self.windows[:at], self.speech[:at]),
            Turn(self.begin + at, self.windows[at:], self.speech[at:]),
        )

    def faintest(self) -> int:
        """Where to cut a turn without a pause: after its least spoken window of the last third."""
        begin = 2 * len(self) // 3
        return begin + 1 + int(np.argmin(self.speech[begin:-1]))


@dataclass(frozen=True, slots=True, eq=False)
class Unheard:
    """What a stretch of sound leaves to the one that follows it. At most 56 s of sound, 3.6 MB."""

    at: float
    """The window after the last one, counted from the start of the stretch that follows."""
    packed: tuple[Turn, ...]
    """Turns that are over and wait for company."""
    turn: Turn | None
    """The one that was going on."""
    quiet: int
    """How many windows its pause has lasted."""
    lead: Turn
    """The last windows outside of turns: the next one's margin."""


class Turns:
    """Cuts a stream of windows into turns. Keeps at most one turn, 28 s."""

    def __init__(self, before: Unheard | None = None) -> None:
        """`before`: go on where another stretch ended."""
        self._lead: deque[tuple[F32, float]] = deque(maxlen=MARGIN)
        self._at: float = 0
        self._quiet = 0
        self._turn: Turn | None = None
        if before is not None:
            self._lead.extend(zip(before.lead.windows, before.lead.speech, strict=True))
            self._at, self._quiet = before.at, before.quiet
            self._turn = before.turn.later(0) if before.turn is not None else None

    def leave(self, windows: float, packed: Sequence[Turn]) -> Unheard:
        """All that is not told yet, for a stretch that starts so many windows after this one."""
        lead_windows, lead_speech = zip(*self._lead, strict=True) if self._lead else ((), ())
        lead = Turn(self._at - windows - len(self._lead), list(lead_windows), list(lead_speech))
        return Unheard(
            at=self._at - windows,
            packed=tuple(turn.later(windows) for turn in packed),
            turn=None if self._turn is None else self._turn.later(windows),
            quiet=self._quiet,
            lead=lead,
        )

    def take(self, window: F32, probability: float) -> Turn | None:
        """The next window, (512,), and that somebody speaks in it; a turn when it ends one."""
        self._at += 1
        if self._turn is None:
            self._lead.append((window, probability))
            if probability >= BEGIN:
                windows, speech = zip(*self._lead, strict=True)
                self._turn = Turn(self._at - len(windows), list(windows), list(speech))
                self._quiet = 0
            return None
        self._turn.windows.append(window)
        self._turn.speech.append(probability)
        self._quiet = 0 if probability >= CONTINUE else self._quiet + 1
        if self._quiet >= PAUSE:
            ended, rest = self._turn.split(len(self._turn) - PAUSE + MARGIN)
            self._turn = None
            self._lead.clear()
            self._lead.extend(zip(rest.windows, rest.speech, strict=True))
            return ended if ended.is_speech else None
        if len(self._turn) >= LONGEST:
            ended, self._turn = self._turn.split(self._turn.faintest())
            return ended if ended.is_speech else None
        return None

    def end(self) -> Turn | None:
        """The turn that the end of the sound cuts off."""
        last, self._turn = self._turn, None
        return last if last is not None and last.is_speech else None


class Places:
    """From seconds within turns laid side by side to seconds of the film."""

    def __init__(self, turns: Sequence[Turn], start_s: float) -> None:
        """`start_s`: where the stretch that the turns are counted from begins."""
        lengths = [len(turn) / SECOND for turn in turns]
        self._ends = np.cumsum(lengths)
        self._begins = self._ends - lengths
        self._film = [start_s + turn.begin / SECOND for turn in turns]

    def span(self, start_s: float, end_s: float) -> tuple[float, float]:
        """A word's place: within the turn that holds its middle."""
        k = int(np.searchsorted(self._ends, (start_s + end_s) / 2, side="right"))
        k = min(k, len(self._film) - 1)
        shift = self._film[k] - self._begins[k]
        first, last = np.clip([start_s, end_s], self._begins[k], self._ends[k])
        return round(float(first + shift), 2), round(float(last + shift), 2)
