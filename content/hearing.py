"""The sound of one segment: its rows, its loudness, and what is said in it."""

import numpy as np

from content.decode import End, Sound
from content.encoders.models import Models
from content.sound.meter import SoundMeter
from content.sound.vector import sound_vector
from content.transcript import Line, Transcriber, spoken_in
from content.turns import WINDOW, Unheard
from content.types import F32, Vector
from content.windows import Window, WindowMeter, pooled


class Hearing:
    """Feed the segment's sound in order, its preroll first."""

    def __init__(
        self,
        models: Models,
        start_s: float,
        language: str | None,
        before: Unheard | None = None,
    ) -> None:
        """`before`: the `unheard` of the segment that ends at `start_s`."""
        self._start_s = start_s
        self._meter = SoundMeter(models.speech)
        self._transcriber = _transcriber(models, start_s, language, before)
        self._windows = WindowMeter(models.sound, start_s) if models.sound is not None else None
        self._before: list[F32] = []
        self._power: list[F32] = []
        self._unsaid = np.zeros(0, np.float32)
        self._lines: list[Line] = []
        self.unheard: Unheard | None = None
        """Speech near the segment's end that the next one tells, once finished."""

    def listen(self, sound: Sound) -> None:
        """Take the next piece."""
        if sound.at_s < self._start_s:
            self._before.append(sound.samples)
            return
        if self._before:
            self._meter.warm(np.concatenate(self._before))
            self._before = []
        self._meter.add(sound.samples)
        if self._windows is not None:
            self._windows.add(sound.samples)
        self._power.append(sound.power)
        self._transcribe(sound.samples)

    def finish(self, end: End) -> None:
        """The segment is over."""
        self._meter.finish()
        if self._windows is not None:
            self._windows.finish()
        self._transcribe(np.zeros(0, np.float32))
        if self._transcriber is None:
            return
        if end.last:
            self._lines = self._transcriber.finish()
        else:
            self._lines, self.unheard = self._transcriber.leave(end.duration_s)

    def _transcribe(self, samples: F32) -> None:
        speech = self._meter.take_speech()
        if self._transcriber is None:
            return
        self._unsaid = np.concatenate([self._unsaid, samples])
        size = speech.size * WINDOW
        if size:
            self._transcriber.feed(self._unsaid[:size], speech)
            self._unsaid = self._unsaid[size:]

    @property
    def rows(self) -> F32:
        """(seconds, R) (content.sound.rows)."""
        return self._meter.rows

    @property
    def power(self) -> F32:
        """(tenths of seconds,) K-weighted mean squares."""
        return np.concatenate(self._power) if self._power else np.zeros(0, np.float32)

    @property
    def windows(self) -> tuple[Window, ...]:
        """What an encoder that listens to windows made of them."""
        return tuple(self._windows.windows) if self._windows is not None else ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is said, once finished."""
        return tuple(self._lines)


def sound_of(samples: F32, models: Models) -> Vector | None:
    """What mono sound at 16 kHz, (n,), is like by itself, in the space `audio`, as a film's is;
    None where less than half a second of it can be heard."""
    if models.sound is not None:
        listener = WindowMeter(models.sound)
        listener.add(samples)
        listener.finish()
        made = pooled(listener.windows)
    else:
        meter = SoundMeter(models.speech)
        meter.add(samples)
        meter.finish()
        made = sound_vector(meter.rows)
    return None if made is None else Vector(made, models.specs["audio"].fingerprint)


def _transcriber(
    models: Models, start_s: float, language: str | None, before: Unheard | None
) -> Transcriber | None:
    """None when transcripts are off, or the model does not know the language."""
    whisper = models.whisper
    if whisper is None:
        return None
    try:
        spoken = spoken_in(language, whisper.english_only)
    except LookupError:
        return None
    return Transcriber(whisper, start_s, spoken, before)
