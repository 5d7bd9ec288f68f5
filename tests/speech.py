"""Real speech with known words, and sounds in which nothing is said."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from content.types import F32
from samples.fetch import SPEECH, FootageMissing, fetch

HZ = 16_000
GAP_S = 1.0


def recorded() -> tuple[F32, list[tuple[float, float, str]]]:
    """Five sentences of a novel with a second between them, 16 kHz mono, and each one's place."""
    try:
        files = fetch(Path(".cache/samples").resolve(), SPEECH)
    except FootageMissing as missing:
        pytest.skip(str(missing))
    parts, sentences, at = [], [], 0
    for line in files["transcription"].read_text().splitlines():
        words, name = re.fullmatch(r"<s> (.*) </s> \((.*)\)", line).groups()
        samples, rate = soundfile.read(files[f"{name}.wav"], dtype="float32")
        assert rate == HZ
        sentences.append((at / HZ, (at + samples.size) / HZ, words))
        parts += [samples, np.zeros(int(GAP_S * HZ), np.float32)]
        at += samples.size + parts[-1].size
    sound = np.concatenate(parts)
    return sound[: sound.size // 512 * 512], sentences


def wordless() -> dict[str, F32]:
    """14 s each of sounds without a word, 16 kHz mono."""
    rng = np.random.default_rng(1)
    t = np.arange(437 * 512) / HZ
    chords = np.array([[220, 277.2, 329.6], [196, 246.9, 293.7], [174.6, 220, 261.6]])
    notes = chords[(t // 0.5).astype(int) % 3].T
    music = sum(np.sin(2 * np.pi * note * t * k) / k for note in notes for k in (1, 2, 3))
    return {
        "silence": np.zeros(t.size, np.float32),
        "noise": rng.normal(0, 0.1, t.size).astype(np.float32),
        "tone": (0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32),
        "music": (0.06 * music * np.exp(-3 * (t % 0.5))).astype(np.float32),
    }


def word_errors(heard: str, said: str) -> int:
    """Substitutions, insertions and deletions that make one of the other (Levenshtein)."""
    a, b = _words(heard), _words(said)
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def _words(text: str) -> list[str]:
    spelled = text.lower().replace("mr.", "mister").replace("-", " ")
    return re.sub(r"[^\w' ]", "", spelled).split()
