"""Speech to words: errors and cost on a reading, and what is made of other sounds and languages.

`read aloud`: five sentences of a novel (`tests.speech`). The languages: names of things, spoken
one by one, out of Debian's tuxpaint-stamps-default; all but English must leave no line.
"""

import time
from pathlib import Path

import numpy as np
import soundfile

from content.encoders.models import Models
from content.encoders.whisper import Whisper
from content.transcript import Line, Transcriber, transcript_of
from content.turns import SECOND, WINDOW
from content.types import F32
from samples.fetch import FootageMissing
from samples.stamps import stamps_folder
from tests.speech import HZ, recorded, word_errors, wordless

LANGUAGES = ("en", "es", "fr", "ca", "bg", "ro", "ru")
TAKEN_S = 60.0
GAP_S = 0.5

Row = dict[str, object]


def run() -> list[Row]:
    """One row for each kind of sound; cost is the transcriber's CPU over the seconds of speech."""
    models = Models()
    whisper = models.whisper
    assert whisper is not None
    sound, sentences = recorded()
    said = " ".join(words for _, _, words in sentences)
    lines, row = _heard(sound, models, whisper)
    errors = word_errors(" ".join(line.text for line in lines), said)
    rows = [{"sound": "read aloud", **row, "word error rate": f"{errors / len(said.split()):.3f}"}]
    for kind, samples in wordless().items():
        rows.append({"sound": kind, **_heard(samples, models, whisper)[1]})
    for language, samples in _languages().items():
        rows.append({"sound": f"spoken {language}", **_heard(samples, models, whisper)[1]})
    return rows


def _heard(sound: F32, models: Models, whisper: Whisper) -> tuple[list[Line], Row]:
    models.speech.reset()
    speech = models.speech.probabilities(sound)
    spoken_s = float((speech > 0.5).sum()) / SECOND
    began = time.process_time()
    transcriber = Transcriber(whisper)
    transcriber.feed(sound, speech)
    lines = transcriber.finish()
    spent = time.process_time() - began
    lengths = [len(line.text) for line in lines]
    scores = [line.score for line in lines]
    return lines, {
        "speech, s": f"{spoken_s:.0f}",
        "CPU, × speech": f"{spent / spoken_s:.2f}" if spoken_s > 1 else "",
        "lines": len(lines),
        "mean score": f"{np.average(scores, weights=lengths):.2f}" if lines else "",
        "believed, language not given": len(transcript_of(lines, None, whisper.english_only)),
    }


def _languages() -> dict[str, F32]:
    """A minute of each language, 16 kHz mono."""
    try:
        folder = stamps_folder(Path(".cache/samples").resolve())
    except FootageMissing as missing:
        print(missing)
        return {}
    return {language: _joined(folder / "animals", language) for language in LANGUAGES}


def _joined(folder: Path, language: str) -> F32:
    import librosa

    ending = "_desc.ogg" if language == "en" else f"_desc_{language}.ogg"
    parts: list[F32] = []
    for path in sorted(folder.rglob(f"*{ending}"), key=lambda path: path.name):
        if sum(map(len, parts)) < TAKEN_S * HZ:
            samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
            mono = librosa.resample(samples.mean(1), orig_sr=rate, target_sr=HZ)
            parts += [mono, np.zeros(int(GAP_S * HZ), np.float32)]
    joined = np.concatenate(parts)
    return joined[: joined.size // WINDOW * WINDOW]
